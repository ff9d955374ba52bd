// A window that goes on from the last one: what enters is added to each key's value, what leaves is taken from it by an inverse function.
//
//   panes:   …  [a]  [b]  [c]  [d]  [e]
//   window at d:     └───────────┘            window at e  =  window at d  −  b  +  e
//
// - A batch's pane is made in the same job as the window's next version; what a batch costs goes with what enters and leaves.
// - A batch that was rolled back has no pane; what should have left with it leaves with the next window.

import { builtin, source } from '../../rdd/nodes.ts'
import type { BuiltinFunction, Partitioning, Plan } from '../../rdd/plan.ts'
import type { JobRunner } from '../../rdd/job-runner.ts'
import type { RDDContext } from '../../rdd/rdd-context.ts'
import type { BlockRef } from '../../wire/slab/block-ref.ts'
import { StreamNode, type NodeOptions } from '../graph/stream-node.ts'
import { KeyedState } from './keyed-state.ts'
import type { Delta, Stateful } from '../graph/stateful.ts'
import { keep } from './keep.ts'

export interface InverseWindowOptions extends Omit<NodeOptions, 'parents' | 'functions'> {
  readonly context: RDDContext
  /** The stream of each batch's combined pairs. */
  readonly parent: StreamNode
  readonly lengthMs: number
  readonly target: Partitioning
  /** f, its inverse, and the filter where there is one. */
  readonly functions: BuiltinFunction['fns']
}

export class InverseWindowNode extends StreamNode implements Stateful {
  readonly #options: InverseWindowOptions
  readonly #state: KeyedState
  readonly #panes = new Map<number, readonly (readonly BlockRef[])[]>()

  constructor(options: InverseWindowOptions) {
    const { op, site, slideMs, parent, functions } = options
    super({ op, site, slideMs, parents: [parent], functions })
    this.#options = options
    this.#state = new KeyedState(options.context.runner, options.target)
  }

  get kind(): string {
    return this.op
  }

  get fingerprint(): Readonly<Record<string, unknown>> {
    const { target, lengthMs, parent } = this.#options
    return { partitions: target.partitions, by: target.by, slideMs: this.slideMs, lengthMs, paneMs: parent.slideMs }
  }

  /** A pane is made whenever the parent has a batch. */
  get needsCheckpoint(): boolean {
    return true
  }

  get advanceMs(): number {
    return this.#options.parent.slideMs
  }

  async advance(timeMs: number): Promise<void> {
    const { context, target, parent, functions, lengthMs } = this.#options
    const { op, site } = this
    const due = this.isDue(timeMs)
    const beforeMs = this.#state.timeMs
    const entering = due ? this.#between(Math.max(beforeMs, timeMs - lengthMs), timeMs - 1) : []
    const leaving = due ? this.#between(beforeMs - lengthMs, Math.min(beforeMs, timeMs - lengthMs)) : []
    const of = (panes: typeof entering, partition: number): BlockRef[] => panes.flatMap(pane => pane[partition]!)
    const plan = await parent.getOrCompute(timeMs) ?? source(op, site, Array.from({ length: target.partitions }, () => ({ kind: 'blocks' as const, blocks: [] })), target)
    const inputs = this.#state.inputs({ timeMs }, partition => [of(entering, partition), of(leaving, partition)])
    const outputs = await keep(context, { plan, op, site, fn: builtin('slideWindow', [due], functions), inputs })
    this.#panes.set(timeMs, outputs.map(({ lists }) => lists[1]!))
    if (due) this.#state.add(timeMs, outputs)
  }

  override get stateful(): readonly Stateful[] {
    return [this, ...super.stateful]
  }

  rollback(timeMs: number): void {
    this.#state.rollback(timeMs)
    this.#drop(timeMs)
  }

  deltaOf(timeMs: number): Delta | undefined {
    const pane = this.#panes.get(timeMs)
    if (pane === undefined) return undefined
    const added = this.#state.timeMs === timeMs ? this.#state.added : undefined
    const partitions = pane.map((blocks, i) => ({ lists: [added?.[i]!.lists[0] ?? [], blocks], info: added?.[i]!.info }))
    return { partitions, needsFromMs: Math.min(this.#state.needsFromMs, this.#panes.keys().next().value!) }
  }

  journalled(bytesSince: (timeMs: number) => number, spareBytes: number): void {
    this.#state.journalled(bytesSince, spareBytes)
  }

  restore(timeMs: number, { partitions }: Delta): void {
    this.#panes.set(timeMs, partitions.map(({ lists }) => lists[1]!))
    if (partitions[0]?.info !== undefined) this.#state.restore(timeMs, partitions)
  }

  override forget(upToMs: number, runner: JobRunner): void {
    super.forget(upToMs, runner)
    this.#state.forget(upToMs)
    const outsideMs = upToMs === Infinity ? Infinity : this.#state.timeMs - this.#options.lengthMs
    for (const timeMs of this.#panes.keys()) if (timeMs <= outsideMs) this.#drop(timeMs)
    if (upToMs === Infinity) this.#state.close()
  }

  protected override compute(timeMs: number): Plan | undefined {
    return this.#state.has(timeMs) ? this.#state.view(timeMs, this.op, this.site) : undefined
  }

  /** The panes of (fromMs, toMs], in order of time. */
  #between(fromMs: number, toMs: number): (readonly (readonly BlockRef[])[])[] {
    const found: (readonly (readonly BlockRef[])[])[] = []
    for (const [timeMs, pane] of this.#panes) if (timeMs > fromMs && timeMs <= toMs) found.push(pane)
    return found
  }

  #drop(timeMs: number): void {
    const pane = this.#panes.get(timeMs)
    if (pane === undefined) return
    this.#panes.delete(timeMs)
    for (const blocks of pane) this.#options.context.runner.release(blocks)
  }
}
