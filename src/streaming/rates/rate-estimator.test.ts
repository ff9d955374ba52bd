// The estimator against numbers computed by hand.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RateEstimator, type EstimatorOptions } from './rate-estimator.ts'

const spark: EstimatorOptions = { batchMs: 1_000, proportional: 1, integral: 0.2, derived: 0, minRate: 100 }

type Row = readonly [timeMs: number, elements: number, processingMs: number, schedulingMs: number, rate: number | undefined]

const tables: readonly (readonly [name: string, options: Partial<EstimatorOptions>, rows: readonly Row[]])[] = [
  ['the first batch only sets the rate; then the error, then what waits counts too', {}, [
    [1_000, 1_000, 500, 0, undefined], // 2000 a second
    [2_000, 1_000, 1_000, 0, 1_000], // 1000 a second: 2000 − 1000
    [3_000, 1_000, 2_000, 1_000, 400], // 500 a second, 500 wait: 1000 − 500 − 0.2 · 500
    [4_000, 400, 800, 2_000, 300], // 500 a second, 1000 wait: 400 + 100 − 0.2 · 1000
    [5_000, 300, 300, 0, 1_000], // 1000 a second: 300 + 700
  ]],
  ['batches that say nothing change nothing', {}, [
    [1_000, 0, 500, 0, undefined],
    [2_000, 1_000, 0, 0, undefined],
    [3_000, 1_000, 1_000, 0, undefined], // the first that counts: 1000
    [3_000, 10, 1_000, 0, undefined], // not later
    [2_500, 10, 1_000, 0, undefined],
    [4_000, 0, 1_000, 9_000, undefined],
    [5_000, 600, 1_000, 0, 600], // 1000 − 400
  ]],
  ['the floor', { minRate: 250 }, [
    [1_000, 1_000, 1_000, 0, undefined],
    [2_000, 10, 1_000, 0, 250], // 10 a second
    [3_000, 10, 1_000, 0, 250],
    [4_000, 300, 1_000, 0, 300], // from 250, error −50
  ]],
  ['the change of the error', { integral: 0, derived: 0.5 }, [
    [1_000, 1_000, 1_000, 0, undefined],
    [2_000, 500, 1_000, 0, 250], // error 500, change 500 / 1 s: 1000 − 500 − 250
    [4_000, 250, 1_000, 0, 375], // error 0, change −500 / 2 s: 250 + 125
  ]],
  ['the batch interval and the gains', { batchMs: 500, proportional: 0.5, integral: 0.1 }, [
    [500, 1_000, 500, 0, undefined], // 2000
    [1_000, 500, 500, 250, 1_450], // 1000 a second, 250 · 1000 / 500 = 500 wait: 2000 − 0.5 · 1000 − 0.1 · 500
  ]],
]

for (const [name, options, rows] of tables) {
  test(name, () => {
    const estimator = new RateEstimator({ ...spark, ...options })
    for (const [timeMs, elements, processingDelayMs, schedulingDelayMs, rate] of rows) assert.equal(estimator.compute({ timeMs, elements, processingDelayMs, schedulingDelayMs }), rate, `at ${timeMs}`)
  })
}
