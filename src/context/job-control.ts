// The half of a context that speaks of jobs: what they have in common, who ends them, who is told of them.

import type { Engine } from '../engine/engine.ts'
import type { ContextListener } from '../engine/events/context-listener.ts'
import { ListenerBus } from '../engine/events/listener-bus.ts'
import type { Logger } from '../base/log.ts'
import { contextErrors } from './errors.ts'
import { FileSources } from './file-sources.ts'
import { RunningActions } from './running-actions.ts'
import { StatusTracker } from './status-tracker.ts'

/** What actions begun inside `withJob` share. */
export interface JobOptions {
  /** The group by which `cancelJobGroup` finds them. */
  readonly group?: string
  readonly description?: string
  /** Added to the tags that are in force. */
  readonly tags?: readonly string[]
  /** Aborting it cancels them; they reject with RIV_JOB_CANCELLED, the reason as `cause`. */
  readonly signal?: AbortSignal
}

export abstract class JobControl extends FileSources {
  abstract readonly runner: Engine
  /** Not for programs. */
  protected readonly actions = new RunningActions()
  /** Not for programs. */
  protected readonly events: ListenerBus

  constructor(log: Logger) {
    super()
    this.events = new ListenerBus(log)
  }

  /**
   * What runs now, and how far it is. Semantics: `SparkContext.statusTracker`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * ctx.statusTracker.getActiveJobIds()   // []
   */
  get statusTracker(): StatusTracker {
    return new StatusTracker(this.runner.status)
  }

  /**
   * Has the methods of a listener called for jobs, stages and tasks. Semantics: `SparkContext.addSparkListener`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * ctx.addListener({ onJobEnd: ({ jobId, jobResult }) => console.log(jobId, jobResult.succeeded) })
   * await ctx.range(0, 100).count()
   */
  addListener(listener: ContextListener): void {
    this.events.add(listener)
  }

  /**
   * Its methods are not called any more.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const listener = { onJobStart: () => console.log('a job') }
   * ctx.addListener(listener)
   * ctx.removeListener(listener)
   */
  removeListener(listener: ContextListener): void {
    this.events.remove(listener)
  }

  /**
   * Runs `body`; every action begun inside, across awaits, belongs to the group, has the tags and ends with the signal.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const numbers = ctx.range(0, 1000)
   * await ctx.withJob({ tags: ['report'], signal: AbortSignal.timeout(10_000) }, async () => numbers.count())
   */
  async withJob<R>({ tags, ...options }: JobOptions, body: () => R | Promise<R>): Promise<R> {
    return this.actions.within({ ...options, ...(tags && { tags: checkedTags(tags) }) }, body)
  }

  /**
   * Puts the actions called from here on, in this function and what it awaits, into a group. See also `withJob`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * ctx.setJobGroup('nightly')
   * const counting = ctx.range(0, 1e9).map(n => n * 2).count().catch(error => error.code)
   * ctx.cancelJobGroup('nightly')
   * await counting   // 'RIV_JOB_CANCELLED'
   */
  setJobGroup(group: string, description?: string): void {
    this.actions.change(scope => ({ ...scope, group, ...(description !== undefined && { description }) }))
  }

  /**
   * Actions called from here on belong to no group, and have no description.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * ctx.setJobGroup('nightly')
   * ctx.clearJobGroup()
   * await ctx.range(0, 3).count()   // 3, and cancelJobGroup('nightly') would not end it
   */
  clearJobGroup(): void {
    this.actions.change(({ group: _group, description: _description, ...rest }) => rest)
  }

  /**
   * Describes the actions called from here on, in this function and what it awaits; `undefined` takes it back. For listeners.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * ctx.setJobDescription('how many numbers there are')
   * await ctx.range(0, 3).count()   // 3
   */
  setJobDescription(description: string | undefined): void {
    this.actions.change(({ description: _before, ...rest }) => (description === undefined ? rest : { ...rest, description }))
  }

  /**
   * Adds tags to the actions called from here on, in this function and what it awaits. See also `withJob`.
   *
   * Errors: RIV_JOB_TAG. Semantics: `SparkContext.addJobTag`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * ctx.addJobTag('report')
   * const counting = ctx.range(0, 1e9).map(n => n * 2).count().catch(error => error.code)
   * ctx.cancelJobsWithTag('report')
   * await counting   // 'RIV_JOB_CANCELLED'
   */
  addJobTag(...tags: string[]): void {
    checkedTags(tags)
    this.actions.change(scope => ({ ...scope, tags: [...new Set([...scope.tags ?? [], ...tags])] }))
  }

  /**
   * As `addJobTag`, of several. Errors: RIV_JOB_TAG. Semantics: `SparkContext.addJobTags`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * ctx.addJobTags(new Set(['report', 'nightly']))
   * Array.from(ctx.getJobTags())   // ['report', 'nightly']
   */
  addJobTags(tags: Iterable<string>): void {
    this.addJobTag(...tags)
  }

  /**
   * As `removeJobTag`, of several. Errors: RIV_JOB_TAG. Semantics: `SparkContext.removeJobTags`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * ctx.addJobTags(['report', 'nightly', 'large'])
   * ctx.removeJobTags(['nightly', 'large'])
   * Array.from(ctx.getJobTags())   // ['report']
   */
  removeJobTags(tags: Iterable<string>): void {
    this.removeJobTag(...tags)
  }

