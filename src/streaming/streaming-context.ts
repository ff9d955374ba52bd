// StreamingContext: the door to streams. Holds the graph, starts inputs and batches, ends everything.
//
//   initialized ──start()──→ active ──stop(), or a batch fails──→ stopped

import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { callSite } from '../base/call-site.ts'
import { ManualClock, SystemClock, type Clock } from '../base/clock.ts'
import { duration, interval, type D, type Time } from '../base/time.ts'
import type { Context } from '../context/context.ts'
import { thisPlatform, type Platform } from '../engine/platform.ts'
import { openControl } from '../control/control-server.ts'
import { controlSettings } from '../control/settings.ts'
import { source } from '../rdd/nodes.ts'
import type { RDD } from '../rdd/rdd.ts'
import { refuseSymbol } from '../wire/closure/symbols.ts'
import { BatchRunner } from './batch/batch-runner.ts'
import { currentBatch } from './batch/batch.ts'
import { Termination } from './batch/termination.ts'
import { Checkpointer, inputIds } from './checkpoint/checkpointer.ts'
import { memoryDirectory, openCheckpoint, type OpenCheckpoint } from './checkpoint/open.ts'
import type { Recovery } from './checkpoint/recovery.ts'
import { operatorsOf } from './checkpoint/match-operators.ts'
import { openReplay } from './checkpoint/replay.ts'
import { diskPlace } from './checkpoint/disk-place.ts'
import { restore } from './checkpoint/restore.ts'
import { writeSavepoint } from './checkpoint/savepoint.ts'
import { DStream } from './dstream.ts'
import { streamingErrors } from './errors.ts'
import { ListenerBus } from './events/listener-bus.ts'
import { StatusLine, type Terminal } from './events/status-line.ts'
import type { StreamingListener } from './events/streaming-listener.ts'
import { DStreamGraph, type StreamingState } from './graph/dstream-graph.ts'
import type { InputNode } from './graph/input-node.ts'
import { transformNode, unionNode } from './graph/meet.ts'
import { StreamInputs } from './input/stream-inputs.ts'
import { contextSettings } from '../context/settings.ts'
import { streamingSettings } from './settings.ts'
import { streamingControl } from './streaming-control.ts'

/** How long a stop that is not graceful waits for functions of outputs that are running. */
const patienceMs = 2_000

export interface StreamingOptions {
  /** The clock of batches, receivers and their delays; wall time by default. Tests give a ManualClock. */
  readonly clock?: Clock
}

export interface StopOptions {
  /** Whether the Context is stopped too; `spark.streaming.stopSparkContextByDefault` (true) where it is not said. */
  readonly stopContext?: boolean
  /** Whether everything received is processed first; otherwise the running batch is cancelled. */
  readonly graceful?: boolean
}

/** The streams' types as the RDDs' that a transform function gets. */
type RDDsOf<S extends readonly DStream<unknown>[]> = { readonly [I in keyof S]: S[I] extends DStream<infer T> ? RDD<T> : never }

type Create = () => StreamingContext | Promise<StreamingContext>

/** The active context of a process. */
const active = new WeakMap<Platform, StreamingContext>()

/**
 * Makes streams and runs their batches.
 *
 * A batch at time t covers what came in (t − interval, t]; batch times are multiples of the interval. One context may be active in a process,
 * and each runs once. Errors: RIV_BATCH_INTERVAL, RIV_DURATION_BARE. Semantics: `org.apache.spark.streaming.StreamingContext`.
 *
 * @example
 * import { Context, seconds, StreamingContext } from 'rivulet'
 * const ssc = new StreamingContext(new Context(), seconds(1))
 * ssc.queueStream([['to be'], ['or not']]).flatMap(line => line.split(' ')).print()
 * await ssc.start()
 * await ssc.awaitTerminationOrTimeout('3 s')
 * await ssc.stop()
 */
export class StreamingContext extends StreamInputs {
  readonly #clock: Clock
  readonly #bus: ListenerBus
  readonly #termination = new Termination()
  #runner: BatchRunner | undefined
  #checkpoint: Promise<OpenCheckpoint> | undefined
  #checkpointer: Checkpointer | undefined
  #starting: Promise<void> = Promise.resolve()
  #stopping: Promise<void> | undefined
  /** The inputs that were started, in order. */
  readonly #inputs: InputNode[] = []
  /** What start() opened and the end closes. */
  readonly #closers: (() => void)[] = []

