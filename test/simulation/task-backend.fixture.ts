// Workers in this thread, behind a network that is late and loses messages; workers die, and some are slow.
//
//   queue ─→ idle worker ──late──→ runs the task ──late──→ answer          lost messages and deaths: outcome lost, when the pool finds out
//
// - Tasks run as in the threads of a worker pool, one at a time each, with leases, tables of state and decoded records of its own.
// - A worker that died does nothing more: its files hang, its answers do not count, its tables are gone.
// - What the pool knows late: a death is noticed some time after it; a message that was lost is a death, after a longer time.

import { AsyncLocalStorage } from 'node:async_hooks'
import { bindFunctions } from '../../src/kernel/bind-functions.ts'
import { compileStage, type Bind } from '../../src/kernel/compile.ts'
import type { TaskOutput } from '../../src/kernel/compile-runtime.ts'
import { DecodedCache } from '../../src/kernel/decoded-cache.ts'
import { failureData } from '../../src/kernel/failure-data.ts'
import { runCounting } from '../../src/kernel/run-counting.ts'
import { SlabTaskIO } from '../../src/kernel/slab-task-io.ts'
import { forgetTables } from '../../src/kernel/state/live-tables.ts'
import type { BlockStore } from '../../src/engine/embedded/block-store.ts'
import { enqueue, type Installed, type ReadyTask, type TaskBackend, type TaskOutcome, type TaskRequest, type TaskWatch } from '../../src/engine/embedded/task-backend.ts'
import { uncompressed } from '../../src/storage/block-compression.ts'
import type { SimulatedProcess } from '../../src/storage/simulated-disk.fixture.ts'
import type { Leases } from '../../src/wire/messages.ts'
import { Process, type World } from './world.fixture.ts'

/** How often something goes wrong with a task. */
export interface TaskFaults {
  /** A message that does not arrive. */
  readonly lost: number
  readonly death: number
  /** As a death, for want of memory. */
  readonly memory: number
  /** Takes much longer than others. */
  readonly slow: number
  /** Runs elsewhere than where its state is. */
  readonly astray: number
}

export interface BackendOptions {
  readonly world: World
  readonly driver: Process
  readonly store: BlockStore
  readonly workers: number
  readonly faults: () => TaskFaults
  /** The disk, as a worker sees it. */
  readonly disk: (worker: Process) => SimulatedProcess
  /** What is run while a task's own code runs. */
  readonly event: (what: string) => void
}

interface Running { readonly task: TaskRequest; readonly watch: TaskWatch; ready?: ReadyTask; cancelled: boolean; given: boolean }

interface Worker {
  readonly id: number
  /** Begins the names of its tables. */
  readonly prefix: string
  readonly process: Process
  readonly disk: SimulatedProcess
  readonly decoded: DecodedCache
  leases: Leases | undefined
  running: Running | undefined
}

const noticeMs = 2
const silenceMs = 60
const cancelGraceMs = 100
const memory = { dir: '/nowhere', bytes: 64 << 20, groupBytes: 64 << 20, outputBytes: 64 << 20, compression: uncompressed }
const cancelled = (): TaskOutcome => ({ kind: 'failed', failure: { kind: 'cancelled', fn: -1, record: '' }, cause: new Error('cancelled') })
let lastWorker = 0
/** The worker in which the code of a task runs. */
export const workerOf = new AsyncLocalStorage<Process>()
/** Compiled once for all simulations of a process. */
const compiled = new Map<string, Bind>()

export class SimulatedBackend implements TaskBackend {
  readonly parallelism: number
  readonly #options: BackendOptions
  readonly #queue: Running[] = []
  readonly #workers = new Set<Worker>()
  readonly #owners = new Map<string, Worker>()
  readonly #binds = new Map<number, Bind>()
  #started = 0
  #dispatching = false
  #closed = false

  constructor(options: BackendOptions) {
    this.#options = options
    this.parallelism = options.workers
  }

