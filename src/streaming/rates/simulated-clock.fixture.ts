// A stream clock that goes on by itself as soon as nothing happens, on which batches take as long as a test says.

import { setImmediate as turn } from 'node:timers/promises'
import type { Clock } from '../../base/clock.ts'

/** Time that passes when everything waits for it: batches take time on it. */
export class SimulatedClock implements Clock {
  #now = 0
  #alarms: { readonly ms: number; readonly callback: () => unknown }[] = []
  sleeping = 0
  /** Batches that are not over. */
  pending = 0
  /** What else is waited for before time goes on. */
  readonly #settled: () => Promise<void>

  constructor(settled = async (): Promise<void> => {}) {
    this.#settled = settled
  }

  now(): number {
    return this.#now
  }

  at(ms: number, callback: () => unknown): () => void {
    const alarm = { ms, callback }
    this.#alarms.push(alarm)
    return () => { this.#alarms = this.#alarms.filter(each => each !== alarm) }
  }

  sleep(ms: number): Promise<void> {
    this.sleeping++
    return new Promise(resolve => { this.at(this.#now + ms, () => { this.sleeping--; resolve() }) })
  }

  async runTo(endMs: number): Promise<void> {
    for (;;) {
      for (let i = 0; i < 5 || (this.pending > 0 && this.sleeping === 0); i++) await turn()
      await this.#settled()
      const [next] = this.#alarms.toSorted((a, b) => a.ms - b.ms)
      if (next === undefined || next.ms > endMs) break
      this.#alarms = this.#alarms.filter(each => each !== next)
      this.#now = Math.max(this.#now, next.ms)
      next.callback()
    }
    this.#now = endMs
  }
}
