// The context, as RDDs know it. The class is two layers up; this is all they need of it.

import type { FileSystem } from '../storage/file-system.ts'
import type { JobRunner } from './job-runner.ts'
import type { PersistedRDDs } from './persisted-rdds.ts'

export interface RDDContext {
  /** The engine that runs jobs. */
  readonly runner: JobRunner
  /** The files that sources list and sinks commit. */
  readonly fs: FileSystem
  /** `spark.default.parallelism`, where it is configured. */
  readonly configuredParallelism: number | undefined
  /** The folder of this program's checkpoints, where one is set. */
  getCheckpointDir(): string | undefined
  readonly persisted: PersistedRDDs
  /** Whether checkpoint files go with the RDD. */
  readonly cleansCheckpoints: boolean
  /** Throws RIV_CONTEXT_STOPPED after `stop()`; `what` is the operation that was tried. */
  assertRunning(what: string): void
  /**
   * Runs an action, so that `stop()` and cancelling can reject it and batches can wait for it.
   * `run` is called before this returns; its signal aborts when the action is cancelled.
   */
  action<R>(action: string, site: { readonly place: string }, run: (signal: AbortSignal) => Promise<R>): Promise<R>
}
