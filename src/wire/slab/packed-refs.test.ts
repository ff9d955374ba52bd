// Packed handles come back as they were; blocks in files of tasks are refused.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addSlabs, packRefs, unpackRefs } from './packed-refs.ts'

test('handles come back as they were', () => {
  const inJournal = { slab: 0, generation: 0, offset: 48, bytes: 9, count: 2, file: 'b', sum: 2 ** 32 - 1 }
  const refs = [inJournal, { slab: 3, generation: 2 ** 32, offset: 0, bytes: 7, count: 1 }, { slab: 2 ** 40, generation: 0, offset: 64, bytes: 2 ** 31, count: 0 }, { ...inJournal, file: 'a' }, { ...inJournal, sum: 0 }]
  const packed = packRefs(refs)
  assert.deepEqual(unpackRefs(packed), refs)
  assert.deepEqual(unpackRefs(packRefs([])), [])
  const slabs = new Set([1])
  addSlabs(packed, slabs)
  assert.deepEqual([...slabs], [1, 3, 2 ** 40])
  assert.throws(() => packRefs([{ ...refs[1]!, file: 'a file' }]))
})
