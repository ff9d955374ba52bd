// One row at the bottom of a terminal: a status line, a progress bar. There is one at a time.
//
// - What anybody else writes to the terminal goes above it: the row is wiped before, and drawn again when the terminal has been quiet.
// - close() wipes it, and leaves the streams' write methods as they were.

type Write = (chunk: string | Uint8Array, ...rest: never[]) => boolean

/** A terminal, as far as it is written to. */
export interface Terminal {
  readonly isTTY?: boolean
  readonly columns?: number
  write: Write
}

const wipe = '\r\u001B[2K'
const quietMs = 50
const taken = new WeakSet<Terminal>()

export class TerminalRow {
  readonly #terminal: Terminal
  readonly #write: Write
  readonly #restore: (() => void)[] = []
  #text = ''
  #drawn = false
  #redraw: NodeJS.Timeout | undefined

  /** The row of a terminal, if it is one and its row is free; `others` are streams that may write to the same terminal. */
  static open(terminal: Terminal, others: readonly Terminal[]): TerminalRow | undefined {
    return terminal.isTTY === true && !taken.has(terminal) ? new TerminalRow(terminal, others) : undefined
  }

  private constructor(terminal: Terminal, others: readonly Terminal[]) {
    taken.add(terminal)
    this.#terminal = terminal
    this.#write = terminal.write.bind(terminal) as Write
    for (const each of [terminal, ...others]) if (each.isTTY === true) this.#watch(each)
  }

  /** How many characters fit. */
  get columns(): number {
    return (this.#terminal.columns || 80) - 1 // 0 where its size is not known
  }

  /** Shows a text, as much of it as fits. */
  show(text: string): void {
    this.#text = text.slice(0, this.columns)
    this.#draw()
  }

  close(): void {
    clearTimeout(this.#redraw)
    this.#wipe()
    for (const restore of this.#restore.splice(0)) restore()
    taken.delete(this.#terminal)
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
