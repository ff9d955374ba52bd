// Warnings of streams that fall behind, with what to do about it.
//
// - Batches begin late: at two intervals (at least a second), then each time the delay has doubled; anew when they have caught up.
// - A state's advance takes half of its interval, three times in a row, to go through keys of which hardly any has data: once.
// - An output keeps the event loop for more than half a batch: once, then each time it was twice as long.

import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/log.ts'
import { streamingErrors } from '../errors.ts'
import type { BatchInfo } from '../events/streaming-listener.ts'
import { describeOutput, type OutputOperation } from '../graph/output-operation.ts'
import type { Stateful } from '../graph/stateful.ts'

/** Shorter pauses of the event loop are nobody's fault: collections of garbage, other programs. */
const leastPauseMs = 200
/** Smaller delays are no trend: a start, a busy machine. */
const leastDelayMs = 1_000
const lookMs = 10
/** One slow advance is a collection of garbage, or a busy machine. */
const slowAdvances = 3
/** Keys for each that has data, at least: with fewer mapWithState would take about as long. */
const keysForData = 10

export class Lateness {
  readonly #batchMs: number
  readonly #log: Logger
  readonly #clock: Clock
  /** The delay at which the next warning is due. */
  #nextDelayMs: number
  readonly #nextPauseMs = new Map<OutputOperation, number>()
  /** By state, how many of its last advances were slow. */
  readonly #slow = new Map<Stateful, number>()

  constructor(batchMs: number, log: Logger, clock: Clock) {
    this.#batchMs = batchMs
    this.#log = log
    this.#clock = clock
    this.#nextDelayMs = this.#firstDelayMs
  }

  /** A batch has completed. */
  completed({ batchTime, schedulingDelay = 0, processingDelay = 0 }: BatchInfo): void {
    if (schedulingDelay < this.#batchMs) this.#nextDelayMs = this.#firstDelayMs
    if (schedulingDelay < this.#nextDelayMs) return
    this.#nextDelayMs = 2 * schedulingDelay
    const { code, message } = streamingErrors.RIV_BATCHES_LATE(batchTime, schedulingDelay, processingDelay, this.#batchMs)
    this.#log.warn({ code, batch: batchTime }, message)
  }

  /** A state has advanced; `name` is that of its operator. */
  advanced(stateful: Stateful, name: string, ms: number): void {
    const { keys = 0, withData, advanceMs } = stateful
    if (withData === undefined) return
    const before = this.#slow.get(stateful) ?? 0
    if (before === slowAdvances) return // it has been said
    const slow = ms >= advanceMs / 2 && keys >= keysForData * withData ? before + 1 : 0
    this.#slow.set(stateful, slow)
    if (slow < slowAdvances) return
    const { code, message } = streamingErrors.RIV_STATE_SCAN(name, Math.round(ms), advanceMs, keys, withData)
    this.#log.warn({ code }, message)
  }

  get #firstDelayMs(): number {
    return Math.max(leastDelayMs, 2 * this.#batchMs)
  }

  /** Watches the event loop while an output runs; the returned function ends that. */
  watch(output: OutputOperation): () => void {
    let [last, longest] = [this.#clock.now(), 0]
    let cancel = (): void => {}
    const look = (): void => {
      const now = this.#clock.now()
      longest = Math.max(longest, now - last)
      last = now
      cancel = this.#clock.at(now + lookMs, look, { hold: false })
    }
    look()
    return () => {
      cancel()
      look()
      cancel()
      const limit = this.#nextPauseMs.get(output) ?? Math.max(leastPauseMs, this.#batchMs / 2)
      if (longest <= limit) return
      this.#nextPauseMs.set(output, 2 * longest)
      const { code, message } = streamingErrors.RIV_OUTPUT_BLOCKS(describeOutput(output), Math.round(longest), this.#batchMs)
      this.#log.warn({ code }, message)
    }
  }
}
