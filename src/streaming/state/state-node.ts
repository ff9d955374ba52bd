// The node of updateStateByKey and mapWithState. What differs is in the options.
//
// - The batch's records are brought to the partition of their key; one task a partition makes the next version of its state.
// - updateStateByKey's RDD is the state itself, read when somebody reads it; mapWithState's are the records its function gave.

import { builtin, shuffle } from '../../rdd/nodes.ts'
import type { BuiltinFunction, Plan } from '../../rdd/plan.ts'
import type { KeepOutput } from '../../wire/shape.ts'
import type { Delta } from '../graph/stateful.ts'
import { StreamNode, type NodeOptions } from '../graph/stream-node.ts'
import { keep } from './keep.ts'
import { KeptBatch } from './kept-batch.ts'
import { KeyedStateNode, type KeyedStateOptions } from './keyed-state-node.ts'

export interface StateOptions extends KeyedStateOptions {
  /** The kernel's function that makes a version. */
  readonly fn: BuiltinFunction
  /** What the function gets of a batch. */
  readonly rows: (plan: Plan) => Plan
  /** The pairs that are there before the first batch. */
  readonly initial: (() => Plan) | undefined
  /** How long a key may be idle. */
  readonly idleMs?: number
  /** Whether `fn` gives pairs that are the next state, to be brought to the partitions of their keys. */
  readonly moves?: boolean
  /** What the stream's records are. */
  readonly gives: 'state' | 'emitted'
}

export class StateNode extends KeyedStateNode {
  readonly #options: StateOptions
  readonly #emitted = new Map<number, KeptBatch>()

  constructor(options: StateOptions) {
    const { fn, target } = options
    super(options, [fn, ...(target.by === 'custom' ? [target.fn] : [])])
    this.#options = options
  }

  get advanceMs(): number {
    return this.slideMs
  }

  /** The pairs of a batch's version. */
  stateAt(timeMs: number): Plan {
    return this.state.view(timeMs, this.op, this.site)
  }

  async advance(timeMs: number): Promise<void> {
    const { op, site, context, state } = this
    const { rows, fn, initial, idleMs, gives, moves } = this.#options
    if (initial !== undefined && state.timeMs === -Infinity) {
      const first = timeMs - this.slideMs
      state.add(first, await keep(context, { plan: initial(), op, site, fn: builtin('loadState'), inputs: state.inputs({ timeMs: first }) }), true)
    }
    const plan = await this.batchAt(timeMs, rows)
    const outputs = await keep(context, { plan, op, site, fn, inputs: state.inputs({ timeMs, ...(idleMs !== undefined && { idleMs }) }) })
    state.add(timeMs, moves === true ? await this.#moved(outputs, timeMs) : outputs)
    if (gives !== 'emitted') return
    const emitted = new KeptBatch(outputs.map(({ lists }) => lists[1]!), op, site)
    this.#emitted.set(timeMs, emitted)
    this.settle(timeMs, emitted.plan)
  }

  /** The version of pairs that tasks made. */
  async #moved(outputs: readonly KeepOutput[], timeMs: number): Promise<KeepOutput[]> {
    const { op, site, context, state, target } = this
    const pairs = new KeptBatch(outputs.map(({ lists }) => lists[0]!), op, site)
    try {
      return await keep(context, { plan: shuffle(pairs.plan, op, site, target), op, site, fn: builtin('replaceState'), inputs: state.inputs({ timeMs }) })
    } finally {
      pairs.release(context.runner)
    }
  }

  deltaOf(timeMs: number): Delta | undefined {
    if (this.state.timeMs !== timeMs) return undefined
    return { partitions: this.state.added, needsFromMs: this.state.needsFromMs, written: this.state.moved }
  }

  restore(timeMs: number, { partitions }: Delta): void {
    this.state.restore(timeMs, partitions)
  }

  async restored(anyKeys: boolean): Promise<ReadonlyMap<number, Delta> | undefined> {
    if (!await this.state.restored(this.context, this.op, this.site, anyKeys)) return undefined
    return new Map([[this.state.timeMs, this.deltaOf(this.state.timeMs)!]])
  }

  /** The advance settles it; without one a batch has nothing. */
  protected override compute(timeMs: number): Plan | undefined {
    return this.state.has(timeMs) && this.#options.gives === 'state' ? this.stateAt(timeMs) : undefined
  }

  protected override drop(timeMs: number): void {
    this.#emitted.get(timeMs)?.release(this.context.runner)
    this.#emitted.delete(timeMs)
  }

  protected override dropUpTo(upToMs: number): void {
    for (const timeMs of this.#emitted.keys()) if (timeMs <= upToMs) this.drop(timeMs)
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
