// Cells as rows of a database: [seq, k, at, v].
//
//   k   what finds the cell: the key itself where that is a number or a plain string, otherwise its canonical bytes, with the namespace
//   v   u32 CRC-32 │ u8 kind │ 3 zeros │ content: f64, UTF-8, or a block of [value] or [value, key, namespace]
//
// The check sum is over all of the row, so that damage to any of it is found where the cell is read.

import { crc32 } from 'node:zlib'
import { decodeBlock } from '../../wire/block/decode.ts'
import { encodeBlock } from '../../wire/block/encode.ts'
import { encodeKey } from '../../wire/key/key-bytes.ts'
import { classTable } from '../class-table.ts'
import { kernelErrors, SpillFailure } from '../errors.ts'

/** What finds a row. */
export type RowKey = string | number | Uint8Array
export type CellRow = readonly [seq: number, k: RowKey, at: number, v: Uint8Array]

export interface DecodedRow { readonly seq: number; readonly key: unknown; readonly namespace: unknown; readonly value: unknown; readonly at: number; readonly bytes: number }

const kind = { number: 0, text: 1, value: 2, whole: 3 } as const
const headBytes = 8

const isPlainText = (value: unknown): value is string => typeof value === 'string' && value.isWellFormed()

/** Numbers that SQLite keeps apart as we do. */
const isPlainKey = (key: unknown): key is string | number => (typeof key === 'number' ? Number.isFinite(key) : isPlainText(key) && !key.includes('\0'))

export function rowKeyOf(key: unknown, namespace: unknown): RowKey {
  if (namespace !== undefined) return encodeKey([namespace, key])
  return isPlainKey(key) ? key : encodeKey(key)
}

let scratch = Buffer.alloc(1 << 12)

/** The row's value; memory that the next call overwrites. */
export function encodeCell(seq: number, k: RowKey, at: number, key: unknown, namespace: unknown, value: unknown): Buffer {
  const bytes = write(value, k, key, namespace)
  scratch.writeUInt32LE(sumOf(seq, k, at, scratch.subarray(4, bytes)), 0)
  return scratch.subarray(0, bytes)
}

function write(value: unknown, k: RowKey, key: unknown, namespace: unknown): number {
  scratch.writeUInt32LE(0, 4)
  const isWhole = typeof k === 'object'
  if (!isWhole && typeof value === 'number') {
    scratch[4] = kind.number
    return scratch.writeDoubleLE(value, headBytes)
  }
  if (!isWhole && isPlainText(value)) {
    room(headBytes + 3 * value.length)
    scratch[4] = kind.text
    return headBytes + scratch.write(value, headBytes)
  }
  const records: unknown[] = [isWhole ? [value, key, namespace] : value]
  let bytes = 0
  encodeBlock(records, 0, 1, {
    reserve: size => {
      room(headBytes + size)
      return scratch.subarray(headBytes, headBytes + size)
    },
    commit: (written, count) => {
      bytes = headBytes + written
      return { slab: 0, generation: 0, offset: 0, bytes: written, count }
    },
  }, { classes: classTable })
  scratch.writeUInt32LE(isWhole ? kind.whole : kind.value, 4)
  return bytes
}

/** Errors: RIV_STATE_DAMAGED where the row is not what was written. */
export function decodeCell([seq, k, at, v]: CellRow): DecodedRow {
  const bytes = Buffer.from(v.buffer, v.byteOffset, v.byteLength)
  if (bytes.length < headBytes || sumOf(seq, k, at, bytes.subarray(4)) !== bytes.readUInt32LE(0)) throw new SpillFailure(kernelErrors.RIV_STATE_DAMAGED(`the row ${seq} is not what was written`))
  const content = bytes.subarray(headBytes)
  switch (bytes[4]) {
    case kind.number: return { seq, key: k, namespace: undefined, value: content.readDoubleLE(), at, bytes: bytes.length }
    case kind.text: return { seq, key: k, namespace: undefined, value: content.toString(), at, bytes: bytes.length }
    case kind.value: return { seq, key: k, namespace: undefined, value: decodeBlock(aligned(content), { classes: classTable })[0], at, bytes: bytes.length }
    default: {
      const [[value, key, namespace]] = decodeBlock(aligned(content), { classes: classTable }) as [[unknown, unknown, unknown]]
      return { seq, key, namespace, value, at, bytes: bytes.length }
    }
  }
}

const sumOf = (seq: number, k: RowKey, at: number, bytes: Uint8Array): number => crc32(bytes, crc32(typeof k === 'number' ? String(k) : k, (seq ^ at) >>> 0))

/** Blocks are read from multiples of 8. */
const aligned = (bytes: Buffer): Buffer => (bytes.byteOffset % 8 === 0 ? bytes : Buffer.from(new Uint8Array(bytes).buffer))

function room(bytes: number): void {
  if (scratch.length < bytes) scratch = Buffer.alloc(2 * bytes)
}
