// Columns of values that hold no others. Each looks at all values, and is undefined where one is of another kind.
//
// - One loop looks at kind and size together: a second pass over a million small values costs as much as writing them.
// - Loops over whole numbers and over others are two: one loop that has seen arrays of every kind of element is ten times slower.

import { types } from 'node:util'
import { padded } from './column.ts'
import type { Column } from './column.ts'
import { bytesKind, codec, pad8, textEncoding } from './layout.ts'

/** UTF-16 units of a strings column; a JavaScript string ends at twice that. */
const maxText = 1 << 28

export function measureStrings(values: readonly unknown[]): Column | undefined {
  const count = values.length
  const lengths = new Uint32Array(count)
  let longest = 0
  let units = 0
  let text = '' // a rope, flattened once: half the time of join
  for (let i = 0; i < count; i++) {
    const value = values[i]
    if (typeof value !== 'string') return undefined
    const length = value.length
    lengths[i] = length
    units += length
    if (length > longest) longest = length
    if (units > maxText) return undefined
    text += value
  }
  const utf8Bytes = Buffer.byteLength(text, 'utf8')
  const encoding = utf8Bytes === units ? textEncoding.ascii : text.isWellFormed() ? textEncoding.utf8 : textEncoding.utf16
  const textBytes = encoding === textEncoding.utf16 ? units * 2 : utf8Bytes
  const width = longest < 256 ? 1 : longest < 65_536 ? 2 : 4
  return {
    codec: codec.strings,
    bytes: 8 + pad8(count * width) + textBytes,
    write(target, at) {
      target.writeUInt32LE(textBytes, at)
      target.writeUInt32LE(width | (encoding << 8), at + 4)
      const start = target.byteOffset + at + 8
      const stored = width === 1 ? new Uint8Array(target.buffer, start, count) : width === 2 ? new Uint16Array(target.buffer, start, count) : new Uint32Array(target.buffer, start, count)
      stored.set(lengths)
      const textAt = padded(target, at + 8 + count * width)
      target.write(text, textAt, textBytes, encoding === textEncoding.ascii ? 'latin1' : encoding === textEncoding.utf8 ? 'utf8' : 'utf16le')
    },
  }
}

export function measureNumbers(values: readonly unknown[]): Column | undefined {
  const whole = int32Of(values)
  if (whole !== undefined) return { codec: codec.i32, bytes: whole.byteLength, write: (target, at) => new Int32Array(target.buffer, target.byteOffset + at, whole.length).set(whole) }
  const numbers = float64Of(values)
  return numbers && floatColumn(codec.f64, numbers)
}

const floatColumn = (code: number, numbers: Float64Array): Column =>
  ({ codec: code, bytes: numbers.byteLength, write: (target, at) => new Float64Array(target.buffer, target.byteOffset + at, numbers.length).set(numbers) })

function int32Of(values: readonly unknown[]): Int32Array | undefined {
  const out = new Int32Array(values.length)
  for (let i = 0; i < out.length; i++) {
    const value = values[i]
    if (typeof value !== 'number' || (value | 0) !== value || (value === 0 && Object.is(value, -0))) return undefined
    out[i] = value
  }
  return out
}

function float64Of(values: readonly unknown[]): Float64Array | undefined {
  const out = new Float64Array(values.length)
  for (let i = 0; i < out.length; i++) {
    const value = values[i]
    if (typeof value !== 'number') return undefined
    out[i] = value
  }
  return out
}

export function measureBooleans(values: readonly unknown[]): Column | undefined {
  for (let i = 0; i < values.length; i++) if (typeof values[i] !== 'boolean') return undefined
  return { codec: codec.booleans, bytes: values.length, write(target, at) { for (let i = 0; i < values.length; i++) target[at + i] = values[i] === true ? 1 : 0 } }
}

/** Properties given to a Date are dropped, as by v8. */
export function measureDates(values: readonly unknown[]): Column | undefined {
  const times = new Float64Array(values.length)
  for (let i = 0; i < times.length; i++) {
    const value = values[i]
    if (!types.isDate(value) || Object.getPrototypeOf(value) !== Date.prototype) return undefined
    times[i] = value.getTime()
  }
  return floatColumn(codec.dates, times)
}

/** Uint8Arrays, or Buffers. */
export function measureBytes(values: readonly unknown[]): Column | undefined {
  const arrays = values as readonly Uint8Array[]
  const prototype: unknown = Object.getPrototypeOf(arrays[0])
  if (prototype !== Uint8Array.prototype && prototype !== Buffer.prototype) return undefined
  let total = 0
  for (const value of arrays) {
    if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== prototype || !types.isUint8Array(value)) return undefined
    total += value.length
  }
  const count = arrays.length
  return {
    codec: codec.bytes,
    bytes: 8 + pad8(count * 4) + total,
    write(target, start) {
      target.writeUInt32LE(prototype === Buffer.prototype ? bytesKind.buffer : bytesKind.uint8Array, start)
      target.writeUInt32LE(0, start + 4)
      const lengths = new Uint32Array(target.buffer, target.byteOffset + start + 8, count)
      let at = padded(target, start + 8 + count * 4)
      for (let i = 0; i < count; i++) {
        const value = arrays[i]!
        lengths[i] = value.length
        target.set(value, at)
        at += value.length
      }
    },
  }
}
