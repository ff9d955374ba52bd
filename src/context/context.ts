// Context: the door to RDDs and the composition root. Reads the configuration, starts an engine, keeps track of actions, ends everything.

import { randomUUID } from 'node:crypto'
import { inspect } from 'node:util'
import { callSite } from '../base/call-site.ts'
import { Conf } from '../base/define-settings.ts'
import { stderrLogger, type Logger } from '../base/log.ts'
import { createEngine, type EmbeddedMaster } from '../engine/create-engine.ts'
import type { Engine } from '../engine/engine.ts'
import { engineSettings } from '../engine/settings.ts'
import { source, union } from '../rdd/nodes.ts'
import { rddInfo, type RDDInfo } from '../rdd/rdd-info.ts'
import { PersistedRDDs } from '../rdd/persisted-rdds.ts'
import type { RDDContext } from '../rdd/rdd-context.ts'
import { Accumulator, appended, NumberAccumulator } from '../rdd/shared/accumulator.ts'
import { Broadcast } from '../rdd/shared/broadcast.ts'
import { RDD } from '../rdd/rdd.ts'
import { parallelize, range } from '../rdd/sources/parallelize.ts'
import type { Hint } from '../rdd/types.ts'
import type { FileSystem } from '../storage/file-system.ts'
import { localFileSystem } from '../storage/local-file-system.ts'
import { refuseSymbol, workerSymbol } from '../wire/closure/symbols.ts'
import { contextErrors } from './errors.ts'
import { FileSources } from './file-sources.ts'
import { chooseMaster } from './master.ts'
import { RunningActions, type JobScope } from './running-actions.ts'
import { contextSettings } from './settings.ts'

export interface ContextOptions {
  /** Where tasks run: `inline`, `local`, `local[N]`, `local[*]`. Best left out: then RIVULET_MASTER decides, and `local[*]` without it. */
  readonly master?: string
  readonly engine?: 'embedded' | 'spark'
  /** The program's name, for messages and listeners. */
  readonly appName?: string
  /** Settings by Spark's keys. */
  readonly conf?: Readonly<Record<string, unknown>>
  /** Where warnings go; by default one line each on stderr. A pino logger fits. */
  readonly log?: Logger
}

/** What actions begun inside `withJob` share. */
export interface JobOptions {
  /** The group by which `cancelJobGroup` finds them. */
  readonly group?: string
  readonly description?: string
  /** Aborting it cancels them; they reject with RIV_JOB_CANCELLED, the reason as `cause`. */
  readonly signal?: AbortSignal
}

/**
 * Makes RDDs and runs them: the entry to everything.
 *
 * Threads start with the first action, and hold the process only while one runs: a program that ends without `stop()` ends.
 * Errors: RIV_MASTER, RIV_ENGINE_MISSING, RIV_SETTING. Semantics: `org.apache.spark.SparkContext`.
 *
 * @example
 * import { Context } from 'rivulet'
 * const ctx = new Context({ appName: 'numbers' })
 * const sum = await ctx.range(0, 100).reduce((a, b) => a + b)   // 4950
 * await ctx.stop()
 */
export class Context extends FileSources implements RDDContext {
  /** The program's name. */
  readonly appName: string
  /** Where tasks run. */
  readonly master: EmbeddedMaster
  /** The settings, by Spark's keys. */
  readonly conf: Conf
  /** Where warnings go. */
  readonly log: Logger
  /** The files that sources read and sinks write. Not for programs. */
  readonly fs: FileSystem = localFileSystem
  /** `spark.default.parallelism`, where it is set. */
  readonly configuredParallelism: number | undefined
  /** Not for programs: see `getPersistentRDDs`. */
  readonly persisted = new PersistedRDDs()
  readonly #engine: Engine
  readonly #actions = new RunningActions()
  #stopping: Promise<void> | undefined
  #checkpointFolder: string | undefined

  constructor(options: ContextOptions = {}) {
    super()
    if ((globalThis as { [workerSymbol]?: boolean })[workerSymbol] === true) throw contextErrors.RIV_CONTEXT_IN_TASK()
    this.conf = new Conf(options.conf, process.env)
    this.log = options.log ?? stderrLogger
    this.appName = options.appName ?? this.conf.get(contextSettings['spark.app.name'])
    this.master = chooseMaster(options.master, options.engine, this.conf)
    this.configuredParallelism = this.conf.get(engineSettings['spark.default.parallelism']) || undefined
    this.#engine = createEngine({ master: this.master, conf: this.conf, log: this.log })
  }

  /** The engine, for RDDs and streams. */
  get runner(): Engine {
    return this.#engine
  }

  /** Partitions where the program names none: `spark.default.parallelism`, or the number of threads. */
  get defaultParallelism(): number {
    return this.#engine.defaultParallelism
  }

  /** Whether `stop()` has been called. */
  get isStopped(): boolean {
    return this.#stopping !== undefined
  }

