// A window that goes on from the last one: what enters is added to each key's value, what leaves is taken from it by an inverse function.
//
//   panes:   …  [a]  [b]  [c]  [d]  [e]
//   window at d:     └───────────┘            window at e  =  window at d  −  b  +  e
//
// - A batch's pane is made in the same job as the window's next version; what a batch costs goes with what enters and leaves.
// - A batch that was rolled back has no pane; what should have left with it leaves with the next window.

import { builtin, shuffle, source } from '../../rdd/nodes.ts'
import type { BuiltinFunction, Plan } from '../../rdd/plan.ts'
import type { BlockRef } from '../../wire/slab/block-ref.ts'
import type { Delta } from '../graph/stateful.ts'
import { keep } from './keep.ts'
import { KeyedStateNode, type KeyedStateOptions } from './keyed-state-node.ts'

/** The parent is the stream of each batch's combined pairs. */
export interface InverseWindowOptions extends KeyedStateOptions {
  readonly lengthMs: number
  /** f, its inverse, and the filter where there is one. */
  readonly functions: BuiltinFunction['fns']
}

/** The blocks of each partition. */
type Pane = readonly (readonly BlockRef[])[]

export class InverseWindowNode extends KeyedStateNode {
  readonly #lengthMs: number
  readonly #panes = new Map<number, Pane>()

  constructor(options: InverseWindowOptions) {
    super(options, options.functions)
    this.#lengthMs = options.lengthMs
  }

  override get fingerprint(): Readonly<Record<string, unknown>> {
    return { ...super.fingerprint, slideMs: this.slideMs, lengthMs: this.#lengthMs, paneMs: this.advanceMs }
  }

  /** A pane is made whenever the parent has a batch. */
  get advanceMs(): number {
    return this.parent.slideMs
  }

  async advance(timeMs: number): Promise<void> {
    const { op, site, state, functions } = this
    const lengthMs = this.#lengthMs
    const due = this.isDue(timeMs)
    const beforeMs = state.timeMs
    const entering = due ? this.#between(Math.max(beforeMs, timeMs - lengthMs), timeMs - 1) : []
    const leaving = due ? this.#between(beforeMs - lengthMs, Math.min(beforeMs, timeMs - lengthMs)) : []
    const of = (panes: readonly Pane[], partition: number): BlockRef[] => panes.flatMap(pane => pane[partition]!)
    const plan = await this.batchAt(timeMs)
    const inputs = state.inputs({ timeMs }, partition => [of(entering, partition), of(leaving, partition)])
    const outputs = await keep(this.context, { plan, op, site, fn: builtin('slideWindow', [due], functions), inputs })
    if (due) state.add(timeMs, outputs)
    this.#panes.set(timeMs, outputs.map(({ lists }) => lists[1]!))
  }

  deltaOf(timeMs: number): Delta | undefined {
    const pane = this.#panes.get(timeMs)
    if (pane === undefined) return undefined
    const needsFromMs = Math.min(this.state.needsFromMs, this.#panes.keys().next().value!)
    if (this.state.timeMs !== timeMs) return { partitions: pane.map(blocks => ({ lists: [[], blocks], info: undefined })), needsFromMs }
    const { added, moved } = this.state
    const written = (blocks: readonly BlockRef[]): void => {
      let next = 0
      moved(pane.flatMap((ofPane, i) => {
        const own = blocks.slice(next, next + added[i]!.lists[0]!.length)
        next += own.length + ofPane.length
        return own
      }))
    }
    return { partitions: pane.map((blocks, i) => ({ lists: [added[i]!.lists[0]!, blocks], info: added[i]!.info })), needsFromMs, written }
  }

  restore(timeMs: number, { partitions }: Delta): void {
    this.#panes.set(timeMs, partitions.map(({ lists }) => lists[1]!))
    if (partitions[0]?.info !== undefined) this.state.restore(timeMs, partitions)
  }

  async restored(anyKeys: boolean): Promise<ReadonlyMap<number, Delta> | undefined> {
    const moved = await this.state.restored(this.context, this.op, this.site, anyKeys)
    const [first] = this.#panes.values()
    if (first === undefined || (!moved && first.length === this.target.partitions)) return undefined
    await this.#repartition()
    return new Map([...this.#panes.keys()].map(timeMs => [timeMs, this.deltaOf(timeMs)!]))
  }

  /** Brings all panes to the partitions that the program asks for, in one job. */
  async #repartition(): Promise<void> {
    const { op, site, context, target } = this
    const panes = [...this.#panes.values()]
    const rows = source(op, site, panes[0]!.map((_, i) => ({ kind: 'kept', input: { lists: panes.map(pane => pane[i]!), args: undefined }, read: builtin('readPanes') })))
    const outputs = await keep(context, { plan: shuffle(rows, op, site, target), op, site, fn: builtin('adoptPanes', [panes.length]) })
    for (const [i, timeMs] of [...this.#panes.keys()].entries()) {
      this.drop(timeMs)
      this.#panes.set(timeMs, outputs.map(({ lists }) => lists[i]!))
    }
  }

  protected override compute(timeMs: number): Plan | undefined {
    return this.state.has(timeMs) ? this.state.view(timeMs, this.op, this.site) : undefined
  }

  protected override drop(timeMs: number): void {
    for (const blocks of this.#panes.get(timeMs) ?? []) this.context.runner.release(blocks)
    this.#panes.delete(timeMs)
  }

  /** A pane leaves when the window has left it, not when its batch is forgotten. */
  protected override dropUpTo(upToMs: number): void {
    const outsideMs = upToMs === Infinity ? Infinity : this.state.timeMs - this.#lengthMs
    for (const timeMs of this.#panes.keys()) if (timeMs <= outsideMs) this.drop(timeMs)
  }

  /** The panes of (fromMs, toMs], in order of time. */
  #between(fromMs: number, toMs: number): Pane[] {
    const found: Pane[] = []
    for (const [timeMs, pane] of this.#panes) if (timeMs > fromMs && timeMs <= toMs) found.push(pane)
    return found
  }
}
