// The rung of operations on whole batches: streams that meet, and functions over RDDs that run in the driver.

import { callSite } from '../../base/call-site.ts'
import { Time } from '../../base/time.ts'
import { RDD } from '../../rdd/rdd.ts'
import type { DStream } from '../dstream.ts'
import { streamingErrors } from '../errors.ts'
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
  /**
   * The RDDs of the batches from one time to another, both included, in order; times between two batches mean the earlier one.
   *
   * Given are those that are remembered: call `ssc.remember(length)` before the start to keep them. Before it: RIV_STREAMING_NOT_STARTED.
   * Semantics: `DStream.slice`.
   *
   * @example
   * import { Context, seconds, StreamingContext, Time } from 'rivulet'
   * import { ManualClock } from 'rivulet/testing'
   * const clock = new ManualClock()
   * const ssc = new StreamingContext(new Context(), seconds(1), { clock })
   * ssc.remember('1 min')
   * const numbers = ssc.queueStream([[1], [2], [3]])
   * numbers.print()
   * await ssc.start()
   * await clock.advance(3000)
   * const rdds = await numbers.slice(new Time(2000), new Time(3000))
   * rdds.length   // 2
   * await ssc.stop()
   */
  async slice(from: Time, to: Time): Promise<RDD<T>[]> {
    const { graph, node } = this
    if (graph.state === 'initialized') throw streamingErrors.RIV_STREAMING_NOT_STARTED('slice', callSite().place)
    graph.include(node)
    const zero = new Time(node.zeroMs)
    const aligned = (time: Time): Time => time.min(new Time(graph.lastMs)).max(zero).floor(node.slideMs, zero)
    const rdds: RDD<T>[] = []
    for (const { milliseconds } of aligned(from).to(aligned(to), node.slideMs)) {
      const plan = node.isDue(milliseconds) ? await node.recall(milliseconds) : undefined
      if (plan !== undefined) rdds.push(new RDD<T>(graph.context, plan))
    }
    return rdds
  }
}
