// The actions begun in a batch, awaited by the user's function or not.
//
// - settled() resolves when none runs any more, nor what was chained to one with then, catch or finally.
// - A failed action that nobody looks at (no await, no then, no catch) is reported by it; one that somebody looks at is theirs to report.

/** The promise that the user's code gets of an action: it knows whether anybody looks at it. */
class Leased<T> extends Promise<T> {
  observed = false
  /** Takes a lease for what follows on it: `rdd.collect().then(show)` that nobody awaits holds and fails its batch as a whole. */
  follow: (<A>(next: Promise<A>) => Promise<A>) | undefined

  static override get [Symbol.species](): PromiseConstructor {
    return Promise
  }

  override then<A = T, B = never>(resolved?: ((value: T) => A | PromiseLike<A>) | null, rejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<A | B> {
    this.observed = true
    const next = super.then(resolved, rejected)
    return this.follow?.(next) ?? next
  }
}

export class ActionLeases {
  #running = 0
  #failure: { readonly error: unknown } | undefined
  #idle: PromiseWithResolvers<void> | undefined
  #closed = false

  /** Takes a lease for an action; gives the promise to hand out instead. */
  readonly track = <T>(action: Promise<T>): Promise<T> => {
    if (this.#closed) return action
    this.#running++
    const leased = new Leased<T>((resolve, reject) => { action.then(resolve, reject) })
    leased.follow = this.track
    const settled = (): void => {
      if (--this.#running > 0) return
      this.#idle?.resolve()
      this.#idle = undefined
    }
    void Promise.prototype.then.call(leased, settled, error => {
      if (!leased.observed) this.#failure ??= { error }
      settled()
    })
    return leased
  }

  /** The batch is over: actions that code it left behind begins later are that code's own. */
  close(): void {
    this.#closed = true
  }

  /** Resolves when no action runs; rejects with the first failure that nobody looked at. Reports a failure once. */
  async settled(): Promise<void> {
    while (this.#running > 0) await (this.#idle ??= Promise.withResolvers()).promise
    const failure = this.#failure
    this.#failure = undefined
    if (failure !== undefined) throw failure.error
  }
}
