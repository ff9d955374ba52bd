// The life of batches, as a state machine: events in, effects out. It knows no clock, no engine and no user code.
//
//             tick                      head of the queue              advanced                    last output done
//   (time) ─────────→ FIXING ──fixed──→ READY ─────────────→ ADVANCING ────────→ OUTPUT 0, 1, … ──────────────────→ COMPLETED
//             └ effect: fix                    └ effect: advance         └ effect: output                           └ effect: complete
//
// - Batch times are zero + interval, zero + 2·interval, …: strictly increasing, none left out. A late tick makes every batch that is due;
//   a clock that stepped back still makes the next one. Batches that an earlier run began are due whatever the clock says.
// - Inputs are fixed at the tick, also while an earlier batch runs; everything after that happens to one batch at a time, in order.
// - Outputs of a batch begin in their order, so many at once as the settings say (one).
// - A batch that fails ('stop') finishes its other outputs, then nothing follows. `stop` lets the running batch end; a graceful stop lets
//   every batch end that was due, and one more where data waits.
// - `halted` is the last effect.

import { assert } from '../../base/assert.ts'

export type BatchEffect =
  /** Cut blocks and fix the batch's inputs; then call fixed(). */
  | { readonly effect: 'fix'; readonly timeMs: number }
  /** Compute what later batches need; then call advanced(). */
  | { readonly effect: 'advance'; readonly timeMs: number }
  /** Run an output; then call outputDone(). */
  | { readonly effect: 'output'; readonly timeMs: number; readonly index: number }
  /** The batch is over. */
  | { readonly effect: 'complete'; readonly timeMs: number }
  /** The batch will not run. */
  | { readonly effect: 'drop'; readonly timeMs: number }
  /** Call tick() when the clock has come here. */
  | { readonly effect: 'arm'; readonly timeMs: number }
  /** Nothing runs, and nothing will. */
  | { readonly effect: 'halted' }

interface QueuedBatch { readonly timeMs: number; fixed: boolean; phase: 'waiting' | 'advancing' | 'outputs'; outputs: number; next: number; running: number; failed: boolean }

export class JobGenerator {
  readonly #batchMs: number
  readonly #outputsAtOnce: number
  /** The last batch that an earlier run began. */
  readonly #begunMs: number
  #lastMs: number
  #mode: 'running' | 'draining' | 'halted' = 'running'
  readonly #queue: QueuedBatch[] = []

  constructor(zeroMs: number, batchMs: number, { outputsAtOnce = 1, begunMs = -Infinity }: { readonly outputsAtOnce?: number; readonly begunMs?: number } = {}) {
    this.#lastMs = zeroMs
    this.#batchMs = batchMs
    this.#outputsAtOnce = outputsAtOnce
    this.#begunMs = begunMs
  }

  /** Batches that are due and not over. */
  get pending(): number {
    return this.#queue.length
  }

  start(nowMs: number): BatchEffect[] {
    return [this.#arm(nowMs)]
  }

  /** The clock has come to the armed time. */
  tick(nowMs: number): BatchEffect[] {
    if (this.#mode !== 'running') return []
    const effects: BatchEffect[] = []
    do effects.push(this.#add()); while (this.#lastMs + this.#batchMs <= Math.max(nowMs, this.#begunMs))
    effects.push(this.#arm(nowMs))
    return effects
  }

  /** The inputs of a batch are fixed. */
  fixed(timeMs: number): BatchEffect[] {
    const batch = this.#queue.find(entry => entry.timeMs === timeMs)
    if (batch !== undefined) batch.fixed = true // otherwise it was dropped meanwhile
    return this.#proceed()
  }

  /** The head of the queue has advanced; `outputs` is how many outputs it has. With 'stop' it failed for outputs that are not due. */
  advanced(timeMs: number, outputs: number, result: 'ok' | 'stop'): BatchEffect[] {
    const batch = this.#head(timeMs, 'advancing')
    batch.phase = 'outputs'
    batch.outputs = outputs
    if (result === 'stop') batch.failed = true
    return this.#nextOutput(batch)
  }

  /** An output of the head has ended. */
  outputDone(timeMs: number, result: 'ok' | 'stop'): BatchEffect[] {
    const batch = this.#head(timeMs, 'outputs')
    if (result === 'stop') batch.failed = true
    batch.running--
    return this.#nextOutput(batch)
  }

  /** No more ticks. What is queued runs only if `graceful`; `oneMore` adds a last batch. */
  stop({ graceful, oneMore }: { readonly graceful: boolean; readonly oneMore: boolean }): BatchEffect[] {
    if (this.#mode === 'halted') return []
    this.#mode = 'draining'
    if (!graceful) return [...this.#dropWaiting(), ...this.#halt()]
    const effects: BatchEffect[] = []
    while (this.#lastMs < this.#begunMs) effects.push(this.#add())
    if (oneMore) effects.push(this.#add())
    return effects.length > 0 ? effects : this.#halt()
  }

  #add(): BatchEffect {
    this.#lastMs += this.#batchMs
    this.#queue.push({ timeMs: this.#lastMs, fixed: false, phase: 'waiting', outputs: 0, next: 0, running: 0, failed: false })
    return { effect: 'fix', timeMs: this.#lastMs }
  }

  /** The next tick is due one interval after the last batch, but never further away than one interval: the clock may have stepped back. */
  #arm(nowMs: number): BatchEffect {
    return { effect: 'arm', timeMs: Math.min(this.#lastMs + this.#batchMs, nowMs + this.#batchMs) }
  }

  /** Begins the head of the queue, if it waits and can. */
  #proceed(): BatchEffect[] {
    const batch = this.#queue[0]
    if (batch === undefined) return this.#mode === 'draining' ? this.#halt() : []
    if (batch.phase !== 'waiting' || !batch.fixed) return []
    batch.phase = 'advancing'
    return [{ effect: 'advance', timeMs: batch.timeMs }]
  }

  /** The next outputs of the batch that runs, or its end. */
  #nextOutput(batch: QueuedBatch): BatchEffect[] {
    const begun: BatchEffect[] = []
    for (; batch.next < batch.outputs && batch.running < this.#outputsAtOnce; batch.running++) begun.push({ effect: 'output', timeMs: batch.timeMs, index: batch.next++ })
    if (batch.running > 0) return begun
    this.#queue.shift()
    const effects: BatchEffect[] = [{ effect: 'complete', timeMs: batch.timeMs }]
    if (batch.failed) {
      this.#mode = 'draining'
      effects.push(...this.#dropWaiting())
    }
    return [...effects, ...this.#proceed()]
  }

  /** Takes every batch that has not begun off the queue. */
  #dropWaiting(): BatchEffect[] {
    const waiting = this.#queue.filter(batch => batch.phase === 'waiting')
    this.#queue.splice(this.#queue.length - waiting.length)
    return waiting.map(({ timeMs }) => ({ effect: 'drop', timeMs }))
  }

  #halt(): BatchEffect[] {
    if (this.#queue.length > 0 || this.#mode === 'halted') return []
    this.#mode = 'halted'
    return [{ effect: 'halted' }]
  }

  #head(timeMs: number, phase: QueuedBatch['phase']): QueuedBatch {
    const batch = this.#queue[0]
    assert(batch?.timeMs === timeMs && batch.phase === phase, () => `batch ${timeMs} is not the one that is ${phase}`)
    return batch
  }
}
