// Functions of one record.

import { objectIdentity } from '../../wire/key/key-bytes.ts'
import { compareValues } from '../../wire/key/compare.ts'
import { paired } from '../paired.ts'
import { plain } from '../thenable.ts'
import type { Args, Fns, PairRow } from './kinds.ts'

export const keyOf = () => (record: unknown): unknown => paired(record)[0]
export const valueOf = () => (record: unknown): unknown => paired(record)[1]
/** A record with its key before it. */
export const withKey = (_args: Args, [key]: Fns) => (record: unknown): unknown => [plain(key!(record)), record]
/** A record as a key without a value. */
export const asKey = () => (record: unknown): unknown => [record, undefined]
/** A record under the one key that all have. */
export const ofOneKey = () => (record: unknown): unknown => [0, record]
/** A record that counts one. */
export const withOne = () => (record: unknown): unknown => [record, 1]
export const one = () => (): number => 1

/** Records that came as an array. */
export const spread = () => (records: readonly unknown[]): readonly unknown[] => records

/** Whether a pair has the key that the function gives. */
export const hasKey = (_args: Args, [given]: Fns) => {
  const wanted = given!()
  if (typeof wanted !== 'object' || wanted === null) return ([key]: PairRow): boolean => key === wanted || (Number.isNaN(key) && Number.isNaN(wanted))
  const identity = objectIdentity(wanted)
  return ([key]: PairRow): boolean => typeof key === 'object' && key !== null && objectIdentity(key) === identity
}

/** Whether a pair's key lies between the two bounds that the function gives, both included. */
export const keyWithin = (_args: Args, [given]: Fns) => {
  const [lower, upper] = given!() as PairRow
  return ([key]: PairRow): boolean => compareValues(key, lower) >= 0 && compareValues(key, upper) <= 0
}
