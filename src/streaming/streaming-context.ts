// StreamingContext: the door to streams. Holds the graph; what runs once it has started is in streaming-run.ts.
//
//   initialized ──start()──→ active ──stop(), or a batch fails──→ stopped

import { inspect } from 'node:util'
import { callSite } from '../base/call-site.ts'
import { SystemClock, type Clock } from '../base/clock.ts'
import { duration, interval, type D, type Time } from '../base/time.ts'
import type { Context } from '../context/context.ts'
import { thisPlatform, type Platform } from '../engine/platform.ts'
import { recordText } from '../kernel/record-text.ts'
import type { RDD } from '../rdd/rdd.ts'
import { refuseSymbol } from '../wire/closure/symbols.ts'
import { currentBatch } from './batch/batch.ts'
import { memoryDirectory } from './checkpoint/open.ts'
import { DStream } from './dstream.ts'
import { streamingErrors } from './errors.ts'
import { ListenerBus } from './events/listener-bus.ts'
import type { StreamingListener } from './events/streaming-listener.ts'
import { DStreamGraph, type StreamingState } from './graph/dstream-graph.ts'
import { transformNode, unionNode } from './graph/meet.ts'
import { StreamInputs } from './input/stream-inputs.ts'
import { streamingSettings } from './settings.ts'
import { streamingControl } from './streaming-control.ts'
import { StreamingRun } from './streaming-run.ts'

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
  readonly #bus: ListenerBus
  readonly #run: StreamingRun

  constructor(context: Context, batch: D, { clock = new SystemClock() }: StreamingOptions = {}) {
    context.assertRunning('new StreamingContext')
    const batchMs = interval(batch, 'the batch interval').milliseconds
    if (!Number.isInteger(batchMs) || batchMs < 1) throw streamingErrors.RIV_BATCH_INTERVAL(batchMs)
    super(context, new DStreamGraph(context, batchMs))
    this.#bus = new ListenerBus(context.log)
    this.#run = new StreamingRun({ context, graph: this.graph, clock, bus: this.#bus, control: () => streamingControl(this, batchMs) })
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
   * Errors: RIV_JOURNAL_UNUSABLE, RIV_JOURNAL_CORRUPT, RIV_JOURNAL_VERSION, RIV_CREATE_RESULT. Semantics: `StreamingContext.getOrCreate`.
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
    const ssc: unknown = await create()
    if (!(ssc instanceof StreamingContext)) throw streamingErrors.RIV_CREATE_RESULT(recordText(ssc))
    if (ssc.graph.checkpointDirectory === undefined) ssc.checkpoint(directory)
    await ssc.#run.open(createOnError)
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
   * Where streams keep their state: a directory, or `memory:` where losing it with the process is fine. RDDs that are checkpointed go to the
   * directory too, as with `ctx.setCheckpointDir`.
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
    if (directory !== memoryDirectory) this.sparkContext.setCheckpointDir(directory)
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
    return this.#run.savepoint(directory)
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
    if (this.state === 'active') return this.#run.begin()
    if (this.state === 'stopped') throw streamingErrors.RIV_STREAMING_STOPPED()
    if (active.has(this.sparkContext.platform)) throw streamingErrors.RIV_STREAMING_ACTIVE()
    this.sparkContext.assertRunning('start')
    this.graph.state = 'active'
    this.#activate()
    return this.#run.begin()
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
    return this.#run.termination.wait()
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
    const done = this.#run.end(graceful).then(() => (stopContext ? this.sparkContext.stop() : undefined))
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

  /** Becomes the active context, until the end. */
  #activate(): void {
    const { platform, conf } = this.sparkContext
    active.set(platform, this)
    this.#run.atEnd(() => active.delete(platform))
    if (!conf.get(streamingSettings['spark.streaming.stopGracefullyOnShutdown'])) return
    const onSignal = (): void => { void this.stop({ graceful: true }) }
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, onSignal)
      this.#run.atEnd(() => process.removeListener(signal, onSignal))
    }
  }
}
