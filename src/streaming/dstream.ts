// DStream: the top of the ladder of rungs in api/.

import { callSite } from '../base/call-site.ts'
import { OutputOps } from './api/output-ops.ts'
import type { StreamNode } from './graph/stream-node.ts'
import { SnapshotNode, type StateNode } from './state/state-node.ts'

/**
 * A discretized stream: an RDD for every batch.
 *
 * Operations describe a new stream; outputs (`print`, `foreachRDD`) say what is computed once the StreamingContext has started. Functions of
 * operations run in tasks, those of `transform` and `foreachRDD` in the driver, in every batch. Made by a StreamingContext, not with `new`.
 * Semantics: `org.apache.spark.streaming.dstream.DStream`.
 *
 * @example
 * import { runBatches } from 'rivulet/testing'
 * const counts = await runBatches([['to be'], ['or not to be']], lines =>
 *   lines.flatMap(line => line.split(' ')).map(word => [word, 1]).reduceByKey((a, b) => a + b, 1))
 * // [[['to', 1], ['be', 1]], [['or', 1], ['not', 1], ['to', 1], ['be', 1]]]
 */
export class DStream<out T = unknown> extends OutputOps<T> {
  protected override derive<U>(node: StreamNode): DStream<U> {
    return new DStream<U>(this.graph, node)
  }

  protected override deriveState<E, K, S>(node: StateNode): MapWithStateDStream<E, K, S> {
    return new StateDStream<E, K, S>(this.graph, node)
  }
}

/**
 * What the function of `mapWithState` gives, with a view of all states.
 *
 * Semantics: `org.apache.spark.streaming.dstream.MapWithStateDStream`.
 *
 * @example
 * import type { State } from 'rivulet'
 * import { runBatches } from 'rivulet/testing'
 * const words = [['a', 'b'], ['a']]
 * await runBatches(words, input => input.map(word => [word, 1]).mapWithState((_word, one, state: State<number>) => {
 *   state.update((state.getOption() ?? 0) + (one ?? 0))
 * }, { numPartitions: 1 }).stateSnapshots())   // [[['a', 1], ['b', 1]], [['a', 2], ['b', 1]]]
 */
export type MapWithStateDStream<E, K, S> = DStream<E> & StateSnapshots<K, S>

/** The view of all states of a `mapWithState`. */
export interface StateSnapshots<out K, out S> {
  /** All keys with their states, after each batch. */
  stateSnapshots(): DStream<[K, S]>
}

class StateDStream<E, K, S> extends DStream<E> implements StateSnapshots<K, S> {
  declare readonly node: StateNode

  stateSnapshots(): DStream<[K, S]> {
    return this.derive(new SnapshotNode(this.node, { op: 'stateSnapshots', site: callSite() }))
  }
}
