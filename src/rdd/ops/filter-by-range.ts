// The pairs within a range of keys. Where ranges of keys have partitions of their own, those outside are not computed.

import type { CallSite } from '../../base/call-site.ts'
import { RangePartitioner } from '../../kernel/partitioner.ts'
import { builtin, pipeline } from '../nodes.ts'
import { keyPartitioning, type Plan } from '../plan.ts'
import { partitionerOf } from '../target.ts'
import { giving } from './values.ts'

export function filterByRange(plan: Plan, site: CallSite, lower: unknown, upper: unknown): Plan {
  const steps = [{ op: 'filter', fn: builtin('keyWithin', [], [giving([lower, upper], 'filterByRange', site)]) }] as const
  const skips = (partition: number): boolean => {
    const ranges = partitionerOf(keyPartitioning(plan))
    if (!(ranges instanceof RangePartitioner)) return false
    const [from, to] = [ranges.getPartition(lower), ranges.getPartition(upper)]
    return partition < Math.min(from, to) || partition > Math.max(from, to)
  }
  return { ...pipeline(plan, 'filterByRange', site, steps, true), skips }
}
