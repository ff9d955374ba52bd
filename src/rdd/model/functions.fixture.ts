// The functions of random pipelines: total, without state, and for records of any kind. Exported, so that they travel by reference.

import { inspect } from 'node:util'
import { encodeKey } from '../../wire/key/key-bytes.ts'

export type Row = readonly [key: unknown, value: unknown]
/** A record of any kind as text: equal for values that are equal as keys. */
export const text = (value: unknown): string => Buffer.from(encodeKey(value)).toString('latin1')
/** A small number that depends on the whole value. */
export const digest = (value: unknown): number => {
  let sum = 7
  for (const byte of encodeKey(value)) sum = (sum * 31 + byte) % 9973
  return sum
}
/** An order of all records that does not take -0 for 0, so that it puts any two in their places. */
export const normalised = <T>(rows: Iterable<T>): T[] => [...rows].map(row => ({ row, bytes: text(row), shown: inspect(row, { depth: 20 }) }))
  .sort((a, b) => (a.bytes < b.bytes ? -1 : a.bytes > b.bytes ? 1 : a.shown < b.shown ? -1 : a.shown > b.shown ? 1 : 0)).map(({ row }) => row)

export const swap = ([key, value]: Row): Row => [value, key]
export const isKept = (row: Row): boolean => digest(row) % 3 !== 0
export const isOdd = ([, value]: Row): boolean => digest(value) % 2 === 1
export const twiceOrNot = (row: Row): Row[] => (digest(row) % 2 === 0 ? [] : [row, swap(row)])
export function* generated([key, value]: Row): Generator<Row> {
  yield [key, digest(value)]
  if (digest(key) % 2 === 0) yield [digest(key), value]
}
export const boxed = (value: unknown): unknown => [value]
export const label = (value: unknown): string => `${digest(value)};`
export const both = (value: unknown): unknown[] => [value, digest(value)]
export const reversed = (rows: Iterable<Row>): Row[] => [...rows].reverse()
export const same = (rows: Iterable<Row>): Iterable<Row> => rows
export const firstFew = (rows: Iterable<Row>): Row[] => [...rows].slice(0, 4)
export async function* later(rows: Iterable<Row>): AsyncGenerator<Row> { for (const row of rows) if (isOdd(row)) yield await Promise.resolve(row) }
export const numbered = (i: number, rows: Iterable<Row>): Row[] => [...rows].map(([key, value]) => [key, [i, value]])
export const awaited = async ([key, value]: Row): Promise<Row> => [key, digest(value)]
export const sized = (part: readonly Row[]): Row[] => part.map(([key, value]) => [key, [part.length, value]])
export const digestOf = (row: Row): number => digest(row) % 5
export const keyAndRow = ([key, row]: readonly [unknown, Row]): Row => [key, row[1]]
export const asKey = (key: unknown): Row => [key, 0]
export const digestKey = ([key]: Row): Row => [digest(key), 1]
export const withNumber = ([[key, value], n]: readonly [Row, number]): Row => [key, [n, value]]
export const beside = ([[key, value], [other]]: readonly [Row, Row]): Row => [key, [value, other]]
export const together = (a: Iterable<Row>, b: Iterable<Row>): Row[] => [...b, ...a]
export const pairOfKeys = ([[a], [b]]: readonly [Row, Row]): Row => [a, b]
export const concat = (a: string, b: string): string => a + b
export const add = (a: number, b: number): number => a + b
export const begun = (value: unknown): unknown[] => [value]
export const push = (list: unknown[], value: unknown): unknown[] => { list.push(value); return list }
export const pushAll = (list: unknown[], more: readonly unknown[]): unknown[] => { list.push(...more); return list }
export const shown = (row: Row): string => `${digest(row)}`
export const fromLine = (line: string): Row => [line, Number(line)]
