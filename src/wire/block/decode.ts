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

/** The records of a block. */
export function decodeBlock(bytes: Buffer, { classes }: DecodeOptions = {}): unknown[] {
  const parts = open(bytes)
  return column(parts.block, parts.codec, parts.at, parts.count, parts.bytes, classes)
}

/** The keys and values of a block of pairs; no tuple is made where the block is one of pairs. */
export function decodePairs(bytes: Buffer, { classes }: DecodeOptions = {}): { keys: unknown[]; values: unknown[] } {
  const parts = open(bytes)
  const { block, at, count } = parts
  if (parts.codec === codec.tuple && block.readUInt32LE(at) === 2) {
    const [keys, values] = columns(block, at + 8, [count, count], classes)
    return { keys: keys!, values: values! }
  }
  const pairs = column(block, parts.codec, at, count, parts.bytes, classes) as [unknown, unknown][]
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

function column(block: Buffer, code: number, at: number, count: number, bytes: number, classes: ClassTable | undefined): unknown[] {
  switch (code) {
    case codec.strings: return strings(block, at, count)
    case codec.f64: return numbers(new Float64Array(block.buffer, block.byteOffset + at, count))
    case codec.i32: return numbers(new Int32Array(block.buffer, block.byteOffset + at, count))
    case codec.booleans: return booleans(block, at, count)
    case codec.dates: return dates(new Float64Array(block.buffer, block.byteOffset + at, count))
    case codec.bytes: return byteArrays(block, at, count)
    case codec.optional: return optionals(block, at, count, classes)
    case codec.tuple: return tupleRows(block.readUInt32LE(at))(columns(block, at + 8, new Array<number>(block.readUInt32LE(at)).fill(count), classes), count)
    case codec.list: {
      const [lengths, elements] = columns(block, at + 8, [count, block.readUInt32LE(at)], classes) as [number[], unknown[]]
      let from = 0
      return lengths.map(length => elements.slice(from, from += length))
    }
    case codec.record: return records(block, at, count, classes)
    case codec.instances: return instances(block, at, count, classes)
    case codec.v8: return readValues(block.subarray(at, at + bytes)) as unknown[]
    case codec.classes: return reviveInstances(readValues(block.subarray(at, at + bytes)) as Replaced, classes)
    default: throw blockErrors.RIV_BLOCK_FORMAT('codec', code)
  }
}

/** Columns one after the other, with their counts of values. */
function columns(block: Buffer, start: number, counts: readonly number[], classes: ClassTable | undefined): unknown[][] {
  let at = start
  return counts.map(count => {
    const bytes = block.readUInt32LE(at + 4)
    const values = column(block, block.readUInt32LE(at), at + columnHeaderBytes, count, bytes, classes)
    at += columnHeaderBytes + pad8(bytes)
    return values
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

function dates(times: Float64Array): Date[] {
  const out = new Array<Date>(times.length)
  for (let i = 0; i < out.length; i++) out[i] = new Date(times[i]!)
  return out
}

function byteArrays(block: Buffer, start: number, count: number): Uint8Array[] {
  const kind = block.readUInt32LE(start)
  const lengths = new Uint32Array(block.buffer, block.byteOffset + start + 8, count)
  const bytes = new Uint8Array(block.buffer, block.byteOffset, block.length)
  const out = new Array<Uint8Array>(count)
  let at = start + 8 + pad8(count * 4)
  for (let i = 0; i < count; i++) {
    const copy = bytes.slice(at, at += lengths[i]!)
    out[i] = kind === bytesKind.buffer ? Buffer.from(copy.buffer) : copy
  }
  return out
}

function optionals(block: Buffer, at: number, count: number, classes: ClassTable | undefined): unknown[] {
  const marksAt = at + 8 + columnHeaderBytes
  const [present] = columns(block, marksAt + pad8(count), [block.readUInt32LE(at)], classes) as [unknown[]]
  const out = new Array<unknown>(count)
  let next = 0
  for (let i = 0; i < count; i++) {
    const found = block[marksAt + i]
    out[i] = found === mark.present ? present[next++] : found === mark.null ? null : undefined
  }
  return out
}

function records(block: Buffer, at: number, count: number, classes: ClassTable | undefined): unknown[] {
  const arity = block.readUInt32LE(at)
  const nameBytes = block.readUInt32LE(at + 12)
  const names = strings(block, at + 16, arity)
  return recordRows(names)(columns(block, at + 16 + pad8(nameBytes), new Array<number>(arity).fill(count), classes), count)
}

function instances(block: Buffer, at: number, count: number, classes: ClassTable | undefined): unknown[] {
  const arity = block.readUInt32LE(at)
  const [[ref], names, ...parts] = columns(block, at + 8, [1, arity, ...new Array<number>(arity).fill(count)], classes) as [[unknown], string[], ...unknown[][]]
  return instanceRows(names, prototypeOf(ref, classes))(parts, count)
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
