// The embedded engine: plans jobs, runs their tasks in this process, keeps the blocks between them.
//
//   run(job) ─→ capture functions ─→ resolve the plan ─→ DagScheduler ─→ describe task ─→ TaskBackend (inline or threads)
//                                                           ↑                                   │
//                                                           └── succeeded / failed ←── outcome ─┘   results decoded once, where the action asked for them
//
// The driver's work is O(stages × partitions) a job, never O(records).

import { getHeapStatistics } from 'node:v8'
import { present } from '../../base/assert.ts'
import type { Conf } from '../../base/define-settings.ts'
import type { Logger } from '../../base/log.ts'
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
import { isInJournal, type BlockRef } from '../../wire/slab/block-ref.ts'
import type { Plan, PlanFunction, UserFunction } from '../../rdd/plan.ts'
import type { Engine } from '../engine.ts'
import type { JobProperties } from '../events/context-listener.ts'
import type { ListenerBus } from '../events/listener-bus.ts'
import { engineErrors } from '../errors.ts'
import type { Platform } from '../platform.ts'
import { engineSettings } from '../settings.ts'
import { BlockFiles } from './block-files.ts'
import { BlockManager } from './block-manager.ts'
import { BlockStore } from './block-store.ts'
import { capturePlan, forEachUser, type Captures } from './capture-plan.ts'
import { compressionOf } from './compression-of.ts'
import { firstCounts } from './first-counts.ts'
import { DagScheduler } from './dag-scheduler.ts'
import type { Effect, StageRun, TaskAttempt } from './dag-scheduler.ts'
import type { TaskDescription } from './describe-task.ts'
import { InlineBackend } from './inline-backend.ts'
import { JobRecords } from './job-records.ts'
import { memoryLimits } from './memory-limits.ts'
import { RunningJob, withClasses, type HeldOutput } from './running-job.ts'
import { Speculation } from './speculation.ts'
import { StageCatalog } from './stage-catalog.ts'
import { TaskAttempts, type DoneOutcome, type Speculating } from './task-attempts.ts'
import type { TaskBackend } from './task-backend.ts'
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

export class EmbeddedEngine implements Engine {
  readonly defaultParallelism: number
  readonly log: Logger
  readonly status: JobRecords
  readonly #jobProperties: () => JobProperties
  readonly #maxResultBytes: number
  readonly #localDir: LocalDir
  readonly #store: BlockStore
  readonly #files: BlockFiles
  readonly #blocks: BlockManager
  readonly #catalog: StageCatalog
  readonly #backend: TaskBackend
  readonly #scheduler: DagScheduler<HeldOutput>
  readonly #attempts: TaskAttempts
  readonly #jobs = new Map<number, RunningJob>()
  readonly #effects: Effect<HeldOutput>[] = []
  #applying = false
  #lastJob = 0
  #closed = false

