// Context: the door to RDDs and the composition root. Reads the configuration, starts an engine, keeps track of actions, ends everything.

import { randomUUID } from 'node:crypto'
import { userInfo } from 'node:os'
import { inspect } from 'node:util'
import { callSite } from '../base/call-site.ts'
import { packageVersion } from '../base/package-version.ts'
import type { Terminal } from '../base/terminal-row.ts'
import { Conf } from '../base/define-settings.ts'
import { LevelLogger, logLevels, stderrLogger, type Logger, type LogLevel } from '../base/log.ts'
import { createEngine, type EmbeddedMaster } from '../engine/create-engine.ts'
import type { Engine } from '../engine/engine.ts'
import { thisPlatform, type Platform } from '../engine/platform.ts'
import { engineSettings } from '../engine/settings.ts'
import { source, union, userFunction } from '../rdd/nodes.ts'
import { rddInfo, type RDDInfo } from '../rdd/rdd-info.ts'
import { PersistedRDDs } from '../rdd/persisted-rdds.ts'
import type { RDDContext } from '../rdd/rdd-context.ts'
import { Accumulator, appended, NumberAccumulator } from '../rdd/shared/accumulator.ts'
import { Broadcast } from '../rdd/shared/broadcast.ts'
import { RDD } from '../rdd/rdd.ts'
import { runAction } from '../rdd/run-job.ts'
import { parallelize, range } from '../rdd/sources/parallelize.ts'
import type { Hint } from '../rdd/types.ts'
import type { FileSystem } from '../storage/file-system.ts'
import { refuseSymbol, workerSymbol } from '../wire/closure/symbols.ts'
import { contextErrors } from './errors.ts'
import { chooseMaster } from './master.ts'
import { JobControl } from './job-control.ts'
import { ProgressBar } from './progress-bar.ts'
import type { JobScope } from './running-actions.ts'
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
  /** Where the progress of long jobs is shown, if it is a terminal; by default stderr. */
  readonly terminal?: Terminal
}

let newest: WeakRef<Context> | undefined

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
export class Context extends JobControl implements RDDContext {
  /** The program's name. */
  readonly appName: string
  /** Where tasks run. */
  readonly master: EmbeddedMaster
  /** The settings, by Spark's keys. */
  readonly conf: Conf
  /** Where warnings go. */
  readonly log: Logger
  /** The files that sources read and sinks write. Not for programs. */
  readonly fs: FileSystem
  /** What it all runs on. Not for programs. */
  readonly platform: Platform
  /** `spark.default.parallelism`, where it is set. */
  readonly configuredParallelism: number | undefined
  /** Not for programs: see `getPersistentRDDs`. */
  readonly persisted = new PersistedRDDs()
  /** When the context was made, in milliseconds since 1970. */
  readonly startTime = Date.now()
  /** A name that no other context has. */
  readonly applicationId = `local-${this.startTime}-${randomUUID().slice(0, 8)}`
  /** Not for programs: see `spark.cleaner.referenceTracking.cleanCheckpoints`. */
  readonly cleansCheckpoints: boolean
  readonly #log: LevelLogger
  readonly #engine: Engine
  readonly #progress: ProgressBar | undefined
  #stopping: Promise<void> | undefined
  #checkpointFolder: string | undefined

  /** A platform is not for programs: the simulation of a whole program gives one. */
  constructor(options: ContextOptions = {}, platform = thisPlatform) {
    if ((globalThis as { [workerSymbol]?: boolean })[workerSymbol] === true) throw contextErrors.RIV_CONTEXT_IN_TASK()
    const log = options.log === undefined ? new LevelLogger(stderrLogger, 'WARN') : new LevelLogger(options.log, 'ALL')
    super(log)
    this.conf = new Conf(options.conf, process.env)
    this.log = this.#log = log
    this.platform = platform
    this.fs = platform.fs
    this.appName = options.appName ?? this.conf.get(contextSettings['spark.app.name'])
    this.master = chooseMaster(options.master, options.engine, this.conf)
    this.cleansCheckpoints = this.conf.get(contextSettings['spark.cleaner.referenceTracking.cleanCheckpoints'])
    this.configuredParallelism = this.conf.get(engineSettings['spark.default.parallelism']) || undefined
    this.#engine = createEngine({ master: this.master, conf: this.conf, log: this.log, events: this.events, platform, jobProperties: () => this.actions.properties })
    newest = new WeakRef(this)
    const terminal = options.terminal ?? process.stderr as Terminal
    if (terminal.isTTY === true && this.conf.get(contextSettings['spark.ui.showConsoleProgress'])) {
      const others = options.terminal === undefined ? [process.stdout as Terminal] : []
      this.#progress = new ProgressBar({ status: this.#engine.status, terminal, others, now: Date.now })
    }
  }

  /**
   * The context that was made last and still runs; where there is none, a new one with these options.
   *
   * Semantics: `SparkContext.getOrCreate`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * Context.getOrCreate() === ctx   // true
   */
  static getOrCreate(options?: ContextOptions): Context {
    const last = newest?.deref()
    return last === undefined || last.isStopped ? new Context(options) : last
  }

