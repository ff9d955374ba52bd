// Samples and numbering: what they need beside their function of kernel/functions.

import type { CallSite } from '../../base/call-site.ts'
import { distinctPlaces, seededRandom } from '../../base/random.ts'
import { rddErrors } from '../errors.ts'
import { builtin, lazyPipeline } from '../nodes.ts'
import { partitionCount, type Plan } from '../plan.ts'
import { collectResults, type Runnable, type RunSink } from '../run-job.ts'

/** Refuses fractions and weights that are none. */
export function checkedFraction(op: string, fraction: number, most: number): number {
  if (!(fraction >= 0 && fraction <= most && Number.isFinite(fraction))) throw rddErrors.RIV_FRACTION(op, fraction, most)
  return fraction
}

/** Each record with its number over all partitions; with more than one the records are counted first. */
export function zipWithIndex({ plan, context }: Runnable, op: string, site: CallSite): Plan {
  return lazyPipeline(plan, op, site, async signal => {
    const starts = [0]
    const partitions = Array.from({ length: Math.max(0, partitionCount(plan)! - 1) }, (_, i) => i)
    const counts = partitions.length === 0 ? [] : await collectResults({ plan, context }, { action: op, site, sink: { to: 'count' }, partitions, ...(signal && { signal }) })
    for (const { count } of counts) starts.push(starts.at(-1)! + count)
    return [{ op: 'mapPartitions', fn: builtin('withGlobalIndex', [starts]) }]
  })
}

export function zipWithUniqueId(plan: Plan, op: string, site: CallSite): Plan {
  return lazyPipeline(plan, op, site, async () => [{ op: 'mapPartitions', fn: builtin('withUniqueId', [partitionCount(plan)]) }])
}

/** Exactly `n` records (or all, if there are fewer), in random order: their places are drawn, then fetched. */
export async function takeSample(run: RunSink, { withReplacement, n, seed }: { withReplacement: boolean; n: number; seed: number }): Promise<unknown[]> {
  const counts = (await run({ to: 'count' })).map(({ count }) => count)
  const total = counts.reduce((a, b) => a + b, 0)
  if (n <= 0 || total === 0) return []
  const random = seededRandom(seed)
  const places = withReplacement ? Array.from({ length: n }, () => Math.floor(random() * total)) : shuffled(distinctPlaces(Math.min(n, total), total, random), random)
  const inPartition: Record<number, number[]> = {}
  const order: { partition: number; nth: number }[] = new Array(places.length)
  let partition = 0
  let start = 0
  for (const i of places.map((_, i) => i).sort((a, b) => places[a]! - places[b]!)) {
    while (places[i]! >= start + counts[partition]!) start += counts[partition++]!
    const wanted = (inPartition[partition] ??= [])
    order[i] = { partition, nth: wanted.push(places[i]! - start) - 1 }
  }
  const wanted = Object.keys(inPartition).map(Number)
  const found = await run({ to: 'partition', fn: builtin('recordsAt', [inPartition]) }, wanted)
  const records = new Map(wanted.map((p, i) => [p, found[i]!.records[0] as unknown[]]))
  return order.map(({ partition: p, nth }) => records.get(p)![nth])
}

/** In random order (Fisher and Yates). */
function shuffled(places: number[], random: () => number): number[] {
  for (let i = places.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[places[i], places[j]] = [places[j]!, places[i]!]
  }
  return places
}
