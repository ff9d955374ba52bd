// Slabs and their writer: places of blocks, new slabs, stale handles.

import assert from 'node:assert/strict'
import test from 'node:test'
import { allocateSlab, slabHeaderBytes, slabSize, SlabView } from './slab-view.ts'
import { SlabWriter } from './slab-writer.ts'

test('blocks begin at multiples of 8, and a handle shows exactly its bytes', () => {
  const view = new SlabView(3, allocateSlab(0))
  const writer = new SlabWriter({ view, offset: 128 }, () => -1)
  const refs = [5, 8, 0, 1].map((bytes, i) => {
    writer.reserve(bytes + 100).fill(i + 1)
    return writer.commit(bytes, i)
  })
  assert.deepEqual(refs.map(({ slab, offset, bytes, count }) => [slab, offset, bytes, count]), [[3, 128, 5, 0], [3, 136, 8, 1], [3, 144, 0, 2], [3, 144, 1, 3]])
  assert.deepEqual(view.read(refs[1]!), Buffer.alloc(8, 2))
  assert.equal(writer.finish().offset, 152)
})

test('a range that was never committed is given up', () => {
  const view = new SlabView(3, allocateSlab(0))
  const writer = new SlabWriter({ view, offset: slabHeaderBytes }, () => -1)
  writer.reserve(10)
  writer.reserve(20)
  assert.equal(writer.commit(20, 1).offset, slabHeaderBytes)
  assert.throws(() => writer.commit(1, 1), /a commit follows/)
})

test('slabs are made where the lease is full, as large as the block needs', () => {
  let last = 0
  const view = new SlabView(3, allocateSlab(0))
  const writer = new SlabWriter({ view, offset: slabSize - 16 }, () => --last)
  const write = (bytes: number): number => {
    writer.reserve(bytes)
    return writer.commit(bytes, 0).slab
  }
  assert.deepEqual([write(16), write(1), write(slabSize - slabHeaderBytes - 8), write(1), write(3 * slabSize)], [3, -1, -1, -2, -3])
  const { offset, newSlabs } = writer.finish()
  assert.equal(offset, slabSize)
  assert.deepEqual(newSlabs.map(({ temporary, memory, used }) => [temporary, memory.byteLength, used]), [
    [-1, slabSize, slabSize], [-2, slabSize, slabHeaderBytes + 8], [-3, 4 * slabSize, slabHeaderBytes + 3 * slabSize],
  ])
})

test('a writer without a lease', () => {
  const writer = new SlabWriter(undefined, () => -1)
  assert.deepEqual(writer.finish(), { offset: 0, newSlabs: [] })
  writer.reserve(1)
  assert.equal(writer.commit(1, 0).slab, -1)
})

test('a handle of an older generation is refused, in every view of the slab', () => {
  const memory = allocateSlab(0)
  const [one, other] = [new SlabView(3, memory), new SlabView(3, memory)]
  const ref = { slab: 3, generation: one.generation(), offset: slabHeaderBytes, bytes: 8, count: 1 }
  assert.equal(other.read(ref).length, 8)
  one.nextGeneration()
  assert.throws(() => other.read(ref), { code: 'RIV_BLOCK_STALE' })
  assert.throws(() => new SlabView(4, new SharedArrayBuffer(1024)), /header/)
  assert.throws(() => one.read({ ...ref, generation: 2, bytes: slabSize }), /lies in its slab/)
})
