// The rung of operations that treat records as keys: groups, sets, redistribution.

import { callSite } from '../../base/call-site.ts'
import { builtin, combine, pipeline, shuffle, userFunction } from '../nodes.ts'
import { join } from '../ops/join.ts'
import type { PlanStep } from '../plan.ts'
import type { RDD } from '../rdd.ts'
import { checkedCount, targetOf, type PartitionsOrPartitioner } from '../target.ts'
import type { Hint } from '../types.ts'
import { JoinOps } from './join-ops.ts'
import { grouping } from './pair-ops.ts'

const asKeys: readonly PlanStep[] = [{ op: 'map', fn: builtin('asKey') }]
const onlyKeys: PlanStep = { op: 'map', fn: builtin('keyOf') }

export abstract class SetOps<out T> extends JoinOps<T> {
  /**
   * Every record once. Records are equal by structure.
   *
   * Semantics: `RDD.distinct`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.parallelize([2, 1, 2]).distinct().sortBy(n => n).collect()   // [1, 2]
   */
  distinct(partitions?: PartitionsOrPartitioner): RDD<T> {
    const site = callSite()
    const keyed = pipeline(this.plan, 'distinct', site, asKeys)
    const [merge, target] = [builtin('firstOf'), targetOf(partitions, [keyed], this.context, 'distinct', site)]
    return this.derive(pipeline(combine(keyed, 'distinct', site, target, { merge, mergeCombiners: merge, mapSide: true }), 'distinct', site, [onlyKeys]))
  }

  /**
   * The records by the key that the function makes of each: `[key, records]`, in the order of the records.
   *
   * Semantics: `RDD.groupBy`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.range(0, 5).groupBy(n => n % 2).sortByKey().collect()   // [[0, [0, 2, 4]], [1, [1, 3]]]
   */
  groupBy<K>(f: (record: T) => K | Hint, partitions?: PartitionsOrPartitioner): RDD<[K, T[]]> {
    const site = callSite()
    const keyed = pipeline(this.plan, 'groupBy', site, [{ op: 'map', fn: builtin('withKey', [], [userFunction(f, 'groupBy', site)]) }])
    return this.derive(combine(keyed, 'groupBy', site, targetOf(partitions, [keyed], this.context, 'groupBy', site), grouping))
  }

  /**
   * The records that both RDDs have, each once.
   *
   * Semantics: `RDD.intersection`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.parallelize([1, 2, 2]).intersection(ctx.parallelize([2, 3])).collect()   // [2]
   */
  intersection(other: RDD<T>, partitions?: PartitionsOrPartitioner): RDD<T> {
    const site = callSite()
    const [left, right] = [this.plan, other.plan].map(plan => pipeline(plan, 'intersection', site, asKeys))
    const common = join(left!, right!, this.context, 'intersection', site, builtin('commonRows'), partitions)
    return this.derive(pipeline(common, 'intersection', site, [onlyKeys]))
  }

  /**
   * The records that the other RDD does not have; duplicates stay.
   *
   * Semantics: `RDD.subtract`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.parallelize([1, 2, 1]).subtract(ctx.parallelize([2, 3])).collect()   // [1, 1]
   */
  subtract(other: RDD<T>, partitions?: PartitionsOrPartitioner): RDD<T> {
    const site = callSite()
    const [left, right] = [this.plan, other.plan].map(plan => pipeline(plan, 'subtract', site, asKeys))
    const rest = join(left!, right!, this.context, 'subtract', site, builtin('leftOnlyRows'), partitions)
    return this.derive(pipeline(rest, 'subtract', site, [onlyKeys]))
  }

  /**
   * The same records dealt out evenly over `partitions` partitions.
   *
   * Semantics: `RDD.repartition`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * ctx.range(0, 100, 1, 1).repartition(4).getNumPartitions()   // 4
   */
  repartition(partitions: number): RDD<T> {
    const site = callSite()
    return this.derive(shuffle(this.plan, 'repartition', site, { by: 'roundRobin', partitions: checkedCount('repartition', partitions) }))
  }
}
