// The life of started streams: opens what they need, runs inputs and batches, and ends all of it.
//
//   control socket ─→ checkpoint ─→ graph, restore ─→ threads ─→ inputs ─→ batches ──→ inputs end ─→ batches end ─→ journal ─→ the rest
//
// - What fails before the first batch ends everything that was opened, and is begin()'s error.
// - It ends once: by the program, by a batch that failed, or because the journal cannot be written any more.

import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { callSite } from '../base/call-site.ts'
import { ManualClock, type Clock } from '../base/clock.ts'
import type { Context } from '../context/context.ts'
import { contextSettings } from '../context/settings.ts'
import type { ControlHandlers } from '../control/control-handlers.ts'
import { openControl } from '../control/control-server.ts'
import { controlSettings } from '../control/settings.ts'
import { source } from '../rdd/nodes.ts'
import { BatchRunner } from './batch/batch-runner.ts'
import { Termination } from './batch/termination.ts'
import { Checkpointer } from './checkpoint/checkpointer.ts'
import { placeStates } from './checkpoint/disk-place.ts'
import { idsOf } from './checkpoint/names.ts'
import { memoryDirectory, openCheckpoint, type OpenCheckpoint } from './checkpoint/open.ts'
import type { Recovery } from './checkpoint/recovery.ts'
import { openReplay } from './checkpoint/replay.ts'
import { restore } from './checkpoint/restore.ts'
import { writeSavepoint } from './checkpoint/savepoint.ts'
import { streamingErrors } from './errors.ts'
import type { ListenerBus } from './events/listener-bus.ts'
import { StatusLine, type Terminal } from './events/status-line.ts'
import type { DStreamGraph } from './graph/dstream-graph.ts'
import type { InputNode } from './graph/input-node.ts'
import { streamingSettings } from './settings.ts'

/** How long an end that is not graceful waits for functions of outputs that are running. */
const patienceMs = 2_000

export interface StreamingRunOptions {
  readonly context: Context
  readonly graph: DStreamGraph
  readonly clock: Clock
  readonly bus: ListenerBus
  /** What the control socket does; made where there is one. */
  readonly control: () => ControlHandlers
}

export class StreamingRun {
  readonly termination = new Termination()
  readonly #context: Context
  readonly #graph: DStreamGraph
  readonly #clock: Clock
  readonly #bus: ListenerBus
  readonly #control: () => ControlHandlers
  #runner: BatchRunner | undefined
  #checkpoint: Promise<OpenCheckpoint> | undefined
  #checkpointer: Checkpointer | undefined
  #starting: Promise<void> | undefined
  #ending: Promise<void> | undefined
  /** The inputs that were started, in order. */
  readonly #inputs: InputNode[] = []
  readonly #closers: (() => void)[] = []
  #savepoints = 0

  constructor({ context, graph, clock, bus, control }: StreamingRunOptions) {
    this.#context = context
    this.#graph = graph
    this.#clock = clock
    this.#bus = bus
    this.#control = control
  }

  /** Calls `close` at the end. */
  atEnd(close: () => void): void {
    this.#closers.push(close)
  }

