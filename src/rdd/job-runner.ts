// What the RDD layer needs of an engine. Streaming and RDDs never know which engine runs below them.

import type { CallSite } from '../base/call-site.ts'
import type { Logger } from '../base/log.ts'
import type { KeepOutput } from '../wire/shape.ts'
import type { BlockRef } from '../wire/slab/block-ref.ts'
import type { Plan, PlanFunction, PlanSink } from './plan.ts'

/** What a task of an action gave back. */
export interface TaskResult {
  /** Records of a `collect`, the one value (or none) of a `reduce`, the value of a `partition` sink. */
  readonly records: readonly unknown[]
  /** Records counted by a `count`. */
  readonly count: number
  /** What a `keep` wrote; its blocks are the caller's to release. */
  readonly kept?: KeepOutput
}

/** Runs one job of an action: all partitions, or those named; gives their results in the order of partitions. */
export type RunSink = (sink: PlanSink, partitions?: readonly number[]) => Promise<TaskResult[]>

/** One action. */
export interface Job {
  readonly plan: Plan
  readonly sink: PlanSink
  /** Which partitions; all when absent. */
  readonly partitions?: readonly number[]
  /** The action's name, for messages: `collect`, `count` … */
  readonly action: string
  readonly site: CallSite
  /** Aborting it cancels the job; the action rejects with RIV_JOB_CANCELLED, the reason as cause. */
  readonly signal?: AbortSignal
  /** Called once a partition, in the order in which partitions finish. */
  readonly onResult: (partition: number, result: TaskResult) => void
}

/**
 * An engine, as RDDs and streams see it.
 *
 * The engine guarantees:
 * - `run` resolves when every partition has given its result once, and rejects with the first error that is final;
 *   no `onResult` is called after that;
 * - nothing runs before `run` is called;
 * - functions are captured before `run` returns to its caller's event loop, unless they are frozen.
 */
export interface JobRunner {
  /** Partitions where the program names none. */
  readonly defaultParallelism: number
  readonly log: Logger
  /** The folder for what goes with the context; made when it is first asked for. */
  readonly localFolder: string
  run(job: Job): Promise<void>
  /** Captures a function for good (D-Stream operators, at start), so that batches send its hash only. */
  freeze(fn: PlanFunction): void
  /** Gives a check that warns of plain objects that a frozen function captured and the program has changed since. */
  watch(fn: PlanFunction): () => void
  /** Drops the kept partitions of a persisted plan node. */
  unpersist(plan: Plan): void
  /** How much is kept of a persisted plan node. */
  storageOf(plan: Plan): StorageUse
  /** Copies text bytes into block memory; the receiver's half of `lines` sources. `release` gives the memory back. */
  storeText(bytes: Uint8Array): StoredBlock
  /** Encodes records into block memory. */
  storeRecords(records: readonly unknown[]): StoredBlock
  /** Gives back blocks that a `keep` wrote or storeBlock stored; those in files of a journal are not the engine's. */
  release(blocks: readonly BlockRef[]): void
  /** The bytes of a block, as a view of block memory: copy what must last. */
  bytesOf(block: BlockRef): Uint8Array
  /** Copies the bytes of a block of so many records into block memory. */
  storeBlock(bytes: Uint8Array, count: number): BlockRef
  /** Threads may forget the state of the owners that begin so. */
  forgetState(prefix: string): void
  /** Encodes a value once, for every task that begins from now on (wire/shared/broadcast finds it by the id). */
  share(value: unknown): SharedValue
}

/** What is kept of a persisted plan node. */
export interface StorageUse { readonly partitions: number; readonly memoryBytes: number; readonly diskBytes: number }

/** A value in shared memory that every task can read. */
export interface SharedValue {
  readonly id: number
  /** Drops what threads decoded of it. */
  unpersist(): void
  /** Gives the memory back; tasks that begin later do not find it. */
  release(): void
}

/** A block that the driver stored and must release. */
export interface StoredBlock {
  readonly ref: BlockRef
  release(): void
}
