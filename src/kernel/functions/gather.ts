// Functions of a whole partition that gather it into one record.

import { plain } from '../thenable.ts'
import type { Args, Fns, Rows } from './kinds.ts'

export const countRows = () => (rows: Rows): number[] => {
  let count = 0
  for (const _row of rows) count++
  return [count]
}
export const sumRows = () => (rows: Iterable<number>): number[] => {
  let sum = 0
  for (const row of rows) sum += row
  return [sum]
}
/** All rows combined; nothing where there are none. */
export const reduceRows = (_args: Args, [f]: Fns) => (rows: Rows): unknown[] => {
  let result: unknown
  let seen = 0
  for (const row of rows) {
    result = seen === 0 ? row : f!(result, row)
    if (seen++ === 1) plain(result)
  }
  return seen === 0 ? [] : [result]
}
