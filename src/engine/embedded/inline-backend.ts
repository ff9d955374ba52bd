// Tasks in this thread, one after the other: breakpoints work, nothing is concurrent.
//
// - The user's own functions run, not copies; blocks are written and read as on threads, so records are copied between stages all the same.
// - Between tasks the event loop gets a turn every 10 ms, so that signals and timers are heard.

import { bindFunctions } from '../../kernel/bind-functions.ts'
import { compileStage } from '../../kernel/compile.ts'
import type { Bind } from '../../kernel/compile.ts'
import { DecodedCache } from '../../kernel/decoded-cache.ts'
import { failureData } from '../../kernel/failure-data.ts'
import { runCounting } from '../../kernel/run-counting.ts'
import { forgetTables } from '../../kernel/state/live-tables.ts'
import { TaskCancelled } from '../../kernel/errors.ts'
import type { SlabTaskIO } from '../../kernel/slab-task-io.ts'
import type { TaskMemoryOptions } from '../../kernel/spill/task-memory.ts'
import type { BlockStore, OpenTask } from './block-store.ts'
import { installTaskConsole, withTaskConsole } from './task-console.ts'
import { enqueue } from './task-backend.ts'
import type { Installed, ReadyTask, TaskBackend, TaskOutcome, TaskRequest, TaskWatch } from './task-backend.ts'

const turnMs = 10

interface Queued { readonly task: TaskRequest; readonly watch: TaskWatch; cancelled: boolean; io?: SlabTaskIO }

export class InlineBackend implements TaskBackend {
  readonly parallelism = 1
  readonly #store: BlockStore
  readonly #memory: TaskMemoryOptions
  readonly #stages = new Map<number, Bind>()
  readonly #queue: Queued[] = []
  readonly #decoded: DecodedCache
  #draining: Promise<void> | undefined
  /** The task that runs: the first of the queue. */
  #current: number | undefined

  constructor(store: BlockStore, memory: TaskMemoryOptions, decodedBytes: number) {
    this.#store = store
    this.#memory = memory
    this.#decoded = new DecodedCache(decodedBytes)
  }

  get running(): number[] {
    return this.#current === undefined ? [] : [this.#current]
  }

  submit(task: TaskRequest, watch: TaskWatch): void {
    enqueue(this.#queue, { task, watch, cancelled: false }, this.#current === undefined ? 0 : 1)
    this.#draining ??= Promise.resolve().then(() => this.#drain())
  }

  cancel(taskId: number): void {
    const queued = this.#queue.find(entry => entry.task.id === taskId)
    if (queued === undefined) return
    queued.cancelled = true
    queued.io?.cancel()
  }

  /** Nothing: tasks see the program's own broadcasts. */
  share(): void {}

  forgetState(prefix: string): void {
    forgetTables(prefix)
  }

  forgetDecoded(ids: readonly number[]): void {
    for (const id of ids) this.#decoded.delete(id)
  }

  forget(kind: Installed, id: number): void {
    if (kind === 'stage') this.#stages.delete(id)
  }

  async close(): Promise<void> {
    for (const entry of this.#queue) this.cancel(entry.task.id)
    await this.#draining
  }

  /** Nothing is awaited between the last look at the queue and the end: a task that is submitted then begins a new round. */
  async #drain(): Promise<void> {
    const restoreConsole = installTaskConsole()
    try {
      let turn = performance.now()
      for (let entry = this.#queue[0]; entry !== undefined; entry = this.#queue[0]) {
        const queued = entry
        this.#current = queued.task.id
        queued.watch.onStart('driver')
        const running = withTaskConsole(queued.task.id, () => this.#run(queued))
        const outcome = running instanceof Promise ? await running : running
        this.#queue.shift()
        this.#current = undefined
        entry.watch.onEnd(outcome)
        if (performance.now() - turn > turnMs) {
          await new Promise(resolve => setImmediate(resolve))
          turn = performance.now()
        }
      }
    } finally {
      restoreConsole()
      this.#draining = undefined
    }
  }

  #run(entry: Queued): TaskOutcome | Promise<TaskOutcome> {
    let open: OpenTask | undefined
    const fail = (error: unknown): TaskOutcome => {
      open?.abandon()
      const { data, cause } = failureData(error)
      return { kind: 'failed', failure: data, cause, ...(open && { metrics: open.io.metrics }) }
    }
    try {
      if (entry.cancelled) throw new TaskCancelled()
      const task = entry.task.describe()
      open = this.#store.openTask({ partition: task.partition, keep: task.keep, shuffleFile: task.shuffleFile, memory: this.#memory, isCancelled: () => entry.cancelled, decoded: this.#decoded })
      const { io, finish } = open
      entry.io = io
      const run = this.#bind(task)(bindFunctions(task.stage.shape.fns, task.functions))
      const output = runCounting(run, task.slots, io, task.watched)
      if (!(output instanceof Promise)) return { kind: 'done', output: finish(output), metrics: io.metrics }
      return output.then(value => ({ kind: 'done' as const, output: finish(value), metrics: io.metrics })).catch(fail)
    } catch (error) {
      return fail(error)
    }
  }

  #bind({ stage }: ReadyTask): Bind {
    let bind = this.#stages.get(stage.id)
    if (bind === undefined) this.#stages.set(stage.id, bind = compileStage(stage.shape))
    return bind
  }
}
