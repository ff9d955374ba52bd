// A node whose RDD the user's function makes, in the driver, once a batch: transform, transformWith, ssc.transform.

import { Time } from '../../base/time.ts'
import type { Plan } from '../../rdd/plan.ts'
import type { RDDContext } from '../../rdd/rdd-context.ts'
import { RDD } from '../../rdd/rdd.ts'
import { recordText } from '../../kernel/record-text.ts'
import { streamingErrors } from '../errors.ts'
import { StreamNode, type NodeOptions } from './stream-node.ts'

/** The user's function; may return a promise. */
export type Transform = (rdds: readonly RDD<unknown>[], time: Time) => unknown

export class TransformNode extends StreamNode {
  readonly #context: RDDContext
  readonly #transform: Transform

  constructor(options: NodeOptions & { readonly context: RDDContext; readonly transform: Transform }) {
    super(options)
    this.#context = options.context
    this.#transform = options.transform
  }

  override get ownFunctions(): readonly Function[] {
    return [this.#transform]
  }

  protected override async compute(timeMs: number): Promise<Plan> {
    const rdds: RDD<unknown>[] = []
    for (const parent of this.parents) {
      const plan = await parent.getOrCompute(timeMs)
      if (plan === undefined) throw streamingErrors.RIV_NO_RDD(this.op, this.site.place, parent.describe(), timeMs)
      rdds.push(new RDD(this.#context, plan))
    }
    const result = await this.#transform(rdds, new Time(timeMs))
    if (!(result instanceof RDD)) throw streamingErrors.RIV_TRANSFORM_RESULT(this.op, this.site.place, recordText(result), timeMs)
    return result.plan
  }
}
