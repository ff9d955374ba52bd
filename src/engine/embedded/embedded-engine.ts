// The embedded engine: plans jobs, runs their tasks in this process, keeps the blocks between them.
//
//   run(job) ─→ capture functions ─→ resolve the plan ─→ DagScheduler ─→ describe task ─→ TaskBackend (inline or threads)
//                                                           ↑                                   │
//                                                           └── succeeded / failed ←── outcome ─┘   results decoded once, where the action asked for them
//
// The driver's work is O(stages × partitions) a job, never O(records).

import { getHeapStatistics } from 'node:v8'
import { present } from '../../base/assert.ts'
import type { Clock } from '../../base/clock.ts'
import type { Conf } from '../../base/define-settings.ts'
import type { Logger } from '../../base/log.ts'
import { UnknownClass } from '../../kernel/errors.ts'
import { loadClass } from '../../wire/closure/classes.ts'
import type { ClassRef } from '../../wire/closure/classes.ts'
import { captureFunction, captureWindow } from '../../wire/closure/capture.ts'
import { watchObjects } from '../../wire/closure/captured-objects.ts'
import type { CapturedFunction } from '../../wire/closure/capture.ts'
import type { Job, SharedValue, StorageUse, StoredBlock } from '../../rdd/job-runner.ts'
import { applyUpdates } from '../../rdd/shared/accumulator.ts'
import { partitionCount, resolvePlan } from '../../rdd/plan.ts'
import { BlockFileReader } from '../../storage/block-file.ts'
import { readJournalBlock } from '../../storage/journal/read-block.ts'
import { openLocalDir } from '../../storage/local-dir.ts'
import type { LocalDir } from '../../storage/local-dir.ts'
import type { KeepOutput } from '../../wire/shape.ts'
import { isInJournal, type BlockRef } from '../../wire/slab/block-ref.ts'
import type { Plan, PlanFunction, UserFunction } from '../../rdd/plan.ts'
import type { Engine } from '../engine.ts'
import type { JobProperties, TaskEnd, TaskInfo } from '../events/context-listener.ts'
import type { ListenerBus } from '../events/listener-bus.ts'
import { engineErrors } from '../errors.ts'
import type { Platform } from '../platform.ts'
import { engineSettings } from '../settings.ts'
import { BlockFiles } from './block-files.ts'
import type { BlockGroup } from './block-group.ts'
import { BlockManager } from './block-manager.ts'
import { BlockStore } from './block-store.ts'
import { capturePlan, forEachUser, type Captures } from './capture-plan.ts'
import { firstCounts, type Counted } from './first-counts.ts'
import { DagScheduler } from './dag-scheduler.ts'
import type { Effect, StageRun, TaskAttempt } from './dag-scheduler.ts'
import { describeTask } from './describe-task.ts'
import type { TaskDescription } from './describe-task.ts'
import { InlineBackend } from './inline-backend.ts'
import { JobRecords } from './job-records.ts'
import { memoryLimits } from './memory-limits.ts'
import { mayHaveCopies, Speculation } from './speculation.ts'
import { addsToAccumulators, StageCatalog } from './stage-catalog.ts'
import type { ReadyTask, TaskBackend, TaskOutcome, TaskWatch } from './task-backend.ts'
import { failureOf } from './task-errors.ts'
import { placeOf } from './task-place.ts'
import { WorkerPool } from './worker-pool.ts'

export interface EmbeddedOptions {
  /** Worker threads; 0 runs tasks in this thread. */
  readonly threads: number
  readonly conf: Conf
  readonly log: Logger
  readonly events: ListenerBus
  readonly platform: Platform
  /** The properties of a job that is begun now, from where it is begun. */
  readonly jobProperties: () => JobProperties
}

/** Ids of shared values, over all engines of the process. */
let lastShared = 0

/** What a task gave, as long as the scheduler has it. */
interface HeldOutput {
  readonly count: number
  readonly blocks: readonly BlockRef[]
  /** What the function of a `keep` sink gave. */
  readonly kept?: KeepOutput
  /** The output of a map task. */
  readonly shuffle?: BlockGroup
}

interface RunningJob {
  readonly id: number
  /** Results that wait for a class. */
  readonly decoding: Promise<void>[]
  /** What has been counted: by function the uses, nodes and partitions. */
  readonly counted: Counted
  /** Bytes of the results so far. */
  resultBytes: number
  /** The first result that the action refused. */
  failure?: Error
  readonly job: Job
  readonly captures: Captures
  readonly properties: JobProperties
  readonly resolve: () => void
  readonly reject: (error: Error) => void
  readonly stopListening: () => void
}

