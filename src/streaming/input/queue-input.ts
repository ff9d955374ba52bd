// The input of queueStream: each batch takes what the program pushed, an array of records or an RDD.

import type { CallSite } from '../../base/call-site.ts'
import { recordText } from '../../kernel/record-text.ts'
import { source, union } from '../../rdd/nodes.ts'
import type { Plan } from '../../rdd/plan.ts'
import { RDD } from '../../rdd/rdd.ts'
import { parallelize } from '../../rdd/sources/parallelize.ts'
import { streamingErrors } from '../errors.ts'
import { InputNode } from '../graph/input-node.ts'

export interface QueueInputOptions {
  /** The program's own array: taken from at each batch. */
  readonly queue: unknown[]
  /** One element a batch, or all there are. */
  readonly oneAtATime: boolean
  readonly defaultRDD: RDD<unknown> | undefined
  /** Partitions of an array. */
  readonly slices: number
  readonly site: CallSite
  readonly slideMs: number
}

export class QueueInput extends InputNode {
  readonly #options: QueueInputOptions

  constructor(options: QueueInputOptions) {
    super({ op: 'queueStream', site: options.site, slideMs: options.slideMs })
    this.#options = options
  }

  start(): void {}

  override get unrecoverable(): string {
    return 'its queue is in the memory of the program'
  }

  stop(): void {}

  protected override compute(timeMs: number): Plan {
    const { queue, oneAtATime, defaultRDD } = this.#options
    const taken = queue.splice(0, oneAtATime ? 1 : queue.length)
    if (taken.length === 0) return defaultRDD === undefined ? source(this.op, this.site, []) : defaultRDD.plan
    this.setInfo(timeMs, taken.reduce((sum: number, items) => sum + (Array.isArray(items) ? items.length : 0), 0))
    const plans = taken.map(items => this.#plan(items))
    return plans.length === 1 ? plans[0]! : union(plans, this.op, this.site)
  }

  #plan(items: unknown): Plan {
    if (items instanceof RDD) return items.plan
    if (!Array.isArray(items)) throw streamingErrors.RIV_QUEUE(this.site.place, recordText(items))
    return parallelize(items, this.#options.slices, this.site)
  }
}
