// Records to a block: typed columns where all values are of one kind, v8's format otherwise.
//
// - Encoding is two passes. `measure` looks at every value once, chooses the codec and knows the bytes exactly; `write` fills memory that
//   is large enough. So a block is written once, in place, whatever is in it.
// - Columns take values apart, which is only right for trees. Records that contain themselves, by any way, are written by v8 as one graph.

import { types } from 'node:util'
import { serialize } from 'node:v8'
import type { BlockRef } from '../slab/block-ref.ts'
import type { SlabWriter } from '../slab/slab-writer.ts'
import { Inspection, replaceInstances } from './class-instances.ts'
import type { ClassTable } from './class-instances.ts'
import { blockErrors } from './errors.ts'
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
/** Of a block; more is a sign of records that contain themselves. */
const maxColumns = 256
/** UTF-16 units of a strings column; a JavaScript string ends at twice that. */
const maxText = 1 << 28

/** Encodes records[from, to) as one block. Refuses what cannot travel with RIV_RECORD_NOT_ENCODABLE. */
export function encodeBlock(records: readonly unknown[], from: number, to: number, writer: SlabWriter, options: EncodeOptions = {}): BlockRef {
  const values = from === 0 && to === records.length ? records : records.slice(from, to)
  const column = asTrees(() => new Measure(options.classes).column(values, '')) ?? graph(values, options.classes)
  return writeBlock(column, values.length, writer, options)
}

/** Encodes pairs given as columns: the same block as encodeBlock makes of [key, value] records. */
export function encodePairs(keys: readonly unknown[], values: readonly unknown[], from: number, to: number, writer: SlabWriter, options: EncodeOptions = {}): BlockRef {
  const whole = from === 0 && to === keys.length
  const columns = [whole ? keys : keys.slice(from, to), whole ? values : values.slice(from, to)] as const
  const column = asTrees(() => new Measure(options.classes).tuple(columns, '')) ?? graph(columns[0].map((key, i) => [key, columns[1][i]]), options.classes)
  return writeBlock(column, to - from, writer, options)
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
    at = padded(target, at + 4 + control.length)
  }
  column.write(target, at)
  padded(target, at + column.bytes)
  return writer.commit(total, count)
}

/** Zeroes the bytes from `at` to where the next part begins; returns that. */
function padded(target: Buffer, at: number): number {
  const end = pad8(at)
  for (let i = at; i < end; i++) target[i] = 0
  return end
}

/** Thrown where records turn out to contain themselves. */
const notTrees = Symbol('not trees')

function asTrees(measure: () => Column): Column | undefined {
  try {
    return measure()
  } catch (error) {
    if (error === notTrees) return undefined
    throw error
  }
}

/** All records in v8's format, as one graph. */
function graph(values: readonly unknown[], classes: ClassTable | undefined): Column {
  return escape(values, classes, new Inspection(classes, ''), '')
}

/** Chooses codecs for the columns of one block. `path` leads to a column's values, for refusals. */
class Measure {
  readonly #classes: ClassTable | undefined
  #columns = 0
  /** Columns of values that were taken apart. */
  readonly #apart: (readonly unknown[])[] = []

  constructor(classes: ClassTable | undefined) {
    this.#classes = classes
  }

  column(values: readonly unknown[], path: string): Column {
    return this.#typed(values, path) ?? this.#escape(values, path)
  }

  /** A tuple column of its parts. */
  tuple(parts: readonly (readonly unknown[])[], path: string): Column {
    return nested(codec.tuple, [parts.length], parts.map((part, place) => this.column(part, `${path}[${place}]`)))
  }

  /** Chooses by the first value, and verifies the rest. */
  #typed(values: readonly unknown[], path: string): Column | undefined {
    if (++this.#columns > maxColumns) throw notTrees
    const first = values[0]
    switch (typeof first) {
      case 'string': return measureStrings(values)
      case 'number': return measureNumbers(values)
      case 'boolean': return measureBooleans(values)
      case 'object':
        if (Array.isArray(first)) return this.#tuples(values, first.length, path) ?? this.#lists(values, path)
        return first === null ? undefined : this.#records(values, first, path)
      default: return undefined
    }
  }

