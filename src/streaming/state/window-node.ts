// A window: at time t the RDDs of (t − length, t], as one.
//
//   panes (parent, slide p):  …  [t−3p]  [t−2p]  [t−p]  [t]
//   window of 3p at t:                   └─────────────────┘
//
// - The panes are the parent's batches, kept as blocks whether or not the window is due, so that inputs can be dropped.
// - Where the panes have one partitioning, partition i of the window is partition i of every pane, in order of time. Otherwise neighbours
//   are put together: a window of 3 000 panes has no more partitions than its largest pane.

import { coalesce, union } from '../../rdd/nodes.ts'
import { partitionCount, type Plan } from '../../rdd/plan.ts'
import type { RDDContext } from '../../rdd/rdd-context.ts'
import { Panes } from './panes.ts'
import { StreamNode, type NodeOptions } from '../graph/stream-node.ts'

export interface WindowOptions extends Omit<NodeOptions, 'parents'> {
  readonly context: RDDContext
  readonly parent: StreamNode
  readonly lengthMs: number
}

export class WindowNode extends StreamNode {
  readonly #parent: StreamNode
  readonly #lengthMs: number

  constructor({ op, site, context, parent, slideMs, lengthMs }: WindowOptions) {
    super({ op, site, parents: [parent], slideMs })
    this.#parent = parent
    this.#lengthMs = lengthMs
    parent.panes ??= new Panes(parent, context)
  }

  /** The pane that leaves next is not read again. */
  override get readsBackMs(): number {
    return this.#lengthMs
  }

  protected override async compute(timeMs: number): Promise<Plan> {
    const panes: Plan[] = []
    const step = this.#parent.slideMs
    for (let ms = timeMs - this.#lengthMs + step; ms < timeMs; ms += step) {
      const pane = this.#parent.remembered(ms)
      if (pane !== undefined) panes.push(pane)
    }
    const last = await this.#parent.getOrCompute(timeMs)
    if (last !== undefined) panes.push(last)
    const all = union(panes, this.op, this.site)
    return all.aligned ? all : coalesce(all, this.op, this.site, Math.max(1, ...panes.map(pane => partitionCount(pane)!)))
  }
}
