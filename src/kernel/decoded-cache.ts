// The records of persisted partitions that one thread holds decoded, so that a program that reads them again and again decodes them once.
//
// - What it holds is a copy of blocks: losing it costs time only.
// - One limit in estimated bytes. The partition used longest ago goes first, but never for one of the same RDD: a loop over an RDD that is
//   a little too large would otherwise find nothing, ever.

/** Makes the records of a block, as fresh values: what a program changes of them changes no other run. */
type Chunk = () => unknown[]

interface Entry { readonly rdd: number; readonly chunks: readonly Chunk[]; readonly bytes: number }

export class DecodedCache {
  readonly #maxBytes: number
  readonly #entries = new Map<number, Entry>()
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** The records of a partition, by chunks. */
  get(id: number): readonly Chunk[] | undefined {
    const entry = this.#entries.get(id)
    if (entry === undefined) return undefined
    this.#entries.delete(id) // to the end of the order of use
    this.#entries.set(id, entry)
    return entry.chunks
  }

  /** Makes room for so many bytes of an RDD, if it can be made. */
  makeRoom(rdd: number, bytes: number): boolean {
    if (this.#bytes + bytes <= this.#maxBytes) return true
    let own = 0
    for (const entry of this.#entries.values()) if (entry.rdd === rdd) own += entry.bytes
    if (own + bytes > this.#maxBytes) return false
    for (const [id, entry] of this.#entries) {
      if (this.#bytes + bytes <= this.#maxBytes) break
      if (entry.rdd !== rdd) this.delete(id)
    }
    return true
  }

  set(id: number, rdd: number, chunks: readonly Chunk[], bytes: number): void {
    this.delete(id)
    this.#entries.set(id, { rdd, chunks, bytes })
    this.#bytes += bytes
  }

  delete(id: number): void {
    this.#bytes -= this.#entries.get(id)?.bytes ?? 0
    this.#entries.delete(id)
  }
}

/** About how much heap the records of a block take; `bytes` is its encoded size. */
export function decodedBytes(records: readonly unknown[], bytes: number): number {
  const [first] = records
  if (typeof first === 'number') return 8 * records.length
  return typeof first === 'string' ? bytes + 40 * records.length : 3 * bytes + 64 * records.length
}
