// The one interface of sources that can be read again from a place that was remembered.

import type { Time } from '../../base/time.ts'

/**
 * A source whose data has offsets: a log, a table with a growing key, files.
 *
 * In every batch the driver asks how far there is data (`latest`), cuts the range into parts (`split`), and tasks read the parts (`read`).
 *
 * The source
 * - gives offsets and parts that are plain data (they travel, and are what a journal keeps);
 * - reads the same records for the same part, whenever, in whatever thread and however often it is asked;
 * - in `read` uses the part, the signal and what the function captured, never `this`: it runs in tasks, without the source object;
 * - gives `from` itself as the latest offset when there is nothing new, and no parts for an empty range;
 * - lists parts in the order of their records.
 *
 * The stream
 * - calls `initial` once, at start; then `latest`, with the offset before, in every batch, one call at a time;
 * - calls `committed` when every output of a batch has completed, in the order of batches, if the source has it.
 *
 * `replayableSourceContract` in 'rivulet/testing' is its test suite.
 *
 * @example
 * import { Context, seconds, StreamingContext, type ReplayableSource } from 'rivulet'
 * interface Span { readonly from: number; readonly to: number }
 * const started = Date.now()
 * const ticks: ReplayableSource<number, Span, number> = {       // one record a millisecond
 *   initial: async () => 0,
 *   latest: async (from, limit) => Math.min(from + limit, Date.now() - started),
 *   split: (from, to) => (from === to ? [] : [{ from, to }]),
 *   * read({ from, to }) { for (let n = from; n < to; n++) yield n },
 * }
 * const ssc = new StreamingContext(new Context(), seconds(1))
 * ssc.sourceStream(ticks).count().print()
 */
export interface ReplayableSource<Offset, Part, T> extends OffsetSource<Offset, Part> {
  /** The records of a part. Runs in a task. */
  read(part: Part, signal: AbortSignal): Iterable<T> | AsyncIterable<T>
}

/** The half of a ReplayableSource that runs in the driver. */
export interface OffsetSource<Offset, Part> {
  /** Where the stream begins. The stream gives the time of its clock. */
  initial(signal: AbortSignal, now?: Time): Promise<Offset>
  /** The offset after the last record there is for the batch whose time the stream gives, at most `limit` records after `from` (Infinity: no limit). */
  latest(from: Offset, limit: number, signal: AbortSignal, time?: Time): Promise<Offset>
  /** The parts of the records from one offset to another; each is read by a task. */
  split(from: Offset, to: Offset): readonly Part[]
  /** Everything up to here has been processed. */
  committed?(to: Offset): void | Promise<void>
  /** How many records there are from one offset to another, if the source knows: for listeners, and for backpressure. */
  count?(from: Offset, to: Offset): number
  /** What there is from one offset to another, for people: names of files, ranges of offsets. */
  describe?(from: Offset, to: Offset): string
}
