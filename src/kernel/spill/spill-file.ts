// A file of one task for what its memory does not hold: blocks of pairs, written one after the other and read back in any order.
//
// - Its name is given up as soon as it is open, so that the system frees it when the task closes it or its thread or process dies, however.
// - Access is synchronous: it stands inside the fused loop, which awaits nothing.

import { closeSync, constants, openSync, readSync, rmSync, unlinkSync, writeSync } from 'node:fs'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { compressBlock, decompressBlock } from '../../storage/block-compression.ts'
import type { FilePlace } from '../../storage/block-file.ts'
import { fileError } from '../../storage/file-error.ts'
import { makeLocalDir } from '../../storage/local-dir.ts'
import { storageErrors } from '../../storage/errors.ts'
import { decodePairs } from '../../wire/block/decode.ts'
import { encodeTuples } from '../../wire/block/encode.ts'
import { classTable } from '../class-table.ts'
import { SpillFailure } from '../errors.ts'

/** A block in a spill file. */
export interface FileBlock extends FilePlace { readonly count: number }

/** Pairs as columns. */
export interface PairColumns { readonly keys: unknown[]; readonly values: unknown[] }

/** A larger buffer is not kept for the next block. */
const keptBytes = 4 << 20
/** Shared by all files of the thread: a block is encoded or decoded without a break. */
let scratch: Buffer = Buffer.alloc(0)

function room(bytes: number): Buffer {
  if (scratch.length >= bytes && scratch.length > 0) return scratch
  const buffer = Buffer.allocUnsafeSlow(Math.max(64 << 10, 2 ** Math.ceil(Math.log2(bytes))))
  if (buffer.length <= keptBytes) scratch = buffer
  return buffer
}

export class SpillFile {
  readonly #path: string
  readonly #level: number
  readonly #onWrite: (bytes: number) => void
  readonly #onClose: (file: SpillFile) => void
  readonly #fd: number
  /** Whether the name is still there (a system may keep that of an open file). */
  readonly #named: boolean
  #end = 0
  #open = true

  /** `dir` is made where it is not there; blocks are compressed at a level that is not 0. */
  constructor(dir: string, level: number, onWrite: (bytes: number) => void, onClose: (file: SpillFile) => void) {
    this.#path = join(dir, `task-${randomUUID()}`)
    this.#level = level
    this.#onWrite = onWrite
    this.#onClose = onClose
    this.#fd = this.#tried('create', () => {
      makeLocalDir(dir)
      return openSync(this.#path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600)
    })
    this.#named = !unlinked(this.#path)
  }

  /** Appends a block. Errors: RIV_FILE_*, RIV_RECORD_NOT_ENCODABLE. */
  write(keys: readonly unknown[], values: readonly unknown[]): FileBlock {
    let buffer = scratch
    let place: FilePlace | undefined
    encodeTuples([keys, values], 0, keys.length, {
      reserve: bytes => (buffer = room(bytes)),
      commit: (bytes, count) => {
        place = this.#append(buffer.subarray(0, bytes))
        return { slab: 0, generation: 0, ...place, count }
      },
    }, { classes: classTable })
    return { ...place!, count: keys.length }
  }

  #append(block: Uint8Array): FilePlace {
    const compressed = compressBlock(block, this.#level)
    const stored = compressed ?? block
    const offset = this.#end
    this.#tried('write', () => {
      for (let at = 0; at < stored.length;) at += writeSync(this.#fd, stored, at, stored.length - at, offset + at)
    })
    this.#end += stored.length
    this.#onWrite(stored.length)
    return { offset, bytes: block.length, ...(compressed && { stored: compressed.length }) }
  }

  /** The pairs of a block. */
  read({ offset, bytes, stored }: FileBlock): PairColumns {
    const length = stored ?? bytes
    const buffer = room(length)
    const block = this.#tried('read', () => {
      for (let at = 0; at < length;) {
        const read = readSync(this.#fd, buffer, at, length - at, offset + at)
        if (read === 0) throw storageErrors.RIV_FILE_CORRUPT(this.#path, 'it ends too early')
        at += read
      }
      return stored === undefined ? buffer.subarray(0, length) : decompressBlock(buffer.subarray(0, length), bytes, this.#path)
    })
    return decodePairs(block, { classes: classTable })
  }

  /** Gives the file back; may be called twice. */
  close(): void {
    if (!this.#open) return
    this.#open = false
    closeSync(this.#fd)
    if (this.#named) rmSync(this.#path, { force: true })
    this.#onClose(this)
  }

  #tried<R>(operation: string, body: () => R): R {
    try {
      return body()
    } catch (error) {
      throw new SpillFailure(fileError(error, operation, this.#path))
    }
  }
}

function unlinked(path: string): boolean {
  try {
    unlinkSync(path)
    return true
  } catch {
    return false
  }
}
