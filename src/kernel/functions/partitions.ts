// Functions of a whole partition that give records.

import { distinctPlaces, seededRandom } from '../../base/random.ts'
import { CombineMap } from '../combine-map.ts'
import { FinalFailure, kernelErrors } from '../errors.ts'
import { sortedPairs } from '../spill/sorted-pairs.ts'
import type { TaskIO } from '../task-io.ts'
import type { Args, Fns, PairRow, Rows } from './kinds.ts'

export const glom = () => (rows: Rows): Rows => [[...rows]]
export const withIndex = (_args: Args, [f]: Fns) => (rows: Rows, partition: number): unknown => f!(partition, rows)

/** Sorts pairs by key; equal keys keep their order. */
export const sortedByKey = ([ascending]: Args) => (rows: Iterable<PairRow>, _partition: number, io: TaskIO): Rows => sortedPairs(rows, ascending === true, io)

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

/** Samples pairs, each key by its own fraction; the function gives pairs of key and fraction. */
export const sampledByKey = ([withReplacement, seed]: Args, [given]: Fns) => {
  const fractions = mapOf(given!() as PairRow[])
  return function* (rows: Iterable<PairRow>, partition: number): Generator<unknown> {
    const random = seededRandom((seed as number) + partition)
    for (const pair of rows) {
      const fraction = fractions.get(pair[0]) as number | undefined
      if (fraction === undefined) throw new FinalFailure(kernelErrors.RIV_NO_FRACTION(String(pair[0])))
      if (withReplacement !== true) { if (random() < fraction) yield pair } else for (let product = random(), limit = Math.exp(-fraction); product > limit; product *= random()) yield pair
    }
  }
}

/** How many pairs of a key a partition has, and how many of them are to be chosen. */
export interface Quota { readonly of: number; readonly choose: number }

/** Chooses exactly so many pairs of each key; the function gives for each partition pairs of key and quota. */
export const chosenByKey = ([withReplacement, seed]: Args, [given]: Fns) => {
  const quotas = given!() as readonly (readonly PairRow[])[]
  return function* (rows: Iterable<PairRow>, partition: number): Generator<unknown> {
    const random = seededRandom((seed as number) + partition)
    const wanted = mapOf(quotas[partition]!.map(([key, quota]) => {
      const { of, choose } = quota as Quota
      const places = withReplacement === true ? Array.from({ length: choose }, () => Math.floor(random() * of)) : distinctPlaces(choose, of, random)
      return [key, { places: places.sort((a, b) => a - b), next: 0, seen: 0 }]
    }))
    for (const pair of rows) {
      const state = wanted.get(pair[0]) as { readonly places: number[]; next: number; seen: number }
      for (; state.places[state.next] === state.seen; state.next++) yield pair
      state.seen++
    }
  }
}

function mapOf(pairs: Iterable<PairRow>): CombineMap {
  const map = new CombineMap()
  for (const [key, value] of pairs) map.add(key, value)
  return map
}

/** Keeps the records whose random number lies in a cell: cells that do not overlap give parts that do not. */
export const inCell = ([from, to, seed]: Args) => function* (rows: Rows, partition: number): Generator<unknown> {
  const random = seededRandom((seed as number) + partition)
  for (const record of rows) {
    const x = random()
    if (x >= (from as number) && x < (to as number)) yield record
  }
}
