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
  /** How many bytes it takes in the file, where it is compressed there. */
  readonly stored?: number
  /** The CRC-32 of the bytes, where the file is a journal: there they stand alone. Otherwise they are a frame, which has it. */
  readonly sum?: number
}

/** Whether a block is in a file of the journal. */
export const isInJournal = (ref: BlockRef): ref is BlockRef & { readonly file: string; readonly sum: number } => ref.sum !== undefined
