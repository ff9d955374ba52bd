// Keys of any kind, each at a place of its own: 0, 1, 2, … in the order in which they are added.
//
// - Primitive keys are equal as in a Map (NaN equals NaN, 0 equals -0), which is the key codec's equality; objects by their structure.
// - Numbers have a hash table of places, and texts another. All other keys have a text that stands for them, in a table of its own.
// - A key that is removed leaves its place empty, until all are cleared.

import { objectIdentity } from '../../wire/key/key-bytes.ts'
import { NumberPlaces } from './number-places.ts'
import { TextPlaces } from './text-places.ts'

/** What stands for a key that is neither a number nor a text. */
const identityOf = (key: unknown): string => (typeof key === 'object' && key !== null ? objectIdentity(key) : `~${String(key)}`)

/** Is at a place that is empty. */
const gone = Symbol('gone')

export class KeyPlaces {
  /** By place. */
  protected readonly keys: unknown[] = []
  /** At the places of keys that have one. */
  readonly #identities: unknown[] = []
  readonly #numbers = new NumberPlaces(this.keys)
  readonly #texts = new TextPlaces(this.keys)
  readonly #others = new TextPlaces(this.#identities)

  /** The place of a key, or -1. */
  find(key: unknown): number {
    if (typeof key === 'string') return this.#texts.find(key)
    if (typeof key === 'number' && key === key) return this.#numbers.find(key) // NaN equals no number
    return this.#others.find(identityOf(key))
  }

  /** The place of the key that was added with this identity, or -1. */
  findIdentity(identity: string): number {
    return this.#others.find(identity)
  }

  /** Gives a key that has no place the next one. Where it has an identity it is found by that only. */
  enter(key: unknown, identity?: string): number {
    const place = this.keys.length
    if (identity === undefined && typeof key === 'string') {
      this.keys.push(key)
      this.#texts.add(key, place)
    } else if (identity === undefined && typeof key === 'number' && key === key) {
      this.keys.push(key + 0) // 0 for -0, as in a Map
      this.#numbers.add(key, place)
    } else {
      const known = identity ?? identityOf(key)
      this.keys.push(key)
      this.#identities[place] = known
      this.#others.add(known, place)
    }
    return place
  }

  /** Leaves a place empty. */
  remove(place: number): void {
    this.keys[place] = gone
    if (place < this.#identities.length) this.#identities[place] = gone
  }

  clear(): void {
    this.keys.length = this.#identities.length = 0
    this.#numbers.clear()
    this.#texts.clear()
    this.#others.clear()
  }

  /** Places that were given. */
  get size(): number {
    return this.keys.length
  }
}
