// CSV: from a byte range of a file to records, with the types of their columns.
//
// - A row is a line, so that files can be split at any line; where values hold line breaks (`multiLine`) a file is one range. Blank lines and
//   comments are no rows.
// - With a header or a schema every row has as many fields as there are columns, and is an object; otherwise a row is an array of strings.
// - A record is told by where its row begins: the line's number in the file, or its byte.

import { inspect } from 'node:util'
import type { FileSystem } from '../../storage/file-system.ts'
import type { FileSlot } from '../../wire/shape.ts'
import { FinalFailure, kernelErrors } from '../errors.ts'
import { byteOfLine, placeOfLine, readLines } from '../file-lines.ts'
import { csvFields, type CsvFormat } from './csv-row.ts'

type CsvLeaf = 'string' | 'number' | 'boolean' | 'bigint' | 'date'
/** The type of a CSV column; with `?` an empty field is null. */
export type CsvType = CsvLeaf | `${CsvLeaf}?`

/** A range of a CSV file, and the columns that are wanted. Plain data: it travels to tasks. */
export interface CsvFile extends FileSlot {
  readonly columns?: readonly (readonly [name: string, type: CsvType])[]
}

/** Most characters of a row of several lines: a quote that is never closed must not gather the whole file. */
const maxRowChars = 1 << 26
/** Rows that inference looks at. */
const inferredRows = 1_000

/** The records of a range, in arrays. Errors: RIV_CSV_ROW, RIV_CSV_HEADER. */
export async function* csvRecords(fs: FileSystem, file: CsvFile, format: CsvFormat): AsyncGenerator<unknown[]> {
  let header: Header | undefined
  let toRecord = format.header ? undefined : recordMaker(file, undefined)
  if (format.header && file.from > 0) {
    header = await readHeader(fs, file.path, format)
    if (header === undefined) return
    toRecord = recordMaker(file, header.names)
  }
  /** The header stands in this range, or in a later one. */
  let headerComes = format.header && (header === undefined || header.line > 0 && await byteOfLine(fs, file.path, 0, header.line) >= file.from)
  for await (const rows of rowsOf(fs, file, format)) {
    const records: unknown[] = []
    for (const { fields, line } of rows) {
      if (headerComes) {
        headerComes = false
        toRecord ??= recordMaker(file, fields)
        continue
      }
      try {
        records.push(toRecord!(fields))
      } catch (error) {
        if (error instanceof FinalFailure) throw error
        throw await badRow(fs, file, line, (error as Error).message)
      }
    }
    yield records
  }
}

/** The columns of a file: the names of its header, or numbers, with the types that fit its first rows. */
export async function inferColumns(fs: FileSystem, path: string, format: CsvFormat): Promise<(readonly [name: string, type: CsvType])[]> {
  const rows: string[][] = []
  for await (const some of rowsOf(fs, { path, from: 0, to: Infinity }, format)) {
    rows.push(...some.map(row => row.fields))
    if (rows.length > inferredRows) break
  }
  const names = format.header ? rows.shift() ?? [] : (rows[0] ?? []).map((_, i) => `_c${i}`)
  return names.map((name, i) => [name, inferType(rows.slice(0, inferredRows).map(row => row[i] ?? ''))])
}

function inferType(values: readonly string[]): CsvType {
  const filled = values.filter(value => value !== '')
  const fits = (pattern: RegExp): boolean => filled.length > 0 && filled.every(value => pattern.test(value))
  if (fits(/^(true|false)$/i)) return 'boolean?'
  // 007 is a name, and an integer that no number holds would lose digits.
  if (fits(/^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/) && filled.every(value => !/^-?\d+$/.test(value) || Number.isSafeInteger(Number(value)))) return 'number?'
  if (fits(/^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[-+]\d\d:?\d\d)?)?$/) && filled.every(value => !Number.isNaN(Date.parse(value)))) return 'date?'
  return 'string'
}

interface Row { readonly fields: string[]; readonly line: number }

