// Where tasks run: in this thread (inline) or in worker threads. The scheduler above sees only this.

import type { TaskOutput } from '../../kernel/compile-runtime.ts'
import type { BlockRef } from '../../wire/slab/block-ref.ts'
import type { FailureData } from '../../wire/messages.ts'
import type { TaskMetrics } from '../../wire/task-metrics.ts'
import type { Keep } from './block-store.ts'
import type { CatalogStage, Environment } from './stage-catalog.ts'
import type { TaskPlace } from './task-place.ts'

/** A task that waits for its turn. */
export interface TaskRequest {
  readonly id: number
  /** The earliest job that it runs for. */
  readonly job: number
  /** Run it while nothing else runs: it ran out of memory before. */
  readonly alone: boolean
  readonly place: TaskPlace
  /** Describes it, when its turn has come: the blocks that it reads are held from here on. */
  readonly describe: () => ReadyTask
}

/** A task, ready to run. */
export interface ReadyTask {
  readonly stage: CatalogStage
  readonly environment: Environment
  /** The user functions themselves, for a backend that shares their heap. */
  readonly functions: readonly unknown[]
  readonly partition: number
  readonly slots: readonly unknown[]
  /** Slabs that the slots' blocks are in. */
  readonly slabs: ReadonlySet<number>
  /** Where the pairs of a shuffle go, instead of block memory that is full. */
  readonly shuffleFile: string | undefined
  /** What it keeps, if it keeps anything. */
  readonly keep: Keep | undefined
  /** Somebody listens: count what costs something to count. */
  readonly watched: boolean
}

/** How a task ended. Blocks of an output are live: whoever gets it releases them. */
export type TaskOutcome =
  | { readonly kind: 'done'; readonly output: TaskOutput; readonly metrics: TaskMetrics; readonly worker?: number }
  | { readonly kind: 'failed'; readonly failure: FailureData; readonly cause: Error; readonly metrics?: TaskMetrics }
  | { readonly kind: 'lost'; readonly reason: 'exit' | 'error' | 'memory'; readonly detail: string; readonly error?: Error }

/** Is told of a submitted task. */
export interface TaskWatch {
  /** It begins, on this thread. */
  onStart(host: string): void
  onEnd(outcome: TaskOutcome): void
}

/** Puts an entry into a queue behind those of earlier jobs, from `first` on. */
export function enqueue<T extends { readonly task: TaskRequest }>(queue: T[], entry: T, first = 0): void {
  let at = queue.length
  while (at > first && queue[at - 1]!.task.job > entry.task.job) at--
  if (at === queue.length) queue.push(entry)
  else queue.splice(at, 0, entry)
}

/** What workers are told once and keep. */
export type Installed = 'stage' | 'environment' | 'slab' | 'broadcast'

/**
 * A place where tasks run.
 *
 * - `submit` never calls back before it returns; every submitted task ends with exactly one outcome, cancelled ones too;
 * - tasks of earlier jobs begin first, those of one job in the order of submission, but for those that prefer a worker that is busy;
 * - a task is described when it begins; where that throws it has failed;
 * - blocks of a failed or lost task are not live.
 */
export interface TaskBackend {
  readonly parallelism: number
  /** Tasks that have begun and not ended. */
  readonly running: Iterable<number>
  submit(task: TaskRequest, watch: TaskWatch): void
  /** Asks the task to end early; its outcome is still reported. */
  cancel(taskId: number): void
  /** Tasks submitted from now on find the one record of the block as this broadcast, until it is forgotten. */
  share(broadcast: number, block: BlockRef): void
  /** Forgets which threads hold the state of the owners that begin so, and what they hold. */
  forgetState(prefix: string): void
  /** Threads need not hold the records of these persisted partitions any more. */
  forgetDecoded(ids: readonly number[]): void
  /** Something that will not be named again unless it is installed anew. */
  forget(kind: Installed, id: number): void
  /** Ends all threads; outcomes of what still ran are reported as lost. */
  close(): Promise<void>
}
