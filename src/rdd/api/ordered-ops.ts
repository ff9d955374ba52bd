// The rung of operations that order records.
//
// - The natural order: numbers by value with NaN last, strings by UTF-16 code units, bigint, Date, arrays part by part.
// - Where a comparison is taken, a function of fewer than two parameters is refused; `{ by: f }` orders by a key.

import { callSite, type CallSite } from '../../base/call-site.ts'
import { firstInOrder, orderOf, type OrderKind } from '../../kernel/order.ts'
import { RangePartitioner, type Partitioner } from '../../kernel/partitioner.ts'
import { rddErrors } from '../errors.ts'
import { builtin, pipeline, shuffle, userFunction } from '../nodes.ts'
import { sampledBounds, sortPairs } from '../ops/sort.ts'
import { resolvePlan } from '../plan.ts'
import type { RDD } from '../rdd.ts'
import { runAction } from '../run-job.ts'
import { checkedCount, partitioningOf } from '../target.ts'
import type { Hint, Key, Pair, Val } from '../types.ts'
import { SetOps } from './set-ops.ts'

/** An order of records: a comparison as for `Array.sort`, or the key to order by. */
export type Order<T> = ((a: T, b: T) => number) | { readonly by: (record: T) => unknown }

export abstract class OrderedOps<out T> extends SetOps<T> {
  /**
   * Sorts the records by the key that the function makes of them; equal keys keep their order.
   *
   * The keys are sampled inside the action, so the RDD is computed twice: `persist` it where that is dear. Semantics: `RDD.sortBy`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.parallelize(['not', 'a', 'to']).sortBy(word => word.length).collect()   // ['a', 'to', 'not']
   */
  sortBy<K>(f: (record: T) => K | Hint, ascending = true, numPartitions?: number): RDD<T> {
    const site = callSite()
    const keyed = pipeline(this.plan, 'sortBy', site, [{ op: 'map', fn: builtin('withKey', [], [userFunction(f, 'sortBy', site)]) }])
    return this.derive(sortPairs({ plan: keyed, context: this.context }, { ...sorting('sortBy', site, ascending, numPartitions), then: [{ op: 'map', fn: builtin('valueOf') }] }))
  }

  /**
   * Sorts pairs by key; equal keys keep their order.
   *
   * The keys are sampled inside the action, so the RDD is computed twice: `persist` it where that is dear. Semantics: `OrderedRDDFunctions.sortByKey`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.parallelize([['b', 1], ['a', 2]]).sortByKey().collect()   // [['a', 2], ['b', 1]]
   */
  sortByKey(this: RDD<Pair>, ascending = true, numPartitions?: number): RDD<[Key<T>, Val<T>]> {
    return this.derive(sortPairs(this, sorting('sortByKey', callSite(), ascending, numPartitions)))
  }

  /**
   * Moves each pair to the partition of its key and sorts each partition by key, in one pass.
   *
   * Semantics: `OrderedRDDFunctions.repartitionAndSortWithinPartitions`.
   *
   * @example
   * import { Context, HashPartitioner } from 'rivulet'
   * const ctx = new Context()
   * await ctx.parallelize([[2, 'b'], [1, 'a']]).repartitionAndSortWithinPartitions(new HashPartitioner(1)).collect()   // [[1, 'a'], [2, 'b']]
   */
  repartitionAndSortWithinPartitions(this: RDD<Pair>, partitioner: Partitioner): RDD<[Key<T>, Val<T>]> {
    const site = callSite()
    const op = 'repartitionAndSortWithinPartitions'
    const moved = shuffle(this.plan, op, site, partitioningOf(partitioner, op, site))
    return this.derive(pipeline(moved, op, site, [{ op: 'mapPartitions', fn: builtin('sortedByKey', [true]) }], true))
  }