  /**
   * Takes tags back from the actions called from here on.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * ctx.addJobTag('report', 'nightly')
   * ctx.removeJobTag('nightly')
   * Array.from(ctx.getJobTags())   // ['report']
   */
  removeJobTag(...tags: string[]): void {
    checkedTags(tags)
    this.actions.change(scope => ({ ...scope, tags: (scope.tags ?? []).filter(tag => !tags.includes(tag)) }))
  }

  /**
   * The tags in force.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * ctx.addJobTag('report')
   * Array.from(ctx.getJobTags())   // ['report']
   */
  getJobTags(): Set<string> {
    return new Set(this.actions.scope.tags)
  }

  /**
   * Actions called from here on have no tags.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * ctx.addJobTag('report')
   * ctx.clearJobTags()
   * ctx.getJobTags().size   // 0
   */
  clearJobTags(): void {
    this.actions.change(({ tags: _tags, ...rest }) => rest)
  }

  /**
   * Sets a property of the jobs begun from here on, in this function and what it awaits; listeners see it. `undefined` removes it.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * ctx.setLocalProperty('request', 'r-17')
   * ctx.getLocalProperty('request')   // 'r-17'
   */
  setLocalProperty(key: string, value: string | undefined): void {
    this.actions.change(scope => {
      const { [key]: _before, ...rest } = scope.local ?? {}
      return { ...scope, local: value === undefined ? rest : { ...rest, [key]: value } }
    })
  }

  /**
   * A property in force, or undefined.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * ctx.getLocalProperty('request')   // undefined
   */
  getLocalProperty(key: string): string | undefined {
    return this.actions.scope.local?.[key]
  }

  /**
   * Cancels the running actions of a group; running user code is ended too. They reject with RIV_JOB_CANCELLED, whose cause says the reason.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * ctx.setJobGroup('nightly')
   * const counting = ctx.range(0, 1e9).map(n => n * 2).count().catch(error => error.code)
   * ctx.cancelJobGroup('nightly', 'it is late')
   * await counting   // 'RIV_JOB_CANCELLED'
   */
  cancelJobGroup(group: string, reason?: string): void {
    this.actions.cancel(why(`cancelJobGroup(${JSON.stringify(group)})`, reason), scope => scope.group === group)
  }

  /**
   * As `cancelJobGroup`, and refuses what is begun in the group later.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * ctx.setJobGroup('nightly')
   * ctx.cancelJobGroupAndFutureJobs('nightly')
   * await ctx.range(0, 3).count().catch(error => error.code)   // 'RIV_JOB_CANCELLED'
   */
  cancelJobGroupAndFutureJobs(group: string, reason?: string): void {
    const error = why(`cancelJobGroupAndFutureJobs(${JSON.stringify(group)})`, reason)
    this.actions.refuseGroup(group, error)
    this.actions.cancel(error, scope => scope.group === group)
  }

  /**
   * Cancels the running actions that have a tag. They reject with RIV_JOB_CANCELLED, whose cause says the reason.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * ctx.addJobTag('report')
   * const counting = ctx.range(0, 1e9).map(n => n * 2).count().catch(error => error.code)
   * ctx.cancelJobsWithTag('report')
   * await counting   // 'RIV_JOB_CANCELLED'
   */
  cancelJobsWithTag(tag: string, reason?: string): void {
    checkedTags([tag])
    this.actions.cancel(why(`cancelJobsWithTag(${JSON.stringify(tag)})`, reason), scope => scope.tags?.includes(tag) === true)
  }

  /**
   * Cancels every running action. They reject with RIV_JOB_CANCELLED.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const counting = ctx.range(0, 1e9).map(n => n * 2).count().catch(error => error.code)
   * ctx.cancelAllJobs()
   * await counting   // 'RIV_JOB_CANCELLED'
   */
  cancelAllJobs(): void {
    this.actions.cancel(why('cancelAllJobs()', undefined))
  }

  /**
   * Cancels a job by the id that listeners and the status tracker give; its action rejects with RIV_JOB_CANCELLED.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * ctx.addListener({ onJobStart: ({ jobId }) => ctx.cancelJob(jobId) })
   * await ctx.range(0, 1e9).map(n => n * 2).count().catch(error => error.code)   // 'RIV_JOB_CANCELLED'
   */
  cancelJob(jobId: number, reason?: string): void {
    this.runner.cancelJob(jobId, why(`cancelJob(${jobId})`, reason))
  }

  /**
   * Cancels the jobs that a stage runs for.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * ctx.addListener({ onStageSubmitted: ({ stageInfo }) => ctx.cancelStage(stageInfo.stageId) })
   * await ctx.range(0, 1e9).map(n => n * 2).count().catch(error => error.code)   // 'RIV_JOB_CANCELLED'
   */
  cancelStage(stageId: number, reason?: string): void {
    this.runner.cancelStage(stageId, why(`cancelStage(${stageId})`, reason))
  }

  /**
   * Ends an attempt at a task by the id that listeners are given; it is made again, and not held against the task. Says whether it ran.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * ctx.killTaskAttempt(1_000_000)   // false: there is no such attempt
   */
  killTaskAttempt(taskId: number, reason?: string): boolean {
    return this.runner.killTask(taskId, why(`killTaskAttempt(${taskId})`, reason))
  }
}

const why = (call: string, reason: string | undefined): Error => new Error(reason === undefined ? `${call} was called` : `${call} was called: ${reason}`)

/** Spark's rule: a tag is not empty and has no comma. */
function checkedTags(tags: readonly string[]): readonly string[] {
  for (const tag of tags) if (typeof tag !== 'string' || tag === '' || tag.includes(',')) throw contextErrors.RIV_JOB_TAG(tag)
  return tags
}
