// The DAG scheduler: which task may run now. A state machine: events in, effects out; no threads, no clock, no I/O.
//
//   submit ─→ [stages whose shuffles are missing] ─→ launch tasks ─→ all done: shuffle registered ─→ stages that waited for it ─→ … ─→ job done
//                                                      │ failed: again, 4 attempts in all
//                                                      └ the last attempt, or a failure that cannot be mended: job failed, its other tasks cancelled
//
// - A stage ends in an action or in the map side of a shuffle. A shuffle that several jobs need at once is computed once.
// - A shuffle that is present is not computed again; of a kept RDD nothing above it runs.
// - Results are reported in the order in which tasks end; a partition reports once.

import { maxTaskAttempts } from '../../base/limits.ts'
import { assert, present } from '../../base/assert.ts'
import { partitionCount, visitLineage } from '../../rdd/plan.ts'
import type { Plan, PlanSink, ShufflePlan } from '../../rdd/plan.ts'
import type { StageEnd } from './describe-task.ts'

/** What the scheduler asks about blocks that exist already. */
export interface Presence {
  /** Whether the shuffle's output is complete. */
  hasShuffle(shuffle: ShufflePlan): boolean
  /** Whether every partition of a persisted plan is kept. */
  keepsAll(plan: Plan): boolean
}

/** One attempt at one partition of a stage. */
export interface TaskAttempt {
  readonly id: number
  readonly stage: StageRun
  readonly partition: number
  /** From 1. */
  readonly attempt: number
  /** A copy of an attempt that takes long. */
  readonly speculative: boolean
}

/** A stage as it runs. */
export interface StageRun {
  readonly id: number
  readonly end: StageEnd
  readonly numTasks: number
  /** Stages that it waited for when it was made. */
  readonly parentIds: number[]
  readonly jobs: Set<number>
  /** Partitions not done yet. */
  readonly missing: Set<number>
  /** Stages that must be done before. */
  readonly waitsFor: Set<StageRun>
  launched: boolean
  /** Partitions of which an attempt failed, with the failures that count. */
  readonly failures: Map<number, number>
  /** Partitions that have been tried more than once, with the attempts. */
  readonly attempts: Map<number, number>
  /** Failed attempts. */
  failedTasks: number
}

export type Effect<Output> =
  /** A job has begun; the stages are those that must run. */
  | { readonly effect: 'started'; readonly job: number; readonly stages: readonly StageRun[] }
  /** The tasks of a stage are launched from here on. */
  | { readonly effect: 'submitted'; readonly stage: StageRun }
  /** A stage that was submitted is over: all its tasks are done, or it is not wanted any more. */
  | { readonly effect: 'completed'; readonly stage: StageRun; readonly error?: Error }
  | { readonly effect: 'launch'; readonly task: TaskAttempt }
  | { readonly effect: 'cancel'; readonly task: TaskAttempt }
  | { readonly effect: 'result'; readonly job: number; readonly partition: number; readonly output: Output }
  | { readonly effect: 'shuffled'; readonly shuffle: ShufflePlan; readonly outputs: ReadonlyMap<number, Output> }
  | { readonly effect: 'discard'; readonly output: Output }
  | { readonly effect: 'done'; readonly job: number }
  | { readonly effect: 'failed'; readonly job: number; readonly error: Error }

/** Why an attempt failed. */
export interface TaskFailure {
  readonly error: Error
  /** False where trying again cannot help. */
  readonly retry: boolean
  /** Whether it is not held against the task: it was killed on purpose. */
  readonly excused?: boolean
}

/** A job as it runs. */
export interface JobRun { readonly id: number; readonly final: StageRun; readonly stages: Set<StageRun> }

export class DagScheduler<Output> {
  readonly #presence: Presence
  readonly #maxAttempts: number
  readonly #jobs = new Map<number, JobRun>()
  readonly #stages = new Set<StageRun>()
  readonly #mapStages = new Map<number, StageRun>()
  readonly #outputs = new Map<StageRun, Map<number, Output>>()
  readonly #running = new Map<number, TaskAttempt>()
  #effects: Effect<Output>[] = []
  #lastTask = 0
  #lastStage = 0

  constructor(presence: Presence, maxAttempts = maxTaskAttempts) {
    this.#presence = presence
    this.#maxAttempts = maxAttempts
  }

