// An aggregation map that knows about how many bytes it holds, and is emptied when they are too many.
//
// - The loop that fills it calls `measure` before and `sampled` after one record in many; between two samples it counts down, no more.
// - Keys are counted exactly, what a key takes and what merging adds to it are means of the samples.
// - A JavaScript Map ends at 2^24 keys, and long before that each of its growths copies it all.
// - Where nearly every key is new, combining costs a map and gains nothing: then seven times as many records pass by it as were tried.
//   It is decided by counts alone, so a task that is tried again gives the same.

import { CombineMap } from '../combine-map.ts'
import { TooLarge } from '../errors.ts'
import { lastCost, sizeOf } from './size-of.ts'
import type { TaskMemory } from './task-memory.ts'

const maxKeys = 1 << 21
/** A key's place, and the way to it. */
const placeBytes = 80
/** So many of the last samples make a mean. */
const remembered = 64
/** Share of new keys above which combining gains nothing. */
const mostNew = 0.8
/** Records that pass by for each one of a trial. */
const passingByTrial = 7

/** A mean that forgets what is long past. */
class Mean {
  value = 0
  #samples = 0

  add(sample: number): void {
    this.#samples = Math.min(remembered, this.#samples + 1)
    this.value += (sample - this.value) / this.#samples
  }
}

export abstract class BoundedMap extends CombineMap {
  protected readonly memory: TaskMemory
  readonly #key = new Mean()
  readonly #growth = new Mean()
  #bytes = 0
  #keys = 0
  #interval = 1
  /** Records and keys of the trial. */
  #tried = 0
  #poured = 0

  constructor(memory: TaskMemory) {
    super()
    this.memory = memory
    memory.enter()
  }

  /** Takes all pairs out of memory. */
  protected abstract pour(): void

  /** Does what can be done where emptying does not help; gives the bytes that are held then. */
  protected shrink(bytes: number): number {
    const { most } = this.memory
    if (bytes <= most) return bytes
    let [largest, size]: [unknown, number] = [undefined, -1]
    this.forEach((key, value) => {
      const own = sizeOf(value)
      if (own > size) [largest, size] = [key, own]
    })
    throw new TooLarge(largest, bytes, most)
  }

  /** Whether emptying it helps. */
  protected get canPour(): boolean {
    return true
  }

  /** Pours all pairs, and begins again without any. */
  protected empty(): void {
    this.#poured += this.size
    this.pour()
    this.clear()
    this.#bytes = 0
    this.#keys = 0
  }

  /** What a place holds before a record is merged into it; -1 where there is none yet. */
  measure(place: number): number {
    return place === -1 ? -1 : sizeOf(this.values[place])
  }

  /** To be called after the record that `measure` was called for; gives the number of records until the next one. May empty the map. */
  sampled(key: unknown, before: number): number {
    const after = sizeOf(this.get(key))
    const cost = lastCost()
    if (before === -1) this.#key.add(placeBytes + sizeOf(key) + after)
    else this.#growth.add(Math.max(0, after - before))
    const { size } = this
    const fresh = size - this.#keys
    this.#keys = size
    this.#tried += this.#interval
    this.#bytes += fresh * this.#key.value + (this.#interval - fresh) * this.#growth.value
    if (this.#bytes > this.memory.share || size >= maxKeys) {
      if (this.canPour) this.empty()
      else this.#bytes = this.shrink(this.#bytes)
    }
    return (this.#interval = this.memory.interval(Math.max(this.#key.value, this.#growth.value), cost))
  }

  /** Records since the last trial ended. */
  protected get tried(): number {
    return this.#tried
  }

  /** Ends a trial: how many records are to pass by. The map is empty then. */
  protected endTrial(): number {
    const gains = this.#poured + this.size < this.#tried * mostNew
    const passing = gains ? 0 : this.#tried * passingByTrial
    if (!gains) this.empty()
    this.#tried = 0
    this.#poured = 0
    return passing
  }
}
