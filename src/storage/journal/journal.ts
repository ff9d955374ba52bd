// The journal: an append-only log of records with one writer, which survives the death of its process at any point.
//
// Contract:
// - records come back in the order of `append`, whole and unchanged, each once; what comes back is a prefix of what was appended;
// - a record whose `durable` resolved is in that prefix (with `durability: 'process'` unless the machine died, see openings below);
// - a record that was not acknowledged may come back or not;
// - whoever opens a journal is its only writer from then on: `open` claims the next epoch, and nothing that an older writer acknowledges
//   or appends after that is read again; the older one finds out at its next `durable`;
// - `append` never fails for I/O. After a failed write or sync the journal acknowledges nothing more: every `durable` rejects with that error;
// - no file is overwritten, no name is used twice.

/** What is appended. */
export interface JournalRecord {
  /** Names the record for its reader; not empty. */
  readonly kind: string
  /** Plain data, as `v8.serialize` takes it; taken when `append` is called. */
  readonly data: unknown
  /** Raw bytes beside the data, views on shared memory too; they must not change until the record is durable. At most 4 GiB each. */
  readonly blocks: readonly Uint8Array[]
  /** Called when the record is acknowledged, where its blocks are in a file that threads of this machine can read. */
  readonly onWritten?: (places: readonly BlockPlace[]) => void
}

/** Where a block is in a file of the journal; readable until its record is pruned. */
export interface BlockPlace {
  readonly file: string
  readonly offset: number
  readonly bytes: number
  /** CRC-32 of the bytes. */
  readonly sum: number
}

/** A record as it is read. */
export interface StoredRecord {
  readonly kind: string
  readonly data: unknown
  /** Names the record; later records have larger ones. */
  readonly position: number
  readonly blocks: readonly StoredBlock[]
}

/** A block that is still in its file; readable until its record is pruned. */
export interface StoredBlock {
  readonly bytes: number
  /** Where threads of this machine can read it, if they can. */
  readonly place?: BlockPlace
  /** Errors: RIV_JOURNAL_CORRUPT when the bytes are not those that were written. */
  read(): Promise<Uint8Array>
}

export interface Journal {
  /** Number of this opening; each has a larger one. */
  readonly epoch: number
  /** Whether a newer opening was seen. */
  readonly fenced: boolean
  /**
   * Newest files that were found damaged as a whole and left out at opening; empty when all is well. What only they held is gone, and what a
   * fenced writer appended too late may have come back instead.
   */
  readonly fellBack: readonly string[]
  /** Hands a record over and gives the position that names it: how many bytes there are before it, where any are kept. */
  append(record: JournalRecord): number
  /**
   * Resolves when the record at `position`, or everything appended so far, is durable together with all before it.
   * Errors: RIV_JOURNAL_FENCED; what the file system says (RIV_FILE_FULL, RIV_FILE_ACCESS, RIV_FILE_IO).
   */
  durable(position?: number): Promise<void>
  /** Whether the record at `position`, and all before it, are durable. */
  isDurable(position: number): boolean
  /** Rejects where a newer opening is there; what one does outside the journal after that would be seen. Errors: as `durable`. */
  assertNewest(): Promise<void>
  /** Lets the next record begin a new file; for points from where damage to the newest file should lose little. */
  roll(): void
  /**
   * Removes the files that hold nothing but records before `position`, but not before `after` has resolved. The log says so where it is now,
   * so that it is known without what comes later. Errors: as `durable`; that of `after`.
   */
  prune(position: number, after?: Promise<void>): Promise<void>
  /** Waits for what was appended, without an error if that fails, and closes the files. */
  close(): Promise<void>
}