/** The rows of a range, with the line at which each begins, in arrays. */
async function* rowsOf(fs: FileSystem, file: FileSlot, format: CsvFormat): AsyncGenerator<Row[]> {
  const { quote, comment, multiLine } = format
  let line = -1
  /** The lines of a row whose quote is open. */
  let open: string[] = []
  let openChars = 0
  for await (const lines of readLines(fs, file, () => {})) {
    const rows: Row[] = []
    for (const text of lines) {
      line++
      if (open.length === 0 && (text === '' || (comment !== '' && text.startsWith(comment)))) continue
      if (open.length > 0) {
        open.push(text)
        openChars += text.length + 1
        if (openChars > maxRowChars) throw await badRow(fs, file, line + 1 - open.length, `a quote is open after ${maxRowChars} characters`)
        if (!text.includes(quote)) continue
      }
      const begins = open.length === 0 ? line : line + 1 - open.length
      let fields: string[] | undefined
      try {
        fields = csvFields(open.length === 0 ? text : open.join('\n'), format)
      } catch (error) {
        throw await badRow(fs, file, begins, (error as Error).message)
      }
      if (fields !== undefined) {
        rows.push({ fields, line: begins })
        open = []
      } else if (!multiLine) throw await badRow(fs, file, line, 'a quote is not closed on its line; values with line breaks need multiLine: true')
      else if (open.length === 0) {
        open.push(text)
        openChars = text.length
      }
    }
    yield rows
  }
  if (open.length > 0) throw await badRow(fs, file, line + 1 - open.length, 'a quote is not closed at the end of the file')
}

async function badRow(fs: FileSystem, file: FileSlot, line: number, problem: string): Promise<Error> {
  return new FinalFailure(kernelErrors.RIV_CSV_ROW(file.path, await placeOfLine(fs, file, line), problem))
}

interface Header { readonly names: readonly string[]; readonly line: number }

async function readHeader(fs: FileSystem, path: string, format: CsvFormat): Promise<Header | undefined> {
  for await (const [row] of rowsOf(fs, { path, from: 0, to: Infinity }, format)) if (row !== undefined) return { names: row.fields, line: row.line }
  return undefined
}

type Convert = (text: string) => unknown

/** What makes a record of fields; `names` are those of the file's header. */
function recordMaker({ path, columns }: CsvFile, names: readonly string[] | undefined): (fields: string[]) => unknown {
  if (columns === undefined && names === undefined) return fields => fields
  const twice = names?.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) throw new FinalFailure(kernelErrors.RIV_CSV_HEADER(path, `has the name ${inspect(twice)} twice`))
  const wanted = columns ?? names!.map(name => [name, 'string'] as const)
  const places = wanted.map(([name], i) => (names === undefined ? i : names.indexOf(name)))
  const missing = places.indexOf(-1)
  if (missing !== -1) throw new FinalFailure(kernelErrors.RIV_CSV_HEADER(path, `has no name ${inspect(wanted[missing]![0])}; it has ${inspect(names)}`))
  const width = names?.length ?? wanted.length
  const converters = wanted.map(([, type]) => converter(type))
  return fields => {
    if (fields.length !== width) throw new Error(`the row has ${fields.length} fields, there are ${width} columns`)
    const record: Record<string, unknown> = {}
    for (let i = 0; i < wanted.length; i++) {
      const text = fields[places[i]!]!
      const convert = converters[i]
      const value = convert === undefined ? text : convert(text)
      if (value === undefined) throw new Error(`column ${inspect(wanted[i]![0])} is to be ${wanted[i]![1]}, and is ${inspect(text.slice(0, 200))}`)
      record[wanted[i]![0]] = value
    }
    return record
  }
}

/** What makes a value of a field, undefined where it does not fit; none for strings. */
function converter(type: CsvType): Convert | undefined {
  const nullable = type.endsWith('?')
  const leaf = (nullable ? type.slice(0, -1) : type) as CsvLeaf
  const convert = converters[leaf]
  if (!nullable) return convert
  return text => (text === '' ? null : convert === undefined ? text : convert(text))
}

const converters: Readonly<Record<CsvLeaf, Convert | undefined>> = {
  string: undefined,
  number(text) {
    const value = Number(text)
    return (value !== value && text !== 'NaN') || text.trim() === '' ? undefined : value
  },
  boolean(text) {
    const lower = text.toLowerCase()
    return lower === 'true' ? true : lower === 'false' ? false : undefined
  },
  bigint: text => (/^[-+]?\d+$/.test(text) ? BigInt(text.startsWith('+') ? text.slice(1) : text) : undefined),
  date(text) {
    const value = new Date(text)
    return Number.isNaN(value.getTime()) ? undefined : value
  },
}
