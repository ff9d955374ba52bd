// Encodes blocks into a file, as a SlabWriter does into slabs.

import { BlockFileWriter } from '../storage/block-file.ts'
import type { FilePlace } from '../storage/block-file.ts'
import type { BlockTarget } from '../wire/block/encode.ts'
import type { BlockRef } from '../wire/slab/block-ref.ts'

/** The handle of a block in a file. */
export const fileRef = (file: string, place: FilePlace, count: number): BlockRef => ({ slab: 0, generation: 0, ...place, count, file })

export class FileTarget implements BlockTarget {
  readonly #file: BlockFileWriter
  readonly #level: number
  #scratch = Buffer.alloc(0)

  /** Blocks are compressed at a level that is not 0. */
  constructor(file: BlockFileWriter, level: number) {
    this.#file = file
    this.#level = level
  }

  /** Makes a file of what `encode` writes; it is not there when that fails. */
  static write<R>(path: string, level: number, encode: (target: FileTarget) => R): R {
    return BlockFileWriter.write(path, file => encode(new FileTarget(file, level)))
  }

  close(): void {
    this.#file.close()
  }

  reserve(bytes: number): Buffer {
    if (this.#scratch.length < bytes) this.#scratch = Buffer.allocUnsafeSlow(bytes)
    return this.#scratch.subarray(0, bytes)
  }

  commit(bytes: number, count: number): BlockRef {
    return fileRef(this.#file.path, this.#file.append(this.#scratch.subarray(0, bytes), count, this.#level), count)
  }
}
