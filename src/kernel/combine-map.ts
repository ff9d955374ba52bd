// The aggregation map of a task: each key has a place, and at it a combiner.
//
// - A place is found once a record and its value changed there, so a record costs one look-up, not the two of `map.set(k, f(map.get(k)))`.
// - Primitive keys are equal as in a Map (NaN equals NaN, 0 equals -0), which is the key codec's equality.
// - Numbers have a hash table of places, and texts another: a Map of as many takes two to three times as long.
// - Objects as keys are compared by structure, through their canonical encoding; they and all other primitives have a text that stands for
//   them.
// - Places are in the order of first appearance: the same on each run.

import { objectIdentity } from '../wire/key/key-bytes.ts'
import { TextPlaces } from './text-places.ts'

const leastSlots = 16
/** Pairs that are handed out together. */
const chunkSize = 1_024

const float = new Float64Array(1)
const words = new Int32Array(float.buffer)

/** Spreads all bits of a number; equal for 0 and -0. */
function hashOf(key: number): number {
  float[0] = key + 0
  let h = Math.imul(words[0]!, 0xcc9e2d51) ^ words[1]!
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

/** What stands for a key that is neither a number nor a text. */
const identityOf = (key: unknown): string => (typeof key === 'object' && key !== null ? objectIdentity(key) : `~${String(key)}`)

export class CombineMap {
  /** The combiners by place. */
  readonly values: unknown[] = []
  readonly #keys: unknown[] = []
  /** At the places of keys that are neither numbers nor texts. */
  readonly #identities: string[] = []
  /** For each slot a number key's place and one more, or 0; a power of two, and at least half of them are 0. */
  #slots = new Int32Array(leastSlots)
  #numbers = 0
  readonly #texts = new TextPlaces(this.#keys)
  readonly #others = new TextPlaces(this.#identities)

  /** The place of a key, or -1. */
  find(key: unknown): number {
    if (typeof key === 'string') return this.#texts.find(key)
    if (typeof key === 'number' && key === key) return this.#slots[this.#slotOf(key)]! - 1 // NaN has no equal number
    return this.#others.find(identityOf(key))
  }

  /** The combiner of a key, if there is one. */
  get(key: unknown): unknown {
    return this.values[this.find(key)]
  }

  /** Adds a key that has no place yet. */
  add(key: unknown, value: unknown): void {
    const place = this.values.push(value) - 1
    if (typeof key === 'number' && key === key) {
      this.#keys.push(key + 0) // 0 for -0, as in a Map
      this.#slots[this.#slotOf(key)] = place + 1
      if (++this.#numbers * 2 > this.#slots.length) this.#grow()
      return
    }
    if (typeof key === 'string') {
      const own = key.length > 12 ? (' ' + key).slice(1) : key // not a part of its block's text
      this.#keys.push(own)
      this.#texts.add(own, place)
      return
    }
    const identity = identityOf(key)
    this.#keys.push(key)
    this.#identities[place] = identity
    this.#others.add(identity, place)
  }

  clear(): void {
    this.values.length = this.#keys.length = this.#identities.length = 0
    this.#slots = new Int32Array(leastSlots)
    this.#numbers = 0
    this.#texts.clear()
    this.#others.clear()
  }

  get size(): number {
    return this.#keys.length
  }

  /** Every key with its combiner. */
  forEach(visit: (key: unknown, value: unknown) => void): void {
    for (let place = 0; place < this.#keys.length; place++) visit(this.#keys[place], this.values[place])
  }

  /** Every key with its combiner, as pairs, many at a time. */
  * chunks(): Generator<[unknown, unknown][]> {
    for (let from = 0; from < this.size; from += chunkSize) {
      const chunk: [unknown, unknown][] = []
      for (let place = from; place < this.size && place < from + chunkSize; place++) chunk.push([this.#keys[place], this.values[place]])
      yield chunk
    }
  }

  /** Every key with its combiner, as pairs. */
  * pairs(): Generator<[unknown, unknown]> {
    for (const chunk of this.chunks()) yield* chunk
  }

  /** The slot that holds a number, or the free one for it. */
  #slotOf(key: number): number {
    const slots = this.#slots
    const mask = slots.length - 1
    let slot = hashOf(key) & mask
    while (slots[slot] !== 0 && this.#keys[slots[slot]! - 1] !== key) slot = (slot + 1) & mask
    return slot
  }

  #grow(): void {
    const places = this.#slots
    this.#slots = new Int32Array(places.length * 4)
    for (const place of places) if (place !== 0) this.#slots[this.#slotOf(this.#keys[place - 1] as number)] = place
  }
}
