// Reads the records of the row groups of a Parquet file that begin in a range.
//
// - The columns of one row group are held at a time; records are made of them in chunks.
// - Values: INT64 is a bigint, also an unsigned one; DATE and timestamps are dates, to the millisecond; binary is a Uint8Array; DECIMAL is a
//   number or a string (decimal.ts); JSON is what it says; lists are arrays, structs and maps objects; what is missing is null.
// - hyparquet hands out one object for equal values of a dictionary, and views of its pages: records get copies.

import type { AsyncBuffer, FileMetaData, SchemaElement } from 'hyparquet'
import type { SchemaTree } from 'hyparquet/src/types.js'
import { isRivuletError } from '../../base/define-errors.ts'
import type { FileSystem } from '../../storage/file-system.ts'
import type { FileSlot } from '../../wire/shape.ts'
import { FinalFailure, kernelErrors } from '../errors.ts'
import { bigEndian, decimalValue } from './decimal.ts'
import { pageDecompressors } from './parquet-codecs.ts'

const recordsAtOnce = 4_096

/** The records, in arrays; of the columns named, or of all. Errors: RIV_FILE_FORMAT, RIV_TABLE_COLUMN. */
export async function* parquetRecords(fs: FileSystem, slot: FileSlot, columns: readonly string[] | undefined): AsyncGenerator<Record<string, unknown>[]> {
  const [{ parquetMetadataAsync, parquetScan, parquetSchema }, { isListLike, isMapLike }, compressors] =
    await Promise.all([import('hyparquet'), import('hyparquet/src/schema.js'), pageDecompressors()])
  const { path } = slot
  const file: AsyncBuffer = {
    byteLength: (await fs.status(path))?.bytes ?? 0,
    slice: (from, to = Infinity) => bytesOf(fs, path, from, to),
  }
  const metadata = await reading(path, () => parquetMetadataAsync(file, { geoparquet: false }))
  const decimals = takeDecimals(metadata)
  const tree = parquetSchema(metadata)
  const there = tree.children.map(child => child.element.name)
  const missing = columns?.find(name => !there.includes(name))
  if (missing !== undefined) throw new FinalFailure(kernelErrors.RIV_TABLE_COLUMN(path, missing, there.join(', ')))
  const names = columns ?? there
  const converters = names.map(name => converterOf(tree.children[there.indexOf(name)]!, { isListLike, isMapLike, decimals }))
  const scan = await reading(path, () => parquetScan({ file, metadata, columns: [...names], compressors, utf8: false, useOffsetIndex: false }))
  for (const { rowStart, rowEnd } of groupsIn(metadata, slot)) {
    const values: ArrayLike<unknown>[] = []
    for (const column of names) values.push(await reading(path, () => scan.readColumn({ column, rowStart, rowEnd })) as ArrayLike<unknown>)
    for (let from = 0; from < rowEnd - rowStart; from += recordsAtOnce) {
      const to = Math.min(from + recordsAtOnce, rowEnd - rowStart)
      yield await reading(path, async () => recordsOf(names, values, converters, from, to))
    }
  }
}

/** What hyparquet throws means that the file is not what it should be. */
async function reading<R>(path: string, body: () => Promise<R>): Promise<R> {
  try {
    return await body()
  } catch (error) {
    if (isRivuletError(error)) throw error
    throw new FinalFailure(kernelErrors.RIV_FILE_FORMAT.withCause(error, path, 'Parquet', (error as Error).message))
  }
}

async function bytesOf(fs: FileSystem, path: string, from: number, to: number): Promise<ArrayBuffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of fs.readRange(path, from, to)) chunks.push(chunk)
  const all = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0))
  let at = 0
  for (const chunk of chunks) {
    all.set(chunk, at)
    at += chunk.length
  }
  return all.buffer
}

/** The rows of the row groups whose first byte is in the range. */
function* groupsIn({ row_groups: groups }: FileMetaData, { from, to }: FileSlot): Generator<{ rowStart: number; rowEnd: number }> {
  let rowStart = 0
  for (const { columns, num_rows: rows } of groups) {
    const rowEnd = rowStart + Number(rows)
    const begin = Math.min(...columns.map(({ meta_data: meta }) => Math.min(Number(meta?.dictionary_page_offset || Infinity), Number(meta?.data_page_offset ?? Infinity))))
    if (begin >= from && begin < to && rowEnd > rowStart) yield { rowStart, rowEnd }
    rowStart = rowEnd
  }
}