  constructor(context: Context, batch: D, { clock = new SystemClock() }: StreamingOptions = {}) {
    context.assertRunning('new StreamingContext')
    const batchMs = interval(batch, 'the batch interval').milliseconds
    if (!Number.isInteger(batchMs) || batchMs < 1) throw streamingErrors.RIV_BATCH_INTERVAL(batchMs)
    super(context, new DStreamGraph(context, batchMs))
    this.#clock = clock
    this.#bus = new ListenerBus(context.log)
  }

  /**
   * The active context of this process, if there is one.
   *
   * Semantics: `StreamingContext.getActive`.
   *
   * @example
   * import { StreamingContext } from 'rivulet'
   * StreamingContext.getActive()   // undefined
   */
  static getActive(): StreamingContext | undefined {
    return active.get(thisPlatform)
  }

  /**
   * A context that goes on from the checkpoint in a directory, or begins there.
   *
   * `create` runs in either case: it makes the context, its streams and outputs. State, unfinished batches and the place in each source come from
   * the directory when the context starts. A directory whose checkpoint is damaged is refused, unless `createOnError` says to begin anew.
   * Errors: RIV_JOURNAL_UNUSABLE, RIV_JOURNAL_CORRUPT, RIV_JOURNAL_VERSION. Semantics: `StreamingContext.getOrCreate`.
   *
   * @example
   * import { mkdtemp } from 'node:fs/promises'
   * import { tmpdir } from 'node:os'
   * import { join } from 'node:path'
   * import { Context, seconds, StreamingContext } from 'rivulet'
   * const directory = await mkdtemp(join(tmpdir(), 'checkpoint-'))
   * const ssc = await StreamingContext.getOrCreate(directory, () => {
   *   const ssc = new StreamingContext(new Context(), seconds(1))
   *   ssc.textFileStream(join(directory, 'in')).count().print()
   *   return ssc
   * })
   */
  static async getOrCreate(directory: string, create: () => StreamingContext | Promise<StreamingContext>, { createOnError = false }: { readonly createOnError?: boolean } = {}): Promise<StreamingContext> {
    const ssc = await create()
    ssc.graph.checkpointDirectory ??= directory
    ssc.#checkpoint ??= ssc.#openCheckpoint(createOnError)
    await ssc.#checkpoint
    return ssc
  }

  /**
   * The active context of this process; where there is none, as `getOrCreate`, or without a directory what `create` makes.
   *
   * Semantics: `StreamingContext.getActiveOrCreate`.
   *
   * @example
   * import { Context, seconds, StreamingContext } from 'rivulet'
   * const ssc = await StreamingContext.getActiveOrCreate(() => new StreamingContext(new Context(), seconds(1)))
   */
  static async getActiveOrCreate(directory: string, create: Create, options?: { readonly createOnError?: boolean }): Promise<StreamingContext>
  static async getActiveOrCreate(create: Create): Promise<StreamingContext>
  static async getActiveOrCreate(first: string | Create, create?: Create, options?: { readonly createOnError?: boolean }): Promise<StreamingContext> {
    return StreamingContext.getActive() ?? (typeof first === 'function' ? first() : StreamingContext.getOrCreate(first, create!, options))
  }

  /** Where the context is in its life: `initialized`, `active` or `stopped`. */
  get state(): StreamingState {
    return this.graph.state
  }

  /**
   * The records of several streams, batch by batch, in the order of the arguments.
   *
   * Errors: RIV_SLIDES, RIV_NO_STREAMS. Semantics: `StreamingContext.union`.
   *
   * @example
   * import { runBatches } from 'rivulet/testing'
   * await runBatches({ a: [[1]], b: [[2]] }, ({ a, b }, ssc) => ssc.union(a, b))   // [[1, 2]]
   */
  union<T>(...streams: DStream<T>[]): DStream<T> {
    return new DStream<T>(this.graph, unionNode(this.graph, streams, 'union', callSite()))
  }

  /**
   * What the function makes of the streams' RDDs, batch by batch; it runs in the driver and may be async.
   *
   * Errors: RIV_SLIDES, RIV_NO_STREAMS. Semantics: `StreamingContext.transform`.
   *
   * @example
   * import { runBatches } from 'rivulet/testing'
   * await runBatches({ a: [[1]], b: [[2]] }, ({ a, b }, ssc) => ssc.transform([a, b], ([x, y]) => y.union(x)))   // [[2, 1]]
   */
  transform<const S extends readonly DStream<unknown>[], U>(streams: S, f: (rdds: RDDsOf<S>, time: Time) => RDD<U> | Promise<RDD<U>>): DStream<U> {
    return new DStream<U>(this.graph, transformNode(this.graph, streams, 'transform', callSite(), (rdds, time) => f(rdds as unknown as RDDsOf<S>, time)))
  }