  get running(): number[] {
    return [...this.#workers].flatMap(({ running }) => running?.task.id ?? [])
  }

  submit(task: TaskRequest, watch: TaskWatch): void {
    enqueue(this.#queue, { task, watch, cancelled: false, given: false })
    this.#soon()
  }

  cancel(taskId: number): void {
    const { world, driver } = this.#options
    const queued = this.#queue.findIndex(entry => entry.task.id === taskId)
    if (queued !== -1) {
      const [entry] = this.#queue.splice(queued, 1)
      world.at(driver, world.nowMs, 'cancels what waits', () => entry!.watch.onEnd(cancelled()))
      return
    }
    for (const worker of this.#workers) {
      const { running } = worker
      if (running?.task.id !== taskId) continue
      world.at(worker.process, world.nowMs + this.#late(), 'hears of a cancel', () => { running.cancelled = true })
      world.at(driver, world.nowMs + cancelGraceMs, 'has waited for a cancel', () => { if (worker.running === running) this.#die(worker, cancelled()) })
    }
  }

  share(): void {}

  forgetState(prefix: string): void {
    for (const owner of this.#owners.keys()) if (owner.startsWith(prefix)) this.#owners.delete(owner)
    for (const worker of this.#workers) forgetTables(worker.prefix + prefix)
  }

  forgetDecoded(ids: readonly number[]): void {
    for (const { decoded } of this.#workers) for (const id of ids) decoded.delete(id)
  }

  forget(kind: Installed, id: number): void {
    if (kind === 'stage') this.#binds.delete(id)
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const { watch } of this.#queue.splice(0)) watch.onEnd({ kind: 'lost', reason: 'exit', detail: 'the engine was closed' })
    for (const worker of [...this.#workers]) {
      this.#kill(worker)
      this.#gone(worker, { kind: 'lost', reason: 'exit', detail: 'the engine was closed' })
    }
  }

  /** The driver has died. */
  killAll(): void {
    this.#closed = true
    for (const worker of this.#workers) this.#kill(worker)
    this.#workers.clear()
    this.#options.store.close()
  }

  #late(): number {
    const { world } = this.#options
    return world.random() ** 4 * (world.chance(0.02) ? 20 : 0.5)
  }

  #soon(): void {
    if (this.#dispatching || this.#closed) return
    this.#dispatching = true
    const { world, driver } = this.#options
    world.at(driver, world.nowMs, 'dispatches', () => {
      this.#dispatching = false
      this.#dispatch()
    })
  }

  #dispatch(): void {
    for (let next = 0; next < this.#queue.length && !this.#closed;) {
      const entry = this.#queue[next]!
      const busy = this.running.length
      const someAlone = [...this.#workers].some(({ running }) => running?.task.alone === true)
      if ((entry.task.alone || someAlone) && busy > 0) return
      const { owner: state } = entry.task.place
      const owner = state === undefined || this.#options.world.chance(this.#options.faults().astray) ? undefined : this.#owners.get(state)
      if (owner?.running !== undefined) {
        next++
        continue
      }
      const worker = owner ?? this.#idle()
      if (worker === undefined) return
      this.#queue.splice(next, 1)
      if (state !== undefined) this.#owners.set(state, worker)
      this.#send(worker, entry)
    }
  }

  #idle(): Worker | undefined {
    const idle = [...this.#workers].filter(({ running }) => running === undefined)
    if (this.#workers.size < this.parallelism && (idle.length === 0 || this.#options.world.chance(0.5))) return this.#start()
    return idle.length === 0 ? undefined : this.#options.world.pick(idle)
  }

  #start(): Worker {
    const { world, driver, disk } = this.#options
    const process = new Process(world, `${driver.name}.${++this.#started}`, driver)
    const worker: Worker = { id: this.#started, prefix: `worker ${++lastWorker}/`, process, disk: disk(process), decoded: new DecodedCache(1 << 20), leases: undefined, running: undefined }
    this.#workers.add(worker)
    return worker
  }

  #send(worker: Worker, running: Running): void {
    const { world, driver, store, faults, event } = this.#options
    const { lost, death, memory: full, slow } = faults()
    const { task, watch } = running
    worker.running = running
    watch.onStart(`worker ${worker.id}`)
    let ready: ReadyTask
    try {
      running.ready = ready = task.describe()
      worker.leases = store.lease(worker.leases, ready.keep)
    } catch (error) {
      world.at(driver, world.nowMs, 'could not describe a task', () => this.#end(worker, running, { kind: 'failed', failure: { kind: 'other', fn: -1, record: '' }, cause: error as Error }))
      return
    }
    const { leases } = worker
    if (world.chance(lost)) {
      event('lost a task')
      world.at(driver, world.nowMs + silenceMs, 'hears nothing of a task', () => this.#die(worker))
      return
    }
    const fate = world.random()
    const diesOfMemory = fate < full
    const dies = fate < full + death
    const runMs = world.random() * 0.5 + (world.chance(slow) ? world.random() * 500 : 0)
    world.at(worker.process, world.nowMs + this.#late(), `begins task ${task.id}`, () => {
      if (dies) {
        event(diesOfMemory ? 'out of memory' : 'death of a worker')
        world.at(worker.process, world.nowMs + world.random() * (runMs + 1), 'dies', () => {
          this.#kill(worker)
          world.at(driver, world.nowMs + noticeMs * world.random(), 'notices a death', () => this.#gone(worker, { kind: 'lost', reason: diesOfMemory ? 'memory' : 'exit', detail: 'it died' }))
        })
      }
      this.#run(worker, running, ready, leases!, answer => {
        if (worker.process.isDead) return
        if (world.chance(lost)) {
          event('lost an answer')
          world.at(driver, world.nowMs + silenceMs, 'hears no answer', () => this.#die(worker))
          return
        }
        world.at(worker.process, world.nowMs + runMs, `has run task ${task.id}`, () => {
          world.at(worker.process, world.nowMs + this.#late(), `answers task ${task.id}`, () => { if (worker.running === running) answer() })
        })
      })
    })
  }

  /** Runs a task where its worker is; `then` gets what the driver does when it has the answer. */
  #run(worker: Worker, running: Running, ready: ReadyTask, leases: Leases, then: (answer: () => void) => void): void {
    const { store } = this.#options
    const io = new SlabTaskIO({ partition: ready.partition, view: id => store.pool.view(id), leases, memory, fs: worker.disk, isCancelled: () => running.cancelled, shuffleFile: ready.shuffleFile, decoded: worker.decoded })
    const ended = (outcome: (newSlabs: ReturnType<SlabTaskIO['finish']>['newSlabs']) => TaskOutcome): void => {
      const { outputOffset, keptOffset, newSlabs } = io.finish()
      then(() => {
        store.pool.wrote(leases.output, outputOffset)
        if (leases.kept && keptOffset !== undefined) store.pool.wrote(leases.kept, keptOffset)
        this.#end(worker, running, outcome(newSlabs))
      })
    }
    const done = (output: TaskOutput): void => ended(newSlabs => ({ kind: 'done', output: store.takeOutput(output, newSlabs, ready.keep), metrics: io.metrics, worker: worker.id }))
    const failed = (error: unknown): void => {
      const { data, cause } = failureData(error)
      ended(() => ({ kind: 'failed', failure: data, cause, metrics: io.metrics }))
    }
    try {
      const run = this.#bind(ready)(bindFunctions(ready.stage.shape.fns, ready.functions))
      const output = workerOf.run(worker.process, () => runCounting(run, ready.slots.map(slot => owned(slot, worker.prefix)), io, ready.watched))
      if (output instanceof Promise) output.then(done, failed)
      else done(output)
    } catch (error) {
      failed(error)
    }
  }

  #bind({ stage: { id, shape } }: ReadyTask): Bind {
    let bind = this.#binds.get(id)
    if (bind !== undefined) return bind
    const text = JSON.stringify(shape)
    bind = compiled.get(text)
    if (bind === undefined) compiled.set(text, bind = compileStage(shape))
    this.#binds.set(id, bind)
    return bind
  }

  /** The pool gives a worker up. */
  #die(worker: Worker, outcome?: TaskOutcome): void {
    this.#kill(worker)
    this.#gone(worker, outcome ?? { kind: 'lost', reason: 'exit', detail: 'it does not answer' })
  }

  #kill(worker: Worker): void {
    worker.process.kill()
    worker.disk.kill()
    forgetTables(worker.prefix)
  }

  /** The pool knows that a worker has died. */
  #gone(worker: Worker, outcome: TaskOutcome): void {
    if (!this.#workers.delete(worker)) return
    for (const [owner, holder] of this.#owners) if (holder === worker) this.#owners.delete(owner)
    const { leases, running } = worker
    if (leases !== undefined) for (const lease of [leases.output, leases.kept]) if (lease !== undefined) this.#options.store.pool.endLease(lease)
    worker.leases = undefined
    if (running !== undefined) this.#end(worker, running, outcome)
  }

  #end(worker: Worker, running: Running, outcome: TaskOutcome): void {
    worker.running = undefined
    running.watch.onEnd(outcome)
    this.#soon()
  }
}

/** What is kept has another name in each worker, so that each has tables of its own. */
function owned(slot: unknown, prefix: string): unknown {
  return typeof slot === 'object' && slot !== null && 'owner' in slot && typeof slot.owner === 'string' ? { ...slot, owner: prefix + slot.owner } : slot
}
