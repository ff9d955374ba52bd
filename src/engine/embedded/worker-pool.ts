// Worker threads: one task at a time each, replaced when they die.
//
//   queue ─→ idle worker: one message with the task and what the worker does not know yet ─→ done | failed | exit
//                                                                                              exit: outcome lost, a new worker at the next need
//
// - Threads start when there is work, and keep the process alive only while they start and while a task runs.
// - A task waits for whichever thread is free first, never for one that is still loading: a worker's death costs its batch the task that was
//   lost, and not the start of a thread, as long as others live.
// - A worker that exits loses its task and nothing else: blocks are shared memory and stay.
// - Heaps are sampled while tasks run: a worker over the soft limit is terminated, because at V8's own limit a growing Map ends the process.
// - Cancel is a flag that the fused loop reads; a task that does not heed it within the grace loses its worker.

import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { present } from '../../base/assert.ts'
import type { Logger } from '../../base/log.ts'
import type { TaskMemoryOptions } from '../../kernel/spill/task-memory.ts'
import { captureClass } from '../../wire/closure/classes.ts'
import { remapStack } from '../../wire/closure/stack.ts'
import { workerEnv, workerExecArgv } from '../../wire/closure/worker-setup.ts'
import type { BlockRef } from '../../wire/slab/block-ref.ts'
import type { FromWorker, Install, Lease, Leases, ToWorker } from '../../wire/messages.ts'
import { errorFromData, errorToData } from '../../wire/remote-error.ts'
import { engineErrors } from '../errors.ts'
import type { BlockStore, Keep } from './block-store.ts'
import { enqueue } from './task-backend.ts'
import type { Installed, ReadyTask, TaskBackend, TaskOutcome, TaskRequest, TaskWatch } from './task-backend.ts'

const sampleMs = 50
const cancelGraceMs = 1_000
/** How far down the queue a worker looks for a task that prefers it. */
const lookAhead = 256

export interface WorkerPoolOptions {
  readonly threads: number
  readonly store: BlockStore
  readonly log: Logger
  /** Soft limit of a worker's heap. */
  readonly maxHeapBytes: number
  readonly memory: TaskMemoryOptions
  /** Most bytes of decoded records that a worker holds. */
  readonly decodedBytes: number
}

/** What the program of a worker gets when it starts. */
export interface WorkerData {
  readonly name: string
  /** One Int32: the id of the task to cancel. */
  readonly control: SharedArrayBuffer
  readonly execArgv: readonly string[]
  readonly memory: TaskMemoryOptions
  readonly decodedBytes: number
}

interface Running { readonly task: TaskRequest; keep?: Keep; readonly watch: TaskWatch; readonly startedMs: number; grace?: NodeJS.Timeout }

/** One thread, with what it knows. */
interface Slot {
  readonly id: number
  readonly worker: Worker
  readonly control: Int32Array
  readonly knows: Readonly<Record<Installed, Set<number>>>
  /** To be said with the next task. */
  readonly forget: Readonly<Record<Installed, number[]>>
  readonly codes: Set<string>
  /** The task that it was started for, until it says that it is ready. */
  startedFor: Running | undefined
  leases: Leases | undefined
  running: Running | undefined
  /** Whether its heap has been asked for; a thread may be slow to answer. */
  asked: boolean
  lost: { reason: 'error' | 'memory'; detail: string; error?: Error } | undefined
}

export class WorkerPool implements TaskBackend {
  readonly parallelism: number
  readonly #options: WorkerPoolOptions
  readonly #slots = new Set<Slot>()
  readonly #queue: Running[] = []
  readonly #broadcasts = new Map<number, BlockRef>()
  /** The thread that holds each partition of state. */
  readonly #owners = new Map<string, Slot>()
  #sampler: NodeJS.Timeout | undefined
  #lastId = 0
  #closing = false

  constructor(options: WorkerPoolOptions) {
    this.#options = options
    this.parallelism = options.threads
  }

