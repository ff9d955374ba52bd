// The rung of operations that choose or number records.
//
// - The same seed gives the same records; without one the seed is the RDD's own, so that a partition computed again is the same.

import { callSite, type CallSite } from '../../base/call-site.ts'
import { builtin, pipeline } from '../nodes.ts'
import { checkedFraction, zipWithIndex, zipWithUniqueId } from '../ops/sample.ts'
import type { RDD } from '../rdd.ts'
import { ZipOps } from './zip-ops.ts'

export abstract class SampleOps<out T> extends ZipOps<T> {
  /**
   * A random part of the records: each is kept with the probability `fraction`, or, with replacement, comes `fraction` times on average.
   *
   * Errors: RIV_FRACTION. Semantics: `RDD.sample`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.range(0, 1000).sample(false, 0.1, 42).count()   // about 100, always the same
   */
  sample(withReplacement: boolean, fraction: number, seed?: number): RDD<T> {
    checkedFraction('sample', fraction, withReplacement ? Infinity : 1)
    return this.#chosen('sample', callSite(), builtin(withReplacement ? 'sampledWithReplacement' : 'sampled', [fraction, seed ?? this.id]))
  }

  /**
   * Splits the records at random into parts of about the given weights. Every record is in exactly one part.
   *
   * Errors: RIV_FRACTION. Semantics: `RDD.randomSplit`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const [training, test] = ctx.range(0, 1000).randomSplit([0.8, 0.2], 7)
   * await training!.count() + await test!.count()   // 1000
   */
  randomSplit(weights: readonly number[], seed?: number): RDD<T>[] {
    const site = callSite()
    const total = weights.reduce((sum, weight) => sum + checkedFraction('randomSplit', weight, Infinity), 0)
    let passed = 0
    return weights.map((weight, i) => {
      const from = passed / total
      passed += weight
      return this.#chosen('randomSplit', site, builtin('inCell', [from, i === weights.length - 1 ? 1 : passed / total, seed ?? this.id]))
    })
  }

  /**
   * Each record with its number: `[record, index]`, counted over all partitions.
   *
   * With more than one partition the records are counted first, inside the action. Semantics: `RDD.zipWithIndex`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.parallelize(['a', 'b', 'c'], 2).zipWithIndex().collect()   // [['a', 0], ['b', 1], ['c', 2]]
   */
  zipWithIndex(): RDD<[T, number]> {
    return this.derive(zipWithIndex(this, 'zipWithIndex', callSite()))
  }

  /**
   * Each record with a number that no other record has: record k of partition i of p gets `k·p + i`. Needs no counting.
   *
   * Semantics: `RDD.zipWithUniqueId`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.parallelize(['a', 'b', 'c'], 2).zipWithUniqueId().collect()   // [['a', 0], ['b', 1], ['c', 3]]
   */
  zipWithUniqueId(): RDD<[T, number]> {
    return this.derive(zipWithUniqueId(this.plan, 'zipWithUniqueId', callSite()))
  }

  /**
   * Pipes the records of each partition through a program: one line in each, one record out of each line.
   *
   * A string runs in the system's shell, an array without one. A program that ends with another code than 0 fails the action with RIV_PIPE.
   * Semantics: `RDD.pipe`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.parallelize(['to', 'be']).pipe(['tr', 'a-z', 'A-Z']).collect()   // ['TO', 'BE']
   */
  pipe(command: string | readonly string[]): RDD<string> {
    return this.composed('pipe', [{ op: 'mapPartitions', fn: builtin('piped', [command]) }])
  }

  #chosen(op: string, site: CallSite, fn: ReturnType<typeof builtin>): RDD<T> {
    return this.derive(pipeline(this.plan, op, site, [{ op: 'mapPartitions', fn }], true))
  }
}
