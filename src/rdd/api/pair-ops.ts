// The rung of operations on pairs: records that are [key, value].
//
// - They exist on every RDD and are guarded by `this: RDD<Pair>`, so that other records are refused by the compiler.
// - Keys are equal by structure (NaN equals NaN, 0 equals -0, the order of properties does not matter); what is aggregated under -0 comes back under 0.
// - The last argument of what moves data is a number of partitions or a Partitioner.

import { callSite } from '../../base/call-site.ts'
import { builtin, combine, onceKnown, pipeline, shuffle, userFunction } from '../nodes.ts'
import { filterByRange } from '../ops/filter-by-range.ts'
import { foldValues } from '../ops/fold.ts'
import { keyPartitioning, samePartitioning, type UserFunction } from '../plan.ts'
import type { RDD } from '../rdd.ts'
import { partitioningOf, targetOf, type PartitionsOrPartitioner } from '../target.ts'
import type { AnyFunction, Hint, Key, Pair, Val } from '../types.ts'
import { SampleOps } from './sample-ops.ts'

/** Gathers values in an array. */
export const grouping = { create: builtin('listOf'), merge: builtin('appendTo'), mergeCombiners: builtin('appendAll'), mapSide: false } as const

export abstract class PairOps<out T> extends SampleOps<T> {
  /**
   * The keys.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.parallelize([['a', 1], ['b', 2]]).keys().collect()   // ['a', 'b']
   */
  keys(this: RDD<Pair>): RDD<Key<T>> {
    return this.composed('keys', [{ op: 'map', fn: builtin('keyOf') }])
  }

  /**
   * The values.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.parallelize([['a', 1], ['b', 2]]).values().collect()   // [1, 2]
   */
  values(this: RDD<Pair>): RDD<Val<T>> {
    return this.composed('values', [{ op: 'map', fn: builtin('valueOf') }])
  }

  /**
   * Gives the function's result for each value; keys stay, and stay where they are.
   *
   * Semantics: `PairRDDFunctions.mapValues`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.parallelize([['a', 1], ['b', 2]]).mapValues(n => n * 10).collect()   // [['a', 10], ['b', 20]]
   */
  mapValues<U>(this: RDD<Pair>, f: (value: Val<T>) => U | Hint): RDD<[Key<T>, U]> {
    return this.step('mapValues', 'mapValues', f, true)
  }

  /**
   * Gives the key with every element of what the function returns for its value.
   *
   * Semantics: `PairRDDFunctions.flatMapValues`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.parallelize([['a', 'x y']]).flatMapValues(text => text.split(' ')).collect()   // [['a', 'x'], ['a', 'y']]
   */
  flatMapValues<U>(this: RDD<Pair>, f: (value: Val<T>) => Iterable<U | Hint>): RDD<[Key<T>, U]> {
    return this.step('flatMapValues', 'flatMapValues', f, true)
  }

  /**
   * Combines the values of each key, two at a time, before and after data moves.
   *
   * The function must be associative; it sees values in the order of the records. Semantics: `PairRDDFunctions.reduceByKey`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.parallelize([['a', 1], ['b', 1], ['a', 1]], 1).reduceByKey((a, b) => a + b).collect()   // [['a', 2], ['b', 1]]
   */
  reduceByKey(this: RDD<Pair>, f: (a: Val<T>, b: Val<T>) => Val<T>, partitions?: PartitionsOrPartitioner): RDD<[Key<T>, Val<T>]> {
    const site = callSite()
    const fn = userFunction(f, 'reduceByKey', site)
    return this.derive(combine(this.plan, 'reduceByKey', site, targetOf(partitions, [this.plan], this.context, 'reduceByKey', site), { merge: fn, mergeCombiners: fn, mapSide: true }))
  }

  /**
   * Gathers the values of each key in an array, in the order of the records.
   *
   * Every value moves and the array of a key must fit in memory: where values can be combined, use `reduceByKey` or `aggregateByKey`.
   * Semantics: `PairRDDFunctions.groupByKey`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.parallelize([['a', 1], ['b', 2], ['a', 3]], 1).groupByKey().collect()   // [['a', [1, 3]], ['b', [2]]]
   */
  groupByKey(this: RDD<Pair>, partitions?: PartitionsOrPartitioner): RDD<[Key<T>, Val<T>[]]> {
    const site = callSite()
    return this.derive(combine(this.plan, 'groupByKey', site, targetOf(partitions, [this.plan], this.context, 'groupByKey', site), grouping))
  }

