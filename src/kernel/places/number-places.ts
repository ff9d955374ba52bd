// A hash table from numbers to their places in an array; a Map of as many scattered numbers takes three times as long to fill.
//
// - A slot is a place and one more, or 0 where it is free; at least half of the slots are.
// - What is looked for is compared with the number at its place: where that is gone from the array, it is not found.
// - 0 equals -0. There is no NaN: it equals nothing.

const leastSlots = 16

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

export class NumberPlaces {
  readonly #numbers: readonly unknown[]
  #slots = new Int32Array(leastSlots)
  #used = 0

  constructor(numbers: readonly unknown[]) {
    this.#numbers = numbers
  }

  /** The place of a number, or -1. */
  find(number: number): number {
    const slots = this.#slots
    const mask = slots.length - 1
    let slot = hashOf(number) & mask
    while (slots[slot] !== 0 && this.#numbers[slots[slot]! - 1] !== number) slot = (slot + 1) & mask
    return slots[slot]! - 1
  }

  /** Adds a number that it does not find. */
  add(number: number, place: number): void {
    this.#enter(number, place)
    if (++this.#used * 2 > this.#slots.length) this.#grow()
  }

  clear(): void {
    this.#slots = new Int32Array(leastSlots)
    this.#used = 0
  }

  #enter(number: number, place: number): void {
    const slots = this.#slots
    const mask = slots.length - 1
    let slot = hashOf(number) & mask
    while (slots[slot] !== 0) slot = (slot + 1) & mask
    slots[slot] = place + 1
  }

  #grow(): void {
    const old = this.#slots
    this.#slots = new Int32Array(old.length * 4)
    this.#used = 0
    for (const next of old) {
      if (next === 0) continue
      const number = this.#numbers[next - 1]
      if (typeof number !== 'number') continue // gone
      this.#enter(number, next - 1)
      this.#used++
    }
  }
}
