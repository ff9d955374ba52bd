// A block to records. What comes out is fresh: no value shares memory with the block.

import { deserialize } from 'node:v8'
import { reviveInstances } from './class-instances.ts'
import type { ClassTable, Replaced } from './class-instances.ts'
import { blockErrors } from './errors.ts'
import { blockFlag, codec, columnHeaderBytes, formatVersion, headerBytes, pad8, textEncoding } from './layout.ts'

export interface DecodeOptions { readonly classes?: ClassTable }

/** The parts of a block. */
interface Parts { readonly codec: number; readonly count: number; readonly at: number; readonly bytes: number; readonly timestampsAt: number; readonly controlAt: number }

function open(block: Buffer): Parts {
  if (block[0] !== formatVersion) throw blockErrors.RIV_BLOCK_FORMAT('format version', block[0] ?? -1)
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
  return { codec: block[1]!, count, at, bytes: block.readUInt32LE(8), timestampsAt, controlAt }
}

/** The records of a block. */
export function decodeBlock(block: Buffer, { classes }: DecodeOptions = {}): unknown[] {
  const { codec: code, at, count, bytes } = open(block)
  return column(block, code, at, count, bytes, classes)
}

/** The keys and values of a block of pairs; no tuple is made where the block is one of pairs. */
export function decodePairs(block: Buffer, { classes }: DecodeOptions = {}): { keys: unknown[]; values: unknown[] } {
  const { codec: code, at, count, bytes } = open(block)
  if (code === codec.tuple && block.readUInt32LE(at) === 2) {
    const [keys, values] = columns(block, at + 8, 2, count, classes)
    return { keys: keys!, values: values! }
  }
  const pairs = column(block, code, at, count, bytes, classes) as [unknown, unknown][]
  return { keys: pairs.map(pair => pair[0]), values: pairs.map(pair => pair[1]) }
}

/** The event times of a block's records, if it has them. */
export function decodeTimestamps(block: Buffer): Float64Array | undefined {
  const { timestampsAt, count } = open(block)
  return timestampsAt === -1 ? undefined : Float64Array.from({ length: count }, (_, i) => block.readDoubleLE(timestampsAt + i * 8))
}

/** The control data of a block, if it has any. */
export function decodeControl(block: Buffer): Uint8Array | undefined {
  const { controlAt } = open(block)
  return controlAt === -1 ? undefined : Uint8Array.from(block.subarray(controlAt + 4, controlAt + 4 + block.readUInt32LE(controlAt)))
}

function column(block: Buffer, code: number, at: number, count: number, bytes: number, classes: ClassTable | undefined): unknown[] {
  switch (code) {
    case codec.strings: return strings(block, at, count)
    case codec.f64: {
      const out = new Array<number>(count)
      const view = aligned(block, at, 8) ? new Float64Array(block.buffer, block.byteOffset + at, count) : undefined
      for (let i = 0; i < count; i++) out[i] = view === undefined ? block.readDoubleLE(at + i * 8) : view[i]!
      return out
    }
    case codec.i32: {
      const out = new Array<number>(count)
      const view = aligned(block, at, 4) ? new Int32Array(block.buffer, block.byteOffset + at, count) : undefined
      for (let i = 0; i < count; i++) out[i] = view === undefined ? block.readInt32LE(at + i * 4) : view[i]!
      return out
    }
    case codec.booleans: return Array.from({ length: count }, (_, i) => block[at + i] === 1)
    case codec.tuple: {
      const parts = columns(block, at + 8, block.readUInt32LE(at), count, classes)
      if (parts.length === 2) return pairsOf(parts[0]!, parts[1]!)
      return Array.from({ length: count }, (_, i) => parts.map(part => part[i]))
    }
    case codec.record: return records(block, at, count, classes)
    // v8 makes typed arrays as views of what it is given, so it gets a copy that nobody else has
    case codec.v8: return deserialize(Buffer.from(block.subarray(at, at + bytes))) as unknown[]
    case codec.classes: return reviveInstances(deserialize(Buffer.from(block.subarray(at, at + bytes))) as Replaced, classes)
    default: throw blockErrors.RIV_BLOCK_FORMAT('codec', code)
  }
}

const aligned = (block: Buffer, at: number, size: number): boolean => (block.byteOffset + at) % size === 0

function columns(block: Buffer, start: number, arity: number, count: number, classes: ClassTable | undefined): unknown[][] {
  const out: unknown[][] = []
  let at = start
  for (let place = 0; place < arity; place++) {
    const bytes = block.readUInt32LE(at + 4)
    out.push(column(block, block.readUInt32LE(at), at + columnHeaderBytes, count, bytes, classes))
    at += columnHeaderBytes + pad8(bytes)
  }
  return out
}

function pairsOf(keys: readonly unknown[], values: readonly unknown[]): [unknown, unknown][] {
  const out = new Array<[unknown, unknown]>(keys.length)
  for (let i = 0; i < keys.length; i++) out[i] = [keys[i], values[i]]
  return out
}

function records(block: Buffer, at: number, count: number, classes: ClassTable | undefined): unknown[] {
  const arity = block.readUInt32LE(at)
  const nameBytes = block.readUInt32LE(at + 12)
  const names = strings(block, at + 16, arity)
  const parts = columns(block, at + 16 + pad8(nameBytes), arity, count, classes)
  const out = new Array<Record<string, unknown>>(count)
  for (let i = 0; i < count; i++) {
    const record: Record<string, unknown> = {}
    for (let place = 0; place < arity; place++) record[names[place]!] = parts[place]![i]
    out[i] = record
  }
  return out
}

function strings(block: Buffer, at: number, count: number): string[] {
  const textBytes = block.readUInt32LE(at)
  const width = block[at + 4]!
  const encoding = block[at + 5]!
  const lengthsAt = at + 8
  const textAt = lengthsAt + pad8(count * width)
  const text = block.toString(encoding === textEncoding.ascii ? 'latin1' : encoding === textEncoding.utf8 ? 'utf8' : 'utf16le', textAt, textAt + textBytes)
  const out = new Array<string>(count)
  let from = 0
  for (let i = 0; i < count; i++) {
    const length = width === 1 ? block[lengthsAt + i]! : width === 2 ? block.readUInt16LE(lengthsAt + i * 2) : block.readUInt32LE(lengthsAt + i * 4)
    out[i] = text.slice(from, from += length)
  }
  return out
}
