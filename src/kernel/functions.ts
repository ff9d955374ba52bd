// The library's own functions, by name: operators that are compositions ship these instead of closures.
//
// Each export makes a function from plain data and other functions (a plan's `builtin`):
// - record functions get the record;
// - functions of key aggregation get what the user's would;
// - partition functions get (rows, partition, io) and return an iterable, those of a `partition` sink any value or a promise of it.

import { randomUUID } from 'node:crypto'
import { seededRandom } from '../base/random.ts'
import { CombineMap } from './combine-map.ts'
import { firstInOrder, orderOf, type OrderKind } from './order.ts'
import { recordText } from './record-text.ts'
import { compareValues } from '../wire/key/compare.ts'
import type { TaskIO } from './task-io.ts'

type Args = readonly unknown[]
type Fn = (...args: unknown[]) => unknown
type Fns = readonly Fn[]
type Rows = Iterable<unknown>
type PairRow = readonly [unknown, unknown]

// Records

export const keyOf = () => (pair: PairRow): unknown => pair[0]
export const valueOf = () => (pair: PairRow): unknown => pair[1]
/** A record with its key before it. */
export const withKey = (_args: Args, [key]: Fns) => (record: unknown): unknown => [key!(record), record]

// Aggregation by key

export const listOf = () => (value: unknown): unknown[] => [value]
export const appendTo = () => (list: unknown[], value: unknown): unknown[] => { list.push(value); return list }
export const appendAll = () => (list: unknown[], more: readonly unknown[]): unknown[] => { for (const value of more) list.push(value); return list }

/** Combines the values of each key inside a partition: fns are merge and, where the first value is no combiner itself, create. */
export const combinePartition = (_args: Args, [merge, create]: Fns) => (rows: Iterable<PairRow>): Rows => {
  const map = new CombineMap()
  for (const [key, value] of rows) {
    const cell = typeof key === 'object' && key !== null ? map.objectCell(key) : map.primitives.get(key)
    if (cell === undefined) map.add(key, create === undefined ? value : create(value))
    else cell.v = merge!(cell.v, value)
  }
  return map.pairs()
}

// Partitions

export const glom = () => (rows: Rows): Rows => [[...rows]]
export const withIndex = (_args: Args, [f]: Fns) => (rows: Rows, partition: number): unknown => f!(partition, rows)

/** Sorts pairs by key; equal keys keep their order. */
export const sortedByKey = ([ascending]: Args) => (rows: Iterable<PairRow>): Rows => {
  const sorted = [...rows]
  return ascending === true ? sorted.sort((a, b) => compareValues(a[0], b[0])) : sorted.sort((a, b) => compareValues(b[0], a[0]))
}

// Sinks

/** Gives the user's function the rows, and nothing back but that it has ended. */
export const forRows = (_args: Args, [f]: Fns) => (rows: Rows): unknown => {
  const done = f!(rows)
  return typeof (done as { then?: unknown } | undefined)?.then === 'function' ? (done as Promise<unknown>).then(() => undefined) : undefined
}

/** The first n records of a partition in an order. */
export const firstRecords = ([n, kind, descending]: Args, [f]: Fns) => (rows: Rows): unknown[] => firstInOrder(rows, n as number, orderOf(kind as OrderKind, descending === true, f))

/** What a partition tells about its keys: how many there are, and an even sample of them. */
export interface KeySample { readonly count: number; readonly keys: readonly unknown[] }

/** Samples the keys of pairs, at most `size`, the same ones on each run. */
export const sampledKeys = ([size]: Args) => (rows: Iterable<PairRow>, partition: number): KeySample => {
  const random = seededRandom(partition)
  const keys: unknown[] = []
  let count = 0
  for (const [key] of rows) {
    if (keys.length < (size as number)) keys.push(key)
    else {
      const place = Math.floor(random() * (count + 1))
      if (place < keys.length) keys[place] = key
    }
    count++
  }
  return { count, keys }
}

/** Characters gathered before they are written. */
const textBuffer = 1 << 18

/** Writes the records of a partition as lines of a new file in a folder; gives the file's path, which no other attempt has. */
export const savedText = ([folder]: Args) => async (rows: Rows, partition: number, io: TaskIO): Promise<string> => {
  const path = `${String(folder)}/${partition}-${randomUUID()}`
  const file = await io.fs.create(path)
  try {
    let text = ''
    for (const record of rows) {
      text += `${recordText(record)}\n`
      if (text.length < textBuffer) continue
      await file.write(text)
      text = ''
    }
    await file.write(text)
  } finally {
    await file.close()
  }
  return path
}
