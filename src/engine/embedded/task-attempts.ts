// Attempts at tasks, from the scheduler's wish to the outcome: each is described when it is sent, watched while it runs, and judged when it ends.
//
//   launch ─→ place ─→ backend ─→ describe ─→ … runs … ─→ done ─→ its blocks are taken over
//                                                        └→ failed, lost, killed ─→ what it left is removed; whether, and how, it is tried again
//
// - An attempt that ran out of heap is made again alone; a map task whose output outgrew block memory is made again into a file.
// - Attempts that are slow have copies started beside them, where speculation is on.

import type { Clock } from '../../base/clock.ts'
import type { Job } from '../../rdd/job-runner.ts'
import type { UserFunction } from '../../rdd/plan.ts'
import type { CapturedFunction } from '../../wire/closure/capture.ts'
import type { BlockRef } from '../../wire/slab/block-ref.ts'
import type { TaskEnd, TaskInfo } from '../events/context-listener.ts'
import type { BlockFiles } from './block-files.ts'
import type { BlockManager } from './block-manager.ts'
import type { BlockStore } from './block-store.ts'
import type { DagScheduler, Effect, StageRun, TaskAttempt } from './dag-scheduler.ts'
import { describeTask, type TaskDescription } from './describe-task.ts'
import type { JobRecords } from './job-records.ts'
import type { HeldOutput } from './running-job.ts'
import { mayHaveCopies, type Speculation } from './speculation.ts'
import { addsToAccumulators, type StageCatalog } from './stage-catalog.ts'
import type { ReadyTask, TaskBackend, TaskOutcome, TaskWatch } from './task-backend.ts'
import { failureOf } from './task-errors.ts'
import { placeOf } from './task-place.ts'

export type DoneOutcome = Extract<TaskOutcome, { kind: 'done' }>

/** Who says which attempts are slow, and how often it is asked. */
export interface Speculating { readonly judge: Speculation; readonly everyMs: number }

export interface TaskAttemptsOptions {
  readonly store: BlockStore
  readonly files: BlockFiles
  readonly blocks: BlockManager
  readonly catalog: StageCatalog
  readonly backend: TaskBackend
  readonly scheduler: DagScheduler<HeldOutput>
  readonly status: JobRecords
  readonly clock: Clock
  readonly speculation: Speculating | undefined
  /** A function of a job that a task runs for. */
  readonly captured: (task: TaskAttempt, fn: UserFunction) => CapturedFunction
  /** An attempt has succeeded; `told` has listeners told. */
  readonly onDone: (task: TaskAttempt, description: TaskDescription, outcome: DoneOutcome, told: () => void) => void
  /** Carries out what the scheduler decides. */
  readonly apply: (effects: readonly Effect<HeldOutput>[]) => void
}

/** One attempt, and what becomes known of it. */
interface Attempt {
  readonly task: TaskAttempt
  readonly job: Job
  /** Whether no other task runs beside it. */
  readonly alone: boolean
  description?: TaskDescription
  /** Why it could not be described. */
  refusal?: Error
  /** Where a map task writes, if not into block memory. */
  shuffleFile?: string
  /** What listeners were told when it began. */
  info?: TaskInfo
}

export class TaskAttempts {
  readonly #options: TaskAttemptsOptions
  #stopSpeculating: (() => void) | undefined
  /** Stages whose next attempt runs alone. */
  readonly #ranOutOfMemory = new WeakSet<StageRun>()
  /** Map stages of which the output of one task alone was more than block memory holds: their tasks write files. */
  readonly #outgrown = new WeakSet<StageRun>()
  /** Attempts that were killed on purpose. */
  readonly #killed = new Map<number, Error>()

  constructor(options: TaskAttemptsOptions) {
    this.#options = options
  }