function recordsOf(names: readonly string[], columns: readonly ArrayLike<unknown>[], converters: readonly (Convert | undefined)[], from: number, to: number): Record<string, unknown>[] {
  const records: Record<string, unknown>[] = []
  for (let i = from; i < to; i++) {
    const record: Record<string, unknown> = {}
    for (let c = 0; c < names.length; c++) {
      const value = columns[c]![i]
      const convert = converters[c]
      record[names[c]!] = value === null || value === undefined ? null : convert === undefined ? value : convert(value)
    }
    records.push(record)
  }
  return records
}

type Decimals = ReadonlyMap<SchemaElement, { scale: number; precision: number }>

/** Takes the mark of decimals off the schema, so that their digits come unrounded; and of what hyparquet would refuse, which comes as it is. */
function takeDecimals({ schema }: FileMetaData): Decimals {
  const decimals = new Map<SchemaElement, { scale: number; precision: number }>()
  for (const element of schema) {
    const { converted_type: kind, logical_type: logical } = element
    if (kind === 'DECIMAL' || logical?.type === 'DECIMAL') {
      decimals.set(element, logical?.type === 'DECIMAL' ? logical : { scale: element.scale ?? 0, precision: element.precision ?? Infinity })
    } else if (kind !== 'BSON' && kind !== 'INTERVAL') continue
    delete element.converted_type
    delete element.logical_type
  }
  return decimals
}

/** A value that is not null. */
type Convert = (value: unknown) => unknown
interface Reading { isListLike(node: SchemaTree): boolean; isMapLike(node: SchemaTree): boolean; decimals: Decimals }

const orNull = (convert: Convert | undefined): Convert => value => (value === null || value === undefined ? null : convert === undefined ? value : convert(value))

/** What makes a value of ours; nothing where it is one already. */
function converterOf(node: SchemaTree, reading: Reading): Convert | undefined {
  const { element, children } = node
  const one = children.length === 0 ? leafConverter(element, reading.decimals) : groupConverter(node, reading)
  if (element.repetition_type !== 'REPEATED') return one
  return value => Array.from(value as ArrayLike<unknown>, orNull(one))
}

function groupConverter(node: SchemaTree, reading: Reading): Convert | undefined {
  if (node.element.logical_type?.type === 'VARIANT') return undefined
  if (reading.isListLike(node)) {
    const item = orNull(converterOf(node.children[0]!.children[0]!, reading))
    return value => Array.from(value as ArrayLike<unknown>, item)
  }
  const fields = new Map((reading.isMapLike(node) ? [] : node.children).map(child => [child.element.name, orNull(converterOf(child, reading))]))
  const other = reading.isMapLike(node) ? orNull(converterOf(node.children[0]!.children[1]!, reading)) : orNull(undefined)
  return value => Object.fromEntries(Object.entries(value as object).map(([name, field]) => [name, (fields.get(name) ?? other)(field)]))
}

function leafConverter(element: SchemaElement, decimals: Decimals): Convert | undefined {
  const { type, converted_type: kind, logical_type: logical } = element
  const decimal = decimals.get(element)
  if (decimal !== undefined) return value => decimalValue(value instanceof Uint8Array ? bigEndian(value) : BigInt(value as number), decimal.scale, decimal.precision)
  if (type === 'INT96' || kind === 'DATE' || kind?.startsWith('TIMESTAMP') === true || logical?.type === 'TIMESTAMP') return value => new Date(value as Date)
  const text = kind === 'UTF8' || kind === 'ENUM' || kind === 'JSON' || ['STRING', 'ENUM', 'JSON', 'UUID', 'FLOAT16'].includes(logical?.type ?? '')
  if (kind === 'ENUM' || logical?.type === 'ENUM') return value => (typeof value === 'string' ? value : Buffer.from(value as Uint8Array).toString())
  return (type === 'BYTE_ARRAY' || type === 'FIXED_LEN_BYTE_ARRAY') && !text ? value => Uint8Array.from(value as Uint8Array) : undefined
}
