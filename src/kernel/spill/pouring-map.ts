// The aggregation map of a map task: what it holds goes to the reducers, who merge it anyway, when its memory is full or it gains nothing.
//
//   trial: records are combined ─ few keys were new ─→ combined from here on
//                               └ nearly all were ──→ poured; then seven times as many records pass by, and the next trial is twice as long
//
// - Trials grow, so that a few times more keys than the first one has records are found out too; all trials are an eighth of the records.

import type { PairBuckets, Written } from '../outputs.ts'
import { BoundedMap } from './bounded-map.ts'
import type { TaskMemory } from './task-memory.ts'

/** Records of the first trial, about. */
const firstTrial = 1 << 13

export class PouringMap extends BoundedMap {
  readonly #out: PairBuckets<Written>
  #trial = firstTrial

  constructor(memory: TaskMemory, out: PairBuckets<Written>) {
    super(memory)
    this.#out = out
  }

  /** To be called after `sampled`: how many records are to go to the reducers as they are before the next one is combined. */
  passing(): number {
    if (this.tried < this.#trial) return 0
    const passing = this.endTrial()
    this.#trial = passing > 0 ? this.#trial * 2 : Infinity
    return passing
  }

  /** A record that passes by. */
  pass(key: unknown, value: unknown): void {
    this.#out.add(key, value)
  }

  protected override pour(): void {
    this.#out.addAll(this)
  }

  /** Gives everything that is left to the reducers. */
  finish(): void {
    this.pour()
    this.memory.leave()
  }
}
