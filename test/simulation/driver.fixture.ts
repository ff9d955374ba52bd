// One life of a program in a simulated world: a real StreamingContext, from its start to its end, or to its death.

import { Context, milliseconds, Receiver, StreamingContext } from 'rivulet'
import type { DStream, SinkPart } from 'rivulet'
import type { Logger } from '../../src/base/log.ts'
import type { EmbeddedEngine } from '../../src/engine/embedded/embedded-engine.ts'
import type { SimulatedDisk, SimulatedProcess } from '../../src/storage/simulated-disk.fixture.ts'
import { batchMs, recordOf, type Plan } from '../recovery/plan.fixture.ts'
import { describe, mayFail, sum } from '../recovery/program.fixture.ts'
import type { Outside } from './outside.fixture.ts'
import { SimulatedBackend, workerOf, type TaskFaults } from './task-backend.fixture.ts'
import { Process, type World } from './world.fixture.ts'

/** The program of a seed. */
export interface SimulatedPlan extends Pick<Plan, 'source' | 'operations' | 'durability' | 'keep'> {
  readonly workers: number
  /** Whether each batch has as many numbers as any other. */
  readonly steady: boolean
  readonly saves: boolean
  readonly store: boolean
  readonly speculation: boolean
  /** Whether the partitions of states are others in each life. */
  readonly moves: boolean
  /** Whether it asks somebody who answers something else each time. */
  readonly asks: boolean
  /** Whether the clock of the machine is set forward and back. */
  readonly sets: boolean
  readonly outputsAtOnce: number
  /** Where states are on disk, if they are: in real files, which outlast also a cut of the power. */
  readonly stateFolder?: string
  /** Whether some records are lost to a handler. */
  readonly letters: boolean
  /** Whether functions of outputs throw, and are tried again. */
  readonly retries: boolean
  /** Whether the rate of the input follows the batches. */
  readonly pressed: boolean
  /** Whether savepoints are made, and a program begins from one. */
  readonly savepoints: boolean
}

export interface LifeOptions {
  readonly name: string
  readonly world: World
  readonly disk: SimulatedDisk
  readonly outside: Outside
  readonly plan: SimulatedPlan
  readonly faults: TaskFaults
  /** The write at which it dies, and from which on the disk is full. */
  readonly diesAt: number | undefined
  readonly fullFrom: number | undefined
  /** The savepoint that it begins from, with a checkpoint of its own. */
  readonly savepoint?: string
  /** Whether a graceful end may take long. */
  readonly patient: boolean
  readonly event: (what: string) => void
}

/** The most that a step of the disk takes, and how often it takes much longer. */
const [stepMs, slowMs, slowSteps] = [0.3, 25, 0.01]

/** The lives of a seed: tasks that write to the store of a two-phase sink know their epoch, and no more. */
const writers: { readonly ssc: StreamingContext; readonly outside: Outside }[] = []

/** Another seed begins. */
export function forgetLives(): void {
  writers.length = 0
}

export class Life {
  readonly process: Process
  readonly disk: SimulatedProcess
  state: 'runs' | 'ended' | 'failed' = 'runs'
  error: Error | undefined
  /** Blocks that were live at the end. */
  leaked = 0
  readonly #options: LifeOptions
  #backend: SimulatedBackend | undefined

  constructor(options: LifeOptions) {
    this.#options = options
    const { world, name } = options
    this.process = new Process(world, name)
    this.disk = this.#files(this.process, options)
    void this.disk.halted.then(() => this.kill())
  }

  /** Runs for some batches. Never resolves where it dies. */
  async run(batches: number, graceful: boolean): Promise<void> {
    try {
      await this.#live(batches, graceful)
      this.state = 'ended'
    } catch (error) {
      this.error = error as Error
      this.state = 'failed'
    }
  }

  kill(): void {
    this.disk.kill()
    if (this.process.isDead) return
    this.process.kill()
    this.#backend?.killAll()
  }

