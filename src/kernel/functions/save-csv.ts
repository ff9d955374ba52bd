// Writes the records of a partition as rows of a CSV file.

import { inspect } from 'node:util'
import { showRecord } from '../../wire/remote-error.ts'
import { FinalFailure, kernelErrors } from '../errors.ts'
import { csvLine, type CsvFormat } from '../formats/csv-row.ts'
import { writeLines, writePart, type PartTarget } from '../part-file.ts'
import type { TaskIO } from '../task-io.ts'
import type { Args, Rows } from './kinds.ts'

interface CsvTarget extends PartTarget {
  readonly format: CsvFormat
  /** The properties of objects that are written; records are arrays where there are none. */
  readonly columns?: readonly string[]
}

/** Gives the file's path. */
export const savedCsv = ([target]: Args) => (rows: Rows, partition: number, io: TaskIO): Promise<string> => {
  const { format, columns } = target as CsvTarget
  const header = format.header && columns !== undefined ? `${csvLine(columns, format)}\n` : ''
  return writePart(target as CsvTarget, partition, io, file => writeLines(file, rows, record => csvLine(fieldsOf(record, columns), format), header))
}

function fieldsOf(record: unknown, columns: readonly string[] | undefined): (string | undefined)[] {
  if (typeof record !== 'object' || record === null) throw misfit(record, 'is no object or array')
  if (Array.isArray(record)) {
    if (columns !== undefined && record.length !== columns.length) throw misfit(record, `has ${record.length} values, there are ${columns.length} columns`)
    return record.map((value, i) => fieldText(value, record, columns?.[i] ?? i))
  }
  if (columns === undefined) throw misfit(record, 'is no array, and the first record was one: give columns')
  for (const name in record) if (!columns.includes(name)) throw misfit(record, `has the property ${inspect(name)}, and the columns are ${inspect(columns)}`)
  return columns.map(name => fieldText((record as Record<string, unknown>)[name], record, name))
}

function fieldText(value: unknown, record: unknown, column: string | number): string | undefined {
  switch (typeof value) {
    case 'string': return value
    case 'number': return Object.is(value, -0) ? '-0' : String(value)
    case 'boolean': case 'bigint': return String(value)
    case 'undefined': return undefined
    case 'object':
      if (value === null) return undefined
      if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString()
  }
  throw misfit(record, `has in column ${inspect(column)} a value that CSV does not have`)
}

const misfit = (record: unknown, problem: string): FinalFailure => new FinalFailure(kernelErrors.RIV_RECORD_COLUMN(showRecord(record), problem))
