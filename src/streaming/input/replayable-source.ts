// The one interface of sources that can be read again from a place that was remembered.

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
export interface ReplayableSource<Offset, Part, T> {
  /** Where the stream begins. */
  initial(signal: AbortSignal): Promise<Offset>
  /** The offset after the last record there is, at most `limit` records after `from` (Infinity: no limit). */
  latest(from: Offset, limit: number, signal: AbortSignal): Promise<Offset>
  /** The parts of the records from one offset to another; each is read by a task. */
  split(from: Offset, to: Offset): readonly Part[]
  /** The records of a part. Runs in a task. */
  read(part: Part, signal: AbortSignal): Iterable<T> | AsyncIterable<T>
  /** Everything up to here has been processed. */
  committed?(to: Offset): void | Promise<void>
}
