// Orders of records, and the first few of many in an order.

import { compareValues } from '../wire/key/compare.ts'
import { sortByText } from './sort-by-text.ts'

export type Compare = (a: unknown, b: unknown) => number

/** How an operator orders records: naturally, by a comparison of the user, or by a key. */
export type OrderKind = 'natural' | 'compare' | 'by'

/** The comparison of an order; `fn` is the user's function, where the kind has one. */
export function orderOf(kind: OrderKind, descending: boolean, fn: unknown): Compare {
  const compare = kind === 'natural' ? compareValues : kind === 'compare' ? fn as Compare : byKey(fn as (record: unknown) => unknown)
  return descending ? (a, b) => compare(b, a) : compare
}

const byKey = (key: (record: unknown) => unknown): Compare => (a, b) => compareValues(key(a), key(b))

type KeyedPair = readonly [unknown, unknown]

/** Sorts pairs by key; those given are changed. Equal keys keep their order. Keys that are all numbers or all strings, the usual ones, need no look at their types. */
export function sortPairs(pairs: KeyedPair[], ascending: boolean): KeyedPair[] {
  const type = typeof pairs[0]?.[0]
  if (type === 'number' && pairs.every(([key]) => typeof key === 'number' && key === key)) { // NaN has a place
    const numbers = pairs as unknown as [number, unknown][]
    numbers.sort(ascending ? (a, b) => a[0] - b[0] : (a, b) => b[0] - a[0])
  } else if (type === 'string' && pairs.every(([key]) => typeof key === 'string')) {
    return sortByText(pairs as unknown as [string, unknown][], ascending)
  } else {
    pairs.sort(ascending ? (a, b) => compareValues(a[0], b[0]) : (a, b) => compareValues(b[0], a[0]))
  }
  return pairs
}

/** The first `n` records in an order, sorted; of equal ones those that come first. */
export function firstInOrder(rows: Iterable<unknown>, n: number, compare: Compare): unknown[] {
  // In boxes, because Array.sort puts undefined last without asking.
  const kept: { readonly record: unknown }[] = []
  let full = false
  const cut = (): void => {
    kept.sort((a, b) => compare(a.record, b.record))
    kept.length = Math.min(kept.length, n)
    full = kept.length === n
  }
  for (const record of n > 0 ? rows : []) {
    if (full && compare(record, kept[n - 1]!.record) >= 0) continue
    if (kept.push({ record }) >= 2 * n + 64) cut()
  }
  cut()
  return kept.map(box => box.record)
}
