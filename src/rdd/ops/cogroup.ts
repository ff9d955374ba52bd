// Grouping several RDDs by key; joins and set operations are made of it.
//
// - Each value is tagged with its RDD's number. RDDs whose keys already sit where they are wanted stay; the others move; then each partition
//   is grouped. Where none sits right, all move together, in one exchange.

import type { CallSite } from '../../base/call-site.ts'
import { builtin, combine, pipeline, shuffle, union } from '../nodes.ts'
import { samePartitioning, type Plan } from '../plan.ts'
import type { RDDContext } from '../rdd-context.ts'
import { targetOf, type PartitionsOrPartitioner } from '../target.ts'

/** Pairs of a key and, for each parent, the list of its values. */
export function cogroup(parents: readonly Plan[], context: RDDContext, op: string, site: CallSite, partitions?: PartitionsOrPartitioner): Plan {
  const target = targetOf(partitions, parents, context, op, site)
  const tagged = parents.map((parent, i) => pipeline(parent, op, site, [{ op: 'mapValues', fn: builtin('tagged', [i]) }], true))
  const inPlace = typeof target !== 'function' && tagged.some(plan => samePartitioning(plan.partitioning, target))
  const gathered = inPlace ? tagged.map(plan => (samePartitioning(plan.partitioning, target) ? plan : shuffle(plan, op, site, target))) : tagged
  const aggregator = { create: builtin('listsOf', [parents.length]), merge: builtin('appendTagged'), mergeCombiners: builtin('appendLists'), mapSide: false }
  return combine(union(gathered, op, site), op, site, target, aggregator)
}
