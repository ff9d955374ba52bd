// A hash table from texts to their places in an array.
//
// - A Map asks native code for the hash of every string it has not seen, which is every one that was just cut out of a line: it takes twice
//   as long for words and keys of up to a hundred characters.
// - A slot is two numbers: the hash, whose lowest bit is set where the slot is taken, and the place. At least half of the slots are free.
// - What is looked for is found by hash, then compared with the text at its place: where that is gone from the array, it is not found.
// - The hash has a seed of the process, so that no one can send it keys that are all in one slot. Nothing can be seen of it in results.

const leastSlots = 16
const seed = (Math.random() * 2 ** 32) | 0

function hashOf(text: string): number {
  let h = seed ^ text.length
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b)
  return (h ^ (h >>> 13)) | 1
}

export class TextPlaces {
  readonly #texts: readonly unknown[]
  #slots = new Int32Array(leastSlots * 2)
  #used = 0

  constructor(texts: readonly unknown[]) {
    this.#texts = texts
  }

  /** The place of a text, or -1. */
  find(text: string): number {
    const slots = this.#slots
    const hash = hashOf(text)
    for (let slot = firstSlot(hash, slots); slots[slot] !== 0; slot = nextSlot(slot, slots)) {
      const place = slots[slot + 1]!
      if (slots[slot] === hash && this.#texts[place] === text) return place
    }
    return -1
  }

  /** Adds a text that it does not find. */
  add(text: string, place: number): void {
    enter(this.#slots, hashOf(text), place)
    if (++this.#used * 4 > this.#slots.length) this.#grow()
  }

  clear(): void {
    this.#slots = new Int32Array(leastSlots * 2)
    this.#used = 0
  }

  #grow(): void {
    const old = this.#slots
    this.#slots = new Int32Array(old.length * 4)
    for (let slot = 0; slot < old.length; slot += 2) if (old[slot] !== 0) enter(this.#slots, old[slot]!, old[slot + 1]!)
  }
}

function enter(slots: Int32Array, hash: number, place: number): void {
  let slot = firstSlot(hash, slots)
  while (slots[slot] !== 0) slot = nextSlot(slot, slots)
  slots[slot] = hash
  slots[slot + 1] = place
}

const firstSlot = (hash: number, slots: Int32Array): number => hash & (slots.length - 2)
const nextSlot = (slot: number, slots: Int32Array): number => (slot + 2) & (slots.length - 1)
