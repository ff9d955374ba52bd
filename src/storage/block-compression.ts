// Compresses blocks that go to files: each by itself, with zstd, and only where it gets smaller.
//
// - How many bytes a block has is known from its handle, so what is decompressed is never more than that.
// - A block has zstd's own check sum: one that was damaged is refused wherever it lies.

import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { storageErrors } from './errors.ts'

/** How much the blocks in files of each kind are compressed: the level of zstd, or 0 for not at all. */
export interface Compression {
  /** What map tasks give to a shuffle. */
  readonly shuffled: number
  /** What a task spills of what it aggregates, groups and sorts. */
  readonly spilled: number
  /** Persisted partitions. */
  readonly kept: number
}

export const uncompressed: Compression = { shuffled: 0, spilled: 0, kept: 0 }

/** The block as it is to be stored, if it is smaller then. */
export function compressBlock(bytes: Uint8Array, level: number): Uint8Array | undefined {
  if (level === 0) return undefined
  const stored = zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 } })
  return stored.length < bytes.length ? stored : undefined
}

/** The `bytes` bytes of a block that was stored compressed in the file at `path`. Errors: RIV_FILE_CORRUPT. */
export function decompressBlock(stored: Uint8Array, bytes: number, path: string): Buffer {
  try {
    const block = zstdDecompressSync(stored, { chunkSize: bytes, maxOutputLength: bytes })
    if (block.length === bytes) return block
  } catch (error) {
    throw storageErrors.RIV_FILE_CORRUPT.withCause(error, path, 'a compressed block cannot be read')
  }
  throw storageErrors.RIV_FILE_CORRUPT(path, 'a compressed block is not as long as it was')
}
