// The rung of operations on pairs: records that are [key, value]. They exist on every stream and are guarded by `this: DStream<Pair>`.
//
// Without a number of partitions keys are hashed over the context's default parallelism, in every batch the same: windows rely on it.

import { callSite, type CallSite } from '../../base/call-site.ts'
import { builtin, combine, userFunction } from '../../rdd/nodes.ts'
import type { Partitioning, PlanAggregator, UserFunction } from '../../rdd/plan.ts'
import { partitioningOf, type PartitionsOrPartitioner } from '../../rdd/target.ts'
import type { AnyFunction, Hint, Key, Pair, Val } from '../../rdd/types.ts'
import type { DStream } from '../dstream.ts'
import { ElementOps } from './element-ops.ts'

export abstract class PairOps<out T> extends ElementOps<T> {
  /**
   * Gives the function's result for each value; keys stay, and stay where they are.
   *
   * Semantics: `PairDStreamFunctions.mapValues`.
   *
   * @example
   * import { runBatches } from 'rivulet/testing'
   * await runBatches([[['a', 1], ['b', 2]]], pairs => pairs.mapValues(n => n * 10))   // [[['a', 10], ['b', 20]]]
   */
  mapValues<U>(this: DStream<Pair>, f: (value: Val<T>) => U | Hint): DStream<[Key<T>, U]> {
    return this.step('mapValues', f, true)
  }

  /**
   * Gives the key with every element of what the function returns for its value.
   *
   * Semantics: `PairDStreamFunctions.flatMapValues`.
   *
   * @example
   * import { runBatches } from 'rivulet/testing'
   * await runBatches([[['a', 'x y']]], pairs => pairs.flatMapValues(text => text.split(' ')))   // [[['a', 'x'], ['a', 'y']]]
   */
  flatMapValues<U>(this: DStream<Pair>, f: (value: Val<T>) => Iterable<U | Hint>): DStream<[Key<T>, U]> {
    return this.step('flatMapValues', f, true)
  }

  /**
   * Combines the values of each key in each batch, two at a time. The function must be associative.
   *
   * Semantics: `PairDStreamFunctions.reduceByKey`.
   *
   * @example
   * import { runBatches } from 'rivulet/testing'
   * await runBatches([['a', 'b', 'a'], ['a']], words => words.map(word => [word, 1]).reduceByKey((a, b) => a + b, 1))   // [[['a', 2], ['b', 1]], [['a', 1]]]
   */
  reduceByKey(this: DStream<Pair>, f: (a: Val<T>, b: Val<T>) => Val<T>, partitions?: PartitionsOrPartitioner): DStream<[Key<T>, Val<T>]> {
    const site = callSite()
    const fn = userFunction(f, 'reduceByKey', site)
    return this.combined('reduceByKey', site, this.targetOf('reduceByKey', site, partitions), { merge: fn, mergeCombiners: fn, mapSide: true })
  }

  /**
   * Gathers the values of each key of each batch in an array, in the order of the records.
   *
   * Semantics: `PairDStreamFunctions.groupByKey`.
   *
   * @example
   * import { runBatches } from 'rivulet/testing'
   * await runBatches([[['a', 1], ['b', 2], ['a', 3]]], pairs => pairs.groupByKey(1))   // [[['a', [1, 3]], ['b', [2]]]]
   */
  groupByKey(this: DStream<Pair>, partitions?: PartitionsOrPartitioner): DStream<[Key<T>, Val<T>[]]> {
    const site = callSite()
    return this.combined('groupByKey', site, this.targetOf('groupByKey', site, partitions), grouping)
  }

  /**
   * Combines the values of each key of each batch into something of another type.
   *
   * `create` makes a combiner of a key's first value, `mergeValue` adds a value, `mergeCombiners` joins two; the last two may change their
   * first argument in place. Semantics: `PairDStreamFunctions.combineByKey`.
   *
   * @example
   * import { runBatches } from 'rivulet/testing'
   * await runBatches([[['a', 1], ['a', 3]]], pairs => pairs.combineByKey(n => [n, 1], ([sum, count], n) => [sum + n, count + 1], (a, b) => [a[0] + b[0], a[1] + b[1]]))
   * // [[['a', [4, 2]]]]
   */
  combineByKey<C>(this: DStream<Pair>, create: (value: Val<T>) => C | Hint, mergeValue: (combiner: C, value: Val<T>) => C | Hint, mergeCombiners: (a: C, b: C) => C | Hint,
    partitions?: PartitionsOrPartitioner, mapSideCombine = true): DStream<[Key<T>, C]> {
    const site = callSite()
    const fn = (f: AnyFunction): UserFunction => userFunction(f, 'combineByKey', site)
    const aggregator = { create: fn(create), merge: fn(mergeValue), mergeCombiners: fn(mergeCombiners), mapSide: mapSideCombine }
    return this.combined('combineByKey', site, this.targetOf('combineByKey', site, partitions), aggregator)
  }

  /** Where keys go: the same in every batch. */
  protected targetOf(op: string, site: CallSite, partitions: PartitionsOrPartitioner | undefined): Partitioning {
    return partitions === undefined ? this.graph.defaultTarget : partitioningOf(partitions, op, site)
  }

  /** Combines the values of each key of each batch. */
  protected combined<U>(op: string, site: CallSite, target: Partitioning, aggregator: PlanAggregator): DStream<U> {
    const { create, merge, mergeCombiners } = aggregator
    const functions = [merge, mergeCombiners, ...(create === undefined ? [] : [create]), ...(target.by === 'custom' ? [target.fn] : [])]
    return this.apply({ op, site, functions, describe: plan => combine(plan, op, site, target, aggregator) })
  }
}

/** Values gathered in arrays. */
export const grouping: PlanAggregator = { create: builtin('listOf'), merge: builtin('appendTo'), mergeCombiners: builtin('appendAll'), mapSide: false }
