// Samples in which each key has a fraction of its own.

import type { CallSite } from '../../base/call-site.ts'
import { seededRandom } from '../../base/random.ts'
import { CombineMap } from '../../kernel/combine-map.ts'
import { kernelErrors } from '../../kernel/errors.ts'
import type { Quota } from '../../kernel/functions/partitions.ts'
import { builtin, lazyPipeline, pipeline } from '../nodes.ts'
import type { Plan } from '../plan.ts'
import { collectResults, type Runnable } from '../run-job.ts'
import { checkedFraction } from './sample.ts'
import { giving } from './values.ts'

export interface KeySampling {
  readonly withReplacement: boolean
  readonly fractions: ReadonlyMap<unknown, number>
  readonly seed: number
}

export function sampleByKey(plan: Plan, site: CallSite, { withReplacement, fractions, seed }: KeySampling): Plan {
  const given = checkedFractions('sampleByKey', fractions, withReplacement)
  return pipeline(plan, 'sampleByKey', site, [{ op: 'mapPartitions', fn: builtin('sampledByKey', [withReplacement, seed], [giving(given, 'sampleByKey', site)]) }], true)
}

/** The pairs of each key are counted in every partition; what is to be chosen is dealt out over the partitions; each chooses its part at random. */
export function sampleByKeyExact({ plan, context }: Runnable, site: CallSite, { withReplacement, fractions, seed }: KeySampling): Plan {
  const op = 'sampleByKeyExact'
  const given = checkedFractions(op, fractions, withReplacement)
  const ones = pipeline(plan, op, site, [{ op: 'mapValues', fn: builtin('one') }])
  return lazyPipeline(plan, op, site, async signal => {
    const sink = { to: 'partition', fn: builtin('combinedPairs', [], [builtin('add')]) } as const
    const results = await collectResults({ plan: ones, context }, { action: op, site, sink, ...(signal && { signal }) })
    const quotas = dealtOut(results.map(({ records }) => records[0] as [unknown, number][]), given, withReplacement, seededRandom(seed))
    return [{ op: 'mapPartitions', fn: builtin('chosenByKey', [withReplacement, seed + 1], [giving(quotas, op, site)]) }]
  }, true)
}

/** For each partition, how many pairs of each key it has to choose: as if the choice were made over all partitions at once. */
function dealtOut(counts: readonly (readonly [unknown, number])[][], fractions: readonly (readonly [unknown, number])[], withReplacement: boolean, random: () => number): [unknown, Quota][][] {
  const keys = new CombineMap()
  for (const [key, fraction] of fractions) keys.add(key, { fraction, inPartition: new Array<number>(counts.length).fill(0) })
  for (const [p, part] of counts.entries()) {
    for (const [key, count] of part) {
      const stratum = keys.get(key) as Stratum | undefined
      if (stratum === undefined) throw kernelErrors.RIV_NO_FRACTION(String(key))
      stratum.inPartition[p] = count
    }
  }
  const quotas = counts.map((): [unknown, Quota][] => [])
  for (const [key, stratum] of keys.pairs()) {
    const { fraction, inPartition } = stratum as Stratum
    let left = inPartition.reduce((a, b) => a + b, 0)
    let wanted = Math.ceil(left * fraction)
    for (const [p, of] of inPartition.entries()) {
      const choose = withReplacement ? binomial(wanted, of / left, random) : hypergeometric(wanted, of, left, random)
      if (of > 0) quotas[p]!.push([key, { of, choose }])
      left -= of
      wanted -= choose
    }
  }
  return quotas
}

interface Stratum { readonly fraction: number; readonly inPartition: number[] }

/** How many of `n` tries succeed. */
function binomial(n: number, chance: number, random: () => number): number {
  let hits = 0
  for (let i = 0; i < n; i++) if (random() < chance) hits++
  return hits
}

/** How many of `n` that are drawn out of `total`, without putting back, are among `marked`. */
function hypergeometric(n: number, marked: number, total: number, random: () => number): number {
  let hits = 0
  for (let i = 0; i < n; i++) if (random() * (total - i) < marked - hits) hits++
  return hits
}

function checkedFractions(op: string, fractions: ReadonlyMap<unknown, number>, withReplacement: boolean): [unknown, number][] {
  for (const fraction of fractions.values()) checkedFraction(op, fraction, withReplacement ? Infinity : 1)
  return [...fractions]
}
