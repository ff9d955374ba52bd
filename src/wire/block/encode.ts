// Records to a block: typed columns where all values are of one kind, v8's format otherwise.
//
// Encoding is two passes. Measuring looks at every value once, chooses the codecs and knows the bytes exactly; writing fills memory that
// is large enough. So a block is written once, in place, whatever is in it.

import { maxBlockBytes } from '../../base/limits.ts'
import type { BlockRef } from '../slab/block-ref.ts'
import type { SlabWriter } from '../slab/slab-writer.ts'
import type { ClassTable } from './class-instances.ts'
import { padded } from './column.ts'
import type { Column } from './column.ts'
import { blockErrors } from './errors.ts'
import { blockFlag, formatVersion, headerBytes, pad8 } from './layout.ts'
import { measureRecords, measureTuples } from './measure.ts'

/** Where blocks are written: a slab, or memory of one's own that begins at a multiple of 8. */
export type BlockTarget = Pick<SlabWriter, 'reserve' | 'commit'>

/** What may stand beside the records. */
export interface EncodeOptions {
  readonly classes?: ClassTable
  /** Event times in milliseconds, one for each record. */
  readonly timestamps?: Float64Array
  /** Control data that travels in band (watermarks). */
  readonly control?: Uint8Array
  /** Most bytes of a block; the design's limit by default. */
  readonly maxBytes?: number
}

/** Encodes records[from, to) as one block. Refuses what cannot travel with RIV_RECORD_NOT_ENCODABLE. */
export function encodeBlock(records: readonly unknown[], from: number, to: number, writer: BlockTarget, options: EncodeOptions = {}): BlockRef {
  return writeBlock(measureRecords(part(records, from, to), options.classes), to - from, writer, options)
}

/** Encodes tuples given as columns, pairs as [keys, values]: the same block as encodeBlock makes of the records. */
export function encodeTuples(parts: readonly (readonly unknown[])[], from: number, to: number, writer: BlockTarget, options: EncodeOptions = {}): BlockRef {
  return writeBlock(measureTuples(parts.map(values => part(values, from, to)), options.classes), to - from, writer, options)
}

const part = (values: readonly unknown[], from: number, to: number): readonly unknown[] => from === 0 && to === values.length ? values : values.slice(from, to)

function writeBlock(column: Column, count: number, writer: BlockTarget, { timestamps, control, maxBytes = maxBlockBytes }: EncodeOptions): BlockRef {
  const flags = (timestamps ? blockFlag.timestamps : 0) | (control ? blockFlag.control : 0)
  const extra = (timestamps ? count * 8 : 0) + (control ? pad8(4 + control.length) : 0)
  const total = headerBytes + extra + pad8(column.bytes)
  if (total > maxBytes) throw blockErrors.RIV_RECORD_SIZE(count, total, maxBytes)
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
