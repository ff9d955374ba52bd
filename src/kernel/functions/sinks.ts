// Functions of a whole partition that give one value: the result of a task.

import { copier } from '../../base/deep-copy.ts'
import { seededRandom } from '../../base/random.ts'
import { firstInOrder, orderOf, type OrderKind } from '../order.ts'
import { paired } from '../paired.ts'
import { plain } from '../thenable.ts'
import type { Args, Fns, PairRow, Rows } from './kinds.ts'

/** Gives the user's function the rows, and nothing back but that it has ended. */
export const forRows = (_args: Args, [f]: Fns) => (rows: Rows): unknown => {
  const done = f!(rows)
  return typeof (done as { then?: unknown } | undefined)?.then === 'function' ? (done as Promise<unknown>).then(() => undefined) : undefined
}

/** The first n records of a partition in an order. */
export const firstRecords = ([n, kind, descending]: Args, [f]: Fns) => (rows: Rows): unknown[] => firstInOrder(rows, n as number, orderOf(kind as OrderKind, descending === true, f))

/** Adds every record to a copy of the zero. */
export const folded = (_args: Args, [zero, add]: Fns) => {
  const next = copier(zero!())
  return (rows: Rows): unknown => {
    let acc = next()
    let added = false
    for (const record of rows) {
      acc = add!(acc, record)
      if (added) continue
      added = true
      plain(acc)
    }
    return acc
  }
}

export const countOf = () => (rows: Rows): number => {
  let count = 0
  for (const _ of rows) count++
  return count
}

/** What a partition tells about its keys: how many there are, and an even sample of them. */
export interface KeySample { readonly count: number; readonly keys: readonly unknown[] }

/** Samples the keys of pairs, at most `size`, the same ones on each run. */
export const sampledKeys = ([size]: Args) => (rows: Iterable<PairRow>, partition: number): KeySample => {
  const random = seededRandom(partition)
  const keys: unknown[] = []
  let count = 0
  for (const row of rows) {
    const [key] = paired(row)
    if (keys.length < (size as number)) keys.push(key)
    else {
      const place = Math.floor(random() * (count + 1))
      if (place < keys.length) keys[place] = key
    }
    count++
  }
  return { count, keys }
}

/** The records at the given places of the partition; places increase and may repeat. */
export const recordsAt = ([places]: Args) => (rows: Rows, partition: number): unknown[] => {
  const wanted = (places as Readonly<Record<number, readonly number[]>>)[partition] ?? []
  const found: unknown[] = []
  let at = 0
  for (const record of rows) {
    while (wanted[found.length] === at) found.push(record)
    if (found.length === wanted.length) break
    at++
  }
  return found
}
