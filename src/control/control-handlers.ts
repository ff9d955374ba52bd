// What a running program tells and does on request.

/** A running program. Times are milliseconds since 1970, durations milliseconds. */
export interface ProgramStatus {
  readonly app: string
  readonly pid: number
  readonly startedMs: number
  readonly master: string
  /** `silent`: it takes connections and does not answer; then only `app` and `pid` tell something. */
  readonly state: 'starting' | 'running' | 'stopping' | 'stopped' | 'silent'
  readonly batchMs: number
  readonly batches: number
  readonly records: number
  /** The newest batch that is over; absent before the first one. */
  readonly lastBatch?: { readonly timeMs: number; readonly records: number; readonly processingMs: number; readonly totalDelayMs: number }
}

/**
 * What the streaming layer gives to the control socket.
 *
 * - `status` answers at once, also while the program stops.
 * - `stop` may be called again while the first call is under way; it resolves when the streams have ended.
 * - `savepoint` resolves with the path of a complete, self-contained savepoint, or rejects and leaves nothing; the streams go on either way.
 *   A program that has no such thing leaves it out and is answered for with RIV_CONTROL_SAVEPOINT.
 */
export interface ControlHandlers {
  status(): ProgramStatus
  stop(options: { readonly drain: boolean }): Promise<void>
  savepoint?(dir: string | undefined): Promise<string>
}

/** One line from client to program. */
export interface ControlRequest { readonly cmd: 'status' | 'stop' | 'drain' | 'savepoint'; readonly dir?: string }

/** One line back, first of all a status. `stop` and `drain` give more of them now and then, and `ended` last; an answer that is not ok is the last one. */
export type ControlAnswer =
  | { readonly ok: true; readonly status: ProgramStatus; readonly ended?: true }
  | { readonly ok: true; readonly savepoint: string }
  | { readonly ok: false; readonly code: string; readonly message: string }