  async #live(batches: number, graceful: boolean): Promise<void> {
    const { process } = this
    const ssc = await StreamingContext.getOrCreate(this.#options.savepoint === undefined ? '/checkpoint' : '/restored', () => this.#program())
    const ended = ssc.awaitTermination()
    ended.catch(() => {}) // awaited below
    try {
      await ssc.start()
      this.#savesAt(ssc, batches)
      await Promise.race([process.sleep(batches * batchMs + process.world.random() * batchMs), ended])
      await ssc.stop({ graceful, stopContext: false })
      await ended
    } finally {
      const { sparkContext } = ssc
      if (ssc.state === 'stopped') this.leaked = (sparkContext.runner as EmbeddedEngine).memory.liveBlocks
      await sparkContext.stop()
    }
  }

  /** Asks for a savepoint at some time. */
  #savesAt(ssc: StreamingContext, batches: number): void {
    const { outside, event, plan, savepoint, world } = this.#options
    if (!plan.savepoints || savepoint !== undefined) return
    world.at(this.process, world.nowMs + world.random() * batches * batchMs, 'asks for a savepoint', async () => {
      const path = await ssc.savepoint(`/savepoints/${this.process.name}`).catch(() => undefined) // it ends, or the disk is full
      if (path === undefined) return
      outside.savepoints.push(path)
      event('a savepoint')
    })
  }

  #files(process: Process, options: Pick<LifeOptions, 'diesAt' | 'fullFrom'>): SimulatedProcess {
    const { world, disk } = this.#options
    const pause = (): Promise<void> | undefined => {
      const chance = world.random()
      if (process.isStopped || process.isDead || chance < slowSteps) return process.sleep(world.random() * slowMs, 'is done with a slow write')
      return chance < 0.5 ? undefined : process.sleep((chance - 0.5) * 2 * stepMs, 'is done with a write')
    }
    const { diesAt, fullFrom } = options
    return disk.process({ pause, ...(diesAt !== undefined && { diesAt }), ...(fullFrom !== undefined && { fullFrom }) })
  }

  #program(): StreamingContext {
    const { process, disk } = this
    const { world, plan, outside, faults, patient, event, savepoint } = this.#options
    const { durability, keep, operations, workers, speculation, outputsAtOnce, moves, asks, stateFolder, letters, retries, pressed } = plan
    const backend = (store: ConstructorParameters<typeof SimulatedBackend>[0]['store']): SimulatedBackend =>
      (this.#backend = new SimulatedBackend({ world, driver: process, store, workers, faults: () => faults, disk: worker => this.#files(worker, { diesAt: undefined, fullFrom: undefined }), event }))
    const log: Logger = { debug() {}, info() {}, error() {}, warn: (_, message) => world.note(`warning ${message}`) }
    const conf = {
      'checkpoint.durability': durability, 'replay.keep': keep, 'control.socket': false, 'spark.ui.showConsoleProgress': false, 'spark.speculation': speculation,
      'spark.streaming.gracefulStopTimeout': patient ? 10_000 : 0, 'spark.streaming.concurrentJobs': outputsAtOnce, 'spark.default.parallelism': 2,
      ...(pressed && { 'spark.streaming.backpressure.enabled': true, 'spark.streaming.backpressure.initialRate': 200 }),
      ...(savepoint !== undefined && { 'checkpoint.savepoint': savepoint }),
    }
    if (stateFolder !== undefined) Object.assign(conf, { 'state.store': 'disk', 'state.directory': savepoint === undefined ? stateFolder : `${stateFolder}/restored`, 'state.behindBytes': 300, 'state.cacheBytes': 1_000 })
    const context = new Context({ master: `local[${Math.max(2, workers)}]`, conf, log }, { fs: disk, clock: process.steadyClock, backend })
    if (speculation) context.addListener({ onSpeculativeTaskSubmitted: () => event('a copy of a task') })
    const ssc = new StreamingContext(context, milliseconds(batchMs), { clock: process.clock })
    writers.push({ ssc, outside })
    const failing = retries && faults.slow > 0 ? 0.3 : 0
    const output = (name: string, stream: DStream<unknown>): void => stream.foreachRDD(async (rdd, time) => {
      await outside.put(process, { name, time: time.milliseconds, rows: await rdd.collect() })
      if (failing === 0 || !world.chance(failing)) return
      event('an output failed')
      throw new Error('a function failed')
    }, retries ? { onFailure: { retry: 5 } } : {})
    const numbers = this.#numbers(ssc)
    output('raw', numbers)
    if (plan.saves) numbers.saveAsTextFiles('/text/numbers')
    if (plan.store) numbers.saveTo(storeOf(process, outside))
    if (letters) output('good', numbers.map(good).deadLetter((n, _error, time) => outside.lose(process, time.milliseconds, n as number)))
    const pairs = numbers.map((n): [string, number] => recordOf(n))
    for (const operation of operations) describe(operation, pairs, () => ssc.sourceStream(this.#source(3, true)), output, moves ? world.between(1, 4) : undefined)
    if (asks) {
      const asked = numbers.mapAsync(ask, { concurrency: 3 })
      output('asked', asked)
      output('answers', asked.map(([, answer]): [string, number] => ['all', answer]).updateStateByKey(sum))
    }
    return ssc
  }

  #numbers(ssc: StreamingContext): DStream<number> {
    const { plan: { source, steady }, outside } = this.#options
    switch (source) {
      case 'replay': return ssc.sourceStream(this.#source(5, steady, to => { outside.committed.push(to) }))
      case 'files': return ssc.textFileStream('/incoming').map(Number)
      case 'receiver': return ssc.receiverStream(new Counter(this.process, outside))
      case 'socket': throw new Error('sockets are not simulated')
    }
  }

  /** Numbers from 0 on, so many a batch or fewer. */
  #source(aBatch: number, steady: boolean, committed = (_to: number): void => {}) {
    const { process } = this
    const { world } = process
    const asked = (): Promise<void> => process.sleep(world.random() ** 4 * 8, 'hears of a source')
    return {
      initial: async () => asked().then(() => 0),
      latest: async (from: number, limit: number) => asked().then(() => from + (steady ? aBatch : Math.min(limit, world.between(0, 2 * aBatch)))),
      split: (from: number, to: number) => [[from, (from + to) >> 1], [(from + to) >> 1, to]] as const,
      * read([from, to]: readonly [number, number]): Generator<number> { for (let n = from; n < to; n++) yield n },
      committed: async (to: number) => asked().then(() => committed(to)),
    }
  }
}

