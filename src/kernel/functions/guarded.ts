// Functions of single records, one after the other, where a throw costs the record and not the task.
//
// - What a function gives for a record counts as a whole or not at all: a flatMap that throws halfway gives nothing.
// - Records that were lost are added to an accumulator, with the partition, the record as the function got it, and the error.
// - A Promise out of a synchronous function and a record that is no pair are mistakes of the program: they fail the task as ever.

import { addUpdate, taskUpdates } from '../../wire/shared/accumulator.ts'
import { errorToData, type RemoteError } from '../../wire/remote-error.ts'
import { paired } from '../paired.ts'
import { plain } from '../thenable.ts'
import type { Args, Fn, Fns, PairRow, Rows } from './kinds.ts'

/** The operations that can be guarded. */
export type GuardedOp = 'map' | 'filter' | 'flatMap' | 'mapValues' | 'flatMapValues'

/** A record that was lost: in which place (a partition, counted on from the first one of its branch), the record, why. */
export type LostRecord = readonly [place: number, record: unknown, error: RemoteError]

/** What each operation gives for a record. */
const operations: Readonly<Record<GuardedOp, (f: Fn, record: unknown) => unknown[]>> = {
  map: (f, record) => [f(record)],
  filter: (f, record) => (f(record) ? [record] : []),
  flatMap: (f, record) => [...plain(f(record)) as Rows],
  mapValues: (f, record) => [[(record as PairRow)[0], plain(f((record as PairRow)[1]))]],
  flatMapValues: (f, record) => Array.from(plain(f((record as PairRow)[1])) as Rows, value => [(record as PairRow)[0], value]),
}

export const guarded = ([id, first, ops]: Args, fns: Fns) => function* (rows: Rows, partition: number): Generator<unknown> {
  const accumulator = { id: id as number, label: 'dead letters' }
  const lose = (record: unknown, error: unknown): void => {
    const updates = taskUpdates.getStore()
    if (updates !== undefined) addUpdate(updates, accumulator, [(first as number) + partition, record, errorToData(error)] satisfies LostRecord)
  }
  for (const row of rows) {
    let records: unknown[] = [row]
    for (const [i, op] of (ops as GuardedOp[]).entries()) {
      const given: unknown[] = []
      for (const record of records) {
        if (op.endsWith('Values')) paired(record)
        let results: unknown[]
        try {
          results = operations[op](fns[i]!, record)
        } catch (error) {
          lose(record, error)
          continue
        }
        if (op === 'map') plain(results[0])
        for (const result of results) given.push(result)
      }
      records = given
    }
    yield* records
  }
}