  /** The engine, for RDDs and streams. */
  get runner(): Engine {
    return this.#engine
  }

  /** Partitions where the program names none: `spark.default.parallelism`, or the number of threads. */
  get defaultParallelism(): number {
    return this.#engine.defaultParallelism
  }

  /** Least partitions of files where the program names none: the default parallelism, at most 2. */
  get defaultMinPartitions(): number {
    return Math.min(this.defaultParallelism, 2)
  }

  /** Whether tasks run in this process. */
  get isLocal(): boolean {
    return /^(inline|local)/.test(this.master)
  }

  /** Where the program itself runs: here. */
  get deployMode(): 'client' {
    return 'client'
  }

  /** The user whose process this is. */
  get sparkUser(): string {
    return userInfo().username
  }

  /** The version of this package. */
  get version(): string {
    return packageVersion()
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
   * The same as `parallelize`; preferred locations mean nothing on one machine. Semantics: `SparkContext.makeRDD`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.makeRDD(['a', 'b']).count()   // 2
   */
  makeRDD<T>(items: Iterable<T | Hint>, slices?: number): RDD<T> {
    return this.parallelize(items, slices)
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
   * Block memory in bytes, `[most, still free]`, by where it is: there is one, the driver's, which all threads share.
   *
   * Semantics: `SparkContext.getExecutorMemoryStatus`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context({ conf: { 'memory.blocks': '64m' } })
   * ctx.getExecutorMemoryStatus().get('driver')   // [67108864, 67108864]
   */
  getExecutorMemoryStatus(): Map<string, [maxBytes: number, freeBytes: number]> {
    const { maxBytes, slabBytes } = this.#engine.memory
    return new Map([['driver', [maxBytes, Math.max(0, maxBytes - slabBytes)]]])
  }

  /**
   * Logs only what is at least as grave: `ALL`, `TRACE`, `DEBUG`, `INFO`, `WARN`, `ERROR`, `FATAL` or `OFF`. At first `WARN` on stderr; a
   * logger given as `log` gets all, and has a say of its own.
   *
   * Errors: RIV_LOG_LEVEL. Semantics: `SparkContext.setLogLevel`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * ctx.setLogLevel('ERROR')
   */
  setLogLevel(level: LogLevel | Lowercase<LogLevel>): void {
    const known = logLevels.find(name => name === String(level).toUpperCase())
    if (known === undefined) throw contextErrors.RIV_LOG_LEVEL(level, logLevels)
    this.#log.level = known
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
   * `acc.add(x)` works anywhere, `acc.value` in the program. In a job each partition of an RDD counts once, whatever was tried or computed again. Where `merge` says how two totals
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
   * Runs a function over the records of each partition, of all or of those named, and gives what it returned, in the order of partitions.
   *
   * The function gets an iterable and may be async. Errors: RIV_PARTITION_INDEX. Semantics: `SparkContext.runJob`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.runJob(ctx.range(0, 10, 1, 2), numbers => [...numbers].length)   // [5, 5]
   */
  runJob<T, U>(rdd: RDD<T>, f: (records: Iterable<T>) => U | Promise<U>, partitions?: readonly number[]): Promise<U[]> {
    const site = callSite()
    return runAction(rdd, 'runJob', site, async run => (await run({ to: 'partition', fn: userFunction(f, 'runJob', site) }, partitions)).map(result => result.records[0] as U))
  }

  /**
   * As `runJob`, but hands each partition's value to `onResult` when it is there, in the order in which partitions end.
   *
   * Semantics: `SparkContext.submitJob`; the promise takes the place of its future.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.submitJob(ctx.range(0, 10, 1, 2), numbers => Math.max(...numbers), [1], (partition, most) => console.log(partition, most))   // 1 9
   */
  submitJob<T, U>(rdd: RDD<T>, f: (records: Iterable<T>) => U | Promise<U>, partitions: readonly number[] | undefined, onResult: (partition: number, value: U) => void): Promise<void> {
    const site = callSite()
    return this.action('submitJob', site, signal => this.#engine.run({
      plan: rdd.plan, sink: { to: 'partition', fn: userFunction(f, 'submitJob', site) }, action: 'submitJob', site, signal, ...(partitions && { partitions }),
      onResult: (partition, result) => onResult(partition, result.records[0] as U),
    }))
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
    const progress = this.#progress
    return this.actions.begin(action, site.place, progress === undefined ? run : signal => progress.during(() => run(signal)))
  }

  /** Runs `body`; the tracker gets every action begun inside, awaited or not. Not for programs: a batch completes with its actions. */
  trackActions<R>(scope: Pick<JobScope, 'tracker' | 'signal' | 'local'>, body: () => R): R {
    return this.actions.within(scope, body)
  }

  protected override get rddContext(): this {
    return this
  }

  async #stop(): Promise<void> {
    const over = this.actions.endAll((action, place) => contextErrors.RIV_CONTEXT_STOPPED(action, place, 'while running'))
    await this.#engine.close()
    await over
    this.#progress?.close()
    this.events.post('onApplicationEnd', { time: Date.now() })
    this.events.close()
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