  /**
   * Keeps every RDD for at least this long after its batch, so that programs can run actions on it later.
   *
   * Semantics: `StreamingContext.remember`.
   *
   * @example
   * import { Context, seconds, StreamingContext } from 'rivulet'
   * const ssc = new StreamingContext(new Context(), seconds(1))
   * ssc.remember('1 min')
   */
  remember(length: D): void {
    this.graph.assertOpen('remember')
    this.graph.rememberMs = duration(length, 'what remember() takes').milliseconds
  }

  /**
   * Where streams keep their state: a directory, or `memory:` where losing it with the process is fine.
   *
   * Semantics: `StreamingContext.checkpoint`.
   *
   * @example
   * import { Context, seconds, StreamingContext } from 'rivulet'
   * const ssc = new StreamingContext(new Context(), seconds(1))
   * ssc.checkpoint('memory:')
   */
  checkpoint(directory: string): void {
    this.graph.assertOpen('checkpoint')
    this.graph.checkpointDirectory = directory
  }

  /**
   * Writes a savepoint of the running streams: a self-contained copy of their state and of the inputs that are not processed, from which a program
   * can be started (`rivulet run -s`), also on another machine.
   *
   * Gives the path of its folder, made in `directory` (by default `savepoints` in the checkpoint directory). The streams go on meanwhile.
   * Errors: RIV_NO_SAVEPOINT. Semantics: Flink's savepoints.
   *
   * @example
   * import { Context, seconds, StreamingContext } from 'rivulet'
   * const ssc = new StreamingContext(new Context(), seconds(1))
   * process.on('SIGUSR2', () => { void ssc.savepoint().then(path => console.log(path)) })
   */
  async savepoint(directory?: string): Promise<string> {
    const { checkpointDirectory, lastMs } = this.graph
    if (this.state !== 'active' || this.#checkpointer === undefined) throw streamingErrors.RIV_NO_SAVEPOINT(`the streams are ${this.state}`)
    if (checkpointDirectory === undefined || checkpointDirectory === memoryDirectory) throw streamingErrors.RIV_NO_SAVEPOINT('their state is in memory')
    const folder = join(directory ?? join(checkpointDirectory, 'savepoints'), `savepoint-${lastMs}-${Date.now().toString(36)}`)
    await this.#checkpointer.undisturbed(() => writeSavepoint(this.sparkContext.fs, checkpointDirectory, folder))
    return folder
  }

  /**
   * Adds a listener; see `StreamingListener`. It is called from then on.
   *
   * Semantics: `StreamingContext.addStreamingListener`.
   *
   * @example
   * import { Context, seconds, StreamingContext } from 'rivulet'
   * const ssc = new StreamingContext(new Context(), seconds(1))
   * ssc.addStreamingListener({ onBatchCompleted: ({ batchInfo }) => console.log(batchInfo.numRecords, batchInfo.totalDelay) })
   */
  addStreamingListener(listener: StreamingListener): void {
    this.#bus.add(listener)
  }

  /**
   * Takes a listener off.
   *
   * Semantics: `StreamingContext.removeStreamingListener`.
   *
   * @example
   * import { Context, seconds, StreamingContext, type StreamingListener } from 'rivulet'
   * const ssc = new StreamingContext(new Context(), seconds(1))
   * const untilFirst: StreamingListener = { onBatchCompleted: () => ssc.removeStreamingListener(untilFirst) }
   * ssc.addStreamingListener(untilFirst)
   */
  removeStreamingListener(listener: StreamingListener): void {
    this.#bus.remove(listener)
  }

  /**
   * Starts inputs and batches. The graph of streams is fixed from here on, and the functions of its operators are captured.
   *
   * Resolves when the inputs have started. On an active context it does nothing. Errors: RIV_NO_OUTPUT, RIV_STREAMING_ACTIVE,
   * RIV_STREAMING_STOPPED, RIV_CONTEXT_STOPPED, and those of functions that cannot be captured; the context is stopped then.
   * Semantics: `StreamingContext.start`.
   *
   * @example
   * import { Context, seconds, StreamingContext } from 'rivulet'
   * const ssc = new StreamingContext(new Context(), seconds(1))
   * ssc.queueStream([['to', 'be']]).print()
   * await ssc.start()
   * await ssc.stop()
   */
  async start(): Promise<void> {
    if (this.state === 'active') return this.#starting
    if (this.state === 'stopped') throw streamingErrors.RIV_STREAMING_STOPPED()
    if (active.has(this.sparkContext.platform)) throw streamingErrors.RIV_STREAMING_ACTIVE()
    this.sparkContext.assertRunning('start')
    this.graph.state = 'active'
    this.#activate()
    return (this.#starting = this.#begin())
  }

  /**
   * Resolves when the context has stopped; rejects with the error of the batch that failed.
   *
   * Where nobody calls it, that error is an unhandled rejection. Semantics: `StreamingContext.awaitTermination`.
   *
   * @example
   * import { Context, seconds, StreamingContext } from 'rivulet'
   * import { ManualClock } from 'rivulet/testing'
   * const clock = new ManualClock()
   * const ssc = new StreamingContext(new Context(), seconds(1), { clock })
   * ssc.queueStream([[1]]).foreachRDD(() => { throw new Error('no') })
   * await ssc.start()
   * const ended = ssc.awaitTermination().catch((error: Error) => console.log(error.message)) // it names the output, the batch and the place
   * await clock.advance(1000)
   * await ended
   */
  awaitTermination(): Promise<void> {
    return this.#termination.wait()
  }

  /**
   * As `awaitTermination`, for at most this long: true when the context has stopped, false when the time was up.
   *
   * Semantics: `StreamingContext.awaitTerminationOrTimeout`.
   *
   * @example
   * import { Context, seconds, StreamingContext } from 'rivulet'
   * const ssc = new StreamingContext(new Context(), seconds(1))
   * ssc.queueStream([['to', 'be']]).print()
   * await ssc.start()
   * await ssc.awaitTerminationOrTimeout('500 ms')   // false
   * await ssc.stop()
   */
  async awaitTerminationOrTimeout(timeout: D): Promise<boolean> {
    const ms = duration(timeout, 'the timeout').milliseconds
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<boolean>(resolve => { timer = setTimeout(resolve, ms, false) })
    try {
      return await Promise.race([this.awaitTermination().then(() => true), late])
    } finally {
      clearTimeout(timer)
    }
  }

  /**
   * Ends inputs and batches, and the Context unless told otherwise. May be called twice.
   *
   * Not graceful, the running batch is cancelled. Graceful, receivers stop first; then every batch that is due runs, and one more for what they had
   * stored; after `spark.streaming.gracefulStopTimeout` the rest is cancelled. Called inside a batch it resolves at once, and the rest happens when the
   * batch is over. Called by a listener: RIV_STOP_IN_LISTENER. Semantics: `StreamingContext.stop`.
   *
   * @example
   * import { Context, seconds, StreamingContext } from 'rivulet'
   * const ssc = new StreamingContext(new Context(), seconds(1))
   * process.once('SIGINT', () => { void ssc.stop({ graceful: true }) })
   */
  async stop(options: StopOptions = {}): Promise<void> {
    if (this.#bus.isPosting) throw streamingErrors.RIV_STOP_IN_LISTENER()
    const { graceful = false, stopContext = this.sparkContext.conf.get(streamingSettings['spark.streaming.stopSparkContextByDefault']) } = options
    this.#stopping ??= this.#end(graceful)
    const done = this.#stopping.then(() => (stopContext ? this.sparkContext.stop() : undefined))
    if (currentBatch() === undefined) await done
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  /** Why a function that captures a StreamingContext is refused. */
  get [refuseSymbol](): string {
    return 'it is a StreamingContext; it cannot be used inside a function of an RDD or D-Stream: describe streams in the program itself'
  }

  [inspect.custom](): string {
    return `StreamingContext (${this.state}, a batch every ${this.graph.batchMs} ms)`
  }

  /** Becomes the active context, and holds the process until the end. */
  #activate(): void {
    const { platform } = this.sparkContext
    active.set(platform, this)
    this.#closers.push(() => active.delete(platform), platform.clock.at(Infinity, () => {}))
    if (this.#clock instanceof ManualClock) {
      const started = (): Promise<void> => this.#starting.catch(() => {}) // the clock goes on when the batches can
      this.#closers.push(this.#clock.guard(BatchRunner.assertOutside), this.#clock.at(this.#clock.now(), started))
    }
    if (this.sparkContext.conf.get(contextSettings['spark.ui.showConsoleProgress'])) this.#showStatus()
    if (!this.sparkContext.conf.get(streamingSettings['spark.streaming.stopGracefullyOnShutdown'])) return
    const onSignal = (): void => { void this.stop({ graceful: true }) }
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, onSignal)
      this.#closers.push(() => process.removeListener(signal, onSignal))
    }
  }

  #showStatus(): void {
    const line = StatusLine.on({ terminal: process.stderr as Terminal, others: [process.stdout as Terminal], batchMs: this.graph.batchMs })
    if (line === undefined) return
    this.#bus.add(line)
    this.#closers.push(() => line.close())
  }