function storeOf(process: Process, outside: Outside) {
  interface Transaction { readonly part: SinkPart; readonly rows: unknown[] }
  return {
    begin: (part: SinkPart): Transaction => ({ part, rows: [] }),
    write: (transaction: Transaction, rows: Iterable<unknown>): void => { transaction.rows.push(...rows) },
    prepare,
    commit: async (handles: readonly string[]) => outside.commit(process, handles),
    abort: () => {},
  }
}

/** Runs in tasks. */
export function prepare({ part, rows }: { readonly part: SinkPart; readonly rows: readonly unknown[] }): Promise<string> {
  const { outside } = writers.find(({ ssc }) => ssc.graph.epoch === part.epoch)!
  return outside.prepare(workerOf.getStore()!, part, rows)
}

/** Records that are lost to the handler of dead letters. */
export const isLost = (n: number): boolean => n % 5 === 2

/** Runs in tasks. */
export function good(n: number): number {
  if (isLost(n)) throw new Error('not this one')
  return n
}

/** Runs in tasks. */
export async function ask(n: number): Promise<[number, number]> {
  const worker = workerOf.getStore()!
  await worker.sleep(worker.world.random(), 'has an answer')
  mayFail()
  return [n, worker.world.between(0, 1_000)]
}

/** Counts on from what it has acknowledged; some of it may come twice. */
class Counter extends Receiver<number> {
  readonly #process: Process
  readonly #outside: Outside

  constructor(process: Process, outside: Outside) {
    super()
    this.#process = process
    this.#outside = outside
  }

  onStart(): void {
    this.#run().catch(() => {}) // the streams end where nothing can be stored
  }

  async #run(): Promise<void> {
    for (let n = Math.max(-1, ...this.#outside.acknowledged) + 1; this.isStarted(); n += 3) {
      await this.storeAll([n, n + 1, n + 2])
      await this.#process.sleep(this.#process.world.random() * 2, 'acknowledges')
      this.#outside.acknowledged.push(n + 2)
      await this.#process.sleep(this.#process.world.random() * 15, 'receives')
    }
  }

  onStop(): void {}
}
