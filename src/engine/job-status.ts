// What an engine says of its jobs when it is asked: those that run, and the last ones that ended.

/** A job, as the status tracker shows it. */
export interface JobStatus {
  readonly jobId: number
  /** The stages that it had to run. */
  readonly stageIds: readonly number[]
  readonly status: 'RUNNING' | 'SUCCEEDED' | 'FAILED'
  readonly group: string | undefined
  readonly tags: readonly string[]
}

/** A stage, as the status tracker shows it. */
export interface StageStatus {
  readonly stageId: number
  /** The operator that it ends in, and where the program calls it. */
  readonly name: string
  /** In milliseconds since 1970; undefined while it waits for other stages. */
  readonly submissionTime: number | undefined
  readonly numTasks: number
  /** Tasks on a thread now. */
  readonly numActiveTasks: number
  readonly numCompletedTasks: number
  readonly numFailedTasks: number
}

/** The jobs of an engine. */
export interface JobStatuses {
  activeJobs(): readonly JobStatus[]
  /** Stages whose tasks run or wait for a thread. */
  activeStages(): readonly StageStatus[]
  /** A job that runs or is one of the last that ended. */
  job(jobId: number): JobStatus | undefined
  stage(stageId: number): StageStatus | undefined
  /** Running and ended jobs. */
  jobs(): readonly JobStatus[]
}
