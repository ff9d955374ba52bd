// DStream: the top of the ladder of rungs in api/.

import { OutputOps } from './api/output-ops.ts'
import type { StreamNode } from './graph/stream-node.ts'

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
export class DStream<out T> extends OutputOps<T> {
  protected override derive<U>(node: StreamNode): DStream<U> {
    return new DStream<U>(this.graph, node)
  }
}
