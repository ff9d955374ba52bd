// Writes blocks into slabs by bump allocation: from a leased range, and when that is full into new slabs.
//
// - New slabs have temporary negative ids; whoever took the lease adopts them and gives them real ones.
// - Blocks begin at multiples of 8, so that number columns can be read in place.
// - One range is open at a time: `reserve`, fill, `commit`.

import { assert } from '../../base/assert.ts'
import type { BlockRef } from './block-ref.ts'
import { allocateSlab, slabHeaderBytes, SlabView } from './slab-view.ts'

/** A slab that a writer made because its lease was full. */
export interface NewSlab {
  readonly temporary: number
  readonly memory: SharedArrayBuffer
  /** Where its free part begins. */
  readonly used: number
  /** Whether its blocks stay longer than a job. */
  readonly kept?: boolean
}

interface Range { readonly view: SlabView; readonly generation: number; offset: number }

export class SlabWriter {
  readonly #lease: Range | undefined
  readonly #nextTemporary: () => number
  readonly #made: Range[] = []
  #open: Range | undefined
  #reserved = 0

  /** `from` is the leased slab and where its free part begins; `nextTemporary` gives ids that are unique within the task. */
  constructor(from: { readonly view: SlabView; readonly offset: number } | undefined, nextTemporary: () => number) {
    this.#lease = from && { view: from.view, generation: from.view.generation(), offset: from.offset }
    this.#open = this.#lease
    this.#nextTemporary = nextTemporary
  }

  /** Memory for a block of at most `bytes`. A second call without a commit gives the first range up. */
  reserve(bytes: number): Buffer {
    let range = this.#open
    if (range === undefined || range.offset + bytes > range.view.bytes.length) {
      const memory = allocateSlab(bytes)
      const view = new SlabView(this.#nextTemporary(), memory)
      range = { view, generation: view.generation(), offset: slabHeaderBytes }
      this.#made.push(range)
      this.#open = range
    }
    this.#reserved = bytes
    return range.view.bytes.subarray(range.offset, range.offset + bytes)
  }

  /** Ends the reserved range: the first `bytes` of it are a block of `count` records. */
  commit(bytes: number, count: number): BlockRef {
    const range = this.#open
    assert(range !== undefined && bytes <= this.#reserved, 'a commit follows a large enough reserve')
    const ref = { slab: range.view.id, generation: range.generation, offset: range.offset, bytes, count }
    range.offset += Math.ceil(bytes / 8) * 8
    this.#reserved = 0
    return ref
  }

  /** Where the lease's free part begins now; slabs made on the way. */
  finish(): { readonly offset: number; readonly newSlabs: readonly NewSlab[] } {
    return {
      offset: this.#lease?.offset ?? 0,
      newSlabs: this.#made.map(({ view, offset }) => ({ temporary: view.id, memory: view.memory, used: offset })),
    }
  }

  /** A slab this writer made, so that a task can read what it wrote. */
  made(id: number): SlabView | undefined {
    return this.#made.find(range => range.view.id === id)?.view
  }
}
