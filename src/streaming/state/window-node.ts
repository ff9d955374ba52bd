// A window: at time t the RDDs of (t − length, t], as one.
//
//   panes (parent, slide p):  …  [t−3p]  [t−2p]  [t−p]  [t]
//   window of 3p at t:                   └─────────────────┘
//
// - The panes are the parent's batches, kept as blocks whether or not the window is due, so that inputs can be dropped.
// - Where the panes have one partitioning, partition i of the window is partition i of every pane, in order of time. Otherwise neighbours
//   are put together: a window of 3 000 panes has no more partitions than its largest pane.

import { coalesce, union } from '../../rdd/nodes.ts'
import type { JobRunner } from '../../rdd/job-runner.ts'
import { partitionCount, type Plan, type PlanFunction } from '../../rdd/plan.ts'
import type { RDDContext } from '../../rdd/rdd-context.ts'
import type { Stateful } from '../graph/stateful.ts'
import { Panes } from './panes.ts'
import { fanOut, PartialPanes } from './partial-panes.ts'
import { StreamNode, type NodeOptions } from '../graph/stream-node.ts'

export interface WindowOptions extends Omit<NodeOptions, 'parents'> {
  readonly context: RDDContext
  readonly parent: StreamNode
  readonly lengthMs: number
  /** Combines two values of a key, where the window is combined by key anyway: then its panes may be combined ahead. */
  readonly merge?: PlanFunction
}

export class WindowNode extends StreamNode {
  readonly #parent: StreamNode
  readonly #lengthMs: number
  readonly #partials: PartialPanes | undefined

  constructor({ op, site, context, parent, slideMs, lengthMs, merge }: WindowOptions) {
    super({ op, site, parents: [parent], slideMs })
    if (merge !== undefined && lengthMs / parent.slideMs > fanOut) this.#partials = new PartialPanes({ context, parent, lengthMs, merge, op, site })
    this.#parent = parent
    this.#lengthMs = lengthMs
    parent.panes ??= new Panes(parent, context)
  }

  /** The pane that leaves next is not read again. */
  override get readsBackMs(): number {
    return this.#lengthMs
  }

  override get stateful(): readonly Stateful[] {
    return this.#partials === undefined ? super.stateful : [this.#partials, ...super.stateful]
  }

  override forget(upToMs: number, runner: JobRunner): void {
    super.forget(upToMs, runner)
    this.#partials?.forget(upToMs, runner)
  }

  protected override async compute(timeMs: number): Promise<Plan> {
    await this.#parent.getOrCompute(timeMs) // fails where the batch's advance failed
    const panes = this.#partials?.cover(timeMs - this.#lengthMs, timeMs) ?? this.#remembered(timeMs)
    const all = union(panes, this.op, this.site)
    return all.aligned ? all : coalesce(all, this.op, this.site, Math.max(1, ...panes.map(pane => partitionCount(pane)!)))
  }

  #remembered(timeMs: number): Plan[] {
    const panes: Plan[] = []
    const step = this.#parent.slideMs
    for (let ms = timeMs - this.#lengthMs + step; ms <= timeMs; ms += step) {
      const pane = this.#parent.remembered(ms)
      if (pane !== undefined) panes.push(pane)
    }
    return panes
  }
}
