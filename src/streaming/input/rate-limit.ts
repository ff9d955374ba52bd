// How many records of a receiver each batch may have, and what waits because of it.
//
//   batch (t − interval, t]:   rate · interval records; within it as many as fit the time that has passed, so that they come evenly
//
// - What is over waits, and is let in as the stream clock goes on. Where more waits than can be let in at the next look the receiver is held
//   back (`blocks.hold`).
// - A batch that had fewer leaves nothing over to the next one, except for the fraction of a record.

import { setImmediate as turn } from 'node:timers/promises'
import type { Clock } from '../../base/clock.ts'
import type { ReceivedBlocks } from './received-blocks.ts'

export interface RateLimitOptions {
  readonly clock: Clock
  readonly blocks: ReceivedBlocks
  readonly batchMs: number
  /** How often what waits is looked at. */
  readonly intervalMs: number
  /** Records a second; Infinity is no limit. */
  readonly rate: number
}

export class RateLimit {
  readonly #options: RateLimitOptions
  #rate: number
  #sinceMs: number
  /** Records that may be taken beside those since `#sinceMs`; negative where too many were taken. */
  #credit = 0
  #cancelAlarm: (() => void) | undefined
  #open = true

  constructor(options: RateLimitOptions) {
    this.#options = options
    this.#rate = options.rate
    this.#sinceMs = options.clock.now()
  }

  /** Records a second. */
  get rate(): number {
    return this.#rate
  }

  set rate(rate: number) {
    if (!this.#open) return
    this.#credit = this.#rate === Infinity ? 0 : this.#exact
    this.#sinceMs = this.#options.clock.now()
    this.#rate = rate
  }

  /** How many records may be taken now. */
  get available(): number {
    return this.#rate === Infinity ? Infinity : Math.max(0, Math.floor(this.#exact + 1e-9))
  }

  took(records: number): void {
    if (this.#rate !== Infinity) this.#credit -= records
  }

  /** A batch has taken what there is. */
  nextBatch(): void {
    if (this.#rate === Infinity) return
    const left = this.#exact
    this.#credit = left > 0 ? left % 1 : left
    this.#sinceMs = this.#options.clock.now()
  }

  /** So many records wait; `more` is called as time goes on, until none do. */
  waits(records: number, more: () => void): void {
    const { blocks, clock, intervalMs } = this.#options
    blocks.hold(records > 0 && records >= this.#rate * intervalMs / 1_000)
    if (records === 0) return this.#disarm()
    if (!this.#open) return
    this.#cancelAlarm ??= clock.at(clock.now() + intervalMs, async () => {
      this.#cancelAlarm = undefined
      more()
      await turn() // a manual clock waits for it: who was held back stores more
    })
  }

  /** No limit any more: the stream ends, and what waits goes into its last batch. */
  lift(): void {
    this.#open = false
    this.#rate = Infinity
    this.#disarm()
  }

  get #exact(): number {
    if (this.#rate === Infinity) return Infinity
    const { clock, batchMs } = this.#options
    return this.#credit + this.#rate * Math.min(clock.now() - this.#sinceMs, batchMs) / 1_000
  }

  #disarm(): void {
    this.#cancelAlarm?.()
    this.#cancelAlarm = undefined
  }
}
