// The rung of statistics on numbers.

import { callSite } from '../../base/call-site.ts'
import { mergeMoments, noMoments, type Moments } from '../../kernel/functions/numbers.ts'
import { rddErrors } from '../errors.ts'
import { builtin } from '../nodes.ts'
import type { RDD } from '../rdd.ts'
import { runAction, type RunSink } from '../run-job.ts'
import { OrderedOps } from './ordered-ops.ts'

/** Count, sum and the measures of spread of numbers. Without numbers they are NaN, `count` and `sum` 0, `min` Infinity, `max` -Infinity. */
export interface Stats {
  readonly count: number
  readonly sum: number
  readonly mean: number
  readonly min: number
  readonly max: number
  /** Of the population: divided by the count. */
  readonly variance: number
  readonly stdev: number
  /** Of a sample: divided by the count less one. */
  readonly sampleVariance: number
  readonly sampleStdev: number
}

export abstract class NumberOps<out T> extends OrderedOps<T> {
  /**
   * Count, sum, mean, extremes and spread, in one pass.
   *
   * Semantics: `DoubleRDDFunctions.stats`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const { mean, stdev } = await ctx.parallelize([2, 4, 4, 4, 5, 5, 7, 9]).stats()   // 5 and 2
   */
  stats(this: RDD<number>): Promise<Stats> {
    return this.measured('stats', stats => stats)
  }

  /**
   * The sum of the numbers; 0 without any.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.range(0, 5).sum()   // 10
   */
  sum(this: RDD<number>): Promise<number> {
    return this.measured('sum', stats => stats.sum)
  }

  /**
   * The mean of the numbers; NaN without any.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.range(0, 5).mean()   // 2
   */
  mean(this: RDD<number>): Promise<number> {
    return this.measured('mean', stats => stats.mean)
  }

  /**
   * The variance of the numbers as a population. See `stats`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.parallelize([2, 4, 4, 4, 5, 5, 7, 9]).variance()   // 4
   */
  variance(this: RDD<number>): Promise<number> {
    return this.measured('variance', stats => stats.variance)
  }

  /**
   * The same as `variance`. Semantics: `DoubleRDDFunctions.popVariance`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.parallelize([2, 4, 4, 4, 5, 5, 7, 9]).popVariance()   // 4
   */
  popVariance(this: RDD<number>): Promise<number> {
    return this.measured('popVariance', stats => stats.variance)
  }

  /**
   * The standard deviation of the numbers as a population. See `stats`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.parallelize([2, 4, 4, 4, 5, 5, 7, 9]).stdev()   // 2
   */
  stdev(this: RDD<number>): Promise<number> {
    return this.measured('stdev', stats => stats.stdev)
  }

  /**
   * The same as `stdev`. Semantics: `DoubleRDDFunctions.popStdev`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.parallelize([2, 4, 4, 4, 5, 5, 7, 9]).popStdev()   // 2
   */
  popStdev(this: RDD<number>): Promise<number> {
    return this.measured('popStdev', stats => stats.stdev)
  }

  /**
   * The variance of the numbers as a sample. See `stats`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.parallelize([1, 2, 3]).sampleVariance()   // 1
   */
  sampleVariance(this: RDD<number>): Promise<number> {
    return this.measured('sampleVariance', stats => stats.sampleVariance)
  }

  /**
   * The standard deviation of the numbers as a sample. See `stats`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.parallelize([1, 2, 3]).sampleStdev()   // 1
   */
  sampleStdev(this: RDD<number>): Promise<number> {
    return this.measured('sampleStdev', stats => stats.sampleStdev)
  }

  /**
   * How many numbers lie in each bucket: `histogram(n)` cuts their range into n buckets and gives `[edges, counts]`, `histogram(edges)` gives the counts.
   *
   * A bucket includes its lower edge, the last one its upper edge too. Numbers outside and NaN are not counted. Errors: RIV_BUCKETS.
   * Semantics: `DoubleRDDFunctions.histogram`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.parallelize([0, 1, 5, 10]).histogram(2)         // [[0, 5, 10], [2, 2]]
   * await ctx.parallelize([0, 1, 5, 10]).histogram([0, 1, 9])   // [1, 2]
   */
  histogram(this: RDD<number>, buckets: number): Promise<[edges: number[], counts: number[]]>
  histogram(this: RDD<number>, edges: readonly number[]): Promise<number[]>
  histogram(this: RDD<number>, buckets: number | readonly number[]): Promise<[number[], number[]] | number[]> {
    return runAction<[number[], number[]] | number[]>(this, 'histogram', callSite(), async run => {
      if (typeof buckets === 'object') return countBuckets(run, checkedEdges(buckets))
      const edges = evenEdges(await momentsOf(run), buckets)
      return [edges, await countBuckets(run, edges)]
    })
  }

  protected measured<R>(this: RDD<number>, op: string, pick: (stats: Stats) => R): Promise<R> {
    return runAction(this, op, callSite(), async run => pick(statsOf(await momentsOf(run))))
  }
}

async function momentsOf(run: RunSink): Promise<Moments> {
  const parts = await run({ to: 'partition', fn: builtin('moments') })
  return parts.map(part => part.records[0] as Moments).reduce(mergeMoments, noMoments)
}

function statsOf({ count, sum, mean, m2, min, max }: Moments): Stats {
  const [variance, sampleVariance] = [count === 0 ? NaN : m2 / count, count < 2 ? NaN : m2 / (count - 1)]
  return { count, sum, mean: count === 0 ? NaN : mean, min, max, variance, stdev: Math.sqrt(variance), sampleVariance, sampleStdev: Math.sqrt(sampleVariance) }
}

async function countBuckets(run: RunSink, edges: readonly number[]): Promise<number[]> {
  const counts = new Array<number>(edges.length - 1).fill(0)
  for (const part of await run({ to: 'partition', fn: builtin('bucketCounts', [edges]) })) {
    for (const [i, count] of (part.records[0] as number[]).entries()) counts[i]! += count
  }
  return counts
}

function checkedEdges(edges: readonly number[]): readonly number[] {
  if (edges.length < 2 || edges.some((edge, i) => !(i === 0 ? edge === edge : edge > edges[i - 1]!))) throw rddErrors.RIV_BUCKETS(`the edges [${edges.join(', ')}] do not increase, or are fewer than two`)
  return edges
}

/** Equal numbers make one bucket, as in Spark. */
function evenEdges({ count, min, max }: Moments, buckets: number): number[] {
  if (!Number.isInteger(buckets) || buckets < 1) throw rddErrors.RIV_BUCKETS(`${buckets} is no number of buckets`)
  if (count === 0 || !Number.isFinite(min) || !Number.isFinite(max)) throw rddErrors.RIV_BUCKETS(count === 0 ? 'the RDD is empty' : 'not every number is finite')
  if (min === max) return [min, max]
  return Array.from({ length: buckets + 1 }, (_, i) => (i === buckets ? max : min + i * (max - min) / buckets))
}
