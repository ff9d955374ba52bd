// Records out of text files: JSON lines and CSV. What goes in are byte ranges, what comes out are arrays of records.

import { inspect } from 'node:util'
import type { FileSlot } from '../../wire/shape.ts'
import { FinalFailure, kernelErrors } from '../errors.ts'
import { placeOfLine, readLines } from '../file-lines.ts'
import { csvRecords, type CsvFile } from '../formats/csv-records.ts'
import type { CsvFormat } from '../formats/csv-row.ts'
import type { TaskIO } from '../task-io.ts'
import type { Args } from './kinds.ts'

const shownChars = 200

/** The values of the lines of the ranges; blank lines are none. */
export const jsonRecords = () => async function* (files: Iterable<FileSlot>, _partition: number, io: TaskIO): AsyncGenerator<unknown[]> {
  for (const file of files) {
    let before = 0
    for await (const lines of readLines(io.fs, file, count => { io.metrics.invalidUtf8Lines += count })) {
      io.tick()
      const records: unknown[] = []
      for (let i = 0; i < lines.length; i++) {
        try {
          records.push(JSON.parse(lines[i]!))
        } catch (error) {
          const line = lines[i]!
          if (line.trim() === '') continue
          const text = line.length > shownChars ? `${inspect(line.slice(0, shownChars))}… (${line.length} characters)` : inspect(line)
          throw new FinalFailure(kernelErrors.RIV_JSON_LINE.withCause(error, file.path, await placeOfLine(io.fs, file, before + i), text, (error as Error).message))
        }
      }
      before += lines.length
      io.metrics.recordsRead += records.length
      yield records
    }
  }
}

/** The rows of CSV files. */
export const csvFileRecords = ([format]: Args) => async function* (files: Iterable<CsvFile>, _partition: number, io: TaskIO): AsyncGenerator<unknown[]> {
  for (const file of files) {
    for await (const records of csvRecords(io.fs, file, format as CsvFormat)) {
      io.tick()
      io.metrics.recordsRead += records.length
      yield records
    }
  }
}
