// Handles of many blocks as numbers, five each: what a task is given of a long list that it mostly does not read, because an array of
// numbers is copied to a thread sixty times as fast as the objects.
//
//   in a slab:     slab         generation   offset   bytes   count
//   in a journal:  −1 − file    sum          offset   bytes   count

import { assert } from '../../base/assert.ts'
import type { BlockRef } from './block-ref.ts'

export interface PackedRefs {
  readonly numbers: Float64Array
  readonly files: readonly string[]
}

const fields = 5

export function packRefs(refs: readonly BlockRef[]): PackedRefs {
  const numbers = new Float64Array(refs.length * fields)
  const files = new Map<string, number>()
  for (const [i, { slab, generation, offset, bytes, count, file, sum }] of refs.entries()) {
    if (file === undefined) numbers.set([slab, generation, offset, bytes, count], i * fields)
    else {
      assert(sum !== undefined, 'packed blocks are in slabs or in a journal')
      if (!files.has(file)) files.set(file, files.size)
      numbers.set([-1 - files.get(file)!, sum, offset, bytes, count], i * fields)
    }
  }
  return { numbers, files: [...files.keys()] }
}

export function unpackRefs({ numbers, files }: PackedRefs): BlockRef[] {
  return Array.from({ length: numbers.length / fields }, (_, i) => {
    const [place, second, offset, bytes, count] = numbers.subarray(i * fields) as unknown as [number, number, number, number, number]
    if (place >= 0) return { slab: place, generation: second, offset, bytes, count }
    return { slab: 0, generation: 0, offset, bytes, count, file: files[-1 - place]!, sum: second }
  })
}

/** Adds the slabs that the blocks are in. */
export function addSlabs({ numbers }: PackedRefs, slabs: Set<number>): void {
  for (let at = 0; at < numbers.length; at += fields) if (numbers[at]! >= 0) slabs.add(numbers[at]!)
}
