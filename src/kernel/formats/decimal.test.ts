// Decimals: their digits, and their bytes.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { bigEndian, bigEndianBytes, decimalValue, unscaledValue } from './decimal.ts'

describe('values', () => {
  const cases: [unscaled: bigint, scale: number, precision: number, value: number | string][] = [
    [3n, 1, 9, 0.3], [-125n, 1, 9, -12.5], [0n, 0, 9, 0], [5n, 3, 9, 0.005], [999_999_999_999_999n, 0, 15, 999_999_999_999_999],
    [1n, 2, 16, '0.01'], [-1n, 0, 38, '-1'], [12345678901234567890123456789n, 9, 38, '12345678901234567890.123456789'],
  ]
  for (const [unscaled, scale, precision, value] of cases) {
    test(String(value), () => {
      assert.equal(decimalValue(unscaled, scale, precision), value)
      assert.equal(unscaledValue(value, scale, precision), unscaled)
    })
  }
})

describe('what does not fit', () => {
  const cases: [value: unknown, scale: number, precision: number][] = [[0.25, 1, 9], ['1.23', 1, 9], [1000, 0, 3], ['x', 0, 9], ['', 0, 9], [NaN, 0, 9], [Infinity, 0, 9], [1n, 0, 9], [null, 0, 9]]
  for (const [value, scale, precision] of cases) test(`${typeof value} ${String(value)}`, () => assert.equal(unscaledValue(value, scale, precision), undefined))
})

test('numbers with an exponent', () => {
  for (const [value, unscaled] of [[1e-7, 1n], [-1.5e-6, -15n], [1e21, 10n ** 28n], [1.25e22, 125n * 10n ** 27n]] as const) assert.equal(unscaledValue(value, 7, 38), unscaled)
})

test('bytes', () => {
  fc.assert(fc.property(fc.bigInt({ min: -(2n ** 100n), max: 2n ** 100n }), value => {
    const bytes = bigEndianBytes(value)
    assert.equal(bigEndian(bytes), value)
    assert.ok(bytes.length === 1 || BigInt.asIntN((bytes.length - 1) * 8, value) !== value, 'no shorter')
    assert.equal(bigEndian(bigEndianBytes(value, 20)), value)
    assert.equal(bigEndianBytes(value, 20).length, 20)
  }))
})
