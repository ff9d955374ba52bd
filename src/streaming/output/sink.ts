// Where records of a stream go so that each counts once: sinks that know what they have, and sinks that commit in two phases.

import type { Time } from '../../base/time.ts'

/** What a sink is given records of: the same for the same records, however often they are given. */
export interface SinkPart {
  /** The output's number, in the order of registration. */
  readonly output: number
  /** The batch. */
  readonly time: Time
  readonly partition: number
  /** Which start of the program writes; each has a larger number, so that what an older one left can be told apart. */
  readonly epoch: number
}

/**
 * A sink that can tell what it has already: writing the records of a part again changes nothing (it replaces them, or leaves them out).
 *
 * `write` runs in tasks, may be called several times for a part, and uses what it captured, never `this`.
 *
 * @example
 * import { writeFile } from 'node:fs/promises'
 * import { Context, seconds, StreamingContext, type IdempotentSink } from 'rivulet'
 * const files: IdempotentSink<string> = {
 *   write: (rows, { time, partition }) => writeFile(`words-${time.milliseconds}-${partition}`, [...rows].join('\n')),
 * }
 * const ssc = new StreamingContext(new Context(), seconds(1))
 * ssc.socketTextStream('localhost', 9999).saveTo(files)
 */
export interface IdempotentSink<T> {
  write(rows: Iterable<T>, part: SinkPart): void | Promise<void>
}

/**
 * A sink with transactions: records show when their batch is complete for good, and then all at once.
 *
 *   task: begin ──→ write ──→ prepare ──handle──→ driver: commit, once the batch's completion is durable; abort where it failed
 *
 * - `begin`, `write` and `prepare` run in tasks and use what they captured, never `this`. They may run again for a part whose task was lost:
 *   `begin` discards what an earlier transaction of the same output, time and partition left unprepared.
 * - What `prepare` gives is plain data, and is enough to commit from any process, also after a crash.
 * - `commit` may be called again for handles that were committed: it does nothing then. It is called in the order of batches.
 *
 * Semantics: Flink's two-phase commit sinks.
 *
 * @example
 * import { rename, writeFile } from 'node:fs/promises'
 * import { Context, seconds, StreamingContext, type TwoPhaseSink } from 'rivulet'
 * const files: TwoPhaseSink<string, string, string> = {
 *   begin: ({ time, partition }) => `words-${time.milliseconds}-${partition}`,
 *   write: (name, rows) => writeFile(`${name}.part`, [...rows].join('\n')),
 *   prepare: name => name,
 *   commit: async names => { for (const name of names) await rename(`${name}.part`, name).catch(() => {}) },
 *   abort: () => {},
 * }
 * const ssc = new StreamingContext(new Context(), seconds(1))
 * ssc.socketTextStream('localhost', 9999).saveTo(files)
 */
export interface TwoPhaseSink<T, Transaction, Handle> {
  begin(part: SinkPart): Transaction | Promise<Transaction>
  write(transaction: Transaction, rows: Iterable<T>): void | Promise<void>
  prepare(transaction: Transaction): Handle | Promise<Handle>
  commit(handles: readonly Handle[], part: Omit<SinkPart, 'partition'>): void | Promise<void>
  abort(handles: readonly Handle[], part: Omit<SinkPart, 'partition'>): void | Promise<void>
}

/** The half of a two-phase sink that runs in the driver. */
export type Committer = Pick<TwoPhaseSink<unknown, unknown, unknown>, 'commit' | 'abort'>
