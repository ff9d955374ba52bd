// One line at the bottom of a terminal that says how the streams are doing; there only where stderr is a terminal.
//
// - What anybody else writes to the terminal goes above it: the line is wiped before, and drawn again when the terminal has been quiet.
// - close() wipes it, and leaves the streams' write methods as they were.

import type { BatchInfo, StreamingListener } from './streaming-listener.ts'

type Write = (chunk: string | Uint8Array, ...rest: never[]) => boolean

/** A terminal, as far as it is written to. */
export interface Terminal {
  readonly isTTY?: boolean
  readonly columns?: number
  write: Write
}

export interface StatusLineOptions {
  /** Where the line stands: stderr. */
  readonly terminal: Terminal
  /** What else writes to the same terminal: stdout. */
  readonly others: readonly Terminal[]
  readonly batchMs: number
  /** What else there is to say: the size of the state. */
  readonly more?: () => string
}

const wipe = '\r\u001B[2K'
const quietMs = 50

export class StatusLine implements StreamingListener {
  readonly #options: StatusLineOptions
  readonly #write: Write
  readonly #restore: (() => void)[] = []
  #text = ''
  #drawn = false
  #redraw: NodeJS.Timeout | undefined
  #waiting = 0

  /** The line, if there is a terminal for it. */
  static on(options: StatusLineOptions): StatusLine | undefined {
    return options.terminal.isTTY === true ? new StatusLine(options) : undefined
  }

  private constructor(options: StatusLineOptions) {
    this.#options = options
    this.#write = options.terminal.write.bind(options.terminal) as Write
    for (const terminal of [options.terminal, ...options.others]) if (terminal.isTTY === true) this.#watch(terminal)
  }

  onBatchSubmitted(): void {
    this.#waiting++
  }

  onBatchCompleted({ batchInfo }: { readonly batchInfo: BatchInfo }): void {
    this.#waiting--
    const { batchMs, more } = this.#options
    const { batchTime, numRecords, processingDelay = 0, totalDelay = 0 } = batchInfo
    const parts = [
      `batch ${new Date(batchTime).toISOString().slice(11, 23)}`, `${Math.round(numRecords / batchMs * 1_000).toLocaleString('en')} records/s`,
      `${processingDelay} of ${batchMs} ms`, `delay ${totalDelay} ms`, ...(this.#waiting > 0 ? [`${this.#waiting} waiting`] : []), ...[more?.() ?? ''].filter(text => text !== ''),
    ]
    this.#text = parts.join(' · ').slice(0, (this.#options.terminal.columns ?? 80) - 1)
    this.#draw()
  }

  close(): void {
    clearTimeout(this.#redraw)
    this.#wipe()
    for (const restore of this.#restore.splice(0)) restore()
  }

  #watch(terminal: Terminal): void {
    const own = Object.getOwnPropertyDescriptor(terminal, 'write')
    const write = terminal.write.bind(terminal) as Write
    terminal.write = ((...args: Parameters<Write>) => {
      this.#wipe()
      clearTimeout(this.#redraw)
      this.#redraw = setTimeout(() => this.#draw(), quietMs).unref()
      return write(...args)
    }) as Write
    this.#restore.push(() => {
      if (own === undefined) delete (terminal as { write?: Write }).write
      else Object.defineProperty(terminal, 'write', own)
    })
  }

  #draw(): void {
    if (this.#text === '') return
    this.#write(`${wipe}${this.#text}`)
    this.#drawn = true
  }

  #wipe(): void {
    if (this.#drawn) this.#write(wipe)
    this.#drawn = false
  }
}
