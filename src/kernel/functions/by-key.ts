// Functions that aggregate by key.

import { copier } from '../../base/deep-copy.ts'
import { CombineMap } from '../combine-map.ts'
import { joinRows } from '../spill/join-rows.ts'
import { SpillingMap } from '../spill/spilling-map.ts'
import type { TaskIO } from '../task-io.ts'
import type { Args, Fns, PairRow, Rows } from './kinds.ts'

export const listOf = () => (value: unknown): unknown[] => [value]
export const appendTo = () => (list: unknown[], value: unknown): unknown[] => { list.push(value); return list }
export const appendAll = () => (list: unknown[], more: readonly unknown[]): unknown[] => { for (const value of more) list.push(value); return list }

/** Combines the values of each key inside a partition: fns are merge, mergeCombiners and, where the first value is no combiner itself, create. */
export const combinePartition = (_args: Args, [merge, mergeCombiners, create]: Fns) => function* (rows: Iterable<PairRow>, _partition: number, io: TaskIO): Generator<unknown> {
  const map = new SpillingMap(io, { merge: mergeCombiners! })
  let left = 1
  let passing = 0
  for (const [key, value] of rows) {
    if (passing > 0) {
      passing--
      map.pass(key, create === undefined ? value : create(value))
      continue
    }
    const due = --left === 0
    const place = map.find(key)
    const before = due ? map.measure(place) : 0
    if (place === -1) map.add(key, create === undefined ? value : create(value))
    else map.values[place] = merge!(map.values[place], value)
    if (due) {
      left = map.sampled(key, before)
      passing = map.passing()
    }
  }
  yield* map.pairs()
  map.close()
}

/** The values of each key combined, as one array: the result of a task, which is in memory in any case. */
export const combinedPairs = (_args: Args, [merge]: Fns) => (rows: Iterable<PairRow>): unknown[] => {
  const map = new CombineMap()
  for (const [key, value] of rows) {
    const place = map.find(key)
    if (place === -1) map.add(key, value)
    else map.values[place] = merge!(map.values[place], value)
  }
  return [...map.pairs()]
}

/** The first combiner of a key: a copy of the zero with the first value added. */
export const fromZero = (_args: Args, [zero, add]: Fns) => {
  const next = copier(zero!())
  return (value: unknown): unknown => add!(next(), value)
}

export const add = () => (a: number, b: number): number => a + b
export const firstOf = () => (a: unknown): unknown => a

// Grouping several RDDs: values are tagged with their RDD's number, [i, value], and gathered in one list for each RDD.

export const tagged = ([i]: Args) => (value: unknown): unknown => [i, value]
export const listsOf = ([count]: Args) => ([i, value]: readonly [number, unknown]): unknown[][] => {
  const lists: unknown[][] = []
  for (let k = 0; k < (count as number); k++) lists.push(k === i ? [value] : [])
  return lists
}
export const appendTagged = () => (lists: unknown[][], [i, value]: readonly [number, unknown]): unknown[][] => { lists[i]!.push(value); return lists }
export const appendLists = () => (lists: unknown[][], more: readonly (readonly unknown[])[]): unknown[][] => {
  more.forEach((values, i) => { for (const value of values) lists[i]!.push(value) })
  return lists
}

// Two RDDs whose equal keys are in equal partitions: the left pairs, the right pairs.

/** Every pair of a left and a right value; a side that is outer and has none stands in as undefined. */
export const joinedRows = ([leftOuter, rightOuter]: Args) => (left: Iterable<PairRow>, right: Iterable<PairRow>, io: TaskIO): Rows =>
  joinRows(left, right, { gives: 'pairs', leftOuter: leftOuter === true, rightOuter: rightOuter === true }, io)
/** The left pairs whose key the right side lacks. */
export const leftOnlyRows = () => (left: Iterable<PairRow>, right: Iterable<PairRow>, io: TaskIO): Rows => joinRows(left, right, { gives: 'leftOnly' }, io)
/** The keys of both sides, each once, with no value. */
export const commonRows = () => (left: Iterable<PairRow>, right: Iterable<PairRow>, io: TaskIO): Rows => joinRows(left, right, { gives: 'common' }, io)