export class EmbeddedEngine implements Engine {
  readonly defaultParallelism: number
  readonly log: Logger
  readonly status: JobRecords
  readonly #jobProperties: () => JobProperties
  readonly #maxResultBytes: number
  readonly #speculation: Speculation | undefined
  readonly #speculationMs: number
  #stopSpeculating: (() => void) | undefined
  readonly #clock: Clock
  readonly #localDir: LocalDir
  readonly #store: BlockStore
  readonly #files: BlockFiles
  readonly #blocks: BlockManager
  readonly #catalog: StageCatalog
  readonly #backend: TaskBackend
  readonly #scheduler: DagScheduler<HeldOutput>
  readonly #jobs = new Map<number, RunningJob>()
  readonly #effects: Effect<HeldOutput>[] = []
  /** Stages whose next attempt runs alone. */
  readonly #ranOutOfMemory = new WeakSet<TaskAttempt['stage']>()
  /** Map stages of which the output of one task alone was more than block memory holds: their tasks write files. */
  readonly #outgrown = new WeakSet<TaskAttempt['stage']>()
  /** Attempts that were killed on purpose. */
  readonly #killed = new Map<number, Error>()
  #applying = false
  #lastJob = 0
  #closed = false

  constructor({ threads, conf, log, events, platform, jobProperties }: EmbeddedOptions) {
    this.log = log
    this.#clock = platform.clock
    this.#jobProperties = jobProperties
    this.#maxResultBytes = conf.get(engineSettings['spark.driver.maxResultSize'])
    this.#speculationMs = Math.max(1, conf.get(engineSettings['spark.speculation.interval']))
    this.#speculation = threads < 2 || !conf.get(engineSettings['spark.speculation']) ? undefined : new Speculation({
      multiplier: conf.get(engineSettings['spark.speculation.multiplier']),
      quantile: conf.get(engineSettings['spark.speculation.quantile']),
      minTaskRuntimeMs: conf.get(engineSettings['spark.speculation.minTaskRuntime']),
    })
    this.status = new JobRecords(events, () => this.#runningTasks())
    const limits = memoryLimits(conf, threads, getHeapStatistics().heap_size_limit)
    this.#localDir = openLocalDir(conf)
    this.#store = new BlockStore({ maxBytes: limits.blockBytes, giveUp: except => this.#blocks.makeRoom(except), onDrop: slab => this.#backend.forget('slab', slab) })
    this.#files = new BlockFiles(this.#localDir, action => this.#store.afterTasks(action))
    this.#blocks = new BlockManager({
      pool: this.#store.pool,
      files: this.#files,
      encode: records => this.#store.encode(records),
      forgetDecoded: ids => this.#backend.forgetDecoded(ids),
      moved: (rddId, partition, to) => {
        if (events.isEmpty) return
        const [where, bytes] = to === undefined ? ['nowhere', 0] as const : [to.file === undefined ? 'memory' : 'disk', to.bytes] as const
        events.post('onBlockUpdated', { rddId, partition, where, memSize: where === 'memory' ? bytes : 0, diskSize: where === 'disk' ? bytes : 0 })
      },
    })
    const { decodedBytes } = limits
    const memory = { dir: this.#localDir.place, bytes: limits.taskBytes, outputBytes: limits.outputBytes }
    this.#backend = platform.backend !== undefined ? platform.backend(this.#store) : threads === 0 ? new InlineBackend(this.#store, memory, decodedBytes) : new WorkerPool({ threads, store: this.#store, log, maxHeapBytes: limits.heapBytes, memory, decodedBytes })
    this.#catalog = new StageCatalog((kind, id) => this.#backend.forget(kind, id))
    this.#scheduler = new DagScheduler(this.#blocks, threads === 0 ? 1 : conf.get(engineSettings['spark.task.maxFailures']))
    this.defaultParallelism = conf.get(engineSettings['spark.default.parallelism']) || this.#backend.parallelism
  }

  run(job: Job): Promise<void> {
    if (this.#closed) return Promise.reject(engineErrors.RIV_ENGINE_CLOSED(job.action))
    if (job.signal?.aborted === true) return Promise.reject(cancelled(job))
    const properties = this.#jobProperties()
    let captures: Captures
    try {
      captures = capturePlan(job.plan, job.sink, this.#blocks, fn => this.#captureOne(fn))
    } catch (error) {
      return Promise.reject(error as Error)
    }
    const resolving = resolvePlan(job.plan, job.signal)
    return resolving === undefined ? this.#submit(job, captures, properties) : resolving.then(() => this.#submit(job, captures, properties))
  }

  freeze(fn: PlanFunction): void {
    captureWindow(() => forEachUser(fn, user => { user.frozen ??= this.#captureOne(user) }))
  }

  watch(fn: PlanFunction): () => void {
    const checks: (() => void)[] = []
    forEachUser(fn, user => {
      const { objects = [] } = user.frozen ?? {}
      if (objects.length === 0) return
      const changed = watchObjects(objects)
      checks.push(() => {
        for (const name of changed()) this.log.warn({ code: 'RIV_CLOSURE_CHANGED' }, `${labelOf(user)} captured \`${name}\`, which has changed since start(): threads keep the value it had then (use transform, whose function runs in every batch)`)
      })
    })
    return () => { for (const check of checks) check() }
  }

  unpersist(plan: Plan): void {
    this.#blocks.unpersist(plan)
    this.status.unpersisted(plan.id)
  }

  storageOf(plan: Plan): StorageUse {
    return this.#blocks.storageOf(plan)
  }

  storeText(bytes: Uint8Array): StoredBlock {
    return this.#store.storeText(bytes)
  }

  storeRecords(records: readonly unknown[]): StoredBlock {
    return this.#store.storeRecords(records)
  }

  release(blocks: readonly BlockRef[]): void {
    this.#blocks.releaseAll(blocks.filter(block => !isInJournal(block)))
  }

  bytesOf(block: BlockRef): Uint8Array {
    if (!isInJournal(block)) return this.#store.pool.view(block.slab).read(block)
    const files = new BlockFileReader()
    try {
      return readJournalBlock(files, block)
    } finally {
      files.close()
    }
  }

  storeBlock(bytes: Uint8Array, count: number): BlockRef {
    return this.#store.storeText(bytes, count).ref
  }

  forgetState(prefix: string): void {
    this.#backend.forgetState(prefix)
  }

  share(value: unknown): SharedValue {
    const { ref, release } = this.#store.storeRecords([value])
    const id = ++lastShared
    const forget = (): void => this.#backend.forget('broadcast', id)
    this.#backend.share(id, ref)
    return {
      id,
      unpersist: () => {
        forget()
        this.#backend.share(id, ref)
      },
      release: () => {
        forget()
        this.#store.afterTasks(release) // those that run may decode it yet
      },
    }
  }

  cancelJob(jobId: number, reason: Error): void {
    const running = this.#jobs.get(jobId)
    if (running !== undefined) this.#apply(this.#scheduler.cancel(jobId, engineErrors.RIV_JOB_CANCELLED.withCause(reason, running.job.action)))
  }

  cancelStage(stageId: number, reason: Error): void {
    for (const { id, stages } of [...this.#scheduler.jobs]) for (const stage of stages) if (stage.id === stageId) this.cancelJob(id, reason)
  }

  killTask(taskId: number, reason: Error): boolean {
    if (this.#scheduler.running(taskId) === undefined) return false
    this.#killed.set(taskId, reason)
    this.#backend.cancel(taskId)
    return true
  }

  get memory(): { readonly maxBytes: number; readonly slabBytes: number; readonly liveBlocks: number; readonly stages: number } {
    return { maxBytes: this.#store.pool.maxBytes, slabBytes: this.#store.pool.bytes, liveBlocks: this.#store.pool.liveBlocks, stages: this.#catalog.stageCount }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    for (const [id, { job }] of this.#jobs) this.#apply(this.#scheduler.cancel(id, engineErrors.RIV_ENGINE_CLOSED(job.action)))
    await this.#backend.close()
    this.#store.close()
    await this.#localDir.close()
  }

  #captureOne(fn: UserFunction): CapturedFunction {
    const captured = captureFunction(fn.fn, labelOf(fn))
    for (const { code, message } of captured.warnings) this.log.warn({ code }, message)
    return captured
  }

  #submit(job: Job, captures: Captures, properties: JobProperties): Promise<void> {
    if (this.#closed) return Promise.reject(engineErrors.RIV_ENGINE_CLOSED(job.action))
    if (job.signal?.aborted === true) return Promise.reject(cancelled(job))
    const count = present(partitionCount(job.plan), 'the partition count of a resolved plan')
    const none = job.partitions?.find(partition => !Number.isInteger(partition) || partition < 0 || partition >= count)
    if (none !== undefined) return Promise.reject(engineErrors.RIV_PARTITION_INDEX(job.action, job.site.place, none, count))
    return new Promise<void>((resolve, reject) => {
      const id = ++this.#lastJob
      const onAbort = (): void => this.#apply(this.#scheduler.cancel(id, cancelled(job)))
      job.signal?.addEventListener('abort', onAbort, { once: true })
      this.#jobs.set(id, { id, decoding: [], counted: new Map(), resultBytes: 0, job, captures, properties, resolve, reject, stopListening: () => job.signal?.removeEventListener('abort', onAbort) })
      this.#apply(this.#scheduler.submit(id, job.plan, job.sink, job.partitions ?? Array.from({ length: count }, (_, i) => i)))
    })
  }

  /** Carries out effects in order; what they cause is carried out after them. */
  #apply(effects: readonly Effect<HeldOutput>[]): void {
    for (const effect of effects) this.#effects.push(effect) // a job may have more tasks than a call has arguments
    if (this.#applying) return
    this.#applying = true
    try {
      for (let next = 0; next < this.#effects.length; next++) this.#carryOut(this.#effects[next]!)
    } finally {
      this.#effects.length = 0
      this.#applying = false
    }
  }

  #carryOut(effect: Effect<HeldOutput>): void {
    switch (effect.effect) {
      case 'started': {
        const { job, properties } = present(this.#jobs.get(effect.job), 'a running job')
        return this.status.jobStarted(effect.job, effect.stages, job, properties)
      }
      case 'submitted': return this.status.stageSubmitted(effect.stage)
      case 'completed':
        this.#speculation?.stageOver(effect.stage)
        return this.status.stageCompleted(effect.stage, effect.error)
      case 'launch': return this.#launch(effect.task)
      case 'cancel': return this.#backend.cancel(effect.task.id)
      case 'shuffled': return this.#blocks.addShuffle(effect.shuffle, new Map([...effect.outputs].map(([partition, output]) => [partition, output.shuffle!])))
      case 'discard': {
        for (const blocks of effect.output.kept?.lists ?? []) this.#blocks.releaseAll(blocks)
        return this.#release(effect.output)
      }
      case 'result': return this.#result(present(this.#jobs.get(effect.job), 'a running job'), effect.partition, effect.output)
      case 'done': return this.#done(this.#end(effect.job))
      case 'failed': return this.#end(effect.job, effect.error).reject(effect.error)
    }
  }

  #done({ resolve, reject, decoding, failure }: RunningJob): void {
    if (failure !== undefined) reject(failure)
    else if (decoding.length === 0) resolve()
    else Promise.all(decoding).then(resolve, reject)
  }

  #end(id: number, error?: Error): RunningJob {
    const job = present(this.#jobs.get(id), 'a running job')
    this.#jobs.delete(id)
    this.status.jobEnded(id, error ?? job.failure)
    if (this.#jobs.size === 0) {
      this.#stopSpeculating?.()
      this.#stopSpeculating = undefined
    }
    job.stopListening()
    return job
  }

  #launch(task: TaskAttempt): void {
    const { stage, partition } = task
    const job = this.#jobOf(task)
    if (job === undefined) return // given up since, by an effect before this one
    let description: TaskDescription | undefined
    let refusal: Error | undefined
    let shuffleFile: string | undefined
    const describe = (): ReadyTask => {
      try {
        description = describeTask(stage.end, partition, this.#blocks, fn => addsToAccumulators(this.#captured(task, fn)))
        const found = this.#catalog.find(description, fn => this.#captured(task, fn))
        const { fns, slots, slabs, stores, keeps } = description
        if (this.#speculation !== undefined && mayHaveCopies(stage.end, description)) this.#timed(this.#speculation, task)
        this.#store.taskStarted(task.id, slabs)
        if (stage.end.kind === 'map' && (this.#outgrown.has(stage) || this.#store.pool.isTight)) shuffleFile = this.#files.newPath()
        const keep = !keeps ? undefined : {
          plans: new Set([...stores.values()].map(({ plan }) => plan.id)),
          refused: (slot: number, blocks: readonly BlockRef[], read: (ref: BlockRef) => Uint8Array) => this.#blocks.refused(stores.get(slot)!.plan, blocks, read),
        }
        return { ...found, functions: fns.filter(fn => fn.kind === 'user').map(fn => fn.fn), partition, slots, slabs, shuffleFile, keep, watched: this.status.listening }
      } catch (error) {
        throw refusal = error as Error
      } finally {
        this.#blocks.endDescription()
      }
    }
    const alone = this.#ranOutOfMemory.delete(stage)
    const place = placeOf(stage.end, partition, this.#blocks)
    let info: TaskInfo | undefined
    const watch: TaskWatch = {
      onStart: host => { if (this.status.listening) info = this.status.taskStarted(task, host) },
      onEnd: outcome => {
        this.#store.taskEnded(task.id)
        const killed = this.#killed.get(task.id)
        this.#killed.delete(task.id)
        const wanted = this.#scheduler.running(task.id) !== undefined
        const told = (reason: TaskEnd['reason'], error?: Error): void => {
          if (info !== undefined) this.status.taskEnded(task, info, reason, { error, metrics: outcome.kind === 'lost' ? undefined : outcome.metrics })
        }
        this.#speculation?.ended(task, this.#clock.now(), outcome.kind === 'done')
        if (outcome.kind === 'done') return this.#succeeded(task, description!, outcome, () => told(wanted ? 'success' : 'killed'))
        if (outcome.kind === 'lost' && outcome.reason === 'memory') this.#ranOutOfMemory.add(stage)
        if (outcome.kind === 'failed' && isFileError(outcome.cause)) this.#blocks.lost(description?.files ?? new Set())
        for (const { where } of description?.stores.values() ?? []) if (where.file !== undefined) this.#files.remove(where.file)
        if (shuffleFile !== undefined) this.#files.remove(shuffleFile)
        const outgrew = outcome.kind === 'failed' && stage.end.kind === 'map' && shuffleFile === undefined && (outcome.cause as { code?: unknown }).code === 'RIV_BLOCK_MEMORY'
        if (outgrew) this.#outgrown.add(stage)
        const failure = killed !== undefined ? { error: killed, retry: true, excused: true }
          : outgrew ? { error: outcome.cause, retry: true, excused: true }
          : refusal !== undefined ? { error: refusal, retry: false }
          : failureOf(outcome, { action: job.action, partition, attempt: this.#scheduler.failures(task) + 1, alone, origins: description?.origins ?? [] })
        told(outcome.kind === 'lost' ? 'lost' : killed !== undefined || !wanted ? 'killed' : 'failed', failure.error)
        this.#apply(this.#scheduler.failed(task.id, failure))
      },
    }
    this.#backend.submit({ id: task.id, job: Math.min(...stage.jobs), alone, place, describe }, watch)
  }

  /** A task begins that may have a copy. */
  #timed(speculation: Speculation, task: TaskAttempt): void {
    speculation.started(task, this.#clock.now())
    const look = (): void => {
      this.#stopSpeculating = this.#clock.at(this.#clock.now() + this.#speculationMs, look, { hold: false })
      for (const slow of speculation.slow(this.#clock.now())) {
        const effects = this.#scheduler.speculate(slow.id)
        if (effects.length > 0) this.status.speculated(slow)
        this.#apply(effects)
      }
    }
    this.#stopSpeculating ??= this.#clock.at(this.#clock.now() + this.#speculationMs, look, { hold: false })
  }

  #runningTasks(): TaskAttempt[] {
    return [...this.#backend.running].map(id => this.#scheduler.running(id)).filter(task => task !== undefined)
  }

  #succeeded(task: TaskAttempt, description: TaskDescription, { output, metrics: { invalidUtf8Lines }, worker }: Extract<TaskOutcome, { kind: 'done' }>, told: () => void): void {
    for (const { slot, blocks } of output.stored) {
      const { plan, partition, where } = present(description.stores.get(slot), 'a store slot')
      this.#blocks.keep(plan, partition, { id: where.id, blocks }, worker)
    }
    if (invalidUtf8Lines > 0) this.log.warn({ lines: invalidUtf8Lines }, 'lines that are not valid UTF-8 were read with U+FFFD in place of the bad bytes')
    const { updates, count, blocks, kept, shuffle } = output
    const { end } = task.stage
    const rest: HeldOutput = { count, blocks, ...(kept && { kept }), ...(shuffle && end.kind === 'map' && { shuffle: this.#blocks.holdShuffled(end.shuffle, shuffle) }) }
    const jobs = [...task.stage.jobs]
    const effects = this.#scheduler.succeeded(task.id, rest)
    if (updates !== undefined) {
      if (effects.some(each => each.effect === 'discard' && each.output === rest)) this.#blocks.releaseAll(updates)
      else this.#count(jobs, task.stage, description, updates)
    }
    told()
    this.#apply(effects)
  }

  /** Adds to accumulators what a task reports; the jobs end when it is added, and fail where it cannot be. */
  #count(jobs: readonly number[], stage: StageRun, description: TaskDescription, updates: readonly BlockRef[]): void {
    const running = jobs.map(id => this.#jobs.get(id)).filter(job => job !== undefined)
    const counting = this.#counted(running, stage, description, updates)
    counting.catch(() => {}) // read at the end of the jobs
    for (const { decoding } of running) decoding.push(counting)
  }

  async #counted(jobs: readonly RunningJob[], stage: StageRun, description: TaskDescription, updates: readonly BlockRef[]): Promise<void> {
    for (;;) {
      try {
        const decoded = this.#store.decodeAll(updates) as [fn: number, accumulator: number, update: unknown][]
        this.#blocks.releaseAll(updates)
        return this.status.accumulated(stage, applyUpdates(firstCounts(decoded, description, jobs.map(job => job.counted))))
      } catch (error) {
        if (!(error instanceof UnknownClass)) throw error
        await loadClass(error.ref as ClassRef)
      }
    }
  }

  /** Gives a partition's result to the action. One with instances of a class that this thread lacks waits for the class. */
  #result(running: RunningJob, partition: number, output: HeldOutput): void {
    try {
      this.#checkSize(running, output)
      this.#giveResult(running, partition, output)
    } catch (error) {
      if (error instanceof UnknownClass) {
        running.decoding.push(this.#lateResult(running, partition, output, error))
        return
      }
      running.failure ??= error as Error // the job may be done by now
      this.#apply(this.#scheduler.cancel(running.id, error as Error))
    }
    this.#release(output)
  }

  #checkSize(running: RunningJob, { blocks }: HeldOutput): void {
    for (const { bytes } of blocks) running.resultBytes += bytes
    const { job: { action, site }, resultBytes } = running
    if (this.#maxResultBytes > 0 && resultBytes > this.#maxResultBytes) throw engineErrors.RIV_RESULT_SIZE(action, site.place, resultBytes, this.#maxResultBytes)
  }

  #giveResult({ job }: RunningJob, partition: number, { blocks, count, kept }: HeldOutput): void {
    job.onResult(partition, { records: blocks.length === 0 ? [] : this.#store.decodeAll(blocks), count, ...(kept && { kept }) })
  }

  async #lateResult(running: RunningJob, partition: number, output: HeldOutput, missing: UnknownClass): Promise<void> {
    for (let unknown = missing; ;) {
      await loadClass(unknown.ref as ClassRef)
      try {
        this.#giveResult(running, partition, output)
        return this.#release(output)
      } catch (error) {
        if (!(error instanceof UnknownClass)) throw error
        unknown = error
      }
    }
  }

  #release({ blocks, shuffle }: HeldOutput): void {
    this.#blocks.releaseAll(blocks)
    if (shuffle !== undefined) this.#blocks.release(shuffle)
  }

  /** The action that a task runs for; one of them, where several share its stage. */
  #jobOf(task: TaskAttempt): Job | undefined {
    for (const id of task.stage.jobs) {
      const running = this.#jobs.get(id)
      if (running !== undefined) return running.job
    }
    return undefined
  }

  #captured(task: TaskAttempt, fn: UserFunction): CapturedFunction {
    if (fn.frozen !== undefined) return fn.frozen
    for (const id of task.stage.jobs) {
      const captured = this.#jobs.get(id)?.captures.get(fn)
      if (captured !== undefined) return captured
    }
    return this.#captureOne(fn)
  }
}

function cancelled(job: Job): Error {
  return engineErrors.RIV_JOB_CANCELLED.withCause(job.signal?.reason, job.action)
}

/** Whether a file could not be read: perhaps one of ours. */
const isFileError = (error: Error): boolean => String((error as { code?: unknown }).code).startsWith('RIV_FILE_')

const labelOf = ({ op, site }: UserFunction): string => `the function given to ${op}${site.place === '' ? '' : ` at ${site.place}`}`
