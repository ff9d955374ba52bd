// The rung of answers that are about right, for less memory or less time.

import { callSite, type CallSite } from '../../base/call-site.ts'
import { duration, type D } from '../../base/time.ts'
import { CombineMap } from '../../kernel/combine-map.ts'
import { distinctCount, joinSketches } from '../../kernel/functions/distinct.ts'
import { mergeMoments, noMoments, type Moments } from '../../kernel/functions/numbers.ts'
import { rddErrors } from '../errors.ts'
import { checkedFraction } from '../ops/sample.ts'
import { builtin, combine, pipeline } from '../nodes.ts'
import { estimatedCount, estimatedMean, estimatedSum, type BoundedNumber } from '../ops/estimates.ts'
import { runUntil, type PartialResults } from '../ops/run-until.ts'
import type { PlanSink, PlanStep } from '../plan.ts'
import type { RDD } from '../rdd.ts'
import { runAction, type Runnable } from '../run-job.ts'
import { targetOf, type PartitionsOrPartitioner } from '../target.ts'
import type { Key, Pair } from '../types.ts'
import { AggregateOps } from './aggregate-ops.ts'

export abstract class ApproximateOps<out T> extends AggregateOps<T> {
  /**
   * How many different records there are, about: the standard error is `relativeSD` of the number. Memory is 1 / relativeSD² bytes a partition.
   *
   * Records are equal by structure. HyperLogLog over 32 bits of hash: for up to about a thousand million different records.
   * Errors: RIV_RELATIVE_SD. Semantics: `RDD.countApproxDistinct`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.range(0, 20_000).map(n => n % 1000).countApproxDistinct(0.02)   // about 1000
   */
  countApproxDistinct(relativeSD = 0.05): Promise<number> {
    const site = callSite()
    const p = precisionOf('countApproxDistinct', relativeSD)
    return runAction(this, 'countApproxDistinct', site, async run => {
      const sketches = (await run({ to: 'partition', fn: builtin('distinctSketch', [p]) })).map(part => part.records[0] as Uint8Array)
      return distinctCount(sketches.reduce(joinSketches(), new Uint8Array(2 ** p)))
    })
  }

  /**
   * How many different values each key has, about: the standard error is `relativeSD` of the number.
   *
   * Errors: RIV_RELATIVE_SD. Semantics: `PairRDDFunctions.countApproxDistinctByKey`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.parallelize([['a', 1], ['a', 1], ['a', 2]]).countApproxDistinctByKey().collect()   // [['a', 2]]
   */
  countApproxDistinctByKey(this: RDD<Pair>, relativeSD = 0.05, partitions?: PartitionsOrPartitioner): RDD<[Key<T>, number]> {
    const [site, op] = [callSite(), 'countApproxDistinctByKey']
    const p = precisionOf(op, relativeSD)
    const target = targetOf(partitions, [this.plan], this.context, op, site)
    const sketches = combine(this.plan, op, site, target, { create: builtin('sketchOf', [p]), merge: builtin('addToSketch', [p]), mergeCombiners: builtin('joinSketches'), mapSide: true })
    return this.derive(pipeline(sketches, op, site, [{ op: 'mapValues', fn: builtin('sketchCount') }], true))
  }

  /**
   * The number of records, as far as it is known when the time is up: an estimate from the partitions that have ended, with bounds that hold
   * with the given confidence. What still runs is cancelled. Exact, with confidence 1, when everything has ended before.
   *
   * Where nothing has ended the confidence is 0. Errors: RIV_DURATION, RIV_FRACTION. Semantics: `RDD.countApprox`, whose job goes on after the timeout.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const { mean, low, high } = await ctx.range(0, 1000).countApprox('10 s')   // 1000, three times
   */
  countApprox(timeout: D, confidence = 0.95): Promise<BoundedNumber> {
    return until(this, 'countApprox', callSite(), { to: 'count' }, timeout, confidence, ({ results, share }) => (
      estimatedCount(results.reduce((sum, { count }) => sum + count, 0), share, confidence)))
  }

  /**
   * How often each record comes, as far as it is known when the time is up: the records that were met, each with an estimate as by `countApprox`.
   *
   * Records that lie only in partitions that have not ended are missing. Errors: RIV_DURATION, RIV_FRACTION. Semantics: `RDD.countByValueApprox`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const counts = await ctx.parallelize(['to', 'be', 'to']).countByValueApprox('10 s')
   * counts.get('to')   // { mean: 2, confidence: 1, low: 2, high: 2 }
   */
  countByValueApprox(timeout: D, confidence = 0.95): Promise<Map<T, BoundedNumber>> {
    return countedUntil(this, 'countByValueApprox', callSite(), { op: 'map', fn: builtin('withOne') }, timeout, confidence)
  }

