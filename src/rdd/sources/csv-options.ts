// What a user may say of CSV files, and the types that follow from it.

import type { CallSite } from '../../base/call-site.ts'
import type { CsvType } from '../../kernel/formats/csv-records.ts'
import type { CsvFormat } from '../../kernel/formats/csv-row.ts'
import { rddErrors } from '../errors.ts'

/** How CSV files are written. */
export interface CsvOptions {
  /** Whether the first row of each file names the columns; false by default. */
  readonly header?: boolean
  /** What stands between fields; a comma by default. */
  readonly delimiter?: string
  /** What encloses a field with delimiters or quotes in it; `"` by default. */
  readonly quote?: string
  /** What stands before a quote inside quotes; the quote itself by default. Spark's is a backslash. */
  readonly escape?: string
}

/** How CSV files are read. */
export interface CsvReadOptions extends CsvOptions {
  /** Lines that begin with it are left out. */
  readonly comment?: string
  /** Whether values may have line breaks; a file is one partition then. */
  readonly multiLine?: boolean
  readonly minPartitions?: number
}

/** The columns of CSV files by name: with a header those that are wanted, without one all of them in their order. */
export type CsvSchema = Readonly<Record<string, CsvType>>

interface CsvValues { string: string; number: number; boolean: boolean; bigint: bigint; date: Date }
type CsvValue<C> = C extends keyof CsvValues ? CsvValues[C] : C extends `${infer L extends keyof CsvValues}?` ? CsvValues[L] | null : never
/** The record that a schema gives. */
export type CsvRecord<S extends CsvSchema> = { -readonly [C in keyof S]: CsvValue<S[C]> }

/** The options with their defaults. Errors: RIV_CSV_OPTION. */
export function csvFormat(op: string, site: CallSite, options: CsvReadOptions): CsvFormat {
  const { delimiter = ',', quote = '"', escape = quote, comment = '', header = false, multiLine = false } = options
  const bad = (name: string, value: string, problem: string): Error => rddErrors.RIV_CSV_OPTION(op, site.place, name, value, problem)
  for (const [name, value] of Object.entries({ delimiter, quote, escape, comment })) {
    if (/[\r\n]/.test(value)) throw bad(name, value, 'it may hold no line break')
  }
  if (delimiter === '') throw bad('delimiter', delimiter, 'it may not be empty')
  if (quote !== '' && delimiter.includes(quote)) throw bad('delimiter', delimiter, 'the quote is in it')
  return { delimiter, quote, escape, comment, header, multiLine }
}
