// Records to a block: typed columns where all values are of one kind, v8's format otherwise.
//
// Encoding is two passes. `measure` looks at every value once, chooses the codec and knows the bytes exactly; `write` fills memory that
// is large enough. So a block is written once, in place, whatever is in it.

import { serialize } from 'node:v8'
import type { BlockRef } from '../slab/block-ref.ts'
import type { SlabWriter } from '../slab/slab-writer.ts'
import { holdsInstances, replaceInstances } from './class-instances.ts'
import type { ClassTable } from './class-instances.ts'
import { blockFlag, codec, columnHeaderBytes, formatVersion, headerBytes, pad8, textEncoding } from './layout.ts'

/** What may stand beside the records. */
export interface EncodeOptions {
  readonly classes?: ClassTable
  /** Event times in milliseconds, one for each record. */
  readonly timestamps?: Float64Array
  /** Control data that travels in band (watermarks). */
  readonly control?: Uint8Array
}

/** A measured column. */
interface Column {
  readonly codec: number
  /** Bytes of the body, without header and padding. */
  readonly bytes: number
  readonly write: (target: Buffer, at: number) => void
}

const maxArity = 8
const maxProperties = 64

/** Encodes records[from, to) as one block. Refuses what cannot travel with RIV_RECORD_NOT_ENCODABLE. */
export function encodeBlock(records: readonly unknown[], from: number, to: number, writer: SlabWriter, options: EncodeOptions = {}): BlockRef {
  const values = from === 0 && to === records.length ? records : records.slice(from, to)
  return writeBlock(measure(values, options.classes), values.length, writer, options)
}

/** Encodes pairs given as columns: the same block as encodeBlock makes of [key, value] records. */
export function encodePairs(keys: readonly unknown[], values: readonly unknown[], from: number, to: number, writer: SlabWriter, options: EncodeOptions = {}): BlockRef {
  const whole = from === 0 && to === keys.length
  const columns = [measure(whole ? keys : keys.slice(from, to), options.classes), measure(whole ? values : values.slice(from, to), options.classes)]
  return writeBlock(nested(codec.tuple, [2], columns), to - from, writer, options)
}

function writeBlock(column: Column, count: number, writer: SlabWriter, { timestamps, control }: EncodeOptions): BlockRef {
  const flags = (timestamps ? blockFlag.timestamps : 0) | (control ? blockFlag.control : 0)
  const extra = (timestamps ? count * 8 : 0) + (control ? pad8(4 + control.length) : 0)
  const total = headerBytes + extra + pad8(column.bytes)
  const target = writer.reserve(total)
  target[0] = formatVersion
  target[1] = column.codec
  target.writeUInt16LE(flags, 2)
  target.writeUInt32LE(count, 4)
  target.writeUInt32LE(column.bytes, 8)
  target.writeUInt32LE(0, 12)
  let at = headerBytes
  if (timestamps) {
    new Float64Array(target.buffer, target.byteOffset + at, count).set(timestamps.subarray(0, count))
    at += count * 8
  }
  if (control) {
    target.writeUInt32LE(control.length, at)
    target.set(control, at + 4)
    at += pad8(4 + control.length)
  }
  column.write(target, at)
  return writer.commit(total, count)
}

/** Chooses the codec of a column by its first value, and verifies the rest. */
function measure(values: readonly unknown[], classes: ClassTable | undefined): Column {
  const first = values[0]
  switch (typeof first) {
    case 'string': return measureStrings(values) ?? escape(values, classes)
    case 'number': return measureNumbers(values) ?? escape(values, classes)
    case 'boolean': return measureBooleans(values) ?? escape(values, classes)
    case 'object':
      if (Array.isArray(first)) return measureTuples(values, first.length, classes) ?? escape(values, classes)
      if (first !== null && Object.getPrototypeOf(first) === Object.prototype) return measureRecords(values, first, classes) ?? escape(values, classes)
      return escape(values, classes)
    default: return escape(values, classes)
  }
}

