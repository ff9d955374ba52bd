// A node of the D-Stream graph: makes one plan (of an RDD) per batch, from its parents' plans.
//
//   time ──→ getOrCompute ──→ compute(t) ──→ plan, kept under t ──→ … forget(t): kept partitions are dropped
//
// - A batch's plan is made once, whoever asks: two outputs of a stream share it.
// - A node has plans at zero + slide, zero + 2·slide, …; `undefined` means that a batch has no RDD.
// - Where a window reads earlier plans the node has panes: its plans are computed in every batch (the advance phase) and become kept blocks.

import type { CallSite } from '../../base/call-site.ts'
import type { JobRunner } from '../../rdd/job-runner.ts'
import { pipeline } from '../../rdd/nodes.ts'
import type { Plan, PlanFunction } from '../../rdd/plan.ts'
import type { DeadLetters } from './dead-letters.ts'
import type { StorageLevel } from '../../rdd/storage-level.ts'
import type { Stateful } from './stateful.ts'

interface Remembered { readonly promise: Promise<Plan | undefined>; plan?: Plan; failed?: true }

/** Keeps what the batches of a node were, where they would not be the same if they were computed again. */
export interface Recorder {
  /** A batch as it was recorded, or computed and recorded now. */
  give(timeMs: number, compute: () => Promise<Plan | undefined>): Promise<Plan | undefined>
  /** Batches up to a time are not read any more. */
  forget(upToMs: number): void
}

/** What a node needs to know to work; the same for all node kinds. */
export interface NodeOptions {
  /** The operator's name, for messages. */
  readonly op: string
  readonly site: CallSite
  readonly parents: readonly StreamNode[]
  /** Milliseconds between two plans. */
  readonly slideMs: number
  readonly functions?: readonly PlanFunction[]
  /** Whether its functions may give something else for the same records: the answers of others. */
  readonly varies?: boolean
}

export abstract class StreamNode {
  readonly op: string
  readonly site: CallSite
  readonly parents: readonly StreamNode[]
  readonly slideMs: number
  /** The functions that are captured at start and stay as they are. */
  readonly functions: readonly PlanFunction[]
  readonly varies: boolean
  /** Level at which the plans are persisted; set by persist(). */
  storage: StorageLevel | undefined
  /** The kept blocks of earlier batches, where a window reads them. */
  panes: Stateful | undefined
  /** Records its batches; set at start where it varies and a checkpoint is kept. */
  recorder: Recorder | undefined
  /** The name under which a checkpoint finds what the node remembers; set by uid(). */
  uid: string | undefined
  /** At least how often the journal begins a file, from which this stream can be recovered by itself; set by checkpoint(), or at start where it keeps state. */
  checkpointMs: number | undefined
  /** Takes the records for which a function throws. */
  letters: DeadLetters | undefined
  /** How long after its batch a plan is kept; 0 until the batch has completed. */
  rememberMs = 0
  /** The time before the first batch; set when the graph starts. */
  zeroMs = 0
  readonly #plans = new Map<number, Remembered>()

  constructor({ op, site, parents, slideMs, functions = [], varies = false }: NodeOptions) {
    this.op = op
    this.site = site
    this.parents = parents
    this.slideMs = slideMs
    this.functions = functions
    this.varies = varies
  }

  /** The functions that it calls itself, in the program. */
  get ownFunctions(): readonly Function[] {
    return []
  }

  /** How much time before a batch it reads of its parents; only what was kept of them is there. */
  get readsBackMs(): number {
    return 0
  }

  /** What it remembers from batch to batch. */
  get stateful(): readonly Stateful[] {
    return this.panes === undefined ? [] : [this.panes]
  }

  /** Makes the plan of a batch; called once a batch. */
  protected abstract compute(timeMs: number): Plan | undefined | Promise<Plan | undefined>

  /** Whether the node has a plan at this batch time. */
  isDue(timeMs: number): boolean {
    return timeMs > this.zeroMs && (timeMs - this.zeroMs) % this.slideMs === 0
  }

  /** The plan of a batch. */
  getOrCompute(timeMs: number): Promise<Plan | undefined> {
    const known = this.#plans.get(timeMs)
    if (known !== undefined) return known.promise
    const made: Remembered = { promise: this.#make(timeMs).then(plan => (plan === undefined ? undefined : (made.plan = plan))) }
    made.promise.catch(() => { made.failed = true }) // whoever asks gets it
    this.#plans.set(timeMs, made)
    return made.promise
  }

  /** Lets a batch be computed once more, if that failed. What an input has taken stays. */
  retry(timeMs: number): void {
    for (const parent of this.parents) parent.retry(timeMs)
    if (this.parents.length > 0 && this.#plans.get(timeMs)?.failed === true) this.#plans.delete(timeMs)
  }

  /** Gives a batch's plan, in place of the one it was computed from. */
  settle(timeMs: number, plan: Plan): void {
    this.#plans.set(timeMs, { promise: Promise.resolve(plan), plan })
  }

  /** The plan of an earlier batch, if there is one and it was not forgotten. */
  remembered(timeMs: number): Plan | undefined {
    return this.#plans.get(timeMs)?.plan
  }

  /** The plan of an earlier batch, described anew where only its parents are remembered; what an input has forgotten is gone. */
  async recall(timeMs: number): Promise<Plan | undefined> {
    if (!this.#plans.has(timeMs)) {
      if (this.parents.length === 0) return undefined
      for (const parent of this.parents) if (await parent.recall(timeMs) === undefined) return undefined
    }
    return this.getOrCompute(timeMs)
  }

  /** The batch failed: whoever asks for its plan from now on gets the error, and windows to come find none. */
  fail(timeMs: number, error: unknown, runner: JobRunner): void {
    const known = this.#plans.get(timeMs)
    if (known !== undefined) this.#drop(known, runner)
    const promise = Promise.reject<undefined>(error)
    promise.catch(() => {})
    this.#plans.set(timeMs, { promise })
  }

  /** Drops the plans up to a batch time, and what is kept of them. */
  forget(upToMs: number, runner: JobRunner): void {
    this.panes?.forget(upToMs, runner)
    this.recorder?.forget(upToMs)
    for (const [timeMs, found] of this.#plans) {
      if (timeMs > upToMs) continue
      this.#drop(found, runner)
      this.#plans.delete(timeMs)
    }
  }

  /** For messages: `reduceByKey at app.ts:12:5`. */
  describe(): string {
    return `${this.op}${this.site.place === '' ? '' : ` at ${this.site.place}`}`
  }

  async #make(timeMs: number): Promise<Plan | undefined> {
    const plan = await (this.recorder === undefined ? this.#described(timeMs) : this.recorder.give(timeMs, () => this.#described(timeMs)))
    if (plan === undefined || this.storage === undefined || this.storage === 'none') return plan
    // An RDD that others persist as well keeps what it has: this node persists, and later drops, a copy of the description.
    const own = plan.storage === 'none' ? plan : pipeline(plan, this.op, this.site, [], true)
    own.storage = this.storage
    return own
  }

  async #described(timeMs: number): Promise<Plan | undefined> {
    const computed = await this.compute(timeMs)
    return computed === undefined ? undefined : this.letters?.guard(computed) ?? computed
  }

  #drop({ plan }: Remembered, runner: JobRunner): void {
    if (plan === undefined || this.storage === undefined || this.storage === 'none') return
    runner.unpersist(plan)
    plan.storage = 'none'
  }
}
