// The aggregation map of a map task: what it holds goes to the reducers, who merge it anyway, when its memory is full or it gains nothing.
//
//   trial: records are combined ─ few keys were new ─→ combined from here on
//                               └ nearly all were ──→ poured; then seven times as many records pass by, and the next trial is twice as long
//
// - Whether combining gains anything is decided by counts alone, so a task that is tried again gives the same.
// - Trials grow, so that a few times more keys than the first one has records are found out too; all trials are an eighth of the records.

import type { PairBuckets, Written } from '../outputs.ts'
import { BoundedMap } from './bounded-map.ts'
import type { TaskMemory } from './task-memory.ts'

/** Records of the first trial, about. */
const firstTrial = 1 << 13
/** Share of new keys above which combining gains nothing. */
const mostNew = 0.8
/** Records that pass by for each one of a trial. */
const passingByTrial = 7

export class PouringMap extends BoundedMap {
  readonly #out: PairBuckets<Written>
  #trial = firstTrial
  #combined = 0
  #poured = 0
  #interval = 1

  constructor(memory: TaskMemory, out: PairBuckets<Written>) {
    super(memory)
    this.#out = out
  }

  override sampled(key: unknown, before: number): number {
    this.#combined += this.#interval
    return (this.#interval = super.sampled(key, before))
  }

  /** To be called after `sampled`: how many records are to go to the reducers as they are before the next one is combined. */
  passing(): number {
    if (this.#combined < this.#trial) return 0
    const gains = this.#poured + this.size < this.#combined * mostNew
    const passing = gains ? 0 : this.#combined * passingByTrial
    this.#trial = gains ? Infinity : this.#trial * 2
    if (!gains) this.empty()
    this.#combined = 0
    this.#poured = 0
    return passing
  }

  protected override pour(): void {
    this.#poured += this.size
    this.#out.addAll(this)
  }

  /** Gives everything that is left to the reducers. */
  finish(): void {
    this.pour()
    this.memory.leave()
  }
}
