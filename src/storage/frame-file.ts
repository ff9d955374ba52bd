// Frame files: binary records in one file, each with a check sum, so that damage is found where it is read.
//
//   0      4           8
//   'RIVF' │ u32 version │ frame … │ end
//
//   frame: u32 bytes of the payload (not 0) │ u32 count │ u32 CRC-32 of the payload │ payload
//   end:   u32 0 │ u32 number of frames │ u32 0
//
// - Numbers are little endian. A file without an end was cut short, and is refused like one whose check sums do not fit.
// - `count` says what the payload's format counts: object files and checkpoints hold one block of records in a frame.

import { crc32 } from 'node:zlib'
import { ByteInput } from './byte-input.ts'
import { storageErrors } from './errors.ts'
import type { FileSystem, FileWriter } from './file-system.ts'

const magic = 'RIVF'
const version = 1
const fileHeaderBytes = 8
export const frameHeaderBytes = 12

export interface Frame {
  readonly count: number
  readonly payload: Buffer
}

/** Writes frames to an open file; `end` is part of the format, closing the file is the caller's. */
export class FrameWriter {
  readonly #file: FileWriter
  #frames = 0

  constructor(file: FileWriter) {
    this.#file = file
  }

  async begin(): Promise<void> {
    await this.#file.write(fileHeader())
  }

  async write({ count, payload }: Frame): Promise<void> {
    await this.#file.write(frameHeader(payload.length, count, crc32(payload)))
    await this.#file.write(payload)
    this.#frames++
  }

  async end(): Promise<void> {
    await this.#file.write(frameHeader(0, this.#frames, 0))
  }
}

/** The frames of a file, in order. Errors: RIV_FILE_CORRUPT. */
export async function* readFrames(fs: FileSystem, path: string): AsyncGenerator<Frame> {
  const corrupt = (problem: string): Error => storageErrors.RIV_FILE_CORRUPT(path, problem)
  const input = new ByteInput(fs.readRange(path, 0, Infinity), () => corrupt('it ends too early'))
  try {
    const header = await input.take(fileHeaderBytes)
    if (header.toString('latin1', 0, 4) !== magic) throw corrupt('it is no frame file')
    if (header.readUInt32LE(4) !== version) throw corrupt(`its format version is ${header.readUInt32LE(4)}; this program reads version ${version}`)
    for (let frames = 0; ; frames++) {
      const head = await input.take(frameHeaderBytes)
      const [bytes, count, sum] = [head.readUInt32LE(0), head.readUInt32LE(4), head.readUInt32LE(8)]
      if (bytes === 0) {
        if (count !== frames || sum !== 0) throw corrupt(`its end tells of ${count} frames, there are ${frames}`)
        return
      }
      const payload = await input.take(bytes)
      if (crc32(payload) !== sum) throw corrupt(`the check sum of frame ${frames} does not fit`)
      yield { count, payload }
    }
  } finally {
    await input.close()
  }
}

/** How a frame file begins. */
export function fileHeader(): Buffer {
  const header = Buffer.alloc(fileHeaderBytes)
  header.write(magic, 'latin1')
  header.writeUInt32LE(version, 4)
  return header
}

/** What stands before a frame's payload. */
export function frameHeader(bytes: number, count: number, sum: number): Buffer {
  const header = Buffer.alloc(frameHeaderBytes)
  header.writeUInt32LE(bytes, 0)
  header.writeUInt32LE(count, 4)
  header.writeUInt32LE(sum, 8)
  return header
}
