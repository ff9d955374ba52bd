// The rung of answers that are about right, for less memory or less time.

import { callSite } from '../../base/call-site.ts'
import { duration, type D } from '../../base/time.ts'
import { distinctCount, joinSketches } from '../../kernel/functions/distinct.ts'
import { rddErrors } from '../errors.ts'
import { builtin, combine, pipeline } from '../nodes.ts'
import { countApprox, type BoundedNumber } from '../ops/count-approx.ts'
import type { RDD } from '../rdd.ts'
import { runAction } from '../run-job.ts'
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
   * Where nothing has ended the confidence is 0. Errors: RIV_DURATION. Semantics: `RDD.countApprox`, whose job goes on after the timeout.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const { mean, low, high } = await ctx.range(0, 1000).countApprox('10 s')   // 1000, three times
   */
  countApprox(timeout: D, confidence = 0.95): Promise<BoundedNumber> {
    const site = callSite()
    const timeoutMs = duration(timeout, 'the timeout of countApprox').milliseconds
    return runAction(this, 'countApprox', site, async (_run, signal) => countApprox(this, site, { timeoutMs, confidence }, signal))
  }
}

/** Registers for an accuracy, as a power of two; Spark's rule. */
function precisionOf(op: string, relativeSD: number): number {
  const p = Math.ceil(2 * Math.log2(1.054 / relativeSD))
  if (!(relativeSD > 0 && relativeSD <= 0.4 && p <= 20)) throw rddErrors.RIV_RELATIVE_SD(op, relativeSD)
  return Math.max(4, p)
}
