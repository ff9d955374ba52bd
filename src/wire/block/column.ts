// A measured column: what is to be written, how many bytes it takes, and the writing.

import { columnHeaderBytes, pad8 } from './layout.ts'

export interface Column {
  readonly codec: number
  /** Bytes of the body, without header and padding. */
  readonly bytes: number
  /** Writes the body at a multiple of 8. */
  readonly write: (target: Buffer, at: number) => void
}

/** Zeroes the bytes from `at` to where the next part begins; returns that. */
export function padded(target: Buffer, at: number): number {
  const end = pad8(at)
  for (let i = at; i < end; i++) target[i] = 0
  return end
}

/** A column of columns, after some u32 numbers (padded to 8). */
export function nested(code: number, numbers: readonly number[], columns: readonly Column[]): Column {
  const head = pad8(numbers.length * 4)
  const bytes = columns.reduce((sum, column) => sum + columnHeaderBytes + pad8(column.bytes), head)
  return {
    codec: code,
    bytes,
    write(target, start) {
      numbers.forEach((number, i) => target.writeUInt32LE(number, start + i * 4))
      let at = padded(target, start + numbers.length * 4)
      for (const column of columns) {
        target.writeUInt32LE(column.codec, at)
        target.writeUInt32LE(column.bytes, at + 4)
        column.write(target, at + columnHeaderBytes)
        at = padded(target, at + columnHeaderBytes + column.bytes)
      }
    },
  }
}
