// A window: at time t the RDDs of (t − length, t], as one.
//
//   panes (parent, slide p):  …  [t−3p]  [t−2p]  [t−p]  [t]
//   window of 3p at t:                   └─────────────────┘
//
// - The panes are the parent's plans: persisted, and computed in every batch whether or not the window is due, so that inputs can be dropped.
// - Where the panes have one partitioning, partition i of the window is partition i of every pane, in order of time.

import { union } from '../../rdd/nodes.ts'
import type { Plan } from '../../rdd/plan.ts'
import { StorageLevel } from '../../rdd/storage-level.ts'
import { StreamNode, type NodeOptions } from './stream-node.ts'

export class WindowNode extends StreamNode {
  readonly #parent: StreamNode
  readonly #lengthMs: number

  constructor({ op, site, parent, slideMs, lengthMs }: Omit<NodeOptions, 'parents'> & { readonly parent: StreamNode; readonly lengthMs: number }) {
    super({ op, site, parents: [parent], slideMs })
    this.#parent = parent
    this.#lengthMs = lengthMs
    parent.isPane = true
    if (parent.storage === 'none') parent.storage = StorageLevel.MEMORY_ONLY_SER
  }

  /** How long the window reads its panes; the one that leaves next is not read again. */
  get lengthMs(): number {
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
    return union(panes, this.op, this.site)
  }
}
