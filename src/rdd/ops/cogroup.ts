// Grouping several RDDs by key; joins and set operations are made of it.
//
// - Each value is tagged with its RDD's number. RDDs whose keys already sit where they are wanted stay; the others move; then each partition
//   is grouped. Where none sits right, all move together, in one exchange.

import type { CallSite } from '../../base/call-site.ts'
import { builtin, combine, moved, onceKnown, pipeline, union, type Target } from '../nodes.ts'
import { keyPartitioning, samePartitioning, type Plan } from '../plan.ts'
import type { RDDContext } from '../rdd-context.ts'
import { targetOf, type PartitionsOrPartitioner } from '../target.ts'

/** Pairs of a key and, for each parent, the list of its values. */
export function cogroup(parents: readonly Plan[], context: RDDContext, op: string, site: CallSite, partitions?: PartitionsOrPartitioner): Plan {
  return cogroupTo(targetOf(partitions, parents, context, op, site), parents, op, site)
}

/** The same, with the partitioning given. */
export function cogroupTo(target: Target, parents: readonly Plan[], op: string, site: CallSite): Plan {
  const tagged = parents.map((parent, i) => pipeline(parent, op, site, [{ op: 'mapValues', fn: builtin('tagged', [i]) }], true))
  const aggregator = { create: builtin('listsOf', [parents.length]), merge: builtin('appendTagged'), mergeCombiners: builtin('appendLists'), mapSide: false }
  return onceKnown(tagged, op, site, target, aggregator, known => {
    const sits = (plan: Plan): boolean => samePartitioning(keyPartitioning(plan), known)
    const gathered = tagged.some(sits) ? tagged.map(plan => moved(plan, op, site, known)) : tagged
    return combine(union(gathered, op, site), op, site, known, aggregator)
  })
}