  /**
   * Combines the values of each key into something of another type.
   *
   * `create` makes a combiner of a key's first value in a partition, `mergeValue` adds a value, `mergeCombiners` joins two; the last two may
   * change their first argument in place. `mapSideCombine` false moves every value. Semantics: `PairRDDFunctions.combineByKey`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const means = ctx.parallelize([['a', 1], ['a', 3]])
   *   .combineByKey(n => [n, 1], ([sum, count], n) => [sum + n, count + 1], (a, b) => [a[0] + b[0], a[1] + b[1]])
   *   .mapValues(([sum, count]) => sum / count)
   * await means.collect()   // [['a', 2]]
   */
  combineByKey<C>(this: RDD<Pair>, create: (value: Val<T>) => C | Hint, mergeValue: (combiner: C, value: Val<T>) => C | Hint, mergeCombiners: (a: C, b: C) => C | Hint,
    partitions?: PartitionsOrPartitioner, mapSideCombine = true): RDD<[Key<T>, C]> {
    const site = callSite()
    const fn = (f: AnyFunction): UserFunction => userFunction(f, 'combineByKey', site)
    const aggregator = { create: fn(create), merge: fn(mergeValue), mergeCombiners: fn(mergeCombiners), mapSide: mapSideCombine }
    return this.derive(combine(this.plan, 'combineByKey', site, targetOf(partitions, [this.plan], this.context, 'combineByKey', site), aggregator))
  }

  /**
   * Combines the values of each key into something of another type, beginning with a copy of `zero`.
   *
   * `seq` adds a value, `comb` joins two results; both may change their first argument in place. Semantics: `PairRDDFunctions.aggregateByKey`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const sums = ctx.parallelize([['a', 1], ['a', 3]]).aggregateByKey([0, 0], ([sum, count], n) => [sum + n, count + 1], (a, b) => [a[0] + b[0], a[1] + b[1]])
   * await sums.collect()   // [['a', [4, 2]]]
   */
  aggregateByKey<C>(this: RDD<Pair>, zero: C | Hint, seq: (result: C, value: Val<T>) => C | Hint, comb: (a: C, b: C) => C | Hint, partitions?: PartitionsOrPartitioner): RDD<[Key<T>, C]> {
    const site = callSite()
    return this.derive(foldValues(this, 'aggregateByKey', site, { zero, seq, comb, partitions }))
  }

  /**
   * Combines the values of each key, beginning with a copy of `zero`.
   *
   * The zero is added once for each key of each partition. Semantics: `PairRDDFunctions.foldByKey`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.parallelize([['a', 1], ['a', 3]]).foldByKey(0, (a, b) => a + b).collect()   // [['a', 4]]
   */
  foldByKey(this: RDD<Pair>, zero: Val<T>, f: (a: Val<T>, b: Val<T>) => Val<T>, partitions?: PartitionsOrPartitioner): RDD<[Key<T>, Val<T>]> {
    const site = callSite()
    return this.derive(foldValues(this, 'foldByKey', site, { zero, seq: f, comb: f, partitions }))
  }

  /**
   * The pairs whose key lies between the bounds, both included, in the natural order.
   *
   * Of an RDD that is sorted or partitioned by range, only the partitions that may hold such keys are computed; the others are empty.
   * Semantics: `OrderedRDDFunctions.filterByRange`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.parallelize([[1, 'a'], [5, 'b'], [9, 'c']]).filterByRange(2, 9).collect()   // [[5, 'b'], [9, 'c']]
   */
  filterByRange(this: RDD<Pair>, lower: Key<T>, upper: Key<T>): RDD<[Key<T>, Val<T>]> {
    const site = callSite()
    return this.derive(filterByRange(this.plan, site, lower, upper))
  }

  /**
   * Moves each pair to the partition of its key. What follows and asks for the same partitioning moves nothing.
   *
   * Semantics: `PairRDDFunctions.partitionBy`.
   *
   * @example
   * import { Context, HashPartitioner } from 'rivulet'
   * const ctx = new Context()
   * const users = ctx.parallelize([['ann', 1], ['bob', 2]]).partitionBy(new HashPartitioner(4)).persist()
   * users.getNumPartitions()   // 4
   */
  partitionBy(this: RDD<Pair>, partitions: PartitionsOrPartitioner): RDD<[Key<T>, Val<T>]> {
    const site = callSite()
    const target = partitioningOf(partitions, 'partitionBy', site)
    if (samePartitioning(keyPartitioning(this.plan), target)) return this.derive(this.plan)
    return this.derive(onceKnown([this.plan], 'partitionBy', site, target, undefined, () => (
      samePartitioning(keyPartitioning(this.plan), target) ? pipeline(this.plan, 'partitionBy', site, [], true) : shuffle(this.plan, 'partitionBy', site, target))))
  }
}
