// How fast an input may be, from how fast its last batches were processed: a PID controller.
//
//   processing rate    = elements / processing delay
//   error              = latest rate − processing rate
//   historical error   = elements that wait (scheduling delay · processing rate), in elements a second of a batch
//   change of error    = (error − latest error) / time since the last update
//   new rate           = latest rate − P · error − I · historical error − D · change of error, at least the floor
//
// - The first batch that counts only sets the latest rate; batches without elements or delay, or older than the last one, do not count.
// - Rates are elements a second; times and delays milliseconds. Semantics: `PIDRateEstimator`.

export interface EstimatorOptions {
  readonly batchMs: number
  readonly proportional: number
  readonly integral: number
  readonly derived: number
  readonly minRate: number
}

/** What is known of a batch that has completed. */
export interface Processed {
  /** When its processing ended. */
  readonly timeMs: number
  readonly elements: number
  readonly processingDelayMs: number
  readonly schedulingDelayMs: number
}

export class RateEstimator {
  readonly #options: EstimatorOptions
  #latest: { readonly timeMs: number; readonly rate: number; readonly error: number } | undefined

  constructor(options: EstimatorOptions) {
    this.#options = options
  }

  /** The new rate, if the batch says something about it. */
  compute({ timeMs, elements, processingDelayMs, schedulingDelayMs }: Processed): number | undefined {
    if (timeMs <= (this.#latest?.timeMs ?? -1) || elements <= 0 || processingDelayMs <= 0) return undefined
    const processingRate = elements / processingDelayMs * 1_000
    if (this.#latest === undefined) {
      this.#latest = { timeMs, rate: processingRate, error: 0 }
      return undefined
    }
    const { batchMs, proportional, integral, derived, minRate } = this.#options
    const error = this.#latest.rate - processingRate
    const historicalError = schedulingDelayMs * processingRate / batchMs
    const change = (error - this.#latest.error) / ((timeMs - this.#latest.timeMs) / 1_000)
    const rate = Math.max(minRate, this.#latest.rate - proportional * error - integral * historicalError - derived * change)
    this.#latest = { timeMs, rate, error }
    return rate
  }
}