  /**
   * A partitioner whose ranges of keys hold about equally many of these pairs. It samples the keys: it runs a job, once for all that use it.
   *
   * RDDs that are partitioned by it join without moving. Errors: RIV_PARTITION_COUNT. Semantics: `new RangePartitioner(n, rdd)`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const people = ctx.parallelize([['ann', 30], ['bob', 40], ['cay', 50], ['dan', 60]])
   * const ranges = await people.rangePartitioner(2)
   * await people.partitionBy(ranges).keys().glom().collect()   // [['ann', 'bob'], ['cay', 'dan']]
   */
  rangePartitioner(this: RDD<Pair>, partitions: number, ascending = true): Promise<RangePartitioner> {
    const [site, op] = [callSite(), 'rangePartitioner']
    checkedCount(op, partitions)
    return runAction(this, op, site, async (_run, signal) => {
      const resolving = resolvePlan(this.plan, signal)
      if (resolving !== undefined) await resolving
      return new RangePartitioner(partitions === 1 ? [] : await sampledBounds(this, op, site, partitions, signal), ascending, partitions)
    })
  }

  /**
   * The first `n` records in order, smallest first.
   *
   * Errors: RIV_COMPARE. Semantics: `RDD.takeOrdered`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.parallelize([10, 9, 2]).takeOrdered(2)   // [2, 9]
   */
  takeOrdered(n: number, order?: Order<T>): Promise<T[]> {
    return this.#ordered('takeOrdered', callSite(), n, false, order, records => records)
  }

  /**
   * The last `n` records in order, largest first.
   *
   * Errors: RIV_COMPARE. Semantics: `RDD.top`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.parallelize([['a', 3], ['b', 7]]).top(1, { by: ([, count]) => count })   // [['b', 7]]
   */
  top(n: number, order?: Order<T>): Promise<T[]> {
    return this.#ordered('top', callSite(), n, true, order, records => records)
  }

  /**
   * The smallest record. Rejects when there is none: RIV_EMPTY_RDD.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.parallelize([3, 1, 2]).min()   // 1
   */
  min(order?: Order<T>): Promise<T> {
    return this.#extreme('min', callSite(), false, order)
  }

  /**
   * The largest record. Rejects when there is none: RIV_EMPTY_RDD.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.parallelize(['pear', 'fig']).max({ by: word => word.length })   // 'pear'
   */
  max(order?: Order<T>): Promise<T> {
    return this.#extreme('max', callSite(), true, order)
  }

  #extreme(op: string, site: CallSite, descending: boolean, order: Order<T> | undefined): Promise<T> {
    return this.#ordered(op, site, 1, descending, order, records => {
      if (records.length === 0) throw rddErrors.RIV_EMPTY_RDD(op, site.place)
      return records[0]!
    })
  }

  #ordered<R>(op: string, site: CallSite, n: number, descending: boolean, order: Order<T> | undefined, result: (records: T[]) => R): Promise<R> {
    return runAction(this, op, site, async run => {
      const { kind, fn } = orderGiven(op, order)
      const parts = await run({ to: 'partition', fn: builtin('firstRecords', [n, kind, descending], fn === undefined ? [] : [userFunction(fn, op, site)]) })
      return result(firstInOrder(parts.flatMap(part => part.records[0] as T[]), n, orderOf(kind, descending, fn)) as T[])
    })
  }
}

function sorting(op: string, site: CallSite, ascending: boolean, numPartitions: number | undefined): { op: string; site: CallSite; ascending: boolean; partitions: number | undefined } {
  return { op, site, ascending, partitions: numPartitions === undefined ? undefined : checkedCount(op, numPartitions) }
}

function orderGiven<T>(op: string, order: Order<T> | undefined): { kind: OrderKind; fn: ((...args: never[]) => unknown) | undefined } {
  if (order === undefined) return { kind: 'natural', fn: undefined }
  if (typeof order === 'object') return { kind: 'by', fn: order.by }
  if (order.length < 2) throw rddErrors.RIV_COMPARE(op, order.length)
  return { kind: 'compare', fn: order }
}
