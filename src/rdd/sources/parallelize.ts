// Sources whose records the program gives: an array, or a range of numbers.
//
// - Slice i of p holds items floor(i·n/p) up to before floor((i+1)·n/p).

import type { CallSite } from '../../base/call-site.ts'
import { rddErrors } from '../errors.ts'
import { source } from '../nodes.ts'
import type { SourcePlan } from '../plan.ts'
import { checkedCount } from '../target.ts'

export function parallelize(items: Iterable<unknown>, slices: number, site: CallSite): SourcePlan {
  const records = [...items] // a copy: later changes of the array do not reach tasks
  return source('parallelize', site, sliced(records.length, checkedCount('parallelize', slices), (from, to) => ({ kind: 'records', records: records.slice(from, to) })))
}

export function range({ start, end, step }: { start: number; end: number; step: number }, slices: number, site: CallSite): SourcePlan {
  if (![start, end, step].every(Number.isFinite) || step === 0) throw rddErrors.RIV_RANGE(start, end, step)
  const count = Math.max(0, Math.ceil((end - start) / step))
  return source('range', site, sliced(count, checkedCount('range', slices), (from, to) => ({ kind: 'range', range: { start: start + from * step, step, count: to - from } })))
}

/** One of something for each slice. */
export function sliced<P>(count: number, slices: number, make: (from: number, to: number) => P): P[] {
  const border = (i: number): number => Math.floor(i * count / slices)
  return Array.from({ length: slices }, (_, i) => make(border(i), border(i + 1)))
}
