// The shape of a stage: what a task does, without the data it does it on.
//
// - A shape is plain data and names functions by index into the stage's function table, so equal programs have equal shapes
//   and a worker installs each shape once, whatever batch it comes from.
// - What differs from task to task (blocks, ranges, parts, captured values) is in the task's slots and environment.
// - Every record flows input → steps → sink inside one generated loop (kernel/compile).

import type { BlockRef } from './slab/block-ref.ts'
import type { PackedRefs } from './slab/packed-refs.ts'

/** Index into the stage's function table. */
export type FnIndex = number
/** Index into the task's slots. */
export type SlotIndex = number

/** An entry of the function table: a user's function (its code hash), or an export of kernel/functions with arguments. */
export type FnShape =
  /** `counts`: it adds to accumulators. */
  | { readonly kind: 'user'; readonly code: string; readonly counts?: true }
  | { readonly kind: 'builtin'; readonly name: string; readonly args: readonly unknown[]; readonly fns: readonly FnIndex[] }

/** One operation on records; those that take a whole partition break the fused loop. */
export type Step =
  | { readonly op: 'map' | 'filter' | 'flatMap' | 'mapValues' | 'flatMapValues'; readonly fn: FnIndex }
  /** A function of the library gets the partition's number from its slot: under a union it is not the task's. */
  | { readonly op: 'mapPartitions'; readonly fn: FnIndex; readonly partition?: SlotIndex }
  | { readonly op: 'mapAsync'; readonly fn: FnIndex; readonly concurrency: number; readonly ordered: boolean; readonly timeoutMs: number }
  | { readonly op: 'store'; readonly slot: SlotIndex }

/** How values of one key become one: `create` absent means the first value is the combiner itself. */
export interface Aggregator {
  readonly create?: FnIndex
  readonly merge: FnIndex
  readonly mergeCombiners: FnIndex
}

/** Where records come from; the data is in the slot. */
export type Input =
  | { readonly from: 'blocks'; readonly slot: SlotIndex }
  /** Persisted partitions, whose records the thread may hold decoded. */
  | { readonly from: 'persisted'; readonly slot: SlotIndex }
  | { readonly from: 'lines'; readonly slot: SlotIndex }
  | { readonly from: 'range'; readonly slot: SlotIndex }
  | { readonly from: 'fileLines'; readonly slot: SlotIndex }
  /** A function of the library makes the records of what was kept. */
  | { readonly from: 'kept'; readonly slot: SlotIndex; readonly fn: FnIndex }
  | { readonly from: 'read'; readonly slot: SlotIndex; readonly fn: FnIndex }
  | { readonly from: 'shuffle'; readonly slot: SlotIndex; readonly aggregator?: Aggregator; readonly combined: boolean }
  | { readonly from: 'pipe'; readonly input: Input; readonly steps: readonly Step[] }
  | { readonly from: 'concat'; readonly inputs: readonly Input[] }
  /** The function gets the records of each input as an iterable and returns one. */
  | { readonly from: 'zip'; readonly inputs: readonly Input[]; readonly fn: FnIndex }
  /** Each record of the left beside each of the right, whose records are held. */
  | { readonly from: 'cartesian'; readonly left: Input; readonly right: Input }

/** How a key finds its reducer; the bounds of ranges are blocks. */
export type PartitioningShape =
  | { readonly by: 'hash' }
  | { readonly by: 'range'; readonly bounds: SlotIndex; readonly ascending: boolean }
  | { readonly by: 'custom'; readonly fn: FnIndex }
  | { readonly by: 'roundRobin' }

/** Where records go. */
export type Sink =
  | { readonly to: 'collect'; readonly limit?: number }
  | { readonly to: 'count' }
  | { readonly to: 'reduce'; readonly fn: FnIndex }
  | { readonly to: 'foreach'; readonly fn: FnIndex }
  | { readonly to: 'partition'; readonly fn: FnIndex }
  | { readonly to: 'drain' }
  /** A function of the library gets the records and the slot, and writes blocks that stay. */
  | { readonly to: 'keep'; readonly fn: FnIndex; readonly slot: SlotIndex }
  | { readonly to: 'shuffle'; readonly partitions: number; readonly partitioning: PartitioningShape; readonly aggregator?: Aggregator }

/** Everything a worker must know to run tasks of a stage, given the environment. */
export interface StageShape {
  readonly input: Input
  readonly sink: Sink
  readonly fns: readonly FnShape[]
}

/** The data of one slot, by the kind of input that reads it. */
export interface RangeSlot { readonly start: number; readonly step: number; readonly count: number }
/** A persisted partition; its records may be held under the id, as those of the RDD. */
export interface PersistedSlot { readonly id: number; readonly rdd: number; readonly blocks: readonly BlockRef[] }
/** Where a partition is to be kept: in a file, or else in memory; `objects` says that the thread is to hold its records too. */
export interface StoreSlot { readonly id: number; readonly rdd: number; readonly file?: string; readonly objects: boolean }
/** A byte range of a text file; lines belong to the range in which they begin. */
export interface FileSlot { readonly path: string; readonly from: number; readonly to: number }

/** Blocks in the order in which they were written, and the times of their batches. */
export interface StateLog { readonly refs: PackedRefs; readonly times: Float64Array }

/** What a function of a `keep` sink, or of a `kept` source, is given: blocks that were kept, and plain data. */
export interface KeepInput {
  /** Names a partition of state that a thread may hold: tasks that name it run where it is, if they can. */
  readonly owner?: string
  /** The blocks that the state is made from; a thread that holds it does not read them. Where they are is asked when the task is described. */
  readonly log?: StateLog
  readonly lists: readonly (readonly BlockRef[])[]
  readonly args: unknown
}

/** What a function of a `keep` sink gives: blocks that stay until they are released, and plain data. */
export interface KeepOutput {
  readonly lists: readonly (readonly BlockRef[])[]
  readonly info: unknown
}