  /** Begins an attempt; `job` is one that it runs for. */
  launch(task: TaskAttempt, job: Job): void {
    const { backend, blocks, status } = this.#options
    const { id, stage, partition } = task
    const alone = this.#ranOutOfMemory.delete(stage)
    const attempt: Attempt = { task, job, alone }
    const watch: TaskWatch = {
      onStart: host => { if (status.listening) attempt.info = status.taskStarted(task, host) },
      onEnd: outcome => this.#ended(attempt, outcome),
    }
    backend.submit({ id, job: Math.min(...stage.jobs), alone, place: placeOf(stage.end, partition, blocks), describe: () => this.#describe(attempt) }, watch)
  }

  /** Ends an attempt for a reason; it is made again, and that does not count against the task. */
  kill(taskId: number, reason: Error): void {
    this.#killed.set(taskId, reason)
    this.#options.backend.cancel(taskId)
  }

  stageOver(stage: StageRun): void {
    this.#options.speculation?.judge.stageOver(stage)
  }

  /** No job runs: nobody looks for slow tasks. */
  rest(): void {
    this.#stopSpeculating?.()
    this.#stopSpeculating = undefined
  }

  #describe(attempt: Attempt): ReadyTask {
    const { store, files, blocks, catalog, status, speculation, captured } = this.#options
    const { task } = attempt
    const { stage, partition } = task
    try {
      const description = attempt.description = describeTask(stage.end, partition, blocks, fn => addsToAccumulators(captured(task, fn)))
      const found = catalog.find(description, fn => captured(task, fn))
      const { fns, slots, slabs, stores, keeps } = description
      if (speculation !== undefined && mayHaveCopies(stage.end, description)) this.#timed(speculation, task)
      store.taskStarted(task.id, slabs)
      if (stage.end.kind === 'map' && (this.#outgrown.has(stage) || store.pool.isTight)) attempt.shuffleFile = files.newPath()
      const keep = !keeps ? undefined : {
        plans: new Set([...stores.values()].map(({ plan }) => plan.id)),
        refused: (slot: number, kept: readonly BlockRef[], read: (ref: BlockRef) => Uint8Array) => blocks.refused(stores.get(slot)!.plan, kept, read),
      }
      return { ...found, functions: fns.filter(fn => fn.kind === 'user').map(fn => fn.fn), partition, slots, slabs, shuffleFile: attempt.shuffleFile, keep, watched: status.listening }
    } catch (error) {
      throw attempt.refusal = error as Error
    } finally {
      blocks.endDescription()
    }
  }

  #ended(attempt: Attempt, outcome: TaskOutcome): void {
    const { store, scheduler, status, clock, speculation, onDone, apply } = this.#options
    const { task, description, info } = attempt
    store.taskEnded(task.id)
    const killed = this.#killed.get(task.id)
    this.#killed.delete(task.id)
    const wanted = scheduler.running(task.id) !== undefined
    const told = (reason: TaskEnd['reason'], error?: Error): void => {
      if (info !== undefined) status.taskEnded(task, info, reason, { error, metrics: outcome.kind === 'lost' ? undefined : outcome.metrics })
    }
    speculation?.judge.ended(task, clock.now(), outcome.kind === 'done')
    if (outcome.kind === 'done') return onDone(task, description!, outcome, () => told(wanted ? 'success' : 'killed'))
    const outgrew = this.#cleanUp(attempt, outcome)
    const failure = killed !== undefined ? { error: killed, retry: true, excused: true }
      : outgrew !== undefined ? { error: outgrew, retry: true, excused: true }
      : attempt.refusal !== undefined ? { error: attempt.refusal, retry: false }
      : failureOf(outcome, { action: attempt.job.action, partition: task.partition, attempt: scheduler.failures(task) + 1, alone: attempt.alone, origins: description?.origins ?? [] })
    told(outcome.kind === 'lost' ? 'lost' : killed !== undefined || !wanted ? 'killed' : 'failed', failure.error)
    apply(scheduler.failed(task.id, failure))
  }

  /** Removes what an attempt left, and remembers what the next one must do otherwise; gives the error of a map task that outgrew block memory. */
  #cleanUp({ task: { stage }, description, shuffleFile }: Attempt, outcome: Exclude<TaskOutcome, { kind: 'done' }>): Error | undefined {
    const { files, blocks } = this.#options
    if (outcome.kind === 'lost' && outcome.reason === 'memory') this.#ranOutOfMemory.add(stage)
    if (outcome.kind === 'failed' && isFileError(outcome.cause)) blocks.lost(description?.files ?? new Set())
    for (const { where } of description?.stores.values() ?? []) if (where.file !== undefined) files.remove(where.file)
    if (shuffleFile !== undefined) {
      files.remove(shuffleFile)
      return undefined
    }
    if (outcome.kind !== 'failed' || stage.end.kind !== 'map' || (outcome.cause as { code?: unknown }).code !== 'RIV_BLOCK_MEMORY') return undefined
    this.#outgrown.add(stage)
    return outcome.cause
  }

  /** A task begins that may have a copy. */
  #timed({ judge, everyMs }: Speculating, task: TaskAttempt): void {
    const { clock, scheduler, status, apply } = this.#options
    judge.started(task, clock.now())
    const look = (): void => {
      this.#stopSpeculating = clock.at(clock.now() + everyMs, look, { hold: false })
      for (const slow of judge.slow(clock.now())) {
        const effects = scheduler.speculate(slow.id)
        if (effects.length > 0) status.speculated(slow)
        apply(effects)
      }
    }
    this.#stopSpeculating ??= clock.at(clock.now() + everyMs, look, { hold: false })
  }
}

/** Whether a file could not be read: perhaps one of ours. */
const isFileError = (error: Error): boolean => String((error as { code?: unknown }).code).startsWith('RIV_FILE_')
