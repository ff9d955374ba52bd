// Blocks in local files, written and read where they are needed: in a task, or in the driver's thread when memory is full.
//
// - A block may be compressed (block-compression.ts); its handle says so, and the check sum of its frame is that of what is stored.
// - A frame file (frame-file.ts) without an end: the file is one process's own, and each block is found by its offset.
// - Everything is synchronous, as the fused loop that reads is. Nothing is synced: the files do not outlive the process.

import { closeSync, openSync, readSync, rmSync, writevSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { compressBlock, decompressBlock } from './block-compression.ts'
import { storageErrors } from './errors.ts'
import { fileError } from './file-error.ts'
import { fileHeader, frameHeader, frameHeaderBytes } from './frame-file.ts'

/** Where a block is in a file. */
export interface FilePlace {
  /** Where its frame begins. */
  readonly offset: number
  readonly bytes: number
  /** How many bytes it takes in the file, where it is compressed. */
  readonly stored?: number
}

/** Writes blocks one after the other into a new file. */
export class BlockFileWriter {
  readonly path: string
  readonly #fd: number
  #offset = 0

  constructor(path: string) {
    this.path = path
    this.#fd = coded('create', path, () => openSync(path, 'wx', 0o600))
    this.#write([fileHeader()])
  }

  /** Makes a file of what `body` writes; it is not there when that fails. */
  static write<R>(path: string, body: (file: BlockFileWriter) => R): R {
    const file = new BlockFileWriter(path)
    try {
      return body(file)
    } catch (error) {
      rmSync(path, { force: true })
      throw error
    } finally {
      file.close()
    }
  }

  close(): void {
    closeSync(this.#fd)
  }

  /** Adds a block, compressed at a level that is not 0. */
  append(payload: Uint8Array, count: number, level = 0): FilePlace {
    const offset = this.#offset
    const compressed = compressBlock(payload, level)
    const stored = compressed ?? payload
    this.#write([frameHeader(stored.length, count, crc32(stored)), stored])
    return { offset, bytes: payload.length, ...(compressed && { stored: compressed.length }) }
  }

  #write(parts: readonly Uint8Array[]): void {
    let rest = [...parts]
    while (rest.length > 0) {
      let written = coded('write', this.path, () => writevSync(this.#fd, rest))
      this.#offset += written
      while (rest.length > 0 && written >= rest[0]!.length) written -= rest.shift()!.length
      if (written > 0) rest = [rest[0]!.subarray(written), ...rest.slice(1)]
    }
  }
}

/** Reads blocks of files; keeps the last file open. */
export class BlockFileReader {
  #path: string | undefined
  #fd = -1

  /** A block, in memory of its own that begins at a multiple of 8. Errors: RIV_FILE_CORRUPT, RIV_FILE_NOT_FOUND. */
  read(path: string, { offset, bytes, stored }: FilePlace): Buffer {
    const payload = this.#payload(path, offset, stored ?? bytes)
    return stored === undefined ? payload : decompressBlock(payload, bytes, path)
  }

  /** The payload of the frame at an offset. */
  #payload(path: string, offset: number, bytes: number): Buffer {
    const lead = Math.ceil(frameHeaderBytes / 8) * 8
    const buffer = Buffer.allocUnsafeSlow(lead + bytes)
    const frame = buffer.subarray(lead - frameHeaderBytes)
    if (!this.#fill(frame, path, offset)) throw storageErrors.RIV_FILE_CORRUPT(path, 'it ends too early')
    const payload = buffer.subarray(lead)
    if (frame.readUInt32LE(0) !== bytes || crc32(payload) !== frame.readUInt32LE(8)) throw storageErrors.RIV_FILE_CORRUPT(path, `the check sum of the block at ${offset} does not fit`)
    return payload
  }

  /** Bytes that stand alone, with the check sum that they must have; undefined where they have not. Errors: RIV_FILE_NOT_FOUND. */
  readAlone(path: string, offset: number, bytes: number, sum: number): Buffer | undefined {
    const payload = Buffer.allocUnsafeSlow(bytes)
    return this.#fill(payload, path, offset) && crc32(payload) === sum ? payload : undefined
  }

  close(): void {
    if (this.#path !== undefined) closeSync(this.#fd)
    this.#path = undefined
  }

  /** False where the file ends before. */
  #fill(target: Buffer, path: string, offset: number): boolean {
    this.#open(path)
    for (let at = 0; at < target.length;) {
      const read = coded('read', path, () => readSync(this.#fd, target, at, target.length - at, offset + at))
      if (read === 0) return false
      at += read
    }
    return true
  }

  #open(path: string): void {
    if (path === this.#path) return
    this.close()
    this.#fd = coded('read', path, () => openSync(path, 'r'))
    this.#path = path
  }
}

function coded<R>(operation: string, path: string, body: () => R): R {
  try {
    return body()
  } catch (error) {
    throw fileError(error, operation, path)
  }
}
