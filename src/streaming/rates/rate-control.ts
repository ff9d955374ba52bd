// The rate of an input: what the settings allow, and with backpressure what the last batches could bear.

import type { Conf } from '../../base/define-settings.ts'
import { streamingSettings as settings } from '../settings.ts'
import { RateEstimator, type Processed } from './rate-estimator.ts'

export class RateControl {
  readonly #maxRate: number
  readonly #batchMs: number
  readonly #estimator: RateEstimator | undefined
  #rate: number

  constructor(conf: Conf, batchMs: number) {
    const limited = (rate: number): number => (rate > 0 ? rate : Infinity)
    this.#batchMs = batchMs
    this.#maxRate = limited(conf.get(settings['spark.streaming.receiver.maxRate']))
    this.#rate = this.#maxRate
    conf.get(settings['spark.streaming.backpressure.rateEstimator']) // other values are refused
    if (!conf.get(settings['spark.streaming.backpressure.enabled'])) return
    this.#rate = Math.min(limited(conf.get(settings['spark.streaming.backpressure.initialRate'])), this.#maxRate)
    this.#estimator = new RateEstimator({
      batchMs,
      proportional: conf.get(settings['spark.streaming.backpressure.pid.proportional']),
      integral: conf.get(settings['spark.streaming.backpressure.pid.integral']),
      derived: conf.get(settings['spark.streaming.backpressure.pid.derived']),
      minRate: conf.get(settings['spark.streaming.backpressure.pid.minRate']),
    })
  }

  /** Records a second; Infinity is no limit. */
  get rate(): number {
    return this.#rate
  }

  /** Records that a batch may have; Infinity is no limit. */
  get recordsPerBatch(): number {
    return this.#rate === Infinity ? Infinity : Math.max(1, Math.floor(this.#rate * this.#batchMs / 1_000))
  }

  /** A batch has completed. */
  processed(batch: Processed): void {
    const rate = this.#estimator?.compute(batch)
    if (rate !== undefined) this.#rate = Math.min(rate, this.#maxRate)
  }
}
