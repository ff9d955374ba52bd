// The rung of joins: streams of pairs, batch by batch. Windows of streams are joined the same way; an RDD is joined inside `transform`.
//
// The streams have the same slide: RIV_SLIDES. A number of partitions or a partitioner may stand last.

import { callSite } from '../../base/call-site.ts'
import { builtin } from '../../rdd/nodes.ts'
import type { PartitionsOrPartitioner } from '../../rdd/target.ts'
import type { Key, Pair, Val } from '../../rdd/types.ts'
import type { DStream } from '../dstream.ts'
import { cogroupNode, joinNode } from '../graph/meet.ts'
import { StateOps } from './state-ops.ts'

export abstract class JoinOps<out T> extends StateOps<T> {
  /**
   * For each key of a batch of either stream the lists of its values in both, in the order of the records.
   *
   * Semantics: `PairDStreamFunctions.cogroup`.
   *
   * @example
   * import { runBatches } from 'rivulet/testing'
   * await runBatches({ l: [[['a', 1]]], r: [[['a', 'x'], ['a', 'y']]] }, ({ l, r }) => l.cogroup(r, 1))   // [[['a', [[1], ['x', 'y']]]]]
   */
  cogroup<W>(this: DStream<Pair>, other: DStream<readonly [Key<T>, W]>, partitions?: PartitionsOrPartitioner): DStream<[Key<T>, [Val<T>[], W[]]]> {
    const site = callSite()
    return this.derive(cogroupNode(this.graph, [this, other], 'cogroup', site, this.targetOf('cogroup', site, partitions)))
  }

  /**
   * Every pair of values of a batch that have the same key: `[key, [left, right]]`.
   *
   * Semantics: `PairDStreamFunctions.join`.
   *
   * @example
   * import { runBatches } from 'rivulet/testing'
   * await runBatches({ l: [[['a', 1], ['b', 2]]], r: [[['a', 'x']]] }, ({ l, r }) => l.join(r))   // [[['a', [1, 'x']]]]
   */
  join<W>(this: DStream<Pair>, other: DStream<readonly [Key<T>, W]>, partitions?: PartitionsOrPartitioner): DStream<[Key<T>, [Val<T>, W]]> {
    return this.#joined('join', other, partitions, false, false)
  }

  /**
   * As `join`; a left value without a right one comes with `undefined`.
   *
   * @example
   * import { runBatches } from 'rivulet/testing'
   * await runBatches({ l: [[['a', 1]]], r: [[['b', 'x']]] }, ({ l, r }) => l.leftOuterJoin(r))   // [[['a', [1, undefined]]]]
   */
  leftOuterJoin<W>(this: DStream<Pair>, other: DStream<readonly [Key<T>, W]>, partitions?: PartitionsOrPartitioner): DStream<[Key<T>, [Val<T>, W | undefined]]> {
    return this.#joined('leftOuterJoin', other, partitions, true, false)
  }

  /**
   * As `join`; a right value without a left one comes with `undefined`.
   *
   * @example
   * import { runBatches } from 'rivulet/testing'
   * await runBatches({ l: [[['a', 1]]], r: [[['b', 'x']]] }, ({ l, r }) => l.rightOuterJoin(r))   // [[['b', [undefined, 'x']]]]
   */
  rightOuterJoin<W>(this: DStream<Pair>, other: DStream<readonly [Key<T>, W]>, partitions?: PartitionsOrPartitioner): DStream<[Key<T>, [Val<T> | undefined, W]]> {
    return this.#joined('rightOuterJoin', other, partitions, false, true)
  }

  /**
   * As `join`; values of either side without one of the other come with `undefined`.
   *
   * @example
   * import { runBatches } from 'rivulet/testing'
   * await runBatches({ l: [[['a', 1]]], r: [[['b', 'x']]] }, ({ l, r }) => l.fullOuterJoin(r, 1))   // [[['a', [1, undefined]], ['b', [undefined, 'x']]]]
   */
  fullOuterJoin<W>(this: DStream<Pair>, other: DStream<readonly [Key<T>, W]>, partitions?: PartitionsOrPartitioner): DStream<[Key<T>, [Val<T> | undefined, W | undefined]]> {
    return this.#joined('fullOuterJoin', other, partitions, true, true)
  }

  #joined<U>(op: string, other: DStream<Pair>, partitions: PartitionsOrPartitioner | undefined, leftOuter: boolean, rightOuter: boolean): DStream<U> {
    const site = callSite()
    return this.derive(joinNode(this.graph, [this as unknown as DStream<Pair>, other], op, site, this.targetOf(op, site, partitions), builtin('joinedRows', [leftOuter, rightOuter])))
  }
}
