// What a random pipeline is at: the RDD, and the model, an array of records for each partition.
//
// - `ordered`: the order of records in a partition is promised. After an aggregation it is not; `inOrder` then sorts both sides.
// - The RDD of a state is resolved, so that its partitioner can be asked where keys belong.

import { compareValues } from '../../wire/key/compare.ts'
import { sameKey } from '../../wire/key/model.fixture.ts'
import type { RDD } from '../rdd.ts'
import { normalised, type Row } from './functions.fixture.ts'

export type Rows = readonly Row[]
export type Pairs = RDD<Row>

export interface State {
  readonly rdd: Pairs
  readonly parts: readonly Rows[]
  readonly ordered: boolean
}

/** An operation: on RDDs, and on the model, which sees the resolved RDD that came out. `n` is a number that chooses. */
export interface Operation {
  readonly name: string
  readonly needsOrder?: boolean
  readonly rdd: (rdd: Pairs, n: number, keys: readonly unknown[]) => Pairs
  readonly model: (before: State, after: Pairs, n: number, keys: readonly unknown[]) => Pick<State, 'parts' | 'ordered'>
}

export const sortedRows = (rdd: Pairs): Pairs => rdd.mapPartitions<Row>(normalised, true)
/** The state with an order that is known. */
export const inOrder = (state: State): State => (state.ordered ? state : { rdd: sortedRows(state.rdd), parts: state.parts.map(part => normalised(part)), ordered: true })

/** The rows where the RDD's partitioner wants them; in the order given. */
export function placed(rdd: Pairs, rows: Rows): Row[][] {
  const parts = Array.from({ length: rdd.getNumPartitions() }, (): Row[] => [])
  const { partitioner } = rdd
  if (partitioner === undefined) throw new Error(`${String(rdd)} moved keys and has no partitioner`)
  for (const row of rows) parts[partitioner.getPartition(row[0])]!.push(row)
  return parts
}

/** The values of each key, in order, under the first key of those that are equal; -0 among numbers comes back as 0, as out of a Map. */
export function grouped(rows: Rows): [unknown, unknown[]][] {
  const groups: [unknown, unknown[]][] = []
  for (const [key, value] of rows) {
    const group = groups.find(([other]) => sameKey(other, key))
    if (group === undefined) groups.push([key === 0 ? 0 : key, [value]])
    else group[1].push(value)
  }
  return groups
}

/** The values of each key of several sides, under the first key of those that are equal. */
export function cogrouped(sides: readonly Rows[]): [unknown, unknown[][]][] {
  const tagged = sides.flatMap((rows, i) => rows.map(([key, value]): Row => [key, { i, value }]))
  return grouped(tagged).map(([key, values]) => [key, sides.map((_, side) => (values as { i: number; value: unknown }[]).filter(({ i }) => i === side).map(({ value }) => value))])
}

export const sortedByKey = (rows: Rows, ascending = true): Row[] => [...rows].sort(([a], [b]) => (ascending ? compareValues(a, b) : compareValues(b, a)))
