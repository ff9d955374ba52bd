// What a task may touch besides its records: block memory, files, the cancel flag, counters. Nothing else; no scheduler.

import type { FileSystem } from '../storage/file-system.ts'
import type { PersistedSlot, StoreSlot } from '../wire/shape.ts'
import type { BlockRef } from '../wire/slab/block-ref.ts'
import type { TaskMetrics } from '../wire/task-metrics.ts'
import type { TaskMemory } from './spill/task-memory.ts'

/** A task's view of the world; inline and in worker threads alike. */
export interface TaskIO {
  readonly partition: number
  readonly metrics: TaskMetrics
  readonly fs: FileSystem
  /** For what the task aggregates, groups or sorts. */
  readonly memory: TaskMemory
  /** Aborted when the task is cancelled; for asynchronous work. */
  readonly signal: AbortSignal
  /** Throws when the task was cancelled; the fused loop calls it every 1 024 records. */
  tick(): void
  /** The records of a block. */
  records(ref: BlockRef): unknown[]
  /** The keys and values of a block of pairs. */
  pairs(ref: BlockRef): { keys: unknown[]; values: unknown[] }
  /** The lines of a text block, a piece at a time. */
  lines(ref: BlockRef): Iterable<string[]>
  /** Encodes records[from, to) into block memory. */
  writeRecords(records: readonly unknown[], from: number, to: number): BlockRef
  /** As writeRecords, into memory for blocks that stay longer than the job. */
  keepRecords(records: readonly unknown[], from: number, to: number): BlockRef
  /** As keepRecords, of tuples given as columns. */
  keepTuples(columns: readonly (readonly unknown[])[], from: number, to: number): BlockRef
  /** The records of persisted partitions, a piece at a time: those that the thread holds, or else of their blocks. Fresh values, as everything that is read. */
  persisted(partitions: readonly PersistedSlot[]): Iterable<readonly unknown[]>
  /** Encodes the records of a partition that is persisted. */
  keep(where: StoreSlot, records: readonly unknown[]): BlockRef[]
  /** Encodes records[from, to) for a shuffle. Errors: RIV_BLOCK_MEMORY, where the task has given too much. */
  writeShuffled(records: readonly unknown[], from: number, to: number): BlockRef
  /** Encodes pairs given as columns, for a shuffle; as writeShuffled. */
  writePairs(keys: readonly unknown[], values: readonly unknown[], from: number, to: number): BlockRef
}
