// Sorting: pairs go to the partition that holds the range of their key, and are sorted there.
//
// - The bounds of the ranges come from a sample of the keys, taken by a job of its own when the sort is planned (as Spark does, but inside the action).
// - The sample depends on the data only: the same data gives the same bounds on each run.

import type { CallSite } from '../../base/call-site.ts'
import type { KeySample } from '../../kernel/functions/sinks.ts'
import { compareValues } from '../../wire/key/compare.ts'
import { builtin, lazyShuffle, pipeline, shuffle } from '../nodes.ts'
import { partitionCount, type Plan, type PlanStep, type RangePartitioning } from '../plan.ts'
import { collectResults, type Runnable } from '../run-job.ts'

/** Keys sampled for each partition of the sort. */
const samplesPerPartition = 20
const maxSamples = 1_000_000

export interface SortOptions {
  readonly op: string
  readonly site: CallSite
  readonly ascending: boolean
  /** As many as the parent has, where the program names none. */
  readonly partitions: number | undefined
  /** What is done with the sorted pairs in the same pass. */
  readonly then?: readonly PlanStep[]
}

/** The pairs of an RDD sorted by key. */
export function sortPairs({ plan, context }: Runnable, { op, site, ascending, partitions, then = [] }: SortOptions): Plan {
  const known = partitions ?? partitionCount(plan)
  const over = (count: number): RangePartitioning => ({ by: 'range', partitions: Math.max(1, count), bounds: count <= 1 ? [] : undefined, ascending })
  const target = known === undefined ? undefined : over(known)
  const ranges = target?.bounds !== undefined
    ? shuffle(plan, op, site, target)
    : lazyShuffle(plan, op, site, async signal => {
      const found = target ?? over(partitionCount(plan)!)
      const bounds = found.bounds ?? await sampledBounds({ plan, context }, op, site, found.partitions, signal)
      found.bounds ??= bounds // two actions may sample at once
      return shuffle(plan, op, site, found)
    }, target)
  return pipeline(ranges, op, site, [{ op: 'mapPartitions', fn: builtin('sortedByKey', [ascending]) }, ...then], then.length === 0) // what follows makes other keys
}

/** Up to `count - 1` keys that cut the data into ranges of about equal size. */
export async function sampledBounds(rdd: Runnable, op: string, site: CallSite, count: number, signal: AbortSignal | undefined): Promise<unknown[]> {
  const parts = partitionCount(rdd.plan)!
  const size = Math.ceil(3 * Math.min(samplesPerPartition * count, maxSamples) / Math.max(1, parts)) // three times over, as partitions differ in size
  const results = await collectResults(rdd, { action: op, site, sink: { to: 'partition', fn: builtin('sampledKeys', [size]) }, ...(signal && { signal }) })
  return boundsOf(results.map(result => result.records[0] as KeySample), count)
}

/** Spark's rule: walk the sorted sample, each key with the weight of the records it stands for, and cut at every `count`-th of the whole. */
export function boundsOf(samples: readonly KeySample[], count: number): unknown[] {
  const keys = samples.flatMap(sample => sample.keys.map(key => ({ key, weight: sample.count / sample.keys.length })))
  keys.sort((a, b) => compareValues(a.key, b.key))
  const step = keys.reduce((sum, { weight }) => sum + weight, 0) / count
  const bounds: unknown[] = []
  let passed = 0
  let next = step
  for (const { key, weight } of keys) {
    passed += weight
    if (passed < next || bounds.length === count - 1) continue
    if (bounds.length > 0 && compareValues(key, bounds.at(-1)) <= 0) continue
    bounds.push(key)
    next += step
  }
  return bounds
}
