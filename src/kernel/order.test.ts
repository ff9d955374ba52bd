// The first records in an order, against sorting all of them.

import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { compareValues } from '../wire/key/compare.ts'
import { firstInOrder, orderOf, sortPairs } from './order.ts'

test('the first n are those of a stable sort', () => {
  const numbers = fc.array(fc.record({ key: fc.nat(50), id: fc.nat() }), { maxLength: 400 })
  fc.assert(fc.property(numbers, fc.nat(30), fc.boolean(), (records, n, descending) => {
    const byKey = (record: unknown): number => (record as { key: number }).key
    const expected = records.toSorted((a, b) => (descending ? b.key - a.key : a.key - b.key)).slice(0, n)
    assert.deepEqual(firstInOrder(records, n, orderOf('by', descending, byKey)), expected)
    const compare = (a: unknown, b: unknown): number => byKey(a) - byKey(b)
    assert.deepEqual(firstInOrder(records, n, orderOf('compare', descending, compare)), expected)
  }))
})

test('undefined takes its place in the order', () => {
  const last = (a: unknown, b: unknown): number => Number(a === undefined ? 0 : a) - Number(b === undefined ? 0 : b)
  assert.deepEqual(firstInOrder([3, undefined, -1], 2, orderOf('compare', false, last)), [-1, undefined])
})

test('pairs are sorted as the order of values says, whatever their keys', () => {
  const key = fc.oneof(fc.integer(), fc.double(), fc.string({ unit: 'binary', maxLength: 3 }), fc.constantFrom(NaN, -0, 0, null, undefined))
  const keys = fc.oneof(fc.array(fc.integer({ max: 20, min: -20 })), fc.array(fc.double()), fc.array(fc.string({ unit: 'binary', maxLength: 2 })), fc.array(key))
  fc.assert(fc.property(keys, fc.boolean(), (all, ascending) => {
    const pairs = all.map((k, i): [unknown, unknown] => [k, i])
    const expected = pairs.toSorted((a, b) => (ascending ? compareValues(a[0], b[0]) : compareValues(b[0], a[0])))
    assert.deepEqual(sortPairs(pairs, ascending), expected)
  }), { numRuns: 300 })
})

// Enough texts to be sorted by their digits.
const texts: [what: string, text: (n: number) => string][] = [
  ['that differ early', n => `${n % 9_973} and more`],
  ['that begin alike', n => `beginning${n % 9_973}`],
  ['that differ late', n => `${n % 7}${'x'.repeat(9)}${n % 101}`],
  ['of two bytes a character', n => String.fromCharCode(0x3b1 + (n % 900), 0xd7ff + (n % 3)) + n % 11],
  ['of which some end, where others have a zero', n => 'ab\0\0'.slice(0, n % 5)],
]

for (const [what, text] of texts) {
  test(`many texts ${what}`, () => {
    for (const ascending of [true, false]) {
      const pairs = Array.from({ length: 20_000 }, (_, i): [string, number] => [text(Math.imul(i, 0x9e3779b1) >>> 8), i])
      const expected = pairs.toSorted(([a], [b]) => (a === b ? 0 : a < b === ascending ? -1 : 1))
      assert.ok(expected.every((pair, i) => i === 0 || pair[0] !== expected[i - 1]![0] || pair[1] > expected[i - 1]![1]))
      assert.deepEqual(sortPairs(pairs, ascending), expected)
    }
  })
}
