// Statistics of numbers, and their merging.

import type { Args } from './kinds.ts'

/** Moments of numbers, by the one-pass method of Welford and Chan, which does not cancel. */
export interface Moments { readonly count: number; readonly sum: number; readonly mean: number; readonly m2: number; readonly min: number; readonly max: number }

export const noMoments: Moments = { count: 0, sum: 0, mean: 0, m2: 0, min: Infinity, max: -Infinity }

export const moments = () => (rows: Iterable<number>): Moments => {
  let { count, sum, mean, m2, min, max } = noMoments
  for (const x of rows) {
    count++
    sum += x
    const delta = x - mean
    mean += delta / count
    m2 += delta * (x - mean)
    min = Math.min(min, x)
    max = Math.max(max, x)
  }
  return { count, sum, mean, m2, min, max }
}

/** The moments of two sets of numbers together. */
export function mergeMoments(a: Moments, b: Moments): Moments {
  const count = a.count + b.count
  if (a.count === 0 || b.count === 0) return a.count === 0 ? b : a
  const delta = b.mean - a.mean
  return {
    count, sum: a.sum + b.sum, mean: a.mean + delta * b.count / count, m2: a.m2 + b.m2 + delta * delta * a.count * b.count / count,
    min: Math.min(a.min, b.min), max: Math.max(a.max, b.max),
  }
}

/** How many numbers lie in each bucket; buckets are [edge, next edge), the last one with its upper edge. */
export const bucketCounts = ([edges]: Args) => (rows: Iterable<number>): number[] => {
  const bounds = edges as readonly number[]
  const counts = new Array<number>(bounds.length - 1).fill(0)
  const last = bounds.length - 1
  for (const x of rows) {
    if (!(x >= bounds[0]! && x <= bounds[last]!)) continue // NaN too
    let low = 0
    let high = last
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (x >= bounds[middle]!) low = middle
      else high = middle
    }
    counts[low]!++
  }
  return counts
}
