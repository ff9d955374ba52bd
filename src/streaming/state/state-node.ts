// A node with a keyed state: updateStateByKey and mapWithState. What differs is in the options.
//
// - The batch's records are brought to the partition of their key; one task a partition makes the next version of its state.
// - updateStateByKey's RDD is the state itself, read when somebody reads it; mapWithState's are the records its function gave.

import { builtin, inScope, source } from '../../rdd/nodes.ts'
import { PlanScope, type BuiltinFunction, type Partitioning, type Plan } from '../../rdd/plan.ts'
import type { JobRunner } from '../../rdd/job-runner.ts'
import type { RDDContext } from '../../rdd/rdd-context.ts'
import type { BlockRef } from '../../wire/slab/block-ref.ts'
import { StreamNode, type NodeOptions } from '../graph/stream-node.ts'
import { KeyedState } from './keyed-state.ts'
import type { Delta, Stateful } from '../graph/stateful.ts'
import { keep } from './keep.ts'

export interface StateOptions extends Omit<NodeOptions, 'parents' | 'functions'> {
  readonly context: RDDContext
  readonly parent: StreamNode
  readonly target: Partitioning
  /** The kernel's function that makes a version. */
  readonly fn: BuiltinFunction
  /** What the function gets of a batch. */
  readonly rows: (plan: Plan) => Plan
  /** The pairs that are there before the first batch. */
  readonly initial: (() => Plan) | undefined
  /** How long a key may be idle. */
  readonly idleMs?: number
  /** What the stream's records are. */
  readonly gives: 'state' | 'emitted'
}

export class StateNode extends StreamNode implements Stateful {
  readonly #options: StateOptions
  readonly #state: KeyedState
  readonly #emitted = new Map<number, { readonly partitions: readonly (readonly BlockRef[])[]; readonly scope: PlanScope }>()

  constructor(options: StateOptions) {
    const { op, site, slideMs, parent, fn, target } = options
    super({ op, site, slideMs, parents: [parent], functions: [fn, ...(target.by === 'custom' ? [target.fn] : [])] })
    this.#options = options
    this.#state = new KeyedState(options.context.runner, target)
  }

  get kind(): string {
    return this.op
  }

  get fingerprint(): Readonly<Record<string, unknown>> {
    const { target } = this.#options
    return target.by === 'hash' ? { by: 'hash' } : { by: target.by, partitions: target.partitions }
  }

  get needsCheckpoint(): boolean {
    return true
  }

  get advanceMs(): number {
    return this.slideMs
  }

  /** Keys of the newest version. */
  get keys(): number {
    return this.#state.keys
  }

  /** The pairs of a batch's version. */
  stateAt(timeMs: number): Plan {
    return this.#state.view(timeMs, this.op, this.site)
  }

  async advance(timeMs: number): Promise<void> {
    const { context, target, rows, fn, initial, idleMs } = this.#options
    const { op, site } = this
    if (initial !== undefined && this.#state.timeMs === -Infinity) {
      const first = timeMs - this.slideMs
      this.#state.add(first, await keep(context, { plan: initial(), op, site, fn: builtin('loadState'), inputs: this.#state.inputs({ timeMs: first }) }), true)
    }
    const [parent] = this.parents
    const batch = await parent!.getOrCompute(timeMs)
    const plan = batch === undefined ? source(op, site, Array.from({ length: target.partitions }, () => ({ kind: 'blocks' as const, blocks: [] })), target) : rows(batch)
    const outputs = await keep(context, { plan, op, site, fn, inputs: this.#state.inputs({ timeMs, ...(idleMs !== undefined && { idleMs }) }) })
    this.#state.add(timeMs, outputs)
    if (this.#options.gives === 'emitted') this.#emit(timeMs, outputs.map(({ lists }) => lists[1]!))
  }

  override get stateful(): readonly Stateful[] {
    return [this, ...super.stateful]
  }

  rollback(timeMs: number): void {
    this.#state.rollback(timeMs)
    this.#drop(timeMs)
  }

  deltaOf(timeMs: number): Delta | undefined {
    if (this.#state.timeMs !== timeMs) return undefined
    return { partitions: this.#state.added, needsFromMs: this.#state.needsFromMs }
  }

  journalled(bytesSince: (timeMs: number) => number, spareBytes: number): void {
    this.#state.journalled(bytesSince, spareBytes)
  }

  restore(timeMs: number, { partitions }: Delta): void {
    this.#state.restore(timeMs, partitions)
  }

  /** Ranges of hashes split and merge, so the program may ask for another number of partitions. */
  async restored(): Promise<boolean> {
    return this.#state.timeMs !== -Infinity && this.#state.repartition(this.#options.context, this.op, this.site)
  }

  override forget(upToMs: number, runner: JobRunner): void {
    super.forget(upToMs, runner)
    this.#state.forget(upToMs)
    for (const timeMs of this.#emitted.keys()) if (timeMs <= upToMs) this.#drop(timeMs)
    if (upToMs === Infinity) this.#state.close()
  }

  /** The advance settles it; without one a batch has nothing. */
  protected override compute(timeMs: number): Plan | undefined {
    return this.#state.has(timeMs) && this.#options.gives === 'state' ? this.stateAt(timeMs) : undefined
  }

  #emit(timeMs: number, partitions: readonly (readonly BlockRef[])[]): void {
    const scope = new PlanScope()
    this.#emitted.set(timeMs, { partitions, scope })
    this.settle(timeMs, inScope(scope, () => source(this.op, this.site, partitions.map(blocks => ({ kind: 'blocks', blocks })))))
  }

  #drop(timeMs: number): void {
    const emitted = this.#emitted.get(timeMs)
    if (emitted === undefined) return
    this.#emitted.delete(timeMs)
    emitted.scope.release()
    for (const blocks of emitted.partitions) this.#options.context.runner.release(blocks)
  }
}

/** All keys of a stateful stream, after each batch. */
export class SnapshotNode extends StreamNode {
  readonly #state: StateNode

  constructor(state: StateNode, options: Omit<NodeOptions, 'parents' | 'slideMs'>) {
    super({ ...options, parents: [state], slideMs: state.slideMs })
    this.#state = state
  }

  protected override async compute(timeMs: number): Promise<Plan> {
    await this.#state.getOrCompute(timeMs) // fails where the batch's advance failed
    return this.#state.stateAt(timeMs)
  }
}