  /**
   * An RDD of the given records, in `slices` partitions: slice i of p holds items `floor(i·n/p)` up to before `floor((i+1)·n/p)`.
   *
   * The items are copied now. Array literals are tuples. Semantics: `SparkContext.parallelize`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.parallelize([1, 2, 3, 4, 5], 2).glom().collect()   // [[1, 2], [3, 4, 5]]
   */
  parallelize<T>(items: Iterable<T | Hint>, slices?: number): RDD<T> {
    this.assertRunning('parallelize')
    return new RDD<T>(this, parallelize(items, slices ?? this.defaultParallelism, callSite()))
  }

  /**
   * An RDD of the numbers from `start` to before `end`, `step` apart; the step may be negative.
   *
   * Errors: RIV_RANGE. Semantics: `SparkContext.range`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.range(10, 0, -3).collect()   // [10, 7, 4, 1]
   */
  range(start: number, end: number, step = 1, slices?: number): RDD<number> {
    this.assertRunning('range')
    return new RDD<number>(this, range({ start, end, step }, slices ?? this.defaultParallelism, callSite()))
  }

  /**
   * An RDD without records or partitions.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.emptyRDD<string>().count()   // 0
   */
  emptyRDD<T = never>(): RDD<T> {
    this.assertRunning('emptyRDD')
    return new RDD<T>(this, source('emptyRDD', callSite(), []))
  }

  /**
   * Sets the folder under which `rdd.checkpoint()` writes; a folder of its own is made in it for this context, and stays.
   *
   * Semantics: `SparkContext.setCheckpointDir`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * ctx.setCheckpointDir('/var/tmp/checkpoints')
   */
  setCheckpointDir(folder: string): void {
    this.assertRunning('setCheckpointDir')
    this.#checkpointFolder = `${folder.replace(/(?<=.)\/+$/, '')}/${randomUUID()}`
  }

  /**
   * The folder of this context's checkpoints, where one is set.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * ctx.getCheckpointDir()   // undefined
   */
  getCheckpointDir(): string | undefined {
    return this.#checkpointFolder
  }

  /**
   * The RDDs that are persisted, by id. Semantics: `SparkContext.getPersistentRDDs`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const numbers = ctx.range(0, 3).cache()
   * ctx.getPersistentRDDs().get(numbers.id) === numbers   // true
   */
  getPersistentRDDs(): Map<number, RDD<unknown>> {
    return this.persisted.all()
  }

