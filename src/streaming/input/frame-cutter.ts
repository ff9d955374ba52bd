// Blocks that come as frames, encoded by the sender: they are stored as they are.
//
// - A frame is a block: it is never cut. Frames beyond the rate wait; since one is taken whole, a batch may have a frame too many.
// - What is no frame throws out of `push`; what came before it is kept.

import type { Frame } from '../../storage/frame-file.ts'
import { streamingErrors } from '../errors.ts'
import type { BlockCutter, CutterOptions } from './block-cutter.ts'
import { frameAt } from './block-frame.ts'

export class FrameCutter implements BlockCutter {
  readonly #options: CutterOptions
  readonly #from: string
  /** Chunks of a frame that is not whole. */
  #chunks: Buffer[] = []
  #bytes = 0
  /** Bytes that the frame needs, as far as that is known. */
  #wanted = 0
  #waiting: Frame[] = []

  constructor(options: CutterOptions, from: string) {
    this.#options = options
    this.#from = from
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
    if (this.#bytes < this.#wanted) return
    const bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks)
    this.#reset()
    let at = 0
    let found = frameAt(bytes, at, this.#from)
    for (; typeof found === 'object'; found = frameAt(bytes, at, this.#from)) {
      this.#waiting.push(found.frame)
      at = found.end
    }
    this.#chunks = [bytes.subarray(at)]
    this.#bytes = bytes.length - at
    this.#wanted = found
    this.drain()
  }

  /** The input has ended; half a frame is nothing. */
  endOfInput(): void {
    const left = this.#bytes
    this.#reset()
    if (left > 0) throw streamingErrors.RIV_FRAME(this.#from, `the connection ended inside a frame, after ${left} bytes of it`)
  }

  drain(): void {
    const { blocks, runner, limit } = this.#options
    let stored = 0
    for (const { count, payload } of this.#waiting) {
      if (limit.available < 1 || !blocks.store(() => runner.storeText(payload), count)) break
      limit.took(count)
      stored++
    }
    this.#waiting.splice(0, stored)
    limit.waits(this.#waiting.reduce((sum, { count }) => sum + count, 0), () => this.drain())
  }

  /** Frames are whole blocks already; here those get another chance for which there was no memory. */
  cut(): void {
    this.drain()
  }

  #reset(): void {
    this.#chunks = []
    this.#bytes = 0
    this.#wanted = 0
  }
}