  constructor({ threads, conf, log, events, platform, jobProperties }: EmbeddedOptions) {
    this.log = log
    this.#jobProperties = jobProperties
    this.#maxResultBytes = conf.get(engineSettings['spark.driver.maxResultSize'])
    this.status = new JobRecords(events, () => this.#runningTasks())
    const compression = compressionOf(conf)
    const limits = memoryLimits(conf, threads, getHeapStatistics().heap_size_limit)
    this.#localDir = openLocalDir(conf)
    this.#store = new BlockStore({ maxBytes: limits.blockBytes, giveUp: except => this.#blocks.makeRoom(except), onDrop: slab => this.#backend.forget('slab', slab) })
    this.#files = new BlockFiles(this.#localDir, compression, action => this.#store.afterTasks(action))
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
    const memory = { dir: this.#localDir.place, bytes: limits.taskBytes, groupBytes: limits.groupBytes, outputBytes: limits.outputBytes, compression }
    this.#backend = platform.backend !== undefined ? platform.backend(this.#store) : threads === 0 ? new InlineBackend(this.#store, memory, decodedBytes) : new WorkerPool({ threads, store: this.#store, log, maxHeapBytes: limits.heapBytes, memory, decodedBytes })
    this.#catalog = new StageCatalog((kind, id) => this.#backend.forget(kind, id))
    this.#scheduler = new DagScheduler(this.#blocks, threads === 0 ? 1 : conf.get(engineSettings['spark.task.maxFailures']))
    this.#attempts = new TaskAttempts({
      store: this.#store, files: this.#files, blocks: this.#blocks, catalog: this.#catalog, backend: this.#backend, scheduler: this.#scheduler, status: this.status, clock: platform.clock,
      speculation: threads < 2 ? undefined : speculationOf(conf),
      captured: (task, fn) => this.#captured(task, fn),
      onDone: (task, description, outcome, told) => this.#succeeded(task, description, outcome, told),
      apply: effects => this.#apply(effects),
    })
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

  get localFolder(): string {
    return this.#localDir.path
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
    this.#attempts.kill(taskId, reason)
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
    const id = ++this.#lastJob
    const running = new RunningJob({
      id, job, captures, properties, maxResultBytes: this.#maxResultBytes,
      decode: blocks => this.#store.decodeAll(blocks),
      release: output => this.#release(output),
      onAbort: () => this.#apply(this.#scheduler.cancel(id, cancelled(job))),
    })
    this.#jobs.set(id, running)
    this.#apply(this.#scheduler.submit(id, job.plan, job.sink, job.partitions ?? Array.from({ length: count }, (_, i) => i)))
    return running.over
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
        this.#attempts.stageOver(effect.stage)
        return this.status.stageCompleted(effect.stage, effect.error)
      case 'launch': {
        const job = this.#jobOf(effect.task)
        if (job !== undefined) this.#attempts.launch(effect.task, job) // otherwise given up since, by an effect before this one
        return
      }
      case 'cancel': return this.#backend.cancel(effect.task.id)
      case 'shuffled': return this.#blocks.addShuffle(effect.shuffle, new Map([...effect.outputs].map(([partition, output]) => [partition, output.shuffle!])))
      case 'discard': {
        for (const blocks of effect.output.kept?.lists ?? []) this.#blocks.releaseAll(blocks)
        return this.#release(effect.output)
      }
      case 'result': {
        const error = present(this.#jobs.get(effect.job), 'a running job').take(effect.partition, effect.output)
        if (error !== undefined) this.#apply(this.#scheduler.cancel(effect.job, error))
        return
      }
      case 'done': return this.#end(effect.job)
      case 'failed': return this.#end(effect.job, effect.error)
    }
  }

  #end(id: number, error?: Error): void {
    const job = present(this.#jobs.get(id), 'a running job')
    this.#jobs.delete(id)
    this.status.jobEnded(id, error ?? job.failure)
    if (this.#jobs.size === 0) this.#attempts.rest()
    job.end(error)
  }

  #runningTasks(): TaskAttempt[] {
    return [...this.#backend.running].map(id => this.#scheduler.running(id)).filter(task => task !== undefined)
  }

  #succeeded(task: TaskAttempt, description: TaskDescription, { output, metrics: { invalidUtf8Lines }, worker }: DoneOutcome, told: () => void): void {
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
    const counting = withClasses(() => {
      const decoded = this.#store.decodeAll(updates) as [fn: number, accumulator: number, update: unknown][]
      this.#blocks.releaseAll(updates)
      this.status.accumulated(stage, applyUpdates(firstCounts(decoded, description, running.map(job => job.counted))))
    })
    for (const job of running) job.waitFor(counting)
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

function speculationOf(conf: Conf): Speculating | undefined {
  if (!conf.get(engineSettings['spark.speculation'])) return undefined
  const judge = new Speculation({
    multiplier: conf.get(engineSettings['spark.speculation.multiplier']),
    quantile: conf.get(engineSettings['spark.speculation.quantile']),
    minTaskRuntimeMs: conf.get(engineSettings['spark.speculation.minTaskRuntime']),
  })
  return { judge, everyMs: Math.max(1, conf.get(engineSettings['spark.speculation.interval'])) }
}

const labelOf = ({ op, site }: UserFunction): string => `the function given to ${op}${site.place === '' ? '' : ` at ${site.place}`}`
