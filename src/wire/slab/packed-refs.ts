// Handles of many blocks in slabs as numbers, five each: what a task is given of a long list that it mostly does not read, because an array of
// numbers is copied to a thread sixty times as fast as the objects.

import { assert } from '../../base/assert.ts'
import type { BlockRef } from './block-ref.ts'

export type PackedRefs = Float64Array

const fields = 5

export function packRefs(refs: readonly BlockRef[]): PackedRefs {
  const packed = new Float64Array(refs.length * fields)
  for (const [i, { slab, generation, offset, bytes, count, file }] of refs.entries()) {
    assert(file === undefined, 'packed blocks are in slabs')
    packed.set([slab, generation, offset, bytes, count], i * fields)
  }
  return packed
}

export function unpackRefs(packed: PackedRefs): BlockRef[] {
  return Array.from({ length: packed.length / fields }, (_, i) => {
    const [slab, generation, offset, bytes, count] = packed.subarray(i * fields)
    return { slab: slab!, generation: generation!, offset: offset!, bytes: bytes!, count: count! }
  })
}

/** Adds the slabs that the blocks are in. */
export function addSlabs(packed: PackedRefs, slabs: Set<number>): void {
  for (let at = 0; at < packed.length; at += fields) slabs.add(packed[at]!)
}
