// When a program that failed is started again, and after which pause.

export interface RestartLimits {
  /** Restarts within the window after which the program is given up. */
  readonly maxRestarts: number
  /** The time over which restarts count, in milliseconds. */
  readonly window: number
  /** The pause before the first restart in milliseconds; it doubles with each further one, up to a minute. */
  readonly backoff: number
}

const longestMs = 60_000

/** What to do about a failure: wait and start again for the nth time within the window, or give up. */
export type Verdict = { readonly restart: number; readonly afterMs: number } | 'give up'

export class RestartPolicy {
  readonly #limits: RestartLimits
  /** Times of the restarts within the window. */
  #restarts: number[] = []

  constructor(limits: RestartLimits) {
    this.#limits = limits
  }

  /** Judges a failure at a time in milliseconds. */
  judge(nowMs: number): Verdict {
    const { maxRestarts, window, backoff } = this.#limits
    this.#restarts = this.#restarts.filter(time => time > nowMs - window)
    if (this.#restarts.length >= maxRestarts) return 'give up'
    this.#restarts.push(nowMs)
    const restart = this.#restarts.length
    return { restart, afterMs: Math.min(backoff * 2 ** (restart - 1), Math.max(longestMs, backoff)) }
  }
}
