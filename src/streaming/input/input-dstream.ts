// InputDStream: the base class of inputs that programs write themselves.

import { callSite } from '../../base/call-site.ts'
import { Time } from '../../base/time.ts'
import type { Plan } from '../../rdd/plan.ts'
import { recordText } from '../../kernel/record-text.ts'
import { RDD } from '../../rdd/rdd.ts'
import { DStream } from '../dstream.ts'
import { streamingErrors } from '../errors.ts'
import type { DStreamGraph } from '../graph/dstream-graph.ts'
import { InputNode, type InputEnvironment } from '../graph/input-node.ts'

/**
 * An input of one's own: gives an RDD for each batch.
 *
 * `compute` is called once a batch, in the driver; `undefined` means that the batch has no RDD: outputs skip it. `start` and `stop` are
 * called with the context's. Semantics: `org.apache.spark.streaming.dstream.InputDStream`.
 *
 * @example
 * import { Context, InputDStream, seconds, StreamingContext, type RDD, type Time } from 'rivulet'
 * const ctx = new Context()
 * class Ticks extends InputDStream<number> {
 *   compute(time: Time): RDD<number> { return ctx.parallelize([time.milliseconds]) }
 * }
 * const ssc = new StreamingContext(ctx, seconds(1))
 * new Ticks(ssc).print()
 */
export abstract class InputDStream<out T = unknown> extends DStream<T> {
  constructor(ssc: { readonly graph: DStreamGraph }) {
    const input = new CustomInput(new.target.name, ssc.graph.batchMs)
    super(ssc.graph, input)
    input.stream = this
    ssc.graph.addInput(input)
  }

  /**
   * Called when the context starts, before the first batch; a promise is awaited. If it throws, the context does not start.
   *
   * Semantics: `InputDStream.start`.
   *
   * @example
   * import { InputDStream, type RDD } from 'rivulet'
   * class Prices extends InputDStream<number> {
   *   override async start() { console.log('connects') }
   *   compute(): RDD<number> | undefined { return undefined }
   * }
   */
  start(): void | Promise<void> {}

  /**
   * Called when the context stops; a promise is awaited.
   *
   * Semantics: `InputDStream.stop`.
   *
   * @example
   * import { InputDStream, type RDD } from 'rivulet'
   * class Prices extends InputDStream<number> {
   *   override async stop() { console.log('disconnects') }
   *   compute(): RDD<number> | undefined { return undefined }
   * }
   */
  stop(): void | Promise<void> {}

  /**
   * The RDD of a batch, or `undefined` where the batch has none: outputs skip it. Called in the driver, once a batch, in order of time.
   *
   * Semantics: `DStream.compute`.
   *
   * @example
   * import { Context, InputDStream, seconds, StreamingContext, type RDD, type Time } from 'rivulet'
   * const ctx = new Context()
   * class EvenSeconds extends InputDStream<number> {
   *   compute(time: Time): RDD<number> | undefined { return time.milliseconds % 2_000 === 0 ? ctx.range(0, 3) : undefined }
   * }
   * new EvenSeconds(new StreamingContext(ctx, seconds(1))).print()
   */
  abstract compute(time: Time): RDD<T> | undefined | Promise<RDD<T> | undefined>
}

class CustomInput extends InputNode {
  stream: InputDStream<unknown> | undefined

  constructor(name: string, slideMs: number) {
    super({ op: name, site: callSite(), slideMs })
  }

  start(_environment: InputEnvironment): void | Promise<void> {
    return this.stream!.start()
  }

  stop(): void | Promise<void> {
    return this.stream!.stop()
  }

  protected override async compute(timeMs: number): Promise<Plan | undefined> {
    const rdd: unknown = await this.stream!.compute(new Time(timeMs))
    if (rdd !== undefined && rdd !== null && !(rdd instanceof RDD)) throw streamingErrors.RIV_TRANSFORM_RESULT(`compute of ${this.op}`, this.site.place, recordText(rdd), timeMs)
    return rdd?.plan
  }
}