  /**
   * What is kept of each persisted RDD of which anything is kept, by id. Sizes are those of encoded blocks.
   *
   * Semantics: `SparkContext.getRDDStorageInfo`.
   *
   * @example
   * import { Context, StorageLevel } from 'rivulet'
   * const ctx = new Context()
   * const numbers = ctx.range(0, 1000, 1, 4).setName('numbers').persist(StorageLevel.DISK_ONLY)
   * await numbers.count()
   * ctx.getRDDStorageInfo().map(info => [info.name, info.numCachedPartitions, info.memoryUsed])   // [['numbers', 4, 0]]
   */
  getRDDStorageInfo(): RDDInfo[] {
    return [...this.persisted.all().values()].map(rdd => rddInfo(rdd.plan, this.#engine.storageOf(rdd.plan))).filter(info => info.numCachedPartitions > 0)
  }

  /**
   * The records of several RDDs, one after the other.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.union(ctx.range(0, 2), ctx.range(5, 7)).collect()   // [0, 1, 5, 6]
   */
  union<T>(...rdds: RDD<T>[]): RDD<T> {
    this.assertRunning('union')
    return new RDD<T>(this, union(rdds.map(rdd => rdd.plan), 'union', callSite()))
  }

  /**
   * A read-only value for tasks: encoded once into shared memory, decoded once a thread when it is first used.
   *
   * For large values that many tasks look things up in; see `Broadcast`. Changes made to the value afterwards do not reach tasks.
   * Semantics: `SparkContext.broadcast`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const stopWords = ctx.broadcast(new Set(['to', 'or']))
   * await ctx.parallelize(['to', 'be']).filter(word => !stopWords.value.has(word)).collect()   // ['be']
   */
  broadcast<T>(value: T): Broadcast<T> {
    this.assertRunning('broadcast')
    return new Broadcast(value, this.#engine.share(value))
  }

  /**
   * A total to which tasks add: `add` takes the total and one added value, and gives the new total.
   *
   * `acc.add(x)` works anywhere, `acc.value` in the program. Each task counts once, whatever was tried again. Where `merge` says how two totals
   * are put together, each task adds up what is its own, from a copy of `zero`; otherwise the added values travel. Both functions must not
   * mind the order. Semantics: `org.apache.spark.util.AccumulatorV2`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const largest = ctx.accumulator(-Infinity, Math.max, Math.max)
   * await ctx.range(0, 100).foreach(n => largest.add(n))
   * largest.value   // 99
   */
  accumulator<T, X = T>(zero: T, add: (total: T, value: X) => T, merge?: (a: T, b: T) => T): Accumulator<T, X> {
    this.assertRunning('accumulator')
    return new Accumulator(zero, add, merge, undefined)
  }

  /**
   * A sum of numbers to which tasks add; `count` and `avg` too. Semantics: `SparkContext.longAccumulator`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const seen = ctx.longAccumulator('seen')
   * await ctx.range(0, 100).foreach(() => seen.add(1))
   * seen.value   // 100
   */
  longAccumulator(name?: string): NumberAccumulator {
    this.assertRunning('longAccumulator')
    return new NumberAccumulator(name)
  }

  /**
   * The same as `longAccumulator`: numbers are doubles here. Semantics: `SparkContext.doubleAccumulator`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const total = ctx.doubleAccumulator('total')
   * await ctx.parallelize([0.5, 0.25]).foreach(x => total.add(x))
   * total.value   // 0.75
   */
  doubleAccumulator(name?: string): NumberAccumulator {
    return this.longAccumulator(name)
  }

  /**
   * A list to which tasks add, in the order in which tasks end. Semantics: `SparkContext.collectionAccumulator`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const bad = ctx.collectionAccumulator<string>('bad lines')
   * await ctx.parallelize(['1', 'x']).foreach(line => { if (Number.isNaN(Number(line))) bad.add(line) })
   * bad.value   // ['x']
   */
  collectionAccumulator<T>(name?: string): Accumulator<T[], T> {
    this.assertRunning('collectionAccumulator')
    return new Accumulator<T[], T>([], appended, undefined, name)
  }

  /**
   * Runs `body`; every action begun inside, across awaits, belongs to the group and ends with the signal.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const numbers = ctx.range(0, 1000)
   * await ctx.withJob({ signal: AbortSignal.timeout(10_000) }, async () => numbers.count())
   */
  async withJob<R>(options: JobOptions, body: () => R | Promise<R>): Promise<R> {
    return this.#actions.within(options, body)
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
    this.#actions.enter({ group, ...(description !== undefined && { description }) })
  }

  /**
   * Actions called from here on belong to no group.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * ctx.setJobGroup('nightly')
   * ctx.clearJobGroup()
   * await ctx.range(0, 3).count()   // 3, and cancelJobGroup('nightly') would not end it
   */
  clearJobGroup(): void {
    this.#actions.leaveGroup()
  }

  /**
   * Cancels the running actions of a group; running user code is ended too. They reject with RIV_JOB_CANCELLED.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * ctx.setJobGroup('nightly')
   * const counting = ctx.range(0, 1e9).map(n => n * 2).count().catch(error => error.code)
   * ctx.cancelJobGroup('nightly')
   * await counting   // 'RIV_JOB_CANCELLED'
   */
  cancelJobGroup(group: string): void {
    this.#actions.cancel(new Error(`cancelJobGroup(${JSON.stringify(group)}) was called`), scope => scope.group === group)
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
    this.#actions.cancel(new Error('cancelAllJobs() was called'))
  }

  /**
   * Ends the context: rejects the actions that are running, ends the threads. May be called twice.
   *
   * `await using ctx = new Context()` calls it at the end of the block.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.stop()
   */
  stop(): Promise<void> {
    return (this.#stopping ??= this.#stop())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  /** Throws RIV_CONTEXT_STOPPED after `stop()`; `operation` is what was tried. Not for programs. */
  assertRunning(operation: string): void {
    if (this.#stopping !== undefined) throw contextErrors.RIV_CONTEXT_STOPPED(operation, callSite().place, 'before')
  }

  /** Runs an action. Not for programs. */
  action<R>(action: string, site: { readonly place: string }, run: (signal: AbortSignal) => Promise<R>): Promise<R> {
    if (this.#stopping !== undefined) return Promise.reject(contextErrors.RIV_CONTEXT_STOPPED(action, site.place, 'before'))
    return this.#actions.begin(action, site.place, run)
  }

  /** Runs `body`; the tracker gets every action begun inside, awaited or not. Not for programs: a batch completes with its actions. */
  trackActions<R>(scope: Pick<JobScope, 'tracker' | 'signal'>, body: () => R): R {
    return this.#actions.within(scope, body)
  }

  /** Spark's default of partitions for files. */
  protected override get rddContext(): this {
    return this
  }

  async #stop(): Promise<void> {
    const over = this.#actions.endAll((action, place) => contextErrors.RIV_CONTEXT_STOPPED(action, place, 'while running'))
    await this.#engine.close()
    await over
  }

  /** Why a function that captures a context is refused. */
  get [refuseSymbol](): string {
    return `it is ${String(this)}; a context cannot be used inside a function of an RDD or D-Stream: describe and run RDDs in the program itself`
  }

  override toString(): string {
    return `Context ${this.appName} on ${this.master}${this.isStopped ? ' (stopped)' : ''}`
  }

  [inspect.custom](): string {
    return this.toString()
  }
}
