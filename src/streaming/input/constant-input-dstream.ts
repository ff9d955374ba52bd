// ConstantInputDStream: the same RDD in every batch.

import type { RDD } from '../../rdd/rdd.ts'
import type { DStreamGraph } from '../graph/dstream-graph.ts'
import { InputDStream } from './input-dstream.ts'

/**
 * A stream that has the same RDD in every batch: for tests, and for tables that meet a stream.
 *
 * Semantics: `org.apache.spark.streaming.dstream.ConstantInputDStream`.
 *
 * @example
 * import { ConstantInputDStream, Context, seconds, StreamingContext } from 'rivulet'
 * const ctx = new Context()
 * const ssc = new StreamingContext(ctx, seconds(1))
 * new ConstantInputDStream(ssc, ctx.parallelize(['tick'])).print()
 */
export class ConstantInputDStream<out T = unknown> extends InputDStream<T> {
  readonly #rdd: RDD<T>

  constructor(ssc: { readonly graph: DStreamGraph }, rdd: RDD<T>) {
    super(ssc)
    this.#rdd = rdd
  }

  override compute(): RDD<T> {
    return this.#rdd
  }
}
