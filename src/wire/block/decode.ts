// A block to records. What comes out is fresh: no value shares memory with the block.

import { prototypeOf, reviveInstances } from './class-instances.ts'
import type { ClassTable, Replaced } from './class-instances.ts'
import { blockErrors } from './errors.ts'
import { blockFlag, bytesKind, codec, columnHeaderBytes, formatVersion, headerBytes, mark, pad8, textEncoding } from './layout.ts'
import { instanceRows, recordRows, tupleRows } from './rows.ts'
import { readValues } from './v8-values.ts'

export interface DecodeOptions { readonly classes?: ClassTable }

/** The parts of a block, which begins at a multiple of 8. */
interface Parts {
  readonly block: Buffer
  readonly codec: number
  readonly count: number
  /** Where the body begins, and its length. */
  readonly at: number
  readonly bytes: number
  /** Where the sections begin; -1 for those that are not there. */
  readonly timestampsAt: number
  readonly controlAt: number
}

function open(bytes: Buffer): Parts {
  if (bytes[0] !== formatVersion) throw blockErrors.RIV_BLOCK_FORMAT('format version', bytes[0] ?? -1)
  const block = bytes.byteOffset % 8 === 0 ? bytes : Buffer.from(Uint8Array.from(bytes).buffer)
  const flags = block.readUInt16LE(2)
  const count = block.readUInt32LE(4)
  let at = headerBytes
  let timestampsAt = -1
  let controlAt = -1
  if (flags & blockFlag.timestamps) {
    timestampsAt = at
    at += count * 8
  }
  if (flags & blockFlag.control) {
    controlAt = at
    at += pad8(4 + block.readUInt32LE(at))
  }
  return { block, codec: block[1]!, count, at, bytes: block.readUInt32LE(8), timestampsAt, controlAt }
}

/** Makes the values of a column: what can be changed is made anew by every call, what cannot (text, numbers) was decoded once. */
type Make = () => unknown[]

/** Where a column is read, and whether what it makes outlasts the block. */
interface Reading { readonly block: Buffer; readonly classes: ClassTable | undefined; readonly held: boolean }

/** The records of a block. */
export function decodeBlock(bytes: Buffer, { classes }: DecodeOptions = {}): unknown[] {
  return reader(bytes, classes, false)()
}

/** Decodes a block for good: every call gives its records as fresh values, without the block. */
export function blockReader(bytes: Buffer, { classes }: DecodeOptions = {}): () => unknown[] {
  return reader(bytes, classes, true)
}

function reader(bytes: Buffer, classes: ClassTable | undefined, held: boolean): Make {
  const parts = open(bytes)
  return column({ block: parts.block, classes, held }, parts.codec, parts.at, parts.count, parts.bytes)
}

/** The keys and values of a block of pairs; no tuple is made where the block is one of pairs. */
export function decodePairs(bytes: Buffer, { classes }: DecodeOptions = {}): { keys: unknown[]; values: unknown[] } {
  const parts = open(bytes)
  const { block, at, count } = parts
  if (parts.codec === codec.tuple && block.readUInt32LE(at) === 2) {
    const [keys, values] = columns({ block, classes, held: false }, at + 8, [count, count])
    return { keys: keys!(), values: values!() }
  }
  const pairs = reader(bytes, classes, false)() as [unknown, unknown][]
  return { keys: pairs.map(pair => pair[0]), values: pairs.map(pair => pair[1]) }
}

/** The event times of a block's records, if it has them. */
export function decodeTimestamps(bytes: Buffer): Float64Array | undefined {
  const { block, timestampsAt, count } = open(bytes)
  return timestampsAt === -1 ? undefined : new Float64Array(block.buffer, block.byteOffset + timestampsAt, count).slice()
}

/** The control data of a block, if it has any. */
export function decodeControl(bytes: Buffer): Uint8Array | undefined {
  const { block, controlAt } = open(bytes)
  return controlAt === -1 ? undefined : Uint8Array.from(block.subarray(controlAt + 4, controlAt + 4 + block.readUInt32LE(controlAt)))
}

