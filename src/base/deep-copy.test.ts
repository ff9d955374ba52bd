// Copies are equal and share nothing.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { copier, deepCopy } from './deep-copy.ts'

class Sum {
  total = 0
  parts: number[] = []
  add(n: number): this { this.total += n; this.parts.push(n); return this }
}

test('copies are equal, of the same class, and share nothing', () => {
  const value = fc.letrec(tie => ({
    node: fc.oneof({ depthSize: 'small' }, fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true, withSparseArray: true }), fc.array(tie('node'), { maxLength: 3 }), fc.constant(new Sum().add(1))),
  })).node
  fc.assert(fc.property(value, original => {
    const copy = deepCopy(original)
    assert.deepEqual(copy, original)
    if (typeof original === 'object' && original !== null) assert.notEqual(copy, original)
  }), { numRuns: 300 })
})

test('a cycle is a cycle of copies', () => {
  const ring: { self?: object; list: unknown[] } = { list: [] }
  ring.self = ring
  ring.list.push(ring)
  const copy = deepCopy(ring)
  assert.equal(copy.self, copy)
  assert.equal(copy.list[0], copy)
  assert.notEqual(copy, ring)
})

test('a copier gives the value as it was, each time anew', () => {
  const zero = new Sum()
  const next = copier(zero)
  assert.deepEqual(next().add(5).parts, [5])
  zero.add(7)
  assert.deepEqual(next(), new Sum())
  assert.deepEqual(copier([0, 0])(), [0, 0])
  assert.equal(copier('x')(), 'x')
})
