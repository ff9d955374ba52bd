// The columns of a table that is written as Parquet or Avro: what a user may say of them, what first records tell, and the check of every record.
//
// - Values are JavaScript's: a number is a double, a bigint a 64-bit integer, a date an instant in milliseconds.
// - `?` says that null and undefined may stand there, and both are read as null; lists and structs may always be null. Inferred columns all may.
// - Nothing is changed on the way, but a `float` is rounded: a value that its column cannot hold is an error that names the record and the column.

import { inspect } from 'node:util'
import { showRecord } from '../../wire/remote-error.ts'
import { FinalFailure, kernelErrors } from '../errors.ts'

/** What a value is: `integer` has 32 bits, `float` 32, `number` 64, `bigint` 64; `day` is a date without a time; `json` is any JSON value, as text. */
export type TableLeaf = 'string' | 'number' | 'integer' | 'float' | 'bigint' | 'boolean' | 'date' | 'day' | 'bytes' | 'json'
/** The type of a column: a value, a list `[type]`, or a struct `{ name: type }`. */
export type FieldType = TableLeaf | `${TableLeaf}?` | readonly [FieldType] | TableSchema
/** The columns of a table, in their order. */
export interface TableSchema { readonly [column: string]: FieldType }

const leaves: ReadonlySet<string> = new Set<TableLeaf>(['string', 'number', 'integer', 'float', 'bigint', 'boolean', 'date', 'day', 'bytes', 'json'])

/** A leaf type and whether it may be null. */
export function leafOf(type: string): { leaf: TableLeaf; nullable: boolean } {
  const nullable = type.endsWith('?')
  const leaf = nullable ? type.slice(0, -1) : type
  if (!leaves.has(leaf)) throw kernelErrors.RIV_TABLE_SCHEMA(`there is no type ${inspect(type)}; the types are ${[...leaves].join(', ')}, lists of one and structs`)
  return { leaf: leaf as TableLeaf, nullable }
}

/** The schema that fits the records; a column of which only null is known is JSON. Errors: RIV_TABLE_SCHEMA. */
export function inferTable(records: readonly unknown[]): TableSchema {
  let table: Known | undefined
  for (const record of records) {
    if (!isStruct(record)) throw kernelErrors.RIV_TABLE_SCHEMA(`a record is an object of columns, and ${showRecord(record)} is none`)
    table = merged(table, knownOf(record, ''), '')
  }
  return table === undefined ? {} : typeOf(table) as TableSchema
}

/** What is known of a column; undefined where only null was seen. */
type Known = TableLeaf | { readonly list: Known | undefined } | { readonly struct: ReadonlyMap<string, Known | undefined> }

function knownOf(value: unknown, path: string): Known | undefined {
  switch (typeof value) {
    case 'undefined': return undefined
    case 'string': case 'number': case 'bigint': case 'boolean': return typeof value as TableLeaf
    case 'object':
      if (value === null) return undefined
      if (value instanceof Date) return 'date'
      if (value instanceof Uint8Array) return 'bytes'
      if (Array.isArray(value)) return { list: value.map(item => knownOf(item, `${path}[]`)).reduce<Known | undefined>((a, b) => merged(a, b, `${path}[]`), undefined) }
      if (isStruct(value)) return { struct: new Map(Object.entries(value).map(([name, field]) => [name, knownOf(field, joined(path, name))])) }
  }
  throw kernelErrors.RIV_TABLE_SCHEMA(`column ${inspect(path)} has the value ${showRecord(value)}, which no column type holds`)
}

function merged(a: Known | undefined, b: Known | undefined, path: string): Known | undefined {
  if (a === undefined || b === undefined) return a ?? b
  if (typeof a === 'object' && typeof b === 'object') {
    if ('list' in a && 'list' in b) return { list: merged(a.list, b.list, `${path}[]`) }
    if ('struct' in a && 'struct' in b) {
      const struct = new Map(a.struct)
      for (const [name, field] of b.struct) struct.set(name, merged(struct.get(name), field, joined(path, name)))
      return { struct }
    }
  }
  if (a === b) return a
  const shown = (known: Known): string => (typeof known === 'string' ? known : 'list' in known ? 'list' : 'struct')
  throw kernelErrors.RIV_TABLE_SCHEMA(`column ${inspect(path)} is ${shown(a)} in one record and ${shown(b)} in another`)
}

function typeOf(known: Known | undefined): FieldType {
  if (known === undefined) return 'json?'
  if (typeof known === 'string') return `${known}?`
  if ('list' in known) return [typeOf(known.list)]
  return known.struct.size === 0 ? 'json?' : Object.fromEntries([...known.struct].map(([name, field]) => [name, typeOf(field)]))
}

