// The rung of operations on whole batches: streams that meet, and functions over RDDs that run in the driver.

import { callSite } from '../../base/call-site.ts'
import type { Time } from '../../base/time.ts'
import type { RDD } from '../../rdd/rdd.ts'
import type { DStream } from '../dstream.ts'
import { transformNode, unionNode } from '../graph/meet.ts'
import { PairOps } from './pair-ops.ts'

export abstract class BatchOps<out T> extends PairOps<T> {
  /**
   * The records of this stream and of others, batch by batch, in the order of the arguments.
   *
   * The streams have the same slide: RIV_SLIDES. Semantics: `DStream.union`.
   *
   * @example
   * import { runBatches } from 'rivulet/testing'
   * await runBatches({ a: [[1], [2]], b: [[10], []] }, ({ a, b }) => a.union(b))   // [[1, 10], [2]]
   */
  union<U>(...others: DStream<U>[]): DStream<T | U> {
    return this.derive(unionNode(this.graph, [this, ...others], 'union', callSite()))
  }

  /**
   * Gives what the function makes of each batch's RDD. It runs in the driver, in every batch, and may be async: the place for changing values,
   * joins with other RDDs, and every RDD operation that streams lack.
   *
   * What it returns must be an RDD: RIV_TRANSFORM_RESULT. Semantics: `DStream.transform`.
   *
   * @example
   * import { runBatches } from 'rivulet/testing'
   * await runBatches([[3, 1, 2]], numbers => numbers.transform((rdd, time) => rdd.sortBy(n => n).map(n => [time.milliseconds, n])))
   */
  transform<U>(f: (rdd: RDD<T>, time: Time) => RDD<U> | Promise<RDD<U>>): DStream<U> {
    return this.derive(transformNode(this.graph, [this], 'transform', callSite(), ([rdd], time) => f(rdd as RDD<T>, time)))
  }

  /**
   * As `transform`, with the RDD of another stream beside this one's.
   *
   * Semantics: `DStream.transformWith`.
   *
   * @example
   * import { runBatches } from 'rivulet/testing'
   * await runBatches({ a: [[1], [2]], b: [[10], [20]] }, ({ a, b }) => a.transformWith(b, (x, y) => y.union(x)))   // [[10, 1], [20, 2]]
   */
  transformWith<V, U>(other: DStream<V>, f: (rdd: RDD<T>, other: RDD<V>, time: Time) => RDD<U> | Promise<RDD<U>>): DStream<U> {
    return this.derive(transformNode(this.graph, [this, other], 'transformWith', callSite(), ([a, b], time) => f(a as RDD<T>, b as RDD<V>, time)))
  }
}
