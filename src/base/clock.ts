// Clocks: time is an object that is passed in.
//
// Two clocks run in a program (design: two clocks). The stream clock drives ticks, receivers and idleness, and tests replace it by
// ManualClock. The engine clock drives retries, watchdogs and flushes on wall time.
//
// Contract of `at(ms, callback)`:
// - the callback runs once, when now() ≥ ms; callbacks due at the same time run in the order of registration;
// - if the clock steps back meanwhile, it runs when the time that was left at the call has passed: nobody waits for the step to be made up;
// - it may return a promise: ManualClock awaits it before time goes on, SystemClock does not.

/** A clock that can be asked and that calls back. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Calls back when the clock reaches `ms`; returns a function that cancels. `hold: false` lets the process end meanwhile. */
  at(ms: number, callback: () => unknown, options?: { hold?: boolean }): () => void
}

/** Wall time. It may step back; whoever needs increasing times asserts them. */
export class SystemClock implements Clock {
  now(): number {
    return Date.now()
  }

  at(ms: number, callback: () => unknown, options: { hold?: boolean } = {}): () => void {
    // setTimeout counts on another clock than Date and may fire up to 1 ms early; so ask again.
    const latest = performance.now() + ms - this.now()
    let timer: NodeJS.Timeout
    const arm = (): void => {
      const left = Math.min(ms - this.now(), latest - performance.now())
      timer = setTimeout(() => { if (this.now() < ms && performance.now() < latest) arm(); else callback() }, Math.min(Math.max(0, left), 2 ** 31 - 1))
      if (options.hold === false) timer.unref()
    }
    arm()
    return () => clearTimeout(timer)
  }
}

/** Time as it passes, whatever is done to the machine's clock: for what measures how long something takes. */
export class SteadyClock extends SystemClock {
  override now(): number {
    return performance.timeOrigin + performance.now()
  }
}

interface Alarm { ms: number; seq: number; callback: () => unknown }

/**
 * A clock that stands still until it is told to go on; for tests.
 *
 * Under a manual clock no batch, block, receiver or timeout of a stream waits on wall time.
 *
 * @example
 * import { ManualClock } from 'rivulet/testing'
 * const clock = new ManualClock()
 * clock.at(5, () => console.log('five'))
 * await clock.advance(10)   // prints five
 * clock.now()               // 10
 */
export class ManualClock implements Clock {
  #now: number
  #seq = 0
  #alarms: Alarm[] = []
  #advancing: Promise<void> = Promise.resolve()
  readonly #guards = new Set<() => void>()

  constructor(startMs = 0) {
    this.#now = startMs
  }

  now(): number {
    return this.#now
  }

  at(ms: number, callback: () => unknown): () => void {
    const alarm = { ms, seq: this.#seq++, callback }
    this.#alarms.push(alarm)
    return () => { this.#alarms = this.#alarms.filter(a => a !== alarm) }
  }

  /**
   * Moves the clock on by `ms`, stopping at everything that falls due on the way; resolves when all of it has completed.
   * `advance(0)` waits for what is due now. Rejects with the first error of what fell due.
   */
  async advance(ms: number): Promise<void> {
    for (const guard of this.#guards) guard()
    const turn = this.#advancing.then(() => this.#go(this.#now + ms))
    this.#advancing = turn.catch(() => {})
    return turn
  }

  /** Adds a check that runs, and may throw, at every call of `advance`; returns a function that removes it. */
  guard(check: () => void): () => void {
    this.#guards.add(check)
    return () => { this.#guards.delete(check) }
  }

  async #go(target: number): Promise<void> {
    for (;;) {
      const due = this.#alarms.filter(a => a.ms <= target).sort((a, b) => a.ms - b.ms || a.seq - b.seq)[0]
      if (due === undefined) break
      this.#alarms = this.#alarms.filter(a => a !== due)
      this.#now = Math.max(this.#now, due.ms)
      await due.callback()
    }
    this.#now = target
  }
}
