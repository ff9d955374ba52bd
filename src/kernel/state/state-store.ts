// The live state of one partition of a stateful stream: cells that are found by key and namespace, iterated in an order, and due by time.
//
//   open(base) ──→ changes ──→ seal(head) │ rollback ──→ open(head) forgets how to go back │ open(base) goes back
//
// Contract, the same for every store:
// - It is a cache: the truth are the encoded blocks of the state's log. `holds` says which version it is; whoever asks for another one builds
//   a store anew, by `restore` for each block of the log that is younger than `restoredMs`, and then `built`.
// - Cells have sequence numbers, given when a key enters. Iteration is in their order, also in a store that was built from blocks: the same
//   on each run. A cell that is removed and put again in one version keeps its number.
// - A cell has a time: when it was touched last, by which keys are idle, or whatever else `put` and `set` say. `takeDue` finds cells by it, and
//   so it serves timers too: a timer is a cell of a namespace of its own, with the time at which it fires.
// - What functions get of an object value is a copy: what they do to it is no change of state before they give it back.

/** The value of a key that has none. */
export const absent = Symbol('absent')

export interface Cell {
  readonly key: unknown
  /** Absent in state that has no namespaces. */
  readonly namespace?: unknown
  /** Its place in the order of keys. */
  readonly seq: number
  /** `absent` where it was removed. */
  readonly value: unknown
  /** Milliseconds: the batch that touched it last, or when it is due. */
  readonly at: number
}

/** What a store is told of a version besides its name. */
export interface Version {
  /** Time of its batch. */
  readonly timeMs: number
  /** Keys with a value. */
  readonly keys: number
}

export interface StateStore {
  /** Keys with a value. */
  readonly size: number
  /** Whether the store can take changes on top of a version; it holds that version then. Batches up to `committedMs` are final. */
  open(base: string, committedMs: number): boolean
  /** The changes since open() are a version; the log grew by so many bytes. */
  seal(head: string, timeMs: number, logBytes: number): void
  holds(head: string): boolean
  /** Takes the changes since open() back, sealed or not. */
  rollback(): void
  /** The cell of a key that has a value. */
  get(key: unknown, namespace?: unknown): Cell | undefined
  /** Gives a key a value. */
  put(key: unknown, value: unknown, at: number, namespace?: unknown): void
  /** Gives a cell with a value another one. */
  set(cell: Cell, value: unknown, at: number): void
  remove(cell: Cell): void
  /** Cells with a value, in their order. They may be set and removed meanwhile. */
  cells(): Iterable<Cell>
  /** The cells that the changes since open() touched, each once. */
  readonly touched: readonly Cell[]
  /** The cells of a time up to `upToMs`, in their order; they are to be removed, or set to a later time. */
  takeDue(upToMs: number): Cell[]
  /**
   * The next cells to be written again so that the log's beginning can go: at most `count` that no change has touched since the pass began.
   * Gives the time of the change with which the pass began once the pass is complete.
   */
  again(count: number, nowMs: number): { readonly cells: readonly Cell[]; readonly keepFromMs: number | undefined }
  /** The store was made with everything up to this batch in it; −Infinity for none. */
  readonly restoredMs: number
  /** Puts and removes what a block of a batch's log says. */
  restore(rows: readonly LogRow[], timeMs: number, bytes: number): void
  /** The log is at its end: this is the version. */
  built(head: string, version: Version): void
  /** Gives up what it holds open. */
  close(): void
}

/** What a log says of a cell: that it was put, or that it was removed. Without namespaces there is none. */
export type PutRow = readonly [key: unknown, value: unknown, at: number, seq: number, namespace?: unknown]
export type RemoveRow = readonly [key: unknown, namespace?: unknown]
export type LogRow = PutRow | RemoveRow

export const isRemove = (row: LogRow): row is RemoveRow => row.length < 3