  /**
   * How many pairs each key has, as far as it is known when the time is up: the keys that were met, each with an estimate as by `countApprox`.
   *
   * Errors: RIV_DURATION, RIV_FRACTION. Semantics: `PairRDDFunctions.countByKeyApprox`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const counts = await ctx.parallelize([['a', 1], ['b', 2], ['a', 3]]).countByKeyApprox('10 s')
   * counts.get('a')   // { mean: 2, confidence: 1, low: 2, high: 2 }
   */
  countByKeyApprox(this: RDD<Pair>, timeout: D, confidence = 0.95): Promise<Map<Key<T>, BoundedNumber>> {
    return countedUntil(this, 'countByKeyApprox', callSite(), { op: 'mapValues', fn: builtin('one') }, timeout, confidence)
  }

  /**
   * The sum of the numbers, as far as it is known when the time is up, with bounds as `countApprox` gives.
   *
   * Where fewer than two numbers are known the confidence is 0. Errors: RIV_DURATION, RIV_FRACTION. Semantics: `DoubleRDDFunctions.sumApprox`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const { mean, low, high } = await ctx.range(0, 1000).sumApprox('10 s')   // 499500, three times
   */
  sumApprox(this: RDD<number>, timeout: D, confidence = 0.95): Promise<BoundedNumber> {
    return measuredUntil(this, 'sumApprox', callSite(), timeout, confidence, estimatedSum)
  }

  /**
   * The mean of the numbers, as far as it is known when the time is up, with bounds as `countApprox` gives.
   *
   * Where fewer than two numbers are known the confidence is 0. Errors: RIV_DURATION, RIV_FRACTION. Semantics: `DoubleRDDFunctions.meanApprox`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const { mean, confidence } = await ctx.range(0, 5).meanApprox('10 s')   // 2 and 1
   */
  meanApprox(this: RDD<number>, timeout: D, confidence = 0.95): Promise<BoundedNumber> {
    return measuredUntil(this, 'meanApprox', callSite(), timeout, confidence, estimatedMean)
  }
}

function measuredUntil(rdd: Runnable, op: string, site: CallSite, timeout: D, confidence: number, estimate: (moments: Moments, share: number, confidence: number) => BoundedNumber): Promise<BoundedNumber> {
  return until(rdd, op, site, { to: 'partition', fn: builtin('moments') }, timeout, confidence, ({ results, share }) => (
    estimate(results.map(result => result.records[0] as Moments).reduce(mergeMoments, noMoments), share, confidence)))
}

function countedUntil<K>({ plan, context }: Runnable, op: string, site: CallSite, toPairs: PlanStep, timeout: D, confidence: number): Promise<Map<K, BoundedNumber>> {
  const pairs = { plan: pipeline(plan, op, site, [toPairs]), context }
  return until(pairs, op, site, { to: 'partition', fn: builtin('combinedPairs', [], [builtin('add')]) }, timeout, confidence, ({ results, share }) => {
    const counts = new CombineMap()
    for (const { records } of results) {
      for (const [key, count] of records[0] as [unknown, number][]) {
        const place = counts.find(key)
        if (place === -1) counts.add(key, count)
        else counts.values[place] = (counts.values[place] as number) + count
      }
    }
    return new Map([...counts.pairs()].map(([key, count]) => [key as K, estimatedCount(count as number, share, confidence)]))
  })
}

/** What is made of the results that are there when the time is up. */
function until<R>(rdd: Runnable, op: string, site: CallSite, sink: PlanSink, timeout: D, confidence: number, result: (known: PartialResults) => R): Promise<R> {
  const { milliseconds } = duration(timeout, `the timeout of ${op}`)
  checkedFraction(`the confidence of ${op}`, confidence, 1)
  return runAction(rdd, op, site, async (_run, signal) => result(await runUntil(rdd, op, site, sink, milliseconds, signal)))
}

/** Registers for an accuracy, as a power of two; Spark's rule. */
function precisionOf(op: string, relativeSD: number): number {
  const p = Math.ceil(2 * Math.log2(1.054 / relativeSD))
  if (!(relativeSD > 0 && relativeSD <= 0.4 && p <= 20)) throw rddErrors.RIV_RELATIVE_SD(op, relativeSD)
  return Math.max(4, p)
}
