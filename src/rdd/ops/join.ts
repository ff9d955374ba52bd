// Putting two RDDs together by key: each moves to where the keys are wanted, unless it is there, and a function of the library gets the
// partitions side by side. It holds the right one in memory, as far as it fits; the left one passes by.

import type { CallSite } from '../../base/call-site.ts'
import { moved, onceKnown, zip, type Target } from '../nodes.ts'
import type { BuiltinFunction, Plan } from '../plan.ts'
import type { RDDContext } from '../rdd-context.ts'
import { targetOf, type PartitionsOrPartitioner } from '../target.ts'

/** What `fn` gives for the pairs of equal partitions; their keys stay where they are. */
export function join(left: Plan, right: Plan, context: RDDContext, op: string, site: CallSite, fn: BuiltinFunction, partitions?: PartitionsOrPartitioner): Plan {
  return joinTo(targetOf(partitions, [left, right], context, op, site), [left, right], op, site, fn)
}

/** The same, with the partitioning given. */
export function joinTo(target: Target, parents: readonly Plan[], op: string, site: CallSite, fn: BuiltinFunction): Plan {
  return onceKnown(parents, op, site, target, undefined, known =>
    zip(parents.map(plan => moved(plan, op, site, known)), op, site, fn, true))
}
