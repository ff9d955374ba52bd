// What runs, for programs that poll: Spark's status tracker.

import type { JobStatus, JobStatuses, StageStatus } from '../engine/job-status.ts'

/**
 * Answers what runs now and how far it is; `ctx.statusTracker` gives it. The last thousand jobs and stages that ended are known too.
 *
 * Semantics: `org.apache.spark.SparkStatusTracker`.
 *
 * @example
 * import { Context } from 'rivulet'
 * const ctx = new Context()
 * const counting = ctx.range(0, 1e6).map(n => n * 2).count()
 * for (const id of ctx.statusTracker.getActiveStageIds()) console.log(ctx.statusTracker.getStageInfo(id)?.numCompletedTasks)
 * await counting
 */
export class StatusTracker {
  readonly #status: JobStatuses

  /** Not for programs: `ctx.statusTracker` gives it. */
  constructor(status: JobStatuses) {
    this.#status = status
  }

  /** The jobs of a group, running and ended; without an argument those of no group. */
  getJobIdsForGroup(group?: string): number[] {
    return this.#status.jobs().filter(job => job.group === group).map(job => job.jobId)
  }

  /** The jobs with a tag, running and ended. */
  getJobIdsForTag(tag: string): number[] {
    return this.#status.jobs().filter(job => job.tags.includes(tag)).map(job => job.jobId)
  }

  getActiveJobIds(): number[] {
    return this.#status.activeJobs().map(job => job.jobId)
  }

  getActiveStageIds(): number[] {
    return this.#status.activeStages().map(stage => stage.stageId)
  }

  /** Undefined where no such job is known. */
  getJobInfo(jobId: number): JobStatus | undefined {
    return this.#status.job(jobId)
  }

  /** Undefined where no such stage is known. */
  getStageInfo(stageId: number): StageStatus | undefined {
    return this.#status.stage(stageId)
  }
}
