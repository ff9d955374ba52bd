// What listeners of a context are told: jobs, stages, tasks, in Spark's names.

import type { TaskMetrics } from '../../wire/task-metrics.ts'

/** What the jobs of a scope have in common: given by `withJob`, `setJobGroup`, `addJobTag`, `setLocalProperty`. */
export interface JobProperties {
  readonly group?: string
  readonly description?: string
  readonly tags: readonly string[]
  /** Local properties. */
  readonly local: Readonly<Record<string, string>>
}

/** A stage; times in milliseconds since 1970. */
export interface StageInfo {
  readonly stageId: number
  /** The operator that it ends in, and where the program calls it: `count at app.ts:3:7`. */
  readonly name: string
  readonly numTasks: number
  /** Stages that this one waits for. */
  readonly parentIds: readonly number[]
  readonly submissionTime?: number
  readonly completionTime?: number
  /** Why it failed, or was cancelled. */
  readonly failureReason?: Error
  /** Named accumulators that its tasks added to, with the totals so far. */
  readonly accumulables: readonly AccumulableInfo[]
}

/** An accumulator with a name, in an event. */
export interface AccumulableInfo {
  readonly id: number
  readonly name: string
  readonly value: unknown
}

/** One attempt at one partition of a stage; times in milliseconds since 1970. */
export interface TaskInfo {
  readonly taskId: number
  /** The partition. */
  readonly index: number
  /** From 0, as in Spark. */
  readonly attemptNumber: number
  readonly launchTime: number
  readonly finishTime?: number
  /** The thread: `worker 1`, or `driver` with the inline master. */
  readonly host: string
  readonly speculative: boolean
}

export interface JobStart {
  readonly jobId: number
  readonly time: number
  /** The stages that must run; what is there already is not among them. */
  readonly stageInfos: readonly StageInfo[]
  readonly properties: JobProperties
}

export interface JobEnd {
  readonly jobId: number
  readonly time: number
  readonly jobResult: { readonly succeeded: boolean; readonly error?: Error }
}

export interface StageSubmitted { readonly stageInfo: StageInfo; readonly properties: JobProperties }
export interface StageCompleted { readonly stageInfo: StageInfo }
export interface TaskStart { readonly stageId: number; readonly taskInfo: TaskInfo }

export interface TaskEnd {
  readonly stageId: number
  readonly taskInfo: TaskInfo
  /** `killed`: cancelled, or another attempt was first. `lost`: its thread died. */
  readonly reason: 'success' | 'failed' | 'killed' | 'lost'
  readonly error?: Error
  /** What it counted; absent where the thread died. */
  readonly taskMetrics?: TaskMetrics
}

/** Where a partition of a persisted RDD is from now on; nowhere: it was given up for lack of memory. Sizes in bytes, as encoded. */
export interface BlockUpdated {
  readonly rddId: number
  readonly partition: number
  readonly where: 'memory' | 'disk' | 'nowhere'
  readonly memSize: number
  readonly diskSize: number
}

export interface ApplicationEnd { readonly time: number }

/**
 * An object with any of these methods; `ctx.addListener(l)` has them called.
 *
 * They are called after the event, in order, never inside the scheduler; one that throws is logged and does no harm; none is called after
 * `ctx.stop()` has resolved. While nobody listens, nothing is made for them. Semantics: `org.apache.spark.scheduler.SparkListener`.
 *
 * @example
 * import { Context } from 'rivulet'
 * const ctx = new Context()
 * ctx.addListener({ onTaskEnd: ({ taskInfo, taskMetrics }) => console.log(taskInfo.host, taskMetrics?.runTimeMs) })
 * await ctx.range(0, 100).count()
 */
export interface ContextListener {
  onJobStart?(event: JobStart): unknown
  onJobEnd?(event: JobEnd): unknown
  onStageSubmitted?(event: StageSubmitted): unknown
  onStageCompleted?(event: StageCompleted): unknown
  onTaskStart?(event: TaskStart): unknown
  onTaskEnd?(event: TaskEnd): unknown
  /** A speculative copy of a task is about to start. */
  onSpeculativeTaskSubmitted?(event: { readonly stageId: number; readonly taskIndex: number }): unknown
  /** A partition was kept, was moved to a file, or was given up. `unpersist()` is one `onUnpersistRDD`. */
  onBlockUpdated?(event: BlockUpdated): unknown
  onUnpersistRDD?(event: { readonly rddId: number }): unknown
  onApplicationEnd?(event: ApplicationEnd): unknown
}
