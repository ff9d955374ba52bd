// The total order of values: what comes before what, and that it is an order.

import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { anyKey, anyNumber, anyString, Point } from '../values.fixture.ts'
import { compareValues } from './compare.ts'
import { sameKey } from './model.fixture.ts'

const chains: [name: string, ascending: unknown[]][] = [
  ['numbers, NaN last', [-Infinity, -1.5, -1, 0, 0.5, 9, 10, 2 ** 53, Infinity, NaN]],
  ['numbers and bigints by value', [-(2n ** 70n), -1e3, -3n, 0, 0n, 0.5, 1, 1n, 1.5, 2n ** 53n + 1n, 2 ** 60, Infinity, NaN]],
  ['strings by UTF-16 code units', ['', 'A', 'B', 'a', 'a\0', 'aa', 'b', 'é', '\ud83d', '😀', '\ue000', '\uffff']],
  ['booleans', [false, true]],
  ['dates by time, invalid ones last', [new Date(-1), new Date(0), new Date(1), new Date(NaN)]],
  ['arrays part by part', [[], [0], [0, 'a'], [0, 'b'], [1], ['a'], ['a', [2, 1]], ['a', [10, 0]], [[1]], [null], [undefined]]],
  ['kinds', [true, 1, 'a', new Date(0), Uint8Array.of(0), [0], new Point(0, 0), null, undefined]],
]

for (const [name, ascending] of chains) {
  test(name, () => {
    ascending.forEach((a, i) => ascending.forEach((b, j) => assert.equal(Math.sign(compareValues(a, b)), Math.sign(i - j), `${String(a)} and ${String(b)}`)))
    assert.deepEqual(ascending.toReversed().sort(compareValues), ascending)
  })
}

const equal: [a: unknown, b: unknown][] = [[0, -0], [NaN, NaN], ['a', 'a'], [new Date(NaN), new Date(NaN)], [[0, [NaN]], [-0, [NaN]]], [{ a: 1, b: -0 }, { b: 0, a: 1 }], [null, null]]

test('equal keys compare as 0', () => equal.forEach(([a, b]) => assert.equal(compareValues(a, b), 0)))

const anyThings: [name: string, arbitrary: fc.Arbitrary<unknown>][] = [
  ['any keys', anyKey],
  ['numbers and bigints', fc.oneof(anyNumber, fc.bigInt(), fc.integer({ min: -2, max: 2 }), fc.bigInt({ min: -2n, max: 2n }))],
  ['strings', anyString],
  ['arrays of few parts', fc.array(fc.constantFrom<unknown>(0, -0, 0n, 1, NaN, '', 'a', null, undefined, true, [], [0]), { maxLength: 3 })],
]

for (const [name, thing] of anyThings) {
  test(`a total order, zero exactly for equal keys: ${name}`, () => {
    fc.assert(fc.property(thing, thing, thing, (a, b, c) => {
      assert.ok(!Number.isNaN(compareValues(a, b)))
      assert.equal(Math.sign(compareValues(a, b)), 0 - Math.sign(compareValues(b, a)))
      assert.equal(compareValues(a, a), 0)
      assert.equal(compareValues(a, b) === 0, sameKey(a, b))
      const [x, y, z] = [a, b, c].sort(compareValues)
      assert.ok(compareValues(x, y) <= 0 && compareValues(y, z) <= 0 && compareValues(x, z) <= 0)
    }), { numRuns: 1_000 })
  })
}

test('functions and symbols have no place in it', () => {
  assert.throws(() => compareValues(() => 1, 2), { code: 'RIV_KEY' })
  assert.throws(() => compareValues([1], [Symbol('s')]), { code: 'RIV_KEY' })
})
