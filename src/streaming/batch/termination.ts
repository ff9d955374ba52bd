// The end of a StreamingContext, for those who wait for it.

/** Time in which somebody who saw a batch fail by other means (a manual clock) may still ask for the error. */
const graceMs = 10

export class Termination {
  readonly #ended = Promise.withResolvers<void>()
  #failure: { readonly error: Error } | undefined
  #watched = false

  constructor() {
    this.#ended.promise.catch(() => {}) // see end()
  }

  /** Resolves at the end; rejects if a batch failed. */
  wait(): Promise<void> {
    this.#watched = true
    return this.#ended.promise
  }

  /** A batch failed: the first failure is what waiters get. */
  fail(error: Error): void {
    this.#failure ??= { error }
  }

  /** Everything has stopped. A failure that nobody waits for becomes an unhandled rejection. */
  end(): void {
    if (this.#failure === undefined) return this.#ended.resolve()
    const { error } = this.#failure
    this.#ended.reject(error)
    setTimeout(() => { if (!this.#watched) void Promise.reject(error) }, graceMs)
  }
}
