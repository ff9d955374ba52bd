// The rung of operations on several RDDs of pairs.

import { callSite, type CallSite } from '../../base/call-site.ts'
import { builtin } from '../nodes.ts'
import { cogroup } from '../ops/cogroup.ts'
import { join } from '../ops/join.ts'
import type { Plan } from '../plan.ts'
import type { RDD } from '../rdd.ts'
import type { Runnable } from '../run-job.ts'
import type { PartitionsOrPartitioner } from '../target.ts'
import type { Key, Pair, Val } from '../types.ts'
import { PairOps } from './pair-ops.ts'

export abstract class JoinOps<out T> extends PairOps<T> {
  /**
   * For each key of any of the RDDs the list of its values in each of them, in the order of the records.
   *
   * A number of partitions or a partitioner may stand last. Semantics: `PairRDDFunctions.cogroup`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const ages = ctx.parallelize([['ann', 30]])
   * const towns = ctx.parallelize([['ann', 'Bern'], ['bob', 'Rome']])
   * await ages.cogroup(towns).sortByKey().collect()   // [['ann', [[30], ['Bern']]], ['bob', [[], ['Rome']]]]
   */
  cogroup<W extends readonly unknown[]>(this: RDD<Pair>, ...others: { [I in keyof W]: RDD<readonly [Key<T>, W[I]]> }): RDD<[Key<T>, [Val<T>[], ...{ -readonly [I in keyof W]: W[I][] }]]>
  cogroup<W>(this: RDD<Pair>, other: RDD<readonly [Key<T>, W]>, partitions?: PartitionsOrPartitioner): RDD<[Key<T>, [Val<T>[], W[]]]>
  cogroup<W, X>(this: RDD<Pair>, a: RDD<readonly [Key<T>, W]>, b: RDD<readonly [Key<T>, X]>, partitions?: PartitionsOrPartitioner): RDD<[Key<T>, [Val<T>[], W[], X[]]]>
  cogroup<W, X, Y>(this: RDD<Pair>, a: RDD<readonly [Key<T>, W]>, b: RDD<readonly [Key<T>, X]>, c: RDD<readonly [Key<T>, Y]>, partitions?: PartitionsOrPartitioner): RDD<[Key<T>, [Val<T>[], W[], X[], Y[]]]>
  cogroup(this: RDD<Pair>, ...given: unknown[]): RDD<unknown> {
    return this.derive(grouped(this, 'cogroup', callSite(), given))
  }

  /**
   * The same as `cogroup`, by Spark's other name.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const ages = ctx.parallelize([['ann', 30]])
   * await ages.groupWith(ctx.parallelize([['ann', 'Bern']])).collect()   // [['ann', [[30], ['Bern']]]]
   */
  groupWith<W extends readonly unknown[]>(this: RDD<Pair>, ...others: { [I in keyof W]: RDD<readonly [Key<T>, W[I]]> }): RDD<[Key<T>, [Val<T>[], ...{ -readonly [I in keyof W]: W[I][] }]]>
  groupWith(this: RDD<Pair>, ...others: unknown[]): RDD<unknown> {
    return this.derive(grouped(this, 'groupWith', callSite(), others))
  }

  /**
   * Every pair of values that have the same key: `[key, [left, right]]`.
   *
   * Semantics: `PairRDDFunctions.join`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const ages = ctx.parallelize([['ann', 30], ['bob', 40]])
   * await ages.join(ctx.parallelize([['ann', 'Bern']])).collect()   // [['ann', [30, 'Bern']]]
   */
  join<W>(this: RDD<Pair>, other: RDD<readonly [Key<T>, W]>, partitions?: PartitionsOrPartitioner): RDD<[Key<T>, [Val<T>, W]]> {
    return this.joined('join', other, partitions, false, false)
  }

  /**
   * As `join`; a left value without a right one comes with `undefined`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const ages = ctx.parallelize([['ann', 30], ['bob', 40]])
   * await ages.leftOuterJoin(ctx.parallelize([['ann', 'Bern']])).sortByKey().collect()   // [['ann', [30, 'Bern']], ['bob', [40, undefined]]]
   */
  leftOuterJoin<W>(this: RDD<Pair>, other: RDD<readonly [Key<T>, W]>, partitions?: PartitionsOrPartitioner): RDD<[Key<T>, [Val<T>, W | undefined]]> {
    return this.joined('leftOuterJoin', other, partitions, true, false)
  }

  /**
   * As `join`; a right value without a left one comes with `undefined`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const ages = ctx.parallelize([['ann', 30]])
   * await ages.rightOuterJoin(ctx.parallelize([['cay', 'Oslo']])).collect()   // [['cay', [undefined, 'Oslo']]]
   */
  rightOuterJoin<W>(this: RDD<Pair>, other: RDD<readonly [Key<T>, W]>, partitions?: PartitionsOrPartitioner): RDD<[Key<T>, [Val<T> | undefined, W]]> {
    return this.joined('rightOuterJoin', other, partitions, false, true)
  }

  /**
   * As `join`; a value of either side without one of the other comes with `undefined`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const ages = ctx.parallelize([['ann', 30]])
   * await ages.fullOuterJoin(ctx.parallelize([['cay', 'Oslo']])).sortByKey().collect()   // [['ann', [30, undefined]], ['cay', [undefined, 'Oslo']]]
   */
  fullOuterJoin<W>(this: RDD<Pair>, other: RDD<readonly [Key<T>, W]>, partitions?: PartitionsOrPartitioner): RDD<[Key<T>, [Val<T> | undefined, W | undefined]]> {
    return this.joined('fullOuterJoin', other, partitions, true, true)
  }

  /**
   * The pairs whose key the other RDD does not have.
   *
   * Semantics: `PairRDDFunctions.subtractByKey`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.parallelize([['a', 1], ['b', 2]]).subtractByKey(ctx.parallelize([['a', 'x']])).collect()   // [['b', 2]]
   */
  subtractByKey<W>(this: RDD<Pair>, other: RDD<readonly [Key<T>, W]>, partitions?: PartitionsOrPartitioner): RDD<[Key<T>, Val<T>]> {
    const site = callSite()
    return this.derive(join(this.plan, other.plan, this.context, 'subtractByKey', site, builtin('leftOnlyRows'), partitions))
  }

  /** A join, given which sides are outer. */
  protected joined<U>(this: RDD<Pair>, op: string, other: RDD<Pair>, partitions: PartitionsOrPartitioner | undefined, leftOuter: boolean, rightOuter: boolean): RDD<U> {
    const site = callSite()
    return this.derive(join(this.plan, other.plan, this.context, op, site, builtin('joinedRows', [leftOuter, rightOuter]), partitions))
  }
}

/** A cogroup with the RDDs that were given, and where to, if that was given last. */
function grouped({ plan, context }: Runnable, op: string, site: CallSite, given: readonly unknown[]): Plan {
  const others = given.filter(other => other instanceof JoinOps)
  return cogroup([plan, ...others.map(other => other.plan)], context, op, site, given[others.length] as PartitionsOrPartitioner | undefined)
}