function measureStrings(values: readonly unknown[]): Column | undefined {
  const count = values.length
  const lengths = new Uint32Array(count)
  let longest = 0
  for (let i = 0; i < count; i++) {
    const value = values[i]
    if (typeof value !== 'string') return undefined
    const length = value.length
    lengths[i] = length
    if (length > longest) longest = length
  }
  const text = count === 1 ? values[0] as string : values.join('')
  const utf8Bytes = Buffer.byteLength(text, 'utf8')
  const encoding = utf8Bytes === text.length ? textEncoding.ascii : text.isWellFormed() ? textEncoding.utf8 : textEncoding.utf16
  const textBytes = encoding === textEncoding.utf16 ? text.length * 2 : utf8Bytes
  const width = longest < 256 ? 1 : longest < 65_536 ? 2 : 4
  const lengthBytes = pad8(count * width)
  return {
    codec: codec.strings,
    bytes: 8 + lengthBytes + textBytes,
    write(target, at) {
      target.writeUInt32LE(textBytes, at)
      target[at + 4] = width
      target[at + 5] = encoding
      const start = target.byteOffset + at + 8
      if (width === 1) new Uint8Array(target.buffer, start, count).set(lengths)
      else if (width === 2) new Uint16Array(target.buffer, start, count).set(lengths)
      else new Uint32Array(target.buffer, start, count).set(lengths)
      target.write(text, at + 8 + lengthBytes, textBytes, encoding === textEncoding.ascii ? 'latin1' : encoding === textEncoding.utf8 ? 'utf8' : 'utf16le')
    },
  }
}

function measureNumbers(values: readonly unknown[]): Column | undefined {
  const count = values.length
  let whole = true
  for (let i = 0; i < count; i++) {
    const value = values[i]
    if (typeof value !== 'number') return undefined
    whole &&= (value | 0) === value && (value !== 0 || Object.is(value, 0))
  }
  const numbers = values as readonly number[]
  return whole
    ? { codec: codec.i32, bytes: count * 4, write: (target, at) => new Int32Array(target.buffer, target.byteOffset + at, count).set(numbers) }
    : { codec: codec.f64, bytes: count * 8, write: (target, at) => new Float64Array(target.buffer, target.byteOffset + at, count).set(numbers) }
}

function measureBooleans(values: readonly unknown[]): Column | undefined {
  if (!values.every(value => typeof value === 'boolean')) return undefined
  return { codec: codec.booleans, bytes: values.length, write: (target, at) => values.forEach((value, i) => { target[at + i] = value ? 1 : 0 }) }
}

/** Arrays of one short length, without holes or properties of their own. */
function measureTuples(values: readonly unknown[], arity: number, classes: ClassTable | undefined): Column | undefined {
  if (arity === 0 || arity > maxArity) return undefined
  const columns: unknown[][] = Array.from({ length: arity }, () => new Array<unknown>(values.length))
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    if (!Array.isArray(value) || value.length !== arity || Object.getPrototypeOf(value) !== Array.prototype || Object.keys(value).length !== arity) return undefined
    for (let place = 0; place < arity; place++) columns[place]![i] = value[place]
  }
  return nested(codec.tuple, [arity], columns.map(column => measure(column, classes)))
}

/** Plain objects with the same properties in the same order. */
function measureRecords(values: readonly unknown[], first: object, classes: ClassTable | undefined): Column | undefined {
  const names = Object.keys(first)
  const arity = names.length
  if (arity === 0 || arity > maxProperties || names.includes('__proto__')) return undefined
  const columns: unknown[][] = names.map(() => new Array<unknown>(values.length))
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return undefined
    const own = Object.keys(value)
    if (own.length !== arity) return undefined
    for (let place = 0; place < arity; place++) {
      const name = names[place]!
      if (own[place] !== name) return undefined
      columns[place]![i] = (value as Record<string, unknown>)[name]
    }
  }
  return nested(codec.record, [arity], [measureStrings(names)!, ...columns.map(column => measure(column, classes))])
}

/** A column of columns, after some u32 numbers (padded to 8). */
function nested(code: number, numbers: readonly number[], columns: readonly Column[]): Column {
  const head = pad8(numbers.length * 4)
  const bytes = columns.reduce((sum, column) => sum + columnHeaderBytes + pad8(column.bytes), head)
  return {
    codec: code,
    bytes,
    write(target, start) {
      numbers.forEach((number, i) => target.writeUInt32LE(number, start + i * 4))
      let at = start + head
      for (const column of columns) {
        target.writeUInt32LE(column.codec, at)
        target.writeUInt32LE(column.bytes, at + 4)
        column.write(target, at + columnHeaderBytes)
        at += columnHeaderBytes + pad8(column.bytes)
      }
    },
  }
}

/** Values of several kinds, or of kinds without a codec of their own. */
function escape(values: readonly unknown[], classes: ClassTable | undefined): Column {
  const instances = holdsInstances(values, classes)
  const bytes = serialize(instances ? replaceInstances(values, classes!) : values)
  return { codec: instances ? codec.classes : codec.v8, bytes: bytes.length, write: (target, at) => { target.set(bytes, at) } }
}