  get running(): number[] {
    return [...this.#slots].flatMap(({ running }) => (running === undefined ? [] : [running.task.id]))
  }

  submit(task: TaskRequest, watch: TaskWatch): void {
    enqueue(this.#queue, { task, watch, startedMs: 0 })
    this.#dispatch()
  }

  cancel(taskId: number): void {
    const queued = this.#queue.findIndex(entry => entry.task.id === taskId)
    if (queued !== -1) {
      const [entry] = this.#queue.splice(queued, 1)
      queueMicrotask(() => entry!.watch.onEnd({ kind: 'failed', failure: { kind: 'cancelled', fn: -1, record: '' }, cause: new Error('cancelled') }))
      return
    }
    for (const slot of this.#slots) {
      if (slot.running?.task.id !== taskId) continue
      Atomics.store(slot.control, 0, taskId)
      this.#post(slot, { type: 'cancel', id: taskId })
      slot.running.grace = setTimeout(() => void slot.worker.terminate(), cancelGraceMs)
    }
  }

  share(broadcast: number, block: BlockRef): void {
    this.#broadcasts.set(broadcast, block)
  }

  forgetDecoded(ids: readonly number[]): void {
    if (ids.length > 0) for (const slot of this.#slots) this.#post(slot, { type: 'forgetDecoded', ids })
  }

  forget(kind: Installed, id: number): void {
    if (kind === 'broadcast') this.#broadcasts.delete(id)
    for (const { knows, forget } of this.#slots) if (knows[kind].delete(id)) forget[kind].push(id)
  }

  forgetState(prefix: string): void {
    for (const owner of this.#owners.keys()) if (owner.startsWith(prefix)) this.#owners.delete(owner)
    for (const slot of this.#slots) this.#post(slot, { type: 'forgetState', prefix })
  }

  async close(): Promise<void> {
    this.#closing = true
    for (const { watch } of this.#queue.splice(0)) watch.onEnd({ kind: 'lost', reason: 'exit', detail: 'the engine was closed' })
    await Promise.all([...this.#slots].map(slot => slot.worker.terminate()))
  }

  /** Gives queued tasks to idle workers; starts workers where there are too few. */
  #dispatch(): void {
    let waiting = 0
    for (let next = 0; next < this.#queue.length && !this.#closing;) {
      const matched = this.#matched()
      if (matched !== undefined) {
        next = waiting = 0
        this.#send(matched.slot, this.#queue.splice(matched.index, 1)[0]!)
        continue
      }
      const entry = this.#queue[next]!
      const { alone, place: { owner: state } } = entry.task
      if ((alone || this.#runsAlone()) && this.#busy() > 0) return
      const owner = state === undefined ? undefined : this.#owners.get(state)
      if (owner?.running !== undefined) { // it waits for its thread; others need not
        next++
        continue
      }
      const slot = owner ?? this.#idle(state !== undefined)
      if (slot === undefined) {
        if (++waiting > this.#starting() && this.#slots.size < this.parallelism) this.#start(entry)
        if (this.#slots.size >= this.parallelism && !this.#anyIdle()) return
        next++
        continue
      }
      this.#queue.splice(next, 1)
      if (state !== undefined) this.#owners.set(state, slot)
      this.#send(slot, entry)
    }
  }

  /** A task among the next ones whose records are held by an idle thread. */
  #matched(): { index: number; slot: Slot } | undefined {
    if (!this.#anyIdle()) return undefined
    const idle = [...this.#slots].filter(isIdle)
    for (const [index, { task: { alone, place } }] of this.#queue.slice(0, lookAhead).entries()) {
      if (alone || this.#runsAlone()) return undefined
      const slot = place.holder === undefined ? undefined : idle.find(({ id }) => id === place.holder)
      if (slot !== undefined) return { index, slot }
    }
    return undefined
  }

  /** A thread that may run a task now; `owning` asks for the one that holds the least state, and rather waits for a new one than for one that holds any. */
  #idle(owning: boolean): Slot | undefined {
    const idle = [...this.#slots].filter(isIdle)
    if (!owning) return idle[0]
    const mayCome = this.#slots.size < this.parallelism || this.#starting() > 0
    const [least] = idle.sort((a, b) => this.#held(a) - this.#held(b))
    return least !== undefined && mayCome && this.#held(least) > 0 ? undefined : least
  }

  #anyIdle(): boolean {
    for (const slot of this.#slots) if (isIdle(slot)) return true
    return false
  }

  #starting(): number {
    let starting = 0
    for (const { startedFor } of this.#slots) if (startedFor !== undefined) starting++
    return starting
  }

  #held(slot: Slot): number {
    let held = 0
    for (const owner of this.#owners.values()) if (owner === slot) held++
    return held
  }

  #busy(): number {
    let busy = 0
    for (const slot of this.#slots) if (slot.running !== undefined) busy++
    return busy
  }

  #runsAlone(): boolean {
    for (const slot of this.#slots) if (slot.running?.task.alone === true) return true
    return false
  }

  #send(slot: Slot, { task, watch }: Running): void {
    const running: Running = { task, watch, startedMs: performance.now() }
    slot.running = running
    watch.onStart(`worker ${slot.id}`)
    slot.worker.ref()
    this.#sampler ??= setInterval(() => this.#sample(), sampleMs).unref()
    const { store } = this.#options
    try {
      const ready = task.describe()
      if (ready.keep) running.keep = ready.keep
      const leases = (slot.leases = store.lease(slot.leases, ready.keep))
      const install = this.#install(slot, ready, leases)
      const { partition, slots, stage, environment, shuffleFile, watched } = ready
      this.#post(slot, { type: 'task', id: task.id, stage: stage.id, environment: environment.id, partition, slots, leases, shuffleFile, watched, ...(install && { install }) })
    } catch (error) { // no block memory left, or a part that cannot be cloned: the task fails, the worker is as before
      queueMicrotask(() => this.#end(slot, { kind: 'failed', failure: { kind: 'other', fn: -1, record: '' }, cause: error as Error }))
    }
  }

  /** What the worker must be told before it can run the task. */
  #install({ knows, forget, codes: known }: Slot, { stage, environment, slabs }: ReadyTask, leases: Leases): Install | undefined {
    const newSlabs: [number, SharedArrayBuffer][] = []
    const know = (id: number): void => {
      if (knows.slab.has(id)) return
      knows.slab.add(id)
      newSlabs.push([id, this.#options.store.pool.memory(id)])
    }
    for (const id of slabs) know(id)
    know(leases.output.slab)
    if (leases.kept) know(leases.kept.slab)
    const newBroadcasts = [...this.#broadcasts].filter(([id]) => !knows.broadcast.has(id))
    for (const [id, block] of newBroadcasts) {
      knows.broadcast.add(id)
      know(block.slab)
    }
    const newStage = !knows.stage.has(stage.id)
    const newEnvironment = !knows.environment.has(environment.id)
    const forgets = Object.values(forget).some(ids => ids.length > 0)
    if (!newStage && !newEnvironment && newSlabs.length === 0 && newBroadcasts.length === 0 && !forgets) return undefined
    const codes = newStage ? stage.codes.filter(code => !known.has(code.hash)) : []
    for (const code of codes) known.add(code.hash)
    knows.stage.add(stage.id)
    knows.environment.add(environment.id)
    return {
      codes,
      ...(newStage && { stage: { id: stage.id, shape: stage.shape } }),
      ...(newEnvironment && { environment: { id: environment.id, functions: environment.functions } }),
      slabs: newSlabs,
      broadcasts: newBroadcasts,
      ...(forgets && { forget: { stage: forget.stage.splice(0), environment: forget.environment.splice(0), slab: forget.slab.splice(0), broadcast: forget.broadcast.splice(0) } }),
    }
  }

  #start(startedFor: Running): void {
    const entry = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? './worker-entry.ts' : './worker-entry.js', import.meta.url))
    if (!existsSync(entry)) {
      const cause = engineErrors.RIV_WORKER_ENTRY(entry)
      for (const { watch } of this.#queue.splice(0)) queueMicrotask(() => watch.onEnd({ kind: 'failed', failure: { kind: 'fatal', fn: -1, record: '' }, cause }))
      return
    }
    const control = new SharedArrayBuffer(4)
    const id = ++this.#lastId
    const { memory, decodedBytes } = this.#options
    const workerData: WorkerData = { name: `worker ${id}`, control, execArgv: process.execArgv, memory, decodedBytes }
    const hardLimitMb = Math.ceil((this.#options.maxHeapBytes * 2) / 2 ** 20)
    const worker = new Worker(entry, { workerData, execArgv: workerExecArgv(process.execArgv), env: workerEnv(process.env), resourceLimits: { maxOldGenerationSizeMb: hardLimitMb, maxYoungGenerationSizeMb: 48 } })
    const slot: Slot = {
      id, worker, control: new Int32Array(control),
      knows: { stage: new Set(), environment: new Set(), slab: new Set(), broadcast: new Set() },
      forget: { stage: [], environment: [], slab: [], broadcast: [] },
      codes: new Set(), startedFor, leases: undefined, running: undefined, asked: false, lost: undefined,
    }
    this.#slots.add(slot)
    worker.on('message', (message: FromWorker) => this.#message(slot, message))
    worker.on('error', (error: Error & { code?: string }) => {
      slot.lost ??= error.code === 'ERR_WORKER_OUT_OF_MEMORY'
        ? { reason: 'memory', detail: 'heap limit reached', error }
        : { reason: 'error', detail: `uncaught ${error.name}: ${error.message}`, error }
    })
    worker.on('exit', code => this.#exited(slot, code))
  }

  #message(slot: Slot, message: FromWorker): void {
    if (message.type === 'ready') {
      slot.startedFor = undefined
      this.#rests(slot)
      this.#dispatch()
      return
    }
    if (message.type === 'print') {
      process.stderr.write(message.text)
      return
    }
    if (message.type === 'needsClass') {
      return this.#post(slot, this.#classMessage(message.uid))
    }
    const { running, leases } = slot
    if (running === undefined || leases === undefined || running.task.id !== message.id) return
    const { store } = this.#options
    store.pool.wrote(leases.output, message.outputOffset)
    if (leases.kept && message.keptOffset !== undefined) store.pool.wrote(leases.kept, message.keptOffset)
    if (message.type === 'failed') {
      this.#end(slot, { kind: 'failed', failure: message.failure, cause: errorFromData(message.error, remapStack), metrics: message.metrics })
      return
    }
    let output
    try {
      output = store.takeOutput({ count: message.count, blocks: message.blocks, ...(message.shuffle && { shuffle: message.shuffle }), ...(message.kept && { kept: message.kept }), stored: message.stored, ...(message.updates && { updates: message.updates }) }, message.newSlabs, running.keep)
    } catch (error) {
      this.#end(slot, { kind: 'failed', failure: { kind: 'other', fn: -1, record: '' }, cause: error as Error })
      return
    }
    this.#end(slot, { kind: 'done', output, metrics: message.metrics, worker: slot.id })
  }

  /** A class of the program that a worker asked for. */
  #classMessage(uid: string): ToWorker {
    try {
      const { codes, env } = captureClass(uid)
      return { type: 'class', uid, codes, env }
    } catch (error) {
      return { type: 'noClass', uid, error: errorToData(error) }
    }
  }

  #exited(slot: Slot, code: number): void {
    this.#slots.delete(slot)
    for (const [owner, holder] of this.#owners) if (holder === slot) this.#owners.delete(owner)
    for (const lease of leasesOf(slot)) this.#options.store.pool.endLease(lease)
    slot.leases = undefined
    const { reason, detail, error } = slot.lost ?? { reason: 'exit' as const, detail: `exit code ${code}`, error: undefined }
    const lost: TaskOutcome = { kind: 'lost', reason, detail, ...(error && { error }) }
    const wasCancelled = slot.running?.grace !== undefined
    const waits = slot.startedFor === undefined ? -1 : this.#queue.indexOf(slot.startedFor)
    if (slot.running !== undefined) this.#end(slot, wasCancelled ? { kind: 'failed', failure: { kind: 'cancelled', fn: -1, record: '' }, cause: new Error('cancelled') } : lost)
    else if (waits !== -1) this.#queue.splice(waits, 1)[0]!.watch.onEnd(lost)
    else if (slot.lost !== undefined && !this.#closing) this.#options.log.error({ code: 'RIV_WORKER_LOST' }, `an idle worker thread died: ${detail}`)
    this.#dispatch()
  }

  /** An idle worker does not hold the process; one that close() waits for does. */
  #rests(slot: Slot): void {
    if (!this.#closing) slot.worker.unref()
  }

  #end(slot: Slot, outcome: TaskOutcome): void {
    const running = present(slot.running, 'a running task')
    clearTimeout(running.grace)
    slot.running = undefined
    this.#rests(slot)
    if (this.#busy() === 0 && this.#queue.length === 0) {
      clearInterval(this.#sampler)
      this.#sampler = undefined
    }
    running.watch.onEnd(outcome)
    this.#dispatch()
  }

  /** Looks at the heaps of workers whose task has run for a while. */
  #sample(): void {
    for (const slot of this.#slots) {
      const { running } = slot
      if (running === undefined || slot.asked || performance.now() - running.startedMs < sampleMs) continue
      slot.asked = true
      slot.worker.getHeapStatistics().then(heap => {
        slot.asked = false
        const used = heap.used_heap_size + heap.external_memory
        if (used <= this.#options.maxHeapBytes || slot.running !== running) return
        slot.lost = { reason: 'memory', detail: `heap of ${Math.round(used / 2 ** 20)} MiB, memory.worker is ${Math.round(this.#options.maxHeapBytes / 2 ** 20)} MiB` }
        void slot.worker.terminate()
      }, () => {}) // it exited meanwhile
    }
  }

  #post(slot: Slot, message: ToWorker): void {
    slot.worker.postMessage(message)
  }
}

const isIdle = ({ startedFor, running }: Slot): boolean => startedFor === undefined && running === undefined

function leasesOf({ leases }: Slot): Lease[] {
  return leases === undefined ? [] : leases.kept === undefined ? [leases.output] : [leases.output, leases.kept]
}
