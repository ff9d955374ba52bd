// A handle of a block: where its bytes are. What travels between threads instead of records.

/** Where the bytes of a block are: in a slab, or in a file. */
export interface BlockRef {
  /** The slab's id; 0 for a block in a file. */
  readonly slab: number
  /** The slab's generation when the block was written; a reused slab has another one. */
  readonly generation: number
  readonly offset: number
  readonly bytes: number
  /** Records in the block. */
  readonly count: number
  /** The file, where it is in one. */
  readonly file?: string
}
