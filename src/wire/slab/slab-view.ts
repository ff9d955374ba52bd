// A slab: a piece of shared memory that holds blocks, and a view of it in one thread.
//
//   0         4       8             64
//   generation│ magic │ reserved …  │ blocks, each at a multiple of 8 …
//
// - The generation is raised when the slab is reused, so a stale handle is refused instead of decoding somebody else's bytes.
// - Views are never handed to user code: decoders copy.

import { assert } from '../../base/assert.ts'
import type { BlockRef } from './block-ref.ts'
import { slabErrors } from './errors.ts'

/** Size of an ordinary slab; a block that needs more gets a slab of its own. */
export const slabSize = 4 << 20
/** Where blocks begin. */
export const slabHeaderBytes = 64
const magic = 0x52495653 // RIVS

/** New slab memory of at least `bytes` for blocks. */
export function allocateSlab(bytes: number): SharedArrayBuffer {
  let size = slabSize
  while (size < bytes + slabHeaderBytes) size *= 2
  const memory = new SharedArrayBuffer(size)
  const header = new Int32Array(memory, 0, 2)
  header[0] = 1
  header[1] = magic
  return memory
}

export class SlabView {
  readonly id: number
  readonly memory: SharedArrayBuffer
  /** All bytes, header included. */
  readonly bytes: Buffer
  readonly #header: Int32Array

  constructor(id: number, memory: SharedArrayBuffer) {
    this.id = id
    this.memory = memory
    this.bytes = Buffer.from(memory)
    this.#header = new Int32Array(memory, 0, 2)
    assert(this.#header[1] === magic, 'slab memory has a header')
  }

  generation(): number {
    return Atomics.load(this.#header, 0)
  }

  /** Makes every handle to the slab's blocks stale. */
  nextGeneration(): void {
    Atomics.add(this.#header, 0, 1)
  }

  /** The bytes of a block; a view, to be decoded at once. */
  read(ref: BlockRef): Buffer {
    const current = this.generation()
    if (current !== ref.generation) throw slabErrors.RIV_BLOCK_STALE(ref.slab, ref.generation, current)
    assert(ref.slab === this.id && ref.offset >= slabHeaderBytes && ref.offset + ref.bytes <= this.bytes.length, 'a block lies in its slab')
    return this.bytes.subarray(ref.offset, ref.offset + ref.bytes)
  }
}
