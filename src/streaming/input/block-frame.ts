// Records as bytes with a length and a check sum in front: what rawSocketStream and storeBytes take.
//
//   u32 bytes of the payload │ u32 count │ u32 CRC-32 of the payload │ payload: one block of records        (little endian, docs/formats.md)

import { crc32 } from 'node:zlib'
import { classTable } from '../../kernel/class-table.ts'
import { frameHeader, frameHeaderBytes, type Frame } from '../../storage/frame-file.ts'
import { encodeBlock } from '../../wire/block/encode.ts'
import { streamingErrors } from '../errors.ts'

/** Longest payload; what claims to be longer is something else. */
const maxPayloadBytes = 64 << 20

/**
 * Encodes records as one frame, which `ssc.rawSocketStream` and `receiver.storeBytes` take as it is: no record is looked at on the way to its task.
 *
 * Errors: RIV_RECORD_NOT_ENCODABLE. The format stands in `docs/formats.md`.
 *
 * @example
 * import { encodeFrame } from 'rivulet'
 * const frame = encodeFrame([{ sensor: 7, value: 21.5 }])
 * frame instanceof Uint8Array   // true
 */
export function encodeFrame(records: readonly unknown[]): Uint8Array {
  let memory = Buffer.alloc(0)
  const reserve = (bytes: number): Buffer => (memory = Buffer.alloc(bytes))
  const { bytes, count } = encodeBlock(records, 0, records.length, { reserve, commit: (used, n) => ({ slab: 0, generation: 0, offset: 0, bytes: used, count: n }) }, { classes: classTable })
  const payload = memory.subarray(0, bytes)
  return new Uint8Array(Buffer.concat([frameHeader(bytes, count, crc32(payload)), payload]))
}

/** The frame that begins at `at` and where it ends; or, where it is not whole, how many bytes from there on it needs. `from` says whence it came. Errors: RIV_FRAME. */
export function frameAt(bytes: Buffer, at: number, from: string): { readonly frame: Frame; readonly end: number } | number {
  if (bytes.length - at < frameHeaderBytes) return frameHeaderBytes
  const [length, count, sum] = [bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4), bytes.readUInt32LE(at + 8)]
  if (length === 0 || length > maxPayloadBytes) throw streamingErrors.RIV_FRAME(from, `a frame of ${length} bytes; it must have 1 to ${maxPayloadBytes}`)
  const start = at + frameHeaderBytes
  if (bytes.length < start + length) return frameHeaderBytes + length
  const payload = bytes.subarray(start, start + length)
  if (crc32(payload) !== sum) throw streamingErrors.RIV_FRAME(from, `the check sum of a frame of ${length} bytes does not fit`)
  return { frame: { count, payload }, end: start + length }
}
