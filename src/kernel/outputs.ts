// The collecting ends of the fused loop: result records, and buckets of a shuffle. Both write encoded blocks of bounded size: so many
// records as fill about `blockBytes`, going by the last block, so that wide records do not make blocks that need slabs of their own.

import { hashKey, partitionOfHash } from '../wire/key/hash-key.ts'
import type { BlockRef } from '../wire/slab/block-ref.ts'
import type { CombineMap } from './combine-map.ts'
import { kernelErrors } from './errors.ts'
import { partitionOfRange } from './partitioner.ts'
import { lastCost, sizeOf } from './spill/size-of.ts'
import type { TaskIO } from './task-io.ts'

const blockBytes = 512 << 10
/** What the buckets of a task gather before they are written, all together, and the least that one gathers. */
const gatheredBytes = 8 << 20
const leastBlockBytes = 4 << 10
/** Heap that a byte of a block may take before it is written. */
const heapPerByte = 4
const sampleEvery = 256
const mostRecords = 32_768
/** Records of the first block, whose size nobody can tell. */
export const recordsAtFirst = 1_024

/** How many records the block after this one should have. */
export const nextRecords = ({ bytes, count }: Written, wanted = blockBytes): number => Math.min(mostRecords, Math.ceil((wanted * count) / bytes))

/** What is known of a block that was written. */
export interface Written { readonly bytes: number; readonly count: number }

type Write = (from: number, to: number) => BlockRef

/** Cuts rows into blocks of bounded size; `write` encodes rows[from, to). */
export function inBlocks(rows: readonly unknown[], write: Write): BlockRef[] {
  const blocks: BlockRef[] = []
  for (let from = 0, records = recordsAtFirst; from < rows.length;) {
    const block = writeFitting(write, from, Math.min(rows.length, from + records))
    blocks.push(block)
    from += block.count
    records = nextRecords(block)
  }
  return blocks
}

/** Writes a block of the records [from, to), or of the first half of them, and so on, where it would be too large. */
function writeFitting(write: Write, from: number, to: number): BlockRef {
  try {
    return write(from, to)
  } catch (error) {
    if (to - from === 1 || (error as { code?: unknown }).code !== 'RIV_RECORD_SIZE') throw error
    return writeFitting(write, from, (from + to) >> 1)
  }
}

/** Result records of a task. */
export class Collected {
  readonly blocks: BlockRef[] = []
  readonly #io: Pick<TaskIO, 'writeRecords'>
  #records: unknown[] = []
  #limit = recordsAtFirst