  /** A new job; its plan is resolved. */
  submit(id: number, plan: Plan, sink: PlanSink, partitions: readonly number[]): Effect<Output>[] {
    assert(!this.#jobs.has(id), 'job ids are unique')
    const final = this.#stage({ kind: 'action', plan, sink }, partitions)
    const job: JobRun = { id, final, stages: new Set() }
    this.#jobs.set(id, job)
    this.#enlist(job, final)
    this.#effects.push({ effect: 'started', job: id, stages: [...job.stages] })
    if (partitions.length === 0) this.#finish(job)
    else for (const stage of job.stages) this.#launch(stage)
    return this.#take()
  }

  /** An attempt gave its output. */
  succeeded(taskId: number, output: Output): Effect<Output>[] {
    const task = this.#end(taskId)
    if (task === undefined || !task.stage.missing.delete(task.partition)) this.#effects.push({ effect: 'discard', output })
    else {
      this.#cancelCopy(task)
      if (task.stage.end.kind === 'action') this.#result(task, output)
      else this.#mapped(task, output)
    }
    return this.#take()
  }

  /** An attempt failed. */
  failed(taskId: number, failure: TaskFailure): Effect<Output>[] {
    const task = this.#end(taskId)
    if (task === undefined || !task.stage.missing.has(task.partition)) return this.#take()
    const { stage, partition } = task
    stage.failedTasks++
    const failures = this.failures(task) + (failure.excused === true ? 0 : 1)
    stage.failures.set(partition, failures)
    if (!failure.retry || failures >= this.#maxAttempts) for (const id of [...stage.jobs]) this.#fail(id, failure.error)
    else if (this.#copyOf(task) === undefined) this.#start(stage, partition)
    return this.#take()
  }

  /** Failures of a task's partition that count. */
  failures({ stage, partition }: TaskAttempt): number {
    return stage.failures.get(partition) ?? 0
  }

  /** Starts a second attempt beside one that takes long. */
  speculate(taskId: number): Effect<Output>[] {
    const task = this.#running.get(taskId)
    if (task !== undefined && this.#copyOf(task) === undefined) this.#start(task.stage, task.partition, true)
    return this.#take()
  }

  /** The job is not wanted any more. */
  cancel(jobId: number, error: Error): Effect<Output>[] {
    if (this.#jobs.has(jobId)) this.#fail(jobId, error)
    return this.#take()
  }

  /** The jobs that run, with their stages. */
  get jobs(): Iterable<JobRun> {
    return this.#jobs.values()
  }

  /** The attempt with an id, until it ends or is not wanted any more. */
  running(taskId: number): TaskAttempt | undefined {
    return this.#running.get(taskId)
  }

  /** Whether nothing runs or waits. */
  get idle(): boolean {
    return this.#jobs.size === 0
  }

  #take(): Effect<Output>[] {
    const effects = this.#effects
    this.#effects = []
    return effects
  }

  #stage(end: StageEnd, partitions: Iterable<number>): StageRun {
    const missing = new Set(partitions)
    const stage: StageRun = {
      id: ++this.#lastStage, end, numTasks: missing.size, parentIds: [], jobs: new Set(), missing, waitsFor: new Set(), launched: false, failures: new Map(), attempts: new Map(), failedTasks: 0,
    }
    this.#stages.add(stage)
    return stage
  }

  /** Adds a stage, and all that it waits for, to a job. */
  #enlist(job: JobRun, final: StageRun): void {
    const found = [final]
    for (const stage of found) { // grows as it goes
      if (stage.jobs.has(job.id)) continue
      stage.jobs.add(job.id)
      job.stages.add(stage)
      for (const shuffle of this.#missingShuffles(stage.end.kind === 'action' ? stage.end.plan : stage.end.shuffle.parent)) {
        const parent = this.#mapStages.get(shuffle.id) ?? this.#mapStage(shuffle)
        stage.waitsFor.add(parent)
        if (!stage.parentIds.includes(parent.id)) stage.parentIds.push(parent.id)
        found.push(parent)
      }
    }
  }

  #mapStage(shuffle: ShufflePlan): StageRun {
    const stage = this.#stage({ kind: 'map', shuffle }, range(present(partitionCount(shuffle.parent), 'the partition count of a resolved plan')))
    this.#mapStages.set(shuffle.id, stage)
    this.#outputs.set(stage, new Map())
    return stage
  }

  /** The nearest shuffles below a plan whose output is not there. */
  #missingShuffles(root: Plan): ShufflePlan[] {
    const found: ShufflePlan[] = []
    visitLineage(root, plan => {
      if (plan.storage !== 'none' && this.#presence.keepsAll(plan)) return false
      if (plan.kind !== 'shuffle') return true
      if (!this.#presence.hasShuffle(plan)) found.push(plan)
      return false
    })
    return found
  }

  #launch(stage: StageRun): void {
    if (stage.launched || stage.waitsFor.size > 0 || !this.#stages.has(stage)) return
    stage.launched = true
    this.#effects.push({ effect: 'submitted', stage })
    if (stage.end.kind === 'map' && stage.missing.size === 0) this.#shuffled(stage, stage.end.shuffle)
    for (const partition of stage.missing) this.#begin({ id: ++this.#lastTask, stage, partition, attempt: 1, speculative: false })
  }

  /** One more attempt. */
  #start(stage: StageRun, partition: number, speculative = false): void {
    const attempt = (stage.attempts.get(partition) ?? 1) + 1
    stage.attempts.set(partition, attempt)
    this.#begin({ id: ++this.#lastTask, stage, partition, attempt, speculative })
  }

  #begin(task: TaskAttempt): void {
    this.#running.set(task.id, task)
    this.#effects.push({ effect: 'launch', task })
  }