  /** Arrays of one short length, without holes or properties of their own. */
  #tuples(values: readonly unknown[], arity: number, path: string): Column | undefined {
    if (arity === 0 || arity > maxArity) return undefined
    const parts: unknown[][] = Array.from({ length: arity }, () => new Array<unknown>(values.length))
    for (let i = 0; i < values.length; i++) {
      const value = values[i]
      if (!isPlainArray(value) || value.length !== arity || Object.keys(value).length !== arity) return undefined
      for (let place = 0; place < arity; place++) parts[place]![i] = value[place]
    }
    this.#apart.push(values)
    return this.tuple(parts, path)
  }

  /** Arrays of any length whose elements are all of one kind. */
  #lists(values: readonly unknown[], path: string): Column | undefined {
    const lengths = new Array<number>(values.length)
    const elements: unknown[] = []
    for (let i = 0; i < values.length; i++) {
      const value = values[i]
      if (!isPlainArray(value) || Object.keys(value).length !== value.length) return undefined
      lengths[i] = value.length
      for (let place = 0; place < value.length; place++) elements.push(value[place])
    }
    this.#apart.push(values)
    const column = this.#typed(elements, `${path}[…]`)
    if (column === undefined) this.#apart.pop()
    return column && nested(codec.list, [elements.length], [measureNumbers(lengths)!, column])
  }

  /** Plain objects with the same properties in the same order. */
  #records(values: readonly unknown[], first: object, path: string): Column | undefined {
    const names = Object.keys(first)
    const arity = names.length
    if (arity === 0 || arity > maxProperties || names.includes('__proto__')) return undefined
    const parts: unknown[][] = names.map(() => new Array<unknown>(values.length))
    for (let i = 0; i < values.length; i++) {
      const value = values[i]
      if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype || types.isProxy(value)) return undefined
      const own = Object.keys(value)
      if (own.length !== arity) return undefined
      for (let place = 0; place < arity; place++) {
        const name = names[place]!
        if (own[place] !== name) return undefined
        parts[place]![i] = (value as Record<string, unknown>)[name]
      }
    }
    this.#apart.push(values)
    return nested(codec.record, [arity], [measureStrings(names)!, ...parts.map((part, place) => this.column(part, `${path}.${names[place]}`))])
  }

  /** Values of several kinds, or of kinds without a codec of their own. */
  #escape(values: readonly unknown[], path: string): Column {
    let apart: Set<unknown> | undefined
    return escape(values, this.#classes, new Inspection(this.#classes, path, object => {
      if (this.#apart.length === 0) return
      apart ??= new Set(this.#apart.flat())
      if (apart.has(object)) throw notTrees
    }), path)
  }
}

const isPlainArray = (value: unknown): value is readonly unknown[] => Array.isArray(value) && Object.getPrototypeOf(value) === Array.prototype && !types.isProxy(value)

function measureStrings(values: readonly unknown[]): Column | undefined {
  const count = values.length
  const lengths = new Uint32Array(count)
  let longest = 0
  let units = 0
  for (let i = 0; i < count; i++) {
    const value = values[i]
    if (typeof value !== 'string') return undefined
    const length = value.length
    lengths[i] = length
    units += length
    if (length > longest) longest = length
  }
  if (units > maxText) return undefined
  const text = count === 1 ? values[0] as string : values.join('')
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

/** A column of columns, after some u32 numbers (padded to 8). */
function nested(code: number, numbers: readonly number[], columns: readonly Column[]): Column {
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

function escape(values: readonly unknown[], classes: ClassTable | undefined, inspection: Inspection, path: string): Column {
  for (const value of values) inspection.visit(value)
  let bytes: Buffer
  try {
    bytes = serialize(inspection.found ? replaceInstances(values, classes) : values)
  } catch (error) {
    throw blockErrors.RIV_RECORD_NOT_ENCODABLE.withCause(error, path, (error as Error).message)
  }
  return { codec: inspection.found ? codec.classes : codec.v8, bytes: bytes.length, write: (target, at) => { target.set(bytes, at) } }
}
