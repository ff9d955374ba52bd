// A node that applies an operation to the plans of its parents: what nearly every operator is.
//
// The operation's functions are made once, with the operator, so that they are captured once and every batch sends only their hash.

import type { Plan } from '../../rdd/plan.ts'
import { streamingErrors } from '../errors.ts'
import { StreamNode, type NodeOptions } from './stream-node.ts'

/** Describes one batch: the parents' plans in, the plan out. */
export type Describe = (plans: readonly Plan[]) => Plan

export class DerivedNode extends StreamNode {
  readonly #describe: Describe

  constructor(options: NodeOptions & { readonly describe: Describe }) {
    super(options)
    this.#describe = options.describe
  }

  protected override async compute(timeMs: number): Promise<Plan | undefined> {
    const plans = await plansOf(this, timeMs)
    return plans === undefined ? undefined : this.#describe(plans)
  }
}

/** The plans of a node's parents. Without an RDD of its only parent a batch has none; of several parents each must have one. */
export async function plansOf(node: StreamNode, timeMs: number): Promise<Plan[] | undefined> {
  const plans: Plan[] = []
  for (const parent of node.parents) {
    const plan = await parent.getOrCompute(timeMs)
    if (plan !== undefined) plans.push(plan)
    else if (node.parents.length === 1) return undefined
    else throw streamingErrors.RIV_NO_RDD(node.op, node.site.place, parent.describe(), timeMs)
  }
  return plans
}
