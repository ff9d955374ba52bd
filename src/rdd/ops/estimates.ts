// What the partitions that have ended tell of all: estimates with bounds that hold with a given confidence.
//
// - Records are taken to lie in a partition that has ended with a chance of `share`, the ended part of the partitions. So the number of the
//   others is negative binomial, and what is known of the values is a sample of them. Both by their normal limits, as in Spark.

import type { Moments } from '../../kernel/functions/numbers.ts'

/** An estimate and the bounds within which the true value lies with the given confidence. */
export interface BoundedNumber {
  readonly mean: number
  readonly confidence: number
  readonly low: number
  readonly high: number
}

/** How many records there are, where `count` lie in the share that is known. */
export function estimatedCount(count: number, share: number, confidence: number): BoundedNumber {
  if (share === 0) return { mean: 0, confidence: 0, low: 0, high: Infinity }
  if (share === 1) return exactly(count)
  const { low, high, ...estimate } = around(count / share, count * (1 - share) / share ** 2, confidence)
  return { ...estimate, low: Math.max(count, low), high }
}

/** The mean of all numbers, from the moments of those that are known. */
export function estimatedMean({ count, mean, m2 }: Moments, share: number, confidence: number): BoundedNumber {
  if (share === 1) return exactly(count === 0 ? NaN : mean)
  return count < 2 ? unknown : around(mean, m2 / (count - 1) / count, confidence)
}

/** The sum of all numbers: the mean and the count, both estimated, multiplied. */
export function estimatedSum({ count, sum, mean, m2 }: Moments, share: number, confidence: number): BoundedNumber {
  if (share === 1) return exactly(sum)
  if (count < 2) return unknown
  const [meanVariance, countVariance] = [m2 / (count - 1) / count, count * (1 - share) / share ** 2]
  return around(sum / share, meanVariance * countVariance + mean ** 2 * countVariance + (count / share) ** 2 * meanVariance, confidence)
}

const unknown: BoundedNumber = { mean: 0, confidence: 0, low: -Infinity, high: Infinity }

const exactly = (value: number): BoundedNumber => ({ mean: value, confidence: 1, low: value, high: value })

function around(mean: number, variance: number, confidence: number): BoundedNumber {
  const spread = normalQuantile((1 + confidence) / 2) * Math.sqrt(variance)
  return { mean, confidence, low: mean - spread, high: mean + spread }
}

/** By bisection of the distribution function (Abramowitz and Stegun 26.2.17, to 7.5e-8). */
function normalQuantile(p: number): number {
  const below = (x: number): number => {
    const t = 1 / (1 + 0.2316419 * x)
    const tail = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
    return 1 - Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI) * tail
  }
  let [low, high] = [0, 10]
  for (let i = 0; i < 50; i++) {
    const middle = (low + high) / 2
    if (below(middle) < p) low = middle
    else high = middle
  }
  return low
}
