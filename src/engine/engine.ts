// An engine: what the context starts, asks and closes.

import type { JobRunner } from '../rdd/job-runner.ts'
import type { JobStatuses } from './job-status.ts'

/** Runs jobs until it is closed. */
export interface Engine extends JobRunner {
  readonly status: JobStatuses
  /** Block memory: how much there may be, and how much there is. */
  readonly memory: { readonly maxBytes: number; readonly slabBytes: number }
  /** Ends a job; its action rejects with RIV_JOB_CANCELLED, the reason as cause. */
  cancelJob(jobId: number, reason: Error): void
  /** Ends the jobs that a stage runs for. */
  cancelStage(stageId: number, reason: Error): void
  /** Ends an attempt at a task, which is made again; says whether it ran. */
  killTask(taskId: number, reason: Error): boolean
  /** Fails what runs, ends threads, gives memory back. May be called twice. */
  close(): Promise<void>
}
