// The bounds of a count that is not finished.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { boundsOf, type BoundedNumber } from './count-approx.ts'

const rows: [count: number, share: number, confidence: number, expected: BoundedNumber][] = [
  [0, 0, 0.95, { mean: 0, confidence: 0, low: 0, high: Infinity }],
  [100, 0.5, 0.95, { mean: 200, confidence: 0.95, low: 200 - 1.959964 * Math.sqrt(50) * 2, high: 200 + 1.959964 * Math.sqrt(50) * 2 }],
  [100, 0.5, 0.99, { mean: 200, confidence: 0.99, low: 200 - 2.575829 * Math.sqrt(50) * 2, high: 200 + 2.575829 * Math.sqrt(50) * 2 }],
  [1, 0.25, 0.95, { mean: 4, confidence: 0.95, low: 1, high: 4 + 1.959964 * Math.sqrt(0.75) * 4 }],
]

for (const [count, share, confidence, expected] of rows) {
  test(`${count} records in ${share} of the partitions, confidence ${confidence}`, () => {
    const found = boundsOf(count, share, confidence)
    for (const key of ['mean', 'confidence', 'low', 'high'] as const) assert.ok(Object.is(found[key], expected[key]) || Math.abs(found[key] - expected[key]) < 1e-3, `${key}: ${found[key]}`)
  })
}
