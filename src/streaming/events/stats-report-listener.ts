// StatsReportListener: how the delays of the last batches are spread, after every batch.

import type { BatchInfo, StreamingListener } from './streaming-listener.ts'

const quantiles = [0, 5, 10, 25, 50, 75, 90, 95, 100]

/**
 * Writes the distributions of the total delay and of the processing time of the last batches to stderr, after every batch.
 *
 * `write` gets one line at a time, and takes their place. Semantics: `org.apache.spark.streaming.scheduler.StatsReportListener`.
 *
 * @example
 * import { Context, seconds, StatsReportListener, StreamingContext } from 'rivulet'
 * const ssc = new StreamingContext(new Context(), seconds(1))
 * ssc.addStreamingListener(new StatsReportListener(100))
 */
export class StatsReportListener implements StreamingListener {
  readonly #numBatchInfos: number
  readonly #write: (line: string) => void
  readonly #last: BatchInfo[] = []

  constructor(numBatchInfos = 10, write: (line: string) => void = line => { process.stderr.write(`${line}\n`) }) {
    this.#numBatchInfos = numBatchInfos
    this.#write = write
  }

  onBatchCompleted({ batchInfo }: { readonly batchInfo: BatchInfo }): void {
    this.#last.push(batchInfo)
    if (this.#last.length > this.#numBatchInfos) this.#last.shift()
    this.#report('Total delay', batchInfo => batchInfo.totalDelay)
    this.#report('Processing time', batchInfo => batchInfo.processingDelay)
  }

  #report(what: string, valueOf: (info: BatchInfo) => number | undefined): void {
    const values = this.#last.map(valueOf).filter(ms => ms !== undefined).toSorted((a, b) => a - b)
    const at = (percent: number): number => values[Math.min(Math.floor(percent / 100 * values.length), values.length - 1)]!
    const mean = values.reduce((sum, ms) => sum + ms, 0) / values.length
    const stdev = Math.sqrt(values.reduce((sum, ms) => sum + (ms - mean) ** 2, 0) / values.length)
    this.#write(`${what}: count ${values.length}, mean ${mean.toFixed(1)} ms, stdev ${stdev.toFixed(1)} ms, ${quantiles.map(percent => `${percent} % ${at(percent)} ms`).join(', ')}`)
  }
}