  /** Opens the checkpoint before the start, for those who want to know whether it can be read. */
  async open(createOnError: boolean): Promise<void> {
    await (this.#checkpoint ??= this.#openCheckpoint(createOnError))
  }

  /** Starts everything; resolves when the inputs have started. */
  begin(): Promise<void> {
    return (this.#starting ??= this.#begin())
  }

  /** Ends everything; `graceful`, what was received is processed first. */
  end(graceful: boolean): Promise<void> {
    return (this.#ending ??= this.#end(graceful))
  }

  /** Writes a savepoint into a folder that it makes in `directory`, and gives its path. */
  async savepoint(directory: string | undefined): Promise<string> {
    const { checkpointDirectory, lastMs, state } = this.#graph
    if (state !== 'active' || this.#checkpointer === undefined) throw streamingErrors.RIV_NO_SAVEPOINT(`the streams are ${state}`)
    if (checkpointDirectory === undefined || checkpointDirectory === memoryDirectory) throw streamingErrors.RIV_NO_SAVEPOINT('their state is in memory')
    const folder = join(directory ?? join(checkpointDirectory, 'savepoints'), `savepoint-${lastMs}-${Date.now().toString(36)}-${++this.#savepoints}`)
    await this.#checkpointer.undisturbed(() => writeSavepoint(this.#context.fs, checkpointDirectory, folder))
    return folder
  }

  /** Holds the process, and what shows that something runs. */
  #hold(): void {
    const { platform, conf } = this.#context
    this.atEnd(platform.clock.at(Infinity, () => {}))
    if (this.#clock instanceof ManualClock) {
      const started = async (): Promise<void> => this.#starting!.catch(() => {}) // the clock goes on when the batches can
      this.atEnd(this.#clock.guard(BatchRunner.assertOutside))
      this.atEnd(this.#clock.at(this.#clock.now(), started))
    }
    if (conf.get(contextSettings['spark.ui.showConsoleProgress'])) this.#showStatus()
  }

  #showStatus(): void {
    const line = StatusLine.on({ terminal: process.stderr as Terminal, others: [process.stdout as Terminal], batchMs: this.#graph.batchMs, keys: () => this.#graph.keys })
    if (line === undefined) return
    this.#bus.add(line)
    this.atEnd(() => line.close())
  }

  async #begin(): Promise<void> {
    this.#hold()
    try {
      await this.#openControl() // before the checkpoint: a second program must not take it from the first
      const { recovery, journal, lasts, folder } = await (this.#checkpoint ??= this.#openCheckpoint())
      if (recovery.start !== undefined && this.#context.configuredParallelism === undefined) this.#graph.defaultTarget.partitions = recovery.start.parallelism
      this.#graph.start()
      this.#graph.epoch = journal.epoch
      const run = randomUUID().slice(0, 8)
      const checkpointer = this.#checkpointer = new Checkpointer({ run, journal, graph: this.#graph, runner: this.#context.runner, keepBatches: this.#context.conf.get(streamingSettings['replay.keep']), pinnedBytes: this.#context.conf.get(streamingSettings['checkpoint.pinnedBytes']), onFailure: error => this.#fail(error) })
      const removeOthers = placeStates({ context: this.#context, graph: this.#graph, checkpointer, recovery, run, folder })
      const allowNonRestoredState = this.#context.conf.get(streamingSettings['checkpoint.allowNonRestoredState'])
      await restore({ recovery, graph: this.#graph, runner: this.#context.runner, checkpointer, lasts, zeroMs: this.#zeroMs, allowNonRestoredState })
      removeOthers()
      if (this.#clock instanceof ManualClock || this.#context.master === 'inline') this.#graph.watchCaptured()
      await this.#warmUp()
      await this.#startInputs()
    } catch (error) {
      if (this.#ending !== undefined) return // by the program, meanwhile
      await this.end(false)
      throw error
    }
    if (this.#ending !== undefined) return
    this.#startBatches((await this.#checkpoint!).recovery)
    await this.#checkpointer!.started().catch(() => {}) // the checkpointer has told the program
  }

  get #zeroMs(): number {
    return Math.floor(this.#clock.now() / this.#graph.batchMs) * this.#graph.batchMs
  }

  async #openCheckpoint(createOnError = false): Promise<OpenCheckpoint> {
    const graph = this.#graph
    const context = this.#context
    const replayed = context.conf.get(streamingSettings['replay.directory'])
    if (replayed !== '') {
      graph.checkpointDirectory = memoryDirectory
      return openReplay(replayed, context.conf.get(streamingSettings['replay.batch']), context)
    }
    graph.checkpointDirectory ??= context.conf.get(streamingSettings['spark.streaming.checkpoint.directory']) || undefined
    const directory = graph.checkpointDirectory
    if (directory !== undefined && directory !== memoryDirectory) {
      for (const input of graph.inputs) if (input.unrecoverable !== undefined) throw streamingErrors.RIV_UNRECOVERABLE(input.describe(), input.unrecoverable, directory)
    }
    return openCheckpoint(directory, context, createOnError)
  }

  /** Nothing more can be made durable: what runs ends, and nothing follows. */
  #fail(error: Error): void {
    this.termination.fail(error)
    void this.end(false)
  }

  /** Opens the control socket where the settings say so. Refused when another program has this name; otherwise streams go on without one. */
  async #openControl(): Promise<void> {
    const { conf, appName, log } = this.#context
    if (!conf.get(controlSettings['control.socket'])) return
    try {
      this.atEnd(await openControl(appName, this.#control()))
    } catch (error) {
      if ((error as { code?: string }).code === 'RIV_CONTROL_NAME') throw error
      log.warn({ error: (error as Error).message }, 'no control socket: rivulet list and stop will not find this program')
    }
  }

  /** Starts the engine's threads, so that the first batch does not wait for them. */
  async #warmUp(): Promise<void> {
    const context = this.#context
    const site = callSite()
    const partitions = Array.from({ length: context.defaultParallelism }, () => ({ kind: 'records', records: [] }) as const)
    await context.action('start', site, signal => context.runner.run({ plan: source('start', site, partitions), sink: { to: 'drain' }, action: 'start', site, signal, onResult() {} }))
  }

  async #startInputs(): Promise<void> {
    const { conf, runner } = this.#context
    this.#bus.post('onStreamingStarted', { time: this.#clock.now() })
    const ids = idsOf(this.#graph.inputs)
    for (const [streamId, input] of this.#graph.inputs.entries()) {
      if (this.#ending !== undefined) return
      this.#inputs.push(input)
      await input.start({ clock: this.#clock, runner, conf, batchMs: this.#graph.batchMs, events: this.#bus, replays: this.#replayMs !== undefined, journalBlock: (number, records, ref) => this.#checkpointer!.block(ids[streamId]![0], number, records, ref) })
    }
  }

  /** The first run begins at the batch time at or before now; later ones go on after the last batch that is complete. */
  #startBatches({ start, completedMs }: Recovery): void {
    const { batchMs } = this.#graph
    const replayMs = this.#replayMs
    const goesOn = start?.batchMs === batchMs
    const zeroMs = goesOn ? start!.zeroMs : Math.max(this.#zeroMs, Math.ceil((completedMs ?? 0) / batchMs) * batchMs)
    this.#graph.begin(zeroMs)
    this.#checkpointer!.start(zeroMs)
    const lastMs = replayMs !== undefined ? replayMs - batchMs : goesOn ? completedMs ?? zeroMs : zeroMs
    const clock = replayMs === undefined ? this.#clock : new ManualClock(lastMs)
    this.#runner = new BatchRunner({ context: this.#context, graph: this.#graph, clock, bus: this.#bus, lastMs, checkpointer: this.#checkpointer!, onFailure: error => this.termination.fail(error) })
    void this.#runner.halted.then(() => this.end(false))
    this.#runner.start()
    if (replayMs !== undefined) void (clock as ManualClock).advance(batchMs).then(() => this.end(false)).then(() => this.#context.stop())
  }

  /** The one batch that is run again. */
  get #replayMs(): number | undefined {
    const { conf } = this.#context
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
    this.#graph.state = 'stopped'
    this.termination.end()
  }

  /** Waits for a graceful end as long as the settings say, on the streams' clock; then cancels what is left. */
  async #inTime(halted: Promise<void>): Promise<void> {
    const limitMs = this.#context.conf.get(streamingSettings['spark.streaming.gracefulStopTimeout']) || 10 * this.#graph.batchMs
    const late = Promise.withResolvers<boolean>()
    const cancel = this.#clock.at(this.#clock.now() + limitMs, () => late.resolve(true))
    const isLate = await Promise.race([halted.then(() => false), late.promise])
    cancel()
    if (!isLate) return
    const { code, message } = streamingErrors.RIV_GRACEFUL_TIMEOUT(limitMs, this.#runner!.pending)
    this.#context.log.warn({ code }, message)
    await Promise.race([this.#runner!.stop(false), this.#patience()])
  }

  #patience(): Promise<void> {
    const { clock } = this.#context.platform
    return new Promise(resolve => { clock.at(clock.now() + patienceMs, resolve, { hold: false }) })
  }

  async #eachInput(method: 'stopReceiving' | 'stop'): Promise<void> {
    for (const input of this.#inputs) {
      try {
        await input[method]()
      } catch (error) {
        this.#context.log.warn({ error: String(error) }, `${input.describe()} failed to stop`)
      }
    }
  }
}
