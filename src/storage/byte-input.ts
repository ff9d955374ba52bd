// So many bytes at a time, out of chunks of any size.

/** Takes bytes from chunks; what it gives is a view of them where it can be. */
export class ByteInput {
  readonly #chunks: AsyncIterator<Uint8Array>
  readonly #tooShort: () => Error
  #held: Buffer[] = []
  #bytes = 0
  /** Bytes that were taken so far. */
  position: number

  /** `tooShort` makes the error of a take that finds fewer bytes; `position` is where the chunks begin. */
  constructor(chunks: AsyncIterable<Uint8Array>, tooShort: () => Error, position = 0) {
    this.position = position
    this.#chunks = chunks[Symbol.asyncIterator]()
    this.#tooShort = tooShort
  }

  /** Whether there is a byte left. */
  async more(): Promise<boolean> {
    while (this.#bytes === 0) if (!await this.#pull()) return false
    return true
  }

  /** The next bytes, exactly so many. */
  async take(bytes: number): Promise<Buffer> {
    while (this.#bytes < bytes) if (!await this.#pull()) throw this.#tooShort()
    const all = this.#held.length === 1 ? this.#held[0]! : Buffer.concat(this.#held)
    this.#held = [all.subarray(bytes)]
    this.#bytes -= bytes
    this.position += bytes
    return all.subarray(0, bytes)
  }

  /** Takes all up to the end of the next place where the bytes stand; false, and everything taken, where they do not. */
  async takePast(bytes: Uint8Array): Promise<boolean> {
    for (;;) {
      const all = Buffer.concat(this.#held)
      const found = all.indexOf(bytes)
      this.#held = [all]
      await this.take(found === -1 ? Math.max(0, all.length - bytes.length + 1) : found + bytes.length)
      if (found !== -1) return true
      if (!await this.#pull()) return false
    }
  }

  /** Ends the chunks early. */
  async close(): Promise<void> {
    await this.#chunks.return?.()
  }

  async #pull(): Promise<boolean> {
    const { done, value } = await this.#chunks.next()
    if (done === true) return false
    this.#held.push(Buffer.from(value.buffer, value.byteOffset, value.byteLength))
    this.#bytes += value.byteLength
    return true
  }
}
