// One line at the bottom of a terminal that says how the streams are doing; there only where stderr is a terminal.

import { TerminalRow, type Terminal } from '../../base/terminal-row.ts'
import type { BatchInfo, StreamingListener } from './streaming-listener.ts'

export type { Terminal }

export interface StatusLineOptions {
  /** Where the line stands: stderr. */
  readonly terminal: Terminal
  /** What else writes to the same terminal: stdout. */
  readonly others: readonly Terminal[]
  readonly batchMs: number
  /** How many keys have a state; undefined where there is no keyed state. */
  readonly keys: () => number | undefined
}

export class StatusLine implements StreamingListener {
  readonly #options: StatusLineOptions
  readonly #row: TerminalRow
  #waiting = 0

  /** The line, if there is a terminal for it. */
  static on(options: StatusLineOptions): StatusLine | undefined {
    const row = TerminalRow.open(options.terminal, options.others)
    return row && new StatusLine(options, row)
  }

  private constructor(options: StatusLineOptions, row: TerminalRow) {
    this.#options = options
    this.#row = row
  }

  onBatchSubmitted(): void {
    this.#waiting++
  }

  onBatchCompleted({ batchInfo }: { readonly batchInfo: BatchInfo }): void {
    this.#waiting--
    const { batchMs, keys: keysOf } = this.#options
    const keys = keysOf()
    const { batchTime, numRecords, processingDelay = 0, totalDelay = 0 } = batchInfo
    const parts = [
      `batch ${new Date(batchTime).toISOString().slice(11, 23)}`, `${Math.round(numRecords / batchMs * 1_000).toLocaleString('en')} records/s`,
      `${processingDelay} of ${batchMs} ms`, `delay ${totalDelay} ms`, ...(this.#waiting > 0 ? [`${this.#waiting} waiting`] : []), ...(keys === undefined ? [] : [`${keys.toLocaleString('en')} keys`]),
    ]
    this.#row.show(parts.join(' · '))
  }

  close(): void {
    this.#row.close()
  }
}
