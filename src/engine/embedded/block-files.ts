// The files to which blocks move when memory is full, in the context's own folder.
//
// - A file holds the blocks of one group (a partition, the output of a map task) and goes with it.
// - It stays until the tasks that were running then have ended: they may be about to read it.

import { rmSync } from 'node:fs'
import { fileRef } from '../../kernel/file-target.ts'
import type { Compression } from '../../storage/block-compression.ts'
import { BlockFileWriter } from '../../storage/block-file.ts'
import type { LocalDir } from '../../storage/local-dir.ts'
import type { BlockRef } from '../../wire/slab/block-ref.ts'

export class BlockFiles {
  readonly #dir: LocalDir
  readonly #compression: Compression
  /** Calls back when every task that runs now has ended. */
  readonly #afterTasks: (action: () => void) => void
  #last = 0

  constructor(dir: LocalDir, compression: Compression, afterTasks: (action: () => void) => void) {
    this.#dir = dir
    this.#compression = compression
    this.#afterTasks = afterTasks
  }

  /** The name of a new file. */
  newPath(): string {
    return `${this.#dir.path}/blocks-${++this.#last}`
  }

  /** Copies blocks into a new file; returns their handles there, list by list. Errors: RIV_FILE_*, and then there is no file. */
  write(kind: 'kept' | 'shuffled', lists: readonly (readonly BlockRef[])[], read: (ref: BlockRef) => Uint8Array): BlockRef[][] {
    const level = this.#compression[kind]
    return BlockFileWriter.write(this.newPath(), file => lists.map(blocks => blocks.map(ref => fileRef(file.path, file.append(read(ref), ref.count, level), ref.count))))
  }

  remove(path: string): void {
    this.#afterTasks(() => rmSync(path, { force: true }))
  }
}
