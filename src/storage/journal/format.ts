// The bytes of a journal; docs/formats.md draws them.
//
// - Numbers are little endian; records and blocks start at multiples of 8.
// - A position counts the bytes of records since the journal began, over all files, without the headers of files. So a record's place in its
//   file and its position name each other, and bytes that look like a record at another place are none.

import { deserialize, serialize } from 'node:v8'
import { crc32 } from 'node:zlib'
import { canonical } from './canonical.ts'
import type { JournalRecord } from './journal.ts'

export const formatVersion = 1

/** Header of a segment, which is one file of records. */
export interface SegmentHeader {
  readonly epoch: number
  readonly number: number
  /** Position of its first record; where the segment before it ends. */
  readonly start: number
  /** The segment before it: epoch and number, both 0 for the first of a journal. */
  readonly previousEpoch: number
  readonly previousNumber: number
}

/** What a header's bytes are. */
export type Parsed<T> = { readonly is: 'valid'; readonly value: T } | { readonly is: 'unfinished' | 'damaged' } | { readonly is: 'version'; readonly version: number }

export const segmentHeaderBytes = 40
export const claimBytes = 16

export function encodeSegmentHeader(header: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(segmentHeaderBytes)
  bytes.write('RIVJ', 'latin1')
  bytes.writeUInt32LE(formatVersion, 4)
  bytes.writeUInt32LE(header.epoch, 8)
  bytes.writeUInt32LE(header.number, 12)
  bytes.writeBigUInt64LE(BigInt(header.start), 16)
  bytes.writeUInt32LE(header.previousEpoch, 24)
  bytes.writeUInt32LE(header.previousNumber, 28)
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 36)), 36)
  return bytes
}

export function parseSegmentHeader(bytes: Buffer): Parsed<SegmentHeader> {
  const parsed = parseStart(bytes, 'RIVJ', segmentHeaderBytes)
  if (parsed.is !== 'valid') return parsed
  return {
    is: 'valid',
    value: {
      epoch: bytes.readUInt32LE(8), number: bytes.readUInt32LE(12), start: Number(bytes.readBigUInt64LE(16)),
      previousEpoch: bytes.readUInt32LE(24), previousNumber: bytes.readUInt32LE(28),
    },
  }
}

/** The content of the file that claims an epoch: for people, and so that an older program does not take over from a newer one. */
export function encodeClaim(epoch: number): Buffer {
  const bytes = Buffer.alloc(claimBytes)
  bytes.write('RIVE', 'latin1')
  bytes.writeUInt32LE(formatVersion, 4)
  bytes.writeUInt32LE(epoch, 8)
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 12)), 12)
  return bytes
}

export function parseClaim(bytes: Buffer): Parsed<number> {
  const parsed = parseStart(bytes, 'RIVE', claimBytes)
  return parsed.is === 'valid' ? { is: 'valid', value: bytes.readUInt32LE(8) } : parsed
}

/** Magic, version and, for a version that we know, the check sum in the last four of `size` bytes. */
function parseStart(bytes: Buffer, magic: string, size: number): Parsed<Buffer> {
  if (bytes.subarray(0, size).every(byte => byte === 0)) return { is: 'unfinished' }
  if (!magic.startsWith(bytes.toString('latin1', 0, 4))) return { is: 'damaged' }
  if (bytes.length >= 8 && bytes.readUInt32LE(4) > formatVersion) return { is: 'version', version: bytes.readUInt32LE(4) }
  if (bytes.length < size) return { is: 'unfinished' }
  return crc32(bytes.subarray(0, size - 4)) === bytes.readUInt32LE(size - 4) ? { is: 'valid', value: bytes } : { is: 'damaged' }
}

export const recordMagic = Buffer.from('RIVR', 'latin1')
export const recordHeaderBytes = 32
const zeros = Buffer.alloc(8)

/** Where a record is marked as made by the journal itself; the data is then the position up to which the journal is pruned. */
export const prunedKind = ''

/** A block, by its place from the start of its record. */
export interface StoredPlace { readonly offset: number; readonly bytes: number; readonly sum: number }

export interface EncodedRecord {
  readonly position: number
  /** Position of the next record. */
  readonly end: number
  /** Its blocks, by their place from its start. */
  readonly blocks: readonly StoredPlace[]
  /** Its bytes, once it is known up to which position the log is on the disk when they are written. */
  chunks(synced: number): Uint8Array[]
}

export function encodeRecord(record: JournalRecord, position: number): EncodedRecord {
  const payload = serialize(canonical([record.kind, record.data]))
  const table = recordHeaderBytes + 8 * record.blocks.length
  const head = Buffer.alloc(aligned(table + payload.length))
  recordMagic.copy(head)
  head.writeBigUInt64LE(BigInt(position), 8)
  head.writeUInt32LE(payload.length, 24)
  head.writeUInt32LE(record.blocks.length, 28)
  let end = head.length
  const blocks = record.blocks.map((block, i): StoredPlace => {
    const place = { offset: end, bytes: block.byteLength, sum: crc32(block) }
    head.writeUInt32LE(place.bytes, recordHeaderBytes + 8 * i)
    head.writeUInt32LE(place.sum, recordHeaderBytes + 8 * i + 4)
    end += aligned(place.bytes)
    return place
  })
  payload.copy(head, table)
  return {
    position,
    end: position + end,
    blocks,
    chunks(synced) {
      head.writeBigUInt64LE(BigInt(synced), 16)
      head.writeUInt32LE(crc32(head.subarray(8)), 4)
      return [head, ...record.blocks.flatMap(block => [block, zeros.subarray(0, aligned(block.byteLength) - block.byteLength)])]
    },
  }
}

/** The fixed part of a record's head, if these bytes can be one: how long the head is, and how much the record's position says is on the disk. */
export function parseRecordHeader(bytes: Buffer, position: number): { readonly headBytes: number } | undefined {
  if (!bytes.subarray(0, 4).equals(recordMagic) || bytes.readBigUInt64LE(8) !== BigInt(position)) return undefined
  return { headBytes: aligned(recordHeaderBytes + 8 * bytes.readUInt32LE(28) + bytes.readUInt32LE(24)) }
}

export interface ParsedRecord {
  readonly kind: string
  readonly data: unknown
  /** Everything before this position was on the disk when the record was written. */
  readonly synced: number
  /** The blocks, by their place from the record's start. */
  readonly blocks: readonly StoredPlace[]
  /** Bytes of the whole record. */
  readonly bytes: number
}

/** The record whose whole head these bytes are, or undefined when the check sum does not fit. */
export function parseRecord(head: Buffer): ParsedRecord | undefined {
  if (crc32(head.subarray(8)) !== head.readUInt32LE(4)) return undefined
  const payloadBytes = head.readUInt32LE(24)
  const count = head.readUInt32LE(28)
  let offset = head.length
  const blocks = Array.from({ length: count }, (_, i) => {
    const block = { offset, bytes: head.readUInt32LE(recordHeaderBytes + 8 * i), sum: head.readUInt32LE(recordHeaderBytes + 8 * i + 4) }
    offset += aligned(block.bytes)
    return block
  })
  const table = recordHeaderBytes + 8 * count
  const [kind, data] = deserialize(head.subarray(table, table + payloadBytes)) as [string, unknown]
  return { kind, data, synced: Number(head.readBigUInt64LE(16)), blocks, bytes: offset }
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / 8) * 8
}
