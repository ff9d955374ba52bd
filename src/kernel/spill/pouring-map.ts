// The aggregation map of a map task: when its memory is full its pairs go to the reducers as they are, who merge them anyway.

import type { PairBuckets, Written } from '../outputs.ts'
import { BoundedMap } from './bounded-map.ts'
import type { TaskMemory } from './task-memory.ts'

export class PouringMap extends BoundedMap {
  readonly #out: PairBuckets<Written>

  constructor(memory: TaskMemory, out: PairBuckets<Written>) {
    super(memory)
    this.#out = out
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