const joined = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`)

/** A value of a column, checked, as the format's writer takes it; null for null and undefined. */
export type Convert = (value: unknown) => unknown
/** What the writer of a format takes, where that is not the value itself. */
export type LeafValues = Partial<Record<TableLeaf, Convert>>

/** Makes what checks the values of each column; the checks throw the problem as an Error, of which `checkRow` makes ours. */
export function columnConverters(schema: TableSchema, values: LeafValues = {}): (readonly [name: string, convert: Convert])[] {
  return Object.entries(schema).map(([name, type]) => [name, converterOf(type, name, values)])
}

/** The values of a record by its columns. Errors: RIV_RECORD_COLUMN. */
export function checkRow(record: unknown, converters: readonly (readonly [name: string, convert: Convert])[], take: (column: number, value: unknown) => void): void {
  try {
    if (!isStruct(record)) throw new Error('is no object of columns')
    let own = 0
    for (let i = 0; i < converters.length; i++) {
      const [name, convert] = converters[i]!
      if (Object.hasOwn(record, name)) own++
      take(i, convert(record[name]))
    }
    if (Object.keys(record).length > own) refuseOthers(record, converters.map(([name]) => name))
  } catch (error) {
    throw new FinalFailure(kernelErrors.RIV_RECORD_COLUMN(showRecord(record), (error as Error).message))
  }
}

function refuseOthers(record: object, names: readonly string[]): void {
  const other = Object.keys(record).find(name => !names.includes(name))
  if (other !== undefined) throw new Error(`has the property ${inspect(other)}, and the columns are ${inspect(names)}`)
}

function converterOf(type: FieldType, path: string, values: LeafValues): Convert {
  if (typeof type === 'string') {
    const { leaf, nullable } = leafOf(type)
    const check = leafChecks[leaf]
    const convert = values[leaf]
    return value => {
      if (value === null || value === undefined) {
        if (!nullable) throw new Error(`has no value in column ${inspect(path)}, whose type is ${leaf}, not ${leaf}?`)
        return null
      }
      const checked = check(value)
      if (checked === undefined) throw new Error(`has in column ${inspect(path)} the value ${showRecord(value)}, which is no ${leaf}`)
      return convert === undefined ? checked : convert(checked)
    }
  }
  if (Array.isArray(type)) {
    const item = converterOf((type as readonly [FieldType])[0], `${path}[]`, values)
    return value => {
      if (value === null || value === undefined) return null
      if (!Array.isArray(value)) throw new Error(`has in column ${inspect(path)} the value ${showRecord(value)}, which is no list`)
      return Array.from(value, item)
    }
  }
  const fields = Object.entries(type as TableSchema).map(([name, field]) => [name, converterOf(field, joined(path, name), values)] as const)
  const names = fields.map(([name]) => name)
  return value => {
    if (value === null || value === undefined) return null
    if (!isStruct(value)) throw new Error(`has in column ${inspect(path)} the value ${showRecord(value)}, which is no struct`)
    refuseOthers(value, names)
    return Object.fromEntries(fields.map(([name, convert]) => [name, convert(value[name])]))
  }
}

/** The value, or undefined where it is not of the type. */
const leafChecks: Readonly<Record<TableLeaf, Convert>> = {
  string: value => (typeof value === 'string' && value.isWellFormed() ? value : undefined),
  number: value => (typeof value === 'number' ? value : undefined),
  float: value => (typeof value === 'number' ? value : undefined),
  integer: value => (typeof value === 'number' && (value | 0) === value ? value : undefined),
  bigint(value) {
    const big = typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value
    return typeof big === 'bigint' && BigInt.asIntN(64, big) === big ? big : undefined
  },
  boolean: value => (typeof value === 'boolean' ? value : undefined),
  date: value => (value instanceof Date && !Number.isNaN(value.getTime()) ? value : undefined),
  day: value => (value instanceof Date && value.getTime() % 86_400_000 === 0 ? value : undefined),
  bytes: value => (value instanceof Uint8Array ? value : undefined),
  json: value => (isJson(value) ? value : undefined),
}

/** Whether JSON gives the value back. */
function isJson(value: unknown): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true
  if (typeof value === 'number') return Number.isFinite(value)
  if (Array.isArray(value)) return value.every(isJson)
  return isStruct(value) && Object.values(value).every(field => field === undefined || isJson(field))
}

/** Whether it is an object of named values, and not one of those that hold something else. */
function isStruct(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date) && !ArrayBuffer.isView(value) && !(value instanceof Map) && !(value instanceof Set)
}
