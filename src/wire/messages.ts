// Every message between the driver and a worker thread. One message carries a task and whatever the worker does not know yet of it.

import type { BlockRef } from './slab/block-ref.ts'
import type { NewSlab } from './slab/slab-writer.ts'
import type { FunctionCode } from './closure/code.ts'
import type { RemoteError } from './remote-error.ts'
import type { TaskMetrics } from './task-metrics.ts'
import type { KeepOutput, StageShape } from './shape.ts'

/** The range of a slab into which a task may write. */
export interface Lease { readonly slab: number; readonly generation: number; readonly offset: number }

/** Where a task writes: what is read once, and (if it keeps partitions) what stays; they do not share slabs. */
export interface Leases { readonly output: Lease; readonly kept?: Lease }

/** What the worker must know before it can run the task. */
export interface Install {
  readonly codes: readonly FunctionCode[]
  readonly stage?: { readonly id: number; readonly shape: StageShape }
  /** Captured functions, in the order of the `user` entries of the shape's function table. */
  readonly environment?: { readonly id: number; readonly functions: readonly Uint8Array[] }
  readonly slabs: readonly (readonly [number, SharedArrayBuffer])[]
  /** Broadcasts by id: a block of one record. What is to be forgotten is forgotten before. */
  readonly broadcasts: readonly (readonly [number, BlockRef])[]
  readonly forget?: { readonly stage: readonly number[]; readonly environment: readonly number[]; readonly slab: readonly number[]; readonly broadcast: readonly number[] }
}

export type ToWorker =
  | { readonly type: 'task'; readonly id: number; readonly stage: number; readonly environment: number; readonly partition: number; readonly slots: readonly unknown[]; readonly leases: Leases; readonly shuffleFile: string | undefined; readonly watched: boolean; readonly install?: Install }
  | { readonly type: 'cancel'; readonly id: number }
  | { readonly type: 'forgetState'; readonly prefix: string }
  /** Records of kept partitions that need not be held any more. */
  | { readonly type: 'forgetDecoded'; readonly ids: readonly number[] }
  | { readonly type: 'class'; readonly uid: string; readonly codes: readonly FunctionCode[]; readonly env: Uint8Array }
  | { readonly type: 'noClass'; readonly uid: string; readonly error: RemoteError }

/** The output of a task, with what it did to block memory. */
export interface TaskEnd {
  readonly id: number
  /** Where the free parts of the leases begin now. */
  readonly outputOffset: number
  readonly keptOffset?: number
  readonly newSlabs: readonly NewSlab[]
  readonly metrics: TaskMetrics
}

export type FromWorker =
  /** It is loaded: it can take tasks. */
  | { readonly type: 'ready' }
  | { readonly type: 'needsClass'; readonly uid: string }
  /** For stderr. */
  | { readonly type: 'print'; readonly text: string }
  | (TaskEnd & { readonly type: 'done'; readonly count: number; readonly blocks: readonly BlockRef[]; readonly shuffle?: readonly (readonly BlockRef[])[]; readonly stored: readonly { slot: number; blocks: readonly BlockRef[] }[]; readonly kept?: KeepOutput; readonly updates?: readonly BlockRef[] })
  | (TaskEnd & { readonly type: 'failed'; readonly failure: FailureData; readonly error: RemoteError })

/** A failed attempt as data (`fatal`, `memory`: trying again cannot help): which function of the stage's table, on which record (already shortened). */
export interface FailureData {
  readonly kind: 'user' | 'cancelled' | 'fatal' | 'memory' | 'other'
  readonly fn: number
  readonly record: string
}
