// Functions of a whole partition that give records.

import { seededRandom } from '../../base/random.ts'
import { sortPairs } from '../order.ts'
import type { Args, Fns, PairRow, Rows } from './kinds.ts'

export const glom = () => (rows: Rows): Rows => [[...rows]]
export const withIndex = (_args: Args, [f]: Fns) => (rows: Rows, partition: number): unknown => f!(partition, rows)

/** Sorts pairs by key; equal keys keep their order. */
export const sortedByKey = ([ascending]: Args) => (rows: Iterable<PairRow>): Rows => sortPairs([...rows], ascending === true)

/** Numbers records over all partitions; the argument is each partition's first number. */
export const withGlobalIndex = ([starts]: Args) => function* (rows: Rows, partition: number): Generator<unknown> {
  let index = (starts as readonly number[])[partition]!
  for (const record of rows) yield [record, index++]
}

/** Numbers record k of partition i `k·p + i`. */
export const withUniqueId = ([partitions]: Args) => function* (rows: Rows, partition: number): Generator<unknown> {
  let id = partition
  for (const record of rows) {
    yield [record, id]
    id += partitions as number
  }
}

/** Keeps each record with a probability. */
export const sampled = ([fraction, seed]: Args) => function* (rows: Rows, partition: number): Generator<unknown> {
  const random = seededRandom((seed as number) + partition)
  for (const record of rows) if (random() < (fraction as number)) yield record
}

/** Gives each record as often as a Poisson distribution says. */
export const sampledWithReplacement = ([mean, seed]: Args) => function* (rows: Rows, partition: number): Generator<unknown> {
  const random = seededRandom((seed as number) + partition)
  const limit = Math.exp(-(mean as number))
  for (const record of rows) for (let product = random(); product > limit; product *= random()) yield record
}

/** Keeps the records whose random number lies in a cell: cells that do not overlap give parts that do not. */
export const inCell = ([from, to, seed]: Args) => function* (rows: Rows, partition: number): Generator<unknown> {
  const random = seededRandom((seed as number) + partition)
  for (const record of rows) {
    const x = random()
    if (x >= (from as number) && x < (to as number)) yield record
  }
}
