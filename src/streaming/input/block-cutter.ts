// Cuts what a receiver stores into blocks.
//
// - A block ends at every tick (`cut`), when it is old enough at the time something is stored, and when it is large enough.
// - No timer runs: a block that grows no more is ended by the tick, in time for its batch.

import type { Clock } from '../../base/clock.ts'
import type { JobRunner } from '../../rdd/job-runner.ts'
import type { RateLimit } from './rate-limit.ts'
import type { ReceivedBlocks } from './received-blocks.ts'

export interface CutterOptions {
  readonly clock: Clock
  readonly runner: Pick<JobRunner, 'storeText' | 'storeRecords'>
  readonly blocks: ReceivedBlocks
  /** Age at which a block ends. */
  readonly intervalMs: number
  /** Size at which a block ends. */
  readonly maxBytes: number
  readonly limit: RateLimit
}

export interface BlockCutter {
  /** Whether nothing is here: no records or whole lines since the last cut, and none that wait for the rate. */
  readonly isEmpty: boolean
  /** Ends the block that grows, if there is something in it. */
  cut(): void
  /** Lets in what waits for the rate, as much as it allows. */
  drain(): void
}

/** Says when a block that grows is old enough. */
export class BlockAge {
  readonly #clock: Clock
  readonly #intervalMs: number
  #bornMs: number | undefined

  constructor({ clock, intervalMs }: CutterOptions) {
    this.#clock = clock
    this.#intervalMs = intervalMs
  }

  /** Something is about to be stored: whether the block that grows ends before it. */
  get isOver(): boolean {
    const now = this.#clock.now()
    this.#bornMs ??= now
    return now - this.#bornMs >= this.#intervalMs
  }

  /** A new block begins with what is stored next. */
  restart(): void {
    this.#bornMs = undefined
  }
}
