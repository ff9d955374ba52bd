// The rung of operations that put partitions of several RDDs together, or partitions of one. All narrow: nothing is exchanged.

import { callSite } from '../../base/call-site.ts'
import { builtin, cartesian, coalesce, shuffle, userFunction, zip } from '../nodes.ts'
import type { RDD } from '../rdd.ts'
import { checkedCount } from '../target.ts'
import type { AnyFunction, Hint, Pairs } from '../types.ts'
import { ElementOps, type Some } from './element-ops.ts'

export abstract class ZipOps<out T> extends ElementOps<T> {
  /**
   * The same records in at most `partitions` partitions.
   *
   * Without `shuffle`, neighbouring partitions are put together, nothing moves and order is kept; there are never more than before. With it the
   * records are dealt out evenly, as by `repartition`: where few partitions would leave cores idle. Errors: RIV_PARTITION_COUNT. Semantics: `RDD.coalesce`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.range(0, 5, 1, 5).coalesce(2).glom().collect()   // [[0, 1], [2, 3, 4]]
   */
  coalesce(partitions: number, shuffled = false): RDD<T> {
    const site = callSite()
    const count = checkedCount('coalesce', partitions)
    return this.derive(shuffled ? shuffle(this.plan, 'coalesce', site, { by: 'roundRobin', partitions: count }) : coalesce(this.plan, 'coalesce', site, count))
  }

  /**
   * Record i of this RDD beside record i of the other: `[mine, theirs]`.
   *
   * Both need equally many partitions, and equally many records in each: the action rejects with RIV_ZIP_PARTITIONS or RIV_ZIP_LENGTH.
   * Semantics: `RDD.zip`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const words = ctx.parallelize(['to', 'be'])
   * await words.zip(words.map(word => word.length)).collect()   // [['to', 2], ['be', 2]]
   */
  zip<U>(other: RDD<U>): RDD<[T, U]> {
    const site = callSite()
    return this.derive(zip([this.plan, other.plan], 'zip', site, builtin('zipped', [site.place === '' ? 'zip' : `zip at ${site.place}`])))
  }

  /**
   * Gives the function the records of the partitions i of this RDD and up to three others, as iterables, and takes any iterable from it.
   *
   * All need equally many partitions: otherwise the action rejects with RIV_ZIP_PARTITIONS. `preservesPartitioning` says that keys stay where
   * they are in this RDD. Semantics: `RDD.zipPartitions`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const counts = ctx.range(0, 5, 1, 2).zipPartitions(ctx.range(0, 9, 1, 2), (a, b) => [[[...a].length, [...b].length]])
   * await counts.collect()   // [[2, 4], [3, 5]]
   */
  zipPartitions<B, K, V>(b: RDD<B>, f: (a: Iterable<T>, b: Iterable<B>) => Some<readonly [K, V | Hint]>, preservesPartitioning?: boolean): Pairs<K, V>
  zipPartitions<B, U>(b: RDD<B>, f: (a: Iterable<T>, b: Iterable<B>) => Some<U | Hint>, preservesPartitioning?: boolean): RDD<U>
  zipPartitions<B, C, U>(b: RDD<B>, c: RDD<C>, f: (a: Iterable<T>, b: Iterable<B>, c: Iterable<C>) => Some<U | Hint>, preservesPartitioning?: boolean): RDD<U>
  zipPartitions<B, C, D, U>(b: RDD<B>, c: RDD<C>, d: RDD<D>, f: (a: Iterable<T>, b: Iterable<B>, c: Iterable<C>, d: Iterable<D>) => Some<U | Hint>, preservesPartitioning?: boolean): RDD<U>
  zipPartitions(...given: unknown[]): RDD<unknown> {
    const site = callSite()
    const others = given.filter(other => other instanceof ElementOps)
    const [f, keepsKeys = false] = given.slice(others.length) as [AnyFunction, boolean?]
    return this.derive(zip([this.plan, ...others.map(other => other.plan)], 'zipPartitions', site, userFunction(f, 'zipPartitions', site), keepsKeys))
  }

  /**
   * Every record of this RDD beside every one of the other: `[mine, theirs]`.
   *
   * There are as many partitions as pairs of partitions; the other RDD's partition is held in memory while one is computed, and computed for
   * each of this RDD's: persist it where that is dear. Semantics: `RDD.cartesian`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.parallelize([1, 2], 1).cartesian(ctx.parallelize(['a', 'b'], 1)).collect()   // [[1, 'a'], [1, 'b'], [2, 'a'], [2, 'b']]
   */
  cartesian<U>(other: RDD<U>): RDD<[T, U]> {
    return this.derive(cartesian(this.plan, other.plan, 'cartesian', callSite()))
  }
}
