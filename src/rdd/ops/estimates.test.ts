// The bounds of what is not finished.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '../../base/random.ts'
import { moments } from '../../kernel/functions/numbers.ts'
import { estimatedCount, estimatedMean, estimatedSum, type BoundedNumber } from './estimates.ts'

const rows: [count: number, share: number, confidence: number, expected: BoundedNumber][] = [
  [0, 0, 0.95, { mean: 0, confidence: 0, low: 0, high: Infinity }],
  [100, 0.5, 0.95, { mean: 200, confidence: 0.95, low: 200 - 1.959964 * Math.sqrt(50) * 2, high: 200 + 1.959964 * Math.sqrt(50) * 2 }],
  [100, 0.5, 0.99, { mean: 200, confidence: 0.99, low: 200 - 2.575829 * Math.sqrt(50) * 2, high: 200 + 2.575829 * Math.sqrt(50) * 2 }],
  [100, 1, 0.95, { mean: 100, confidence: 1, low: 100, high: 100 }],
  [1, 0.25, 0.95, { mean: 4, confidence: 0.95, low: 1, high: 4 + 1.959964 * Math.sqrt(0.75) * 4 }],
]

const near = (found: BoundedNumber, expected: BoundedNumber): void => {
  for (const key of ['mean', 'confidence', 'low', 'high'] as const) assert.ok(Object.is(found[key], expected[key]) || Math.abs(found[key] - expected[key]) < 1e-3, `${key}: ${found[key]}`)
}

for (const [count, share, confidence, expected] of rows) {
  test(`${count} records in ${share} of the partitions, confidence ${confidence}`, () => near(estimatedCount(count, share, confidence), expected))
}

const known = moments()([1, 2, 3, 4, 5]) // mean 3, sample variance 2.5
const nothing: BoundedNumber = { mean: 0, confidence: 0, low: -Infinity, high: Infinity }

test('a mean: by the variance of the sample', () => {
  const spread = 1.959964 * Math.sqrt(2.5 / 5)
  near(estimatedMean(known, 0.5, 0.95), { mean: 3, confidence: 0.95, low: 3 - spread, high: 3 + spread })
  near(estimatedMean(known, 1, 0.95), { mean: 3, confidence: 1, low: 3, high: 3 })
  near(estimatedMean(moments()([7]), 0.5, 0.95), nothing)
  near(estimatedMean(moments()([]), 1, 0.95), { mean: NaN, confidence: 1, low: NaN, high: NaN })
})

test('a sum: by the variances of the mean and of the count', () => {
  const spread = 1.959964 * Math.sqrt(0.5 * 10 + 9 * 10 + 100 * 0.5)
  near(estimatedSum(known, 0.5, 0.95), { mean: 30, confidence: 0.95, low: 30 - spread, high: 30 + spread })
  near(estimatedSum(known, 1, 0.95), { mean: 15, confidence: 1, low: 15, high: 15 })
  near(estimatedSum(moments()([]), 0.5, 0.95), nothing)
})

test('the bounds hold as often as they say', () => {
  const random = seededRandom(1)
  const runs = Array.from({ length: 300 }, () => {
    const numbers = Array.from({ length: 500 }, () => random() * 100)
    const known = numbers.filter(() => random() < 0.4)
    const [total, sum] = [numbers.reduce((a, b) => a + b), estimatedSum(moments()(known), 0.4, 0.9)]
    return sum.low <= total && total <= sum.high
  })
  const share = runs.filter(Boolean).length / runs.length
  assert.ok(share > 0.85, String(share))
})
