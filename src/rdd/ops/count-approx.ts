// A count that is known by a time: what the partitions that have ended by then say of the others.

import type { CallSite } from '../../base/call-site.ts'
import { partitionCount, resolvePlan } from '../plan.ts'
import type { Runnable } from '../run-job.ts'

/** An estimate and the bounds within which the true value lies with the given confidence. */
export interface BoundedNumber {
  readonly mean: number
  readonly confidence: number
  readonly low: number
  readonly high: number
}

/** Counts until the time is up, then cancels the rest. */
export async function countApprox({ plan, context }: Runnable, site: CallSite, { timeoutMs, confidence }: { timeoutMs: number; confidence: number }, signal: AbortSignal): Promise<BoundedNumber> {
  const timeUp = new AbortController()
  const timer = setTimeout(() => timeUp.abort(new Error('the time for countApprox is up')), timeoutMs)
  let [count, ended] = [0, 0]
  try {
    await resolvePlan(plan, signal)
    await context.runner.run({
      plan, sink: { to: 'count' }, action: 'countApprox', site, signal: AbortSignal.any([signal, timeUp.signal]),
      onResult: (_, result) => { count += result.count; ended++ },
    })
  } catch (error) {
    if (!timeUp.signal.aborted || signal.aborted) throw error
  } finally {
    clearTimeout(timer)
  }
  const all = partitionCount(plan) ?? Infinity
  return ended === all ? { mean: count, confidence: 1, low: count, high: count } : boundsOf(count, ended / all, confidence)
}

/** Records come with a chance of `share` from a partition that has ended: the others are negative binomial, here by its normal limit. */
export function boundsOf(count: number, share: number, confidence: number): BoundedNumber {
  if (share === 0) return { mean: 0, confidence: 0, low: 0, high: Infinity }
  const mean = count / share
  const spread = normalQuantile((1 + confidence) / 2) * Math.sqrt(count * (1 - share)) / share
  return { mean, confidence, low: Math.max(count, mean - spread), high: mean + spread }
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
