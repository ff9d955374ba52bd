// The total order of values, for sorting and ranges.
//
// Within a kind: numbers and bigints by value with NaN last; strings by UTF-16 code units; false before true; Dates by time;
// typed arrays by their bytes; arrays part by part, a prefix first; everything else by its canonical bytes.
// Between kinds: booleans, numbers and bigints, strings, Dates, typed arrays, arrays, other objects, null, undefined.
// Values that are equal as keys compare as 0.

import { encodeKey, keyTag, tagOf } from './key-bytes.ts'

const rank: Readonly<Record<number, number>> = {
  [keyTag.false]: 0, [keyTag.true]: 0, [keyTag.number]: 1, [keyTag.bigint]: 1, [keyTag.string]: 2, [keyTag.date]: 3, [keyTag.bytes]: 4,
  [keyTag.array]: 5, [keyTag.object]: 6, [keyTag.map]: 6, [keyTag.set]: 6, [keyTag.instance]: 6, [keyTag.null]: 7, [keyTag.undefined]: 8,
}

/** Negative, zero or positive as `a` comes before, equals or comes after `b`. */
export function compareValues(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return compareNumbers(a, b)
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0
  const tagA = tagOf(a)
  const tagB = tagOf(b)
  if (rank[tagA] !== rank[tagB]) return rank[tagA]! - rank[tagB]!
  switch (rank[tagA]) {
    case 0: return Number(a) - Number(b)
    case 1: return compareNumeric(a as number | bigint, b as number | bigint)
    case 3: return compareNumbers((a as Date).getTime(), (b as Date).getTime())
    case 5: return compareArrays(a as readonly unknown[], b as readonly unknown[])
    case 7: case 8: return 0
    default: return Buffer.compare(encodeKey(a), encodeKey(b))
  }
}

function compareNumbers(a: number, b: number): number {
  if (a < b) return -1
  if (a > b) return 1
  if (a === b) return 0
  return Number.isNaN(a) ? (Number.isNaN(b) ? 0 : 1) : -1
}

/** Numbers and bigints by value; equal in value, the number comes first, because they are different keys. */
function compareNumeric(a: number | bigint, b: number | bigint): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return compareNumbers(Number.isNaN(a) ? NaN : 0, Number.isNaN(b) ? NaN : 0)
  if (a < b) return -1
  if (a > b) return 1
  return typeof a === typeof b ? 0 : typeof a === 'number' ? -1 : 1
}

function compareArrays(a: readonly unknown[], b: readonly unknown[]): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const order = compareValues(a[i], b[i])
    if (order !== 0) return order
  }
  return a.length - b.length
}
