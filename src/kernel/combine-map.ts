// The aggregation map of a task: each key has a place, and at it a combiner.
//
// - A place is found once a record and its value changed there, so a record costs one look-up, not the two of `map.set(k, f(map.get(k)))`.
// - Places are in the order of first appearance: the same on each run.

import { shortText } from './own-text.ts'
import { KeyPlaces } from './places/key-places.ts'

/** Pairs that are handed out together. */
const chunkSize = 1_024

export class CombineMap extends KeyPlaces {
  /** The combiners by place. */
  readonly values: unknown[] = []

  /** The combiner of a key, if there is one. */
  get(key: unknown): unknown {
    return this.values[this.find(key)]
  }

  /** Adds a key that has no place yet. */
  add(key: unknown, value: unknown): void {
    this.values.push(value)
    this.enter(typeof key === 'string' && key.length > shortText ? (' ' + key).slice(1) : key) // not a part of its block's text; cheaper to make than ownText's
  }

  override clear(): void {
    super.clear()
    this.values.length = 0
  }

  /** Every key with its combiner. */
  forEach(visit: (key: unknown, value: unknown) => void): void {
    for (let place = 0; place < this.keys.length; place++) visit(this.keys[place], this.values[place])
  }

  /** Every key with its combiner, as pairs, many at a time. */
  * chunks(): Generator<[unknown, unknown][]> {
    for (let from = 0; from < this.size; from += chunkSize) {
      const chunk: [unknown, unknown][] = []
      for (let place = from; place < this.size && place < from + chunkSize; place++) chunk.push([this.keys[place], this.values[place]])
      yield chunk
    }
  }

  /** Every key with its combiner, as pairs. */
  * pairs(): Generator<[unknown, unknown]> {
    for (const chunk of this.chunks()) yield* chunk
  }
}