  /** The other attempt at the same partition. */
  #copyOf({ id, stage, partition }: TaskAttempt): TaskAttempt | undefined {
    if (!stage.attempts.has(partition)) return undefined
    for (const task of this.#running.values()) if (task.stage === stage && task.partition === partition && task.id !== id) return task
    return undefined
  }

  #cancelCopy(task: TaskAttempt): void {
    const copy = this.#copyOf(task)
    if (copy === undefined) return
    this.#running.delete(copy.id)
    this.#effects.push({ effect: 'cancel', task: copy })
  }

  #end(taskId: number): TaskAttempt | undefined {
    const task = this.#running.get(taskId)
    this.#running.delete(taskId)
    return task
  }

  #result(task: TaskAttempt, output: Output): void {
    const [id] = task.stage.jobs
    const job = present(this.#jobs.get(present(id, 'the job of a final stage')), 'a running job')
    this.#effects.push({ effect: 'result', job: job.id, partition: task.partition, output })
    if (task.stage.missing.size > 0) return
    this.#effects.push({ effect: 'completed', stage: task.stage })
    this.#finish(job)
  }

  #mapped(task: TaskAttempt, output: Output): void {
    const { stage } = task
    present(this.#outputs.get(stage), 'the outputs of a map stage').set(task.partition, output)
    if (stage.missing.size === 0 && stage.end.kind === 'map') this.#shuffled(stage, stage.end.shuffle)
  }

  #shuffled(stage: StageRun, shuffle: ShufflePlan): void {
    this.#effects.push({ effect: 'shuffled', shuffle, outputs: present(this.#outputs.get(stage), 'the outputs of a map stage') })
    this.#effects.push({ effect: 'completed', stage })
    this.#forget(stage)
    for (const other of this.#stages) if (other.waitsFor.delete(stage)) this.#launch(other)
  }

  #finish(job: JobRun): void {
    this.#jobs.delete(job.id)
    this.#leave(job)
    this.#effects.push({ effect: 'done', job: job.id })
  }

  #fail(id: number, error: Error): void {
    const job = this.#jobs.get(id)
    if (job === undefined) return
    this.#jobs.delete(id)
    this.#leave(job, error)
    this.#effects.push({ effect: 'failed', job: id, error })
  }

  /** Takes a job off its stages; a stage without jobs ends, its tasks are cancelled. */
  #leave(job: JobRun, error?: Error): void {
    for (const stage of job.stages) {
      stage.jobs.delete(job.id)
      if (stage.jobs.size > 0 || !this.#stages.has(stage)) continue
      for (const output of this.#outputs.get(stage)?.values() ?? []) this.#effects.push({ effect: 'discard', output })
      this.#forget(stage)
      for (const task of this.#running.values()) {
        if (task.stage !== stage) continue
        this.#running.delete(task.id)
        this.#effects.push({ effect: 'cancel', task })
      }
      if (stage.launched && error !== undefined) this.#effects.push({ effect: 'completed', stage, error })
    }
  }

  #forget(stage: StageRun): void {
    this.#stages.delete(stage)
    this.#outputs.delete(stage)
    if (stage.end.kind === 'map') this.#mapStages.delete(stage.end.shuffle.id)
  }
}

function range(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i)
}