  constructor(io: Pick<TaskIO, 'writeRecords'>) { this.#io = io }

  push(record: unknown): void {
    if (this.#records.push(record) === this.#limit) this.#flush()
  }

  finish(): BlockRef[] {
    if (this.#records.length > 0) this.#flush()
    return this.blocks
  }

  #flush(): void {
    const records = this.#records
    for (let from = 0; from < records.length;) {
      const block = writeFitting((start, end) => this.#io.writeRecords(records, start, end), from, records.length)
      this.blocks.push(block)
      this.#limit = nextRecords(block)
      from += block.count
    }
    this.#records = []
  }
}

/** Where a key goes: the index of its reducer. */
export type PartitionOf = (key: unknown) => number

export const hashPartitionOf = (partitions: number): PartitionOf => partitions === 1 ? () => 0 : key => partitionOfHash(hashKey(key), partitions)

export const rangePartitionOf = (bounds: readonly unknown[], ascending: boolean): PartitionOf => key => partitionOfRange(key, bounds, ascending)

export const customPartitionOf = (getPartition: (key: unknown) => unknown, partitions: number): PartitionOf => key => {
  const partition = getPartition(key)
  if (typeof partition !== 'number' || !Number.isInteger(partition) || partition < 0 || partition >= partitions) throw kernelErrors.RIV_PARTITIONER(partition, String(key), partitions)
  return partition
}

/** Pairs on their way to the reducers of a shuffle, or to the buckets of a file: each gets blocks as it fills, in order. */
export class PairBuckets<B extends Written> {
  readonly #keys: unknown[][]
  readonly #values: unknown[][]
  readonly #blocks: B[][]
  readonly #partitionOf: PartitionOf
  readonly #write: (keys: readonly unknown[], values: readonly unknown[]) => B
  readonly #blockBytes: number
  #limit = recordsAtFirst
  #untilSample = 1

  /** `write` makes a block; it is done with the arrays when it returns. */
  constructor(partitions: number, partitionOf: PartitionOf, write: (keys: readonly unknown[], values: readonly unknown[]) => B, wanted = blockBytes) {
    this.#partitionOf = partitionOf
    this.#write = write
    this.#blockBytes = Math.max(leastBlockBytes, Math.min(wanted, gatheredBytes / partitions))
    this.#keys = Array.from({ length: partitions }, () => [])
    this.#values = Array.from({ length: partitions }, () => [])
    this.#blocks = Array.from({ length: partitions }, () => [])
  }

  add(key: unknown, value: unknown): void {
    const partition = this.#partitionOf(key)
    const keys = this.#keys[partition]!
    this.#values[partition]!.push(value)
    keys.push(key)
    if (--this.#untilSample === 0) this.#sample(key, value)
    if (keys.length >= this.#limit) this.#flush(partition)
  }

  /** The pairs of a map. What one key gathered may be as large as the whole map: it does not wait for others. */
  addAll(map: CombineMap): void {
    map.forEach((key, value) => {
      this.add(key, value)
      if (this.#isLarge(value)) this.#flushLarge(this.#partitionOf(key))
    })
  }

  finish(): B[][] {
    this.#flushAll()
    return this.#blocks
  }

  #flushAll(): void {
    for (let partition = 0; partition < this.#keys.length; partition++) if (this.#keys[partition]!.length > 0) this.#flush(partition)
  }

  #flush(partition: number): void {
    const block = this.#write(this.#keys[partition]!, this.#values[partition]!)
    this.#blocks[partition]!.push(block)
    this.#limit = nextRecords(block, this.#blockBytes)
    this.#keys[partition] = []
    this.#values[partition] = []
  }

  #isLarge(value: unknown): boolean {
    return (typeof value === 'object' && value !== null) || typeof value === 'string' ? sizeOf(value) > heapPerByte * this.#blockBytes : false
  }

  /** One that is large says nothing of the next ones. */
  #flushLarge(partition: number): void {
    if (this.#keys[partition]!.length === 0) return
    const limit = this.#limit
    this.#flush(partition)
    this.#limit = limit
  }

  /** Looks at one pair in many: large ones that come after small ones must not fill the heap before their buckets are full. */
  #sample(key: unknown, value: unknown): void {
    const keyBytes = sizeOf(key)
    const cost = lastCost()
    const fitting = Math.max(1, Math.floor((heapPerByte * this.#blockBytes) / (keyBytes + sizeOf(value) + 1)))
    this.#limit = Math.min(this.#limit, fitting)
    this.#untilSample = Math.max(cost + lastCost(), Math.min(sampleEvery, fitting))
  }
}

/** Deals any records out over the reducers in turn; the first one differs by partition, so that small partitions spread. */
export class DealtBuckets {
  readonly #targets: Collected[]
  #next: number

  constructor(io: TaskIO, partitions: number) {
    this.#targets = Array.from({ length: partitions }, () => new Collected({ writeRecords: (records, from, to) => io.writeShuffled(records, from, to) }))
    this.#next = io.partition % partitions
  }

  add(record: unknown): void {
    this.#targets[this.#next]!.push(record)
    this.#next = this.#next + 1 === this.#targets.length ? 0 : this.#next + 1
  }

  finish(): BlockRef[][] {
    return this.#targets.map(target => target.finish())
  }
}
