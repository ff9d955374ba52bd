// Bytes of data that V8 holds in several ways; data that comes back.

import assert from 'node:assert/strict'
import test from 'node:test'
import { deserialize, serialize } from 'node:v8'
import fc from 'fast-check'
import { canonical } from './canonical.ts'

const heldAsDouble = { n: 1.5, list: [1.5, 2] as number[] }
heldAsDouble.n = 3
heldAsDouble.list[0] = 1
const withHoles: unknown[] = new Array(2)
withHoles[0] = 1
withHoles[1] = 2

test('equal data gives equal bytes, however V8 holds it', () => {
  const bytes = serialize(canonical({ n: 3, list: [1, 2] }))
  assert.notDeepEqual(serialize(heldAsDouble), serialize({ n: 3, list: [1, 2] })) // else there is nothing to do
  assert.deepEqual(serialize(canonical(heldAsDouble)), bytes)
  assert.deepEqual(serialize(canonical({ n: 3, list: withHoles })), bytes)
})

test('what comes back is what was given', () => {
  const shared = { a: [1] }
  const cyclic: unknown[] = [shared, shared]
  cyclic.push(cyclic)
  const sparse: unknown[] = []
  sparse[3] = 'x'
  const match = /(?<first>a)/.exec('abc')
  for (const data of [cyclic, sparse, match, new Map([[shared, -0]]), { at: new Date(5), big: 5n, set: new Set([1]), bytes: new Uint8Array([1, 2]) }, [-0, NaN, 2 ** 31, -(2 ** 31), undefined, null], JSON.parse('{"__proto__":{"a":1}}')]) {
    assert.deepEqual(deserialize(serialize(canonical(data))), deserialize(serialize(data)))
  }
  const back = deserialize(serialize(canonical(cyclic))) as unknown[]
  assert.ok(back[0] === back[1] && back[2] === back)
  fc.assert(fc.property(fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withSparseArray: true, withTypedArray: true }), data => {
    assert.deepEqual(deserialize(serialize(canonical(data))), deserialize(serialize(data)))
  }))
})
