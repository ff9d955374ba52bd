// Blocks of text, cut behind the last line end that has come. Bytes stay bytes: tasks decode them.
//
//   chunks:   …one\ntwo\nthr│ee\nfour\nfi│ve\n…
//             └─ lines ─────┘└ rest          a block holds whole lines; the rest waits for its end
//
// - Cutting at '\n' only, a character of several bytes is never cut.
// - Lines beyond the rate wait, in the bytes they came in; see rate-limit.ts.
// - A line longer than the limit is left out up to its end, and reported; the lines around it are kept.

import { maxLineBytes } from '../../base/limits.ts'
import { BlockAge, type BlockCutter, type CutterOptions } from './block-cutter.ts'

const newline = 10
const end = Buffer.from('\n')
const endOfInput = Symbol('end of input')

export interface LineCutterOptions extends CutterOptions {
  /** A line was left out. */
  readonly onTooLong: (limit: number) => void
  /** Longest line in bytes. */
  readonly maxLineBytes?: number
}

export class LineCutter implements BlockCutter {
  readonly #options: LineCutterOptions
  readonly #limit: number
  readonly #age: BlockAge
  /** Whole lines. */
  #lines: Buffer[] = []
  #bytes = 0
  #count = 0
  /** The beginning of a line. */
  #rest: Buffer[] = []
  #restBytes = 0
  /** Inside a line that is left out. */
  #skipping = false
  /** Chunks that wait for the rate, and in between the ends of inputs. */
  #waiting: (Buffer | typeof endOfInput)[] = []
  #waitingLines = 0

  constructor(options: LineCutterOptions) {
    this.#options = options
    this.#limit = options.maxLineBytes ?? maxLineBytes
    this.#age = new BlockAge(options)
  }

  get isEmpty(): boolean {
    return this.#bytes === 0 && this.#waiting.length === 0
  }

  /** Takes what has come. The chunk is kept, not copied: the caller must not write to it again. */
  push(chunk: Buffer): void {
    if (this.#waiting.length === 0 && this.#options.limit.rate === Infinity) return this.#take(chunk)
    this.#waiting.push(chunk)
    this.#waitingLines += linesIn(chunk)
    this.drain()
  }

  /** The input has ended, and with it its last line. */
  endOfInput(): void {
    if (this.#waiting.length > 0) this.#waiting.push(endOfInput)
    else this.#end()
  }

  drain(): void {
    const { limit } = this.#options
    for (let next; (next = this.#waiting[0]) !== undefined && limit.available >= 1;) {
      if (next === endOfInput) {
        this.#waiting.shift()
        this.#end()
        continue
      }
      const { head, rest, lines } = splitAfter(next, limit.available)
      limit.took(lines)
      this.#waitingLines -= lines
      if (rest.length === 0) this.#waiting.shift()
      else this.#waiting[0] = rest
      this.#take(head)
    }
    limit.waits(this.#waiting.length === 0 ? 0 : Math.max(1, this.#waitingLines), () => this.drain())
  }

  #take(chunk: Buffer): void {
    if (chunk.length > this.#limit) { // so that a whole line in one chunk is within the limit
      const half = chunk.length >> 1
      this.#take(chunk.subarray(0, half))
      this.#take(chunk.subarray(half))
      return
    }
    if (this.#skipping) {
      const at = chunk.indexOf(newline)
      if (at === -1) return
      this.#skipping = false
      if (at + 1 < chunk.length) this.#take(chunk.subarray(at + 1))
      return
    }
    const first = chunk.indexOf(newline)
    if (this.#restBytes + (first === -1 ? chunk.length : first) > this.#limit) {
      this.#rest = []
      this.#restBytes = 0
      this.#skipping = true
      this.#options.onTooLong(this.#limit)
      return this.#take(chunk)
    }
    if (first === -1) return this.#wait(chunk)
    if (this.#age.isOver) this.cut()
    const last = chunk.lastIndexOf(newline)
    this.#lines.push(...this.#rest, chunk.subarray(0, last + 1))
    this.#bytes += this.#restBytes + last + 1
    this.#count += linesIn(chunk)
    this.#rest = []
    this.#restBytes = 0
    if (last + 1 < chunk.length) this.#wait(chunk.subarray(last + 1))
    if (this.#bytes >= this.#options.maxBytes) this.cut()
  }

  #end(): void {
    this.#skipping = false
    if (this.#restBytes > 0) this.#take(end)
  }

  cut(): void {
    if (this.#bytes === 0) return
    const { runner, blocks } = this.#options
    const text = this.#lines.length === 1 ? this.#lines[0]! : Buffer.concat(this.#lines, this.#bytes)
    this.#lines = [text]
    if (!blocks.store(() => runner.storeText(text), this.#count)) return
    this.#lines = []
    this.#bytes = 0
    this.#count = 0
    this.#age.restart()
  }

  #wait(beginning: Buffer): void {
    this.#rest.push(beginning)
    this.#restBytes += beginning.length
  }
}

/** A chunk cut behind its n-th line end; how many line ends stand before the cut. */
function splitAfter(chunk: Buffer, n: number): { head: Buffer; rest: Buffer; lines: number } {
  let [at, lines] = [0, 0]
  while (lines < n) {
    const next = chunk.indexOf(newline, at)
    if (next === -1) return { head: chunk, rest: chunk.subarray(chunk.length), lines }
    at = next + 1
    lines++
  }
  return { head: chunk.subarray(0, at), rest: chunk.subarray(at), lines }
}

function linesIn(chunk: Buffer): number {
  let lines = 0
  for (let at = chunk.indexOf(newline); at !== -1; at = chunk.indexOf(newline, at + 1)) lines++
  return lines
}