  async #begin(): Promise<void> {
    try {
      await this.#openControl() // before the checkpoint: a second program must not take it from the first
      const { recovery, journal, folder } = await (this.#checkpoint ??= this.#openCheckpoint())
      if (recovery.start !== undefined && this.sparkContext.configuredParallelism === undefined) this.graph.defaultTarget.partitions = recovery.start.parallelism
      this.graph.start()
      this.graph.epoch = journal.epoch
      const run = randomUUID().slice(0, 8)
      const checkpointer = this.#checkpointer = new Checkpointer({ run, journal, graph: this.graph, runner: this.sparkContext.runner, keepBatches: this.sparkContext.conf.get(streamingSettings['replay.keep']), pinnedBytes: this.sparkContext.conf.get(streamingSettings['checkpoint.pinnedBytes']), onFailure: error => this.#fail(error) })
      const disk = diskPlace(this.sparkContext, recovery, run, folder)
      for (const [i, { id }] of operatorsOf(this.graph.stateful).entries()) this.graph.stateful[i]!.stateful.placed?.({ get committedMs() { return checkpointer.committedMs }, disk }, id)
      const allowNonRestoredState = this.sparkContext.conf.get(streamingSettings['checkpoint.allowNonRestoredState'])
      await restore({ recovery, graph: this.graph, runner: this.sparkContext.runner, checkpointer, zeroMs: this.#zeroMs, allowNonRestoredState })
      if (this.#clock instanceof ManualClock || this.sparkContext.master === 'inline') this.graph.watchCaptured()
      await this.#warmUp()
      await this.#startInputs()
    } catch (error) {
      if (this.#stopping !== undefined) return // by the program, meanwhile
      await (this.#stopping = this.#end(false))
      throw error
    }
    if (this.#stopping !== undefined) return
    this.#startBatches((await this.#checkpoint!).recovery)
    await this.#checkpointer!.started().catch(() => {}) // the checkpointer has told the program
  }

  get #zeroMs(): number {
    return Math.floor(this.#clock.now() / this.graph.batchMs) * this.graph.batchMs
  }

  async #openCheckpoint(createOnError = false): Promise<OpenCheckpoint> {
    const { graph, sparkContext } = this
    const replayed = sparkContext.conf.get(streamingSettings['replay.directory'])
    if (replayed !== '') {
      graph.checkpointDirectory = memoryDirectory
      return openReplay(replayed, sparkContext.conf.get(streamingSettings['replay.batch']), sparkContext)
    }
    graph.checkpointDirectory ??= sparkContext.conf.get(streamingSettings['spark.streaming.checkpoint.directory']) || undefined
    const directory = graph.checkpointDirectory
    if (directory !== undefined && directory !== memoryDirectory) {
      for (const input of graph.inputs) if (input.unrecoverable !== undefined) throw streamingErrors.RIV_UNRECOVERABLE(input.describe(), input.unrecoverable, directory)
    }
    return openCheckpoint(directory, sparkContext, createOnError)
  }

  /** Nothing more can be made durable: what runs ends, and nothing follows. */
  #fail(error: Error): void {
    this.#termination.fail(error)
    void this.stop({ stopContext: false })
  }

  /** Opens the control socket where the settings say so. Refused when another program has this name; otherwise streams go on without one. */
  async #openControl(): Promise<void> {
    const { conf, appName, log } = this.sparkContext
    if (!conf.get(controlSettings['control.socket'])) return
    try {
      this.#closers.push(await openControl(appName, streamingControl(this, this.graph.batchMs)))
    } catch (error) {
      if ((error as { code?: string }).code === 'RIV_CONTROL_NAME') throw error
      log.warn({ error: (error as Error).message }, 'no control socket: rivulet list and stop will not find this program')
    }
  }

  /** Starts the engine's threads, so that the first batch does not wait for them. */
  async #warmUp(): Promise<void> {
    const { sparkContext } = this
    const site = callSite()
    const partitions = Array.from({ length: sparkContext.defaultParallelism }, () => ({ kind: 'records', records: [] }) as const)
    await sparkContext.action('start', site, signal => sparkContext.runner.run({ plan: source('start', site, partitions), sink: { to: 'drain' }, action: 'start', site, signal, onResult() {} }))
  }

  async #startInputs(): Promise<void> {
    const { conf, runner } = this.sparkContext
    this.#bus.post('onStreamingStarted', { time: this.#clock.now() })
    const ids = inputIds(this.graph.inputs)
    for (const [streamId, input] of this.graph.inputs.entries()) {
      if (this.#stopping !== undefined) return
      this.#inputs.push(input)
      await input.start({ clock: this.#clock, runner, conf, batchMs: this.graph.batchMs, events: this.#bus, replays: this.#replayMs !== undefined, journalBlock: (number, records, ref) => this.#checkpointer!.block(ids[streamId]!.id, number, records, ref) })
    }
  }

  /** The first run begins at the batch time at or before now; later ones go on after the last batch that is complete. */
  #startBatches({ start, completedMs }: Recovery): void {
    const { batchMs } = this.graph
    const replayMs = this.#replayMs
    const goesOn = start?.batchMs === batchMs
    const zeroMs = goesOn ? start!.zeroMs : Math.max(this.#zeroMs, Math.ceil((completedMs ?? 0) / batchMs) * batchMs)
    this.graph.begin(zeroMs)
    this.#checkpointer!.start(zeroMs)
    const lastMs = replayMs !== undefined ? replayMs - batchMs : goesOn ? completedMs ?? zeroMs : zeroMs
    const clock = replayMs === undefined ? this.#clock : new ManualClock(lastMs)
    this.#runner = new BatchRunner({ context: this.sparkContext, graph: this.graph, clock, bus: this.#bus, lastMs, checkpointer: this.#checkpointer!, onFailure: error => this.#termination.fail(error) })
    void this.#runner.halted.then(() => (this.#stopping ??= this.#end(false)))
    this.#runner.start()
    if (replayMs !== undefined) void (clock as ManualClock).advance(batchMs).then(() => this.stop())
  }

  /** The one batch that is run again. */
  get #replayMs(): number | undefined {
    const { conf } = this.sparkContext
    return conf.get(streamingSettings['replay.directory']) === '' ? undefined : conf.get(streamingSettings['replay.batch'])
  }

  async #end(graceful: boolean): Promise<void> {
    await this.#eachInput('stopReceiving')
    if (this.#runner !== undefined) {
      const halted = this.#runner.stop(graceful)
      await (graceful ? this.#inTime(halted) : Promise.race([halted, this.#patience()]))
    }
    await this.#eachInput('stop')
    if (this.#checkpointer !== undefined) await this.#checkpointer.close()
    else await this.#checkpoint?.then(({ journal }) => journal.close(), () => {})
    this.#runner?.forgetAll()
    this.#bus.close()
    for (const close of this.#closers.splice(0)) close()
    this.graph.state = 'stopped'
    this.#termination.end()
  }

  /** Waits for a graceful end as long as the settings say, on the streams' clock; then cancels what is left. */
  async #inTime(halted: Promise<void>): Promise<void> {
    const limitMs = this.sparkContext.conf.get(streamingSettings['spark.streaming.gracefulStopTimeout']) || 10 * this.graph.batchMs
    const late = Promise.withResolvers<boolean>()
    const cancel = this.#clock.at(this.#clock.now() + limitMs, () => late.resolve(true))
    const isLate = await Promise.race([halted.then(() => false), late.promise])
    cancel()
    if (!isLate) return
    const { code, message } = streamingErrors.RIV_GRACEFUL_TIMEOUT(limitMs, this.#runner!.pending)
    this.sparkContext.log.warn({ code }, message)
    await Promise.race([this.#runner!.stop(false), this.#patience()])
  }

  #patience(): Promise<void> {
    const { clock } = this.sparkContext.platform
    return new Promise(resolve => { clock.at(clock.now() + patienceMs, resolve, { hold: false }) })
  }

  async #eachInput(method: 'stopReceiving' | 'stop'): Promise<void> {
    for (const input of this.#inputs) {
      try {
        await input[method]()
      } catch (error) {
        this.sparkContext.log.warn({ error: String(error) }, `${input.describe()} failed to stop`)
      }
    }
  }
}