function column(reading: Reading, code: number, at: number, count: number, bytes: number): Make {
  const { block, classes, held } = reading
  const whole = (): Buffer => (held ? Buffer.from(block.subarray(at, at + bytes)) : block.subarray(at, at + bytes))
  switch (code) {
    case codec.strings: return given(strings(block, at, count))
    case codec.f64: return given(numbers(new Float64Array(block.buffer, block.byteOffset + at, count)))
    case codec.i32: return given(numbers(new Int32Array(block.buffer, block.byteOffset + at, count)))
    case codec.booleans: return given(booleans(block, at, count))
    case codec.dates: {
      const times = numbers(new Float64Array(block.buffer, block.byteOffset + at, count))
      return () => times.map(ms => new Date(ms))
    }
    case codec.bytes: return byteArrays(block, at, count, held)
    case codec.optional: return optionals(reading, at, count)
    case codec.tuple: {
      const arity = block.readUInt32LE(at)
      const parts = columns(reading, at + 8, new Array<number>(arity).fill(count))
      const rows = tupleRows(arity)
      return () => rows(parts.map(make => make()), count)
    }
    case codec.list: {
      const [lengths, elements] = columns(reading, at + 8, [count, block.readUInt32LE(at)]) as [() => number[], Make]
      return () => {
        const values = elements()
        let from = 0
        return lengths().map(length => values.slice(from, from += length))
      }
    }
    case codec.record: return records(reading, at, count)
    case codec.instances: return instances(reading, at, count)
    case codec.v8: {
      const written = whole()
      return () => readValues(written) as unknown[]
    }
    case codec.classes: {
      const written = whole()
      return () => reviveInstances(readValues(written) as Replaced, classes)
    }
    default: throw blockErrors.RIV_BLOCK_FORMAT('codec', code)
  }
}

/** Values that cannot be changed. */
const given = (values: unknown[]): Make => () => values

/** Columns one after the other, with their counts of values. */
function columns(reading: Reading, start: number, counts: readonly number[]): Make[] {
  const { block } = reading
  let at = start
  let before: Make | undefined
  return counts.map(count => {
    const code = block.readUInt32LE(at)
    const bytes = block.readUInt32LE(at + 4)
    before = code === codec.same && before !== undefined ? before : column(reading, code, at + columnHeaderBytes, count, bytes)
    at += columnHeaderBytes + pad8(bytes)
    return before
  })
}

function numbers(view: Float64Array | Int32Array): number[] {
  const out = new Array<number>(view.length)
  for (let i = 0; i < out.length; i++) out[i] = view[i]!
  return out
}

function booleans(block: Buffer, at: number, count: number): boolean[] {
  const out = new Array<boolean>(count)
  for (let i = 0; i < count; i++) out[i] = block[at + i] === 1
  return out
}

function byteArrays(block: Buffer, start: number, count: number, held: boolean): Make {
  const kind = block.readUInt32LE(start)
  const lengths = Array.from(new Uint32Array(block.buffer, block.byteOffset + start + 8, count))
  const from = start + 8 + pad8(count * 4)
  const total = lengths.reduce((sum, length) => sum + length, 0)
  const view = new Uint8Array(block.buffer, block.byteOffset + from, total)
  const bytes = held ? view.slice() : view
  return () => {
    let at = 0
    return lengths.map(length => {
      const copy = bytes.slice(at, at += length)
      return kind === bytesKind.buffer ? Buffer.from(copy.buffer) : copy
    })
  }
}

function optionals(reading: Reading, at: number, count: number): Make {
  const { block } = reading
  const marksAt = at + 8 + columnHeaderBytes
  const marks = Uint8Array.from(block.subarray(marksAt, marksAt + count))
  const [makePresent] = columns(reading, marksAt + pad8(count), [block.readUInt32LE(at)]) as [Make]
  return () => {
    const present = makePresent()
    const out = new Array<unknown>(count)
    let next = 0
    for (let i = 0; i < count; i++) {
      const found = marks[i]
      out[i] = found === mark.present ? present[next++] : found === mark.null ? null : undefined
    }
    return out
  }
}

function records(reading: Reading, at: number, count: number): Make {
  const { block } = reading
  const arity = block.readUInt32LE(at)
  const nameBytes = block.readUInt32LE(at + 12)
  const rows = recordRows(strings(block, at + 16, arity))
  const parts = columns(reading, at + 16 + pad8(nameBytes), new Array<number>(arity).fill(count))
  return () => rows(parts.map(make => make()), count)
}

function instances(reading: Reading, at: number, count: number): Make {
  const arity = reading.block.readUInt32LE(at)
  const [ref, names, ...parts] = columns(reading, at + 8, [1, arity, ...new Array<number>(arity).fill(count)]) as [Make, () => string[], ...Make[]]
  const rows = instanceRows(names(), prototypeOf(ref()[0], reading.classes))
  return () => rows(parts.map(make => make()), count)
}

function strings(block: Buffer, at: number, count: number): string[] {
  const textBytes = block.readUInt32LE(at)
  const width = block[at + 4]!
  const encoding = block[at + 5]!
  const textAt = at + 8 + pad8(count * width)
  const text = block.toString(encoding === textEncoding.ascii ? 'latin1' : encoding === textEncoding.utf8 ? 'utf8' : 'utf16le', textAt, textAt + textBytes)
  const start = block.byteOffset + at + 8
  const lengths = width === 1 ? new Uint8Array(block.buffer, start, count) : width === 2 ? new Uint16Array(block.buffer, start, count) : new Uint32Array(block.buffer, start, count)
  const out = new Array<string>(count)
  let from = 0
  for (let i = 0; i < count; i++) out[i] = text.slice(from, from += lengths[i]!)
  return out
}
