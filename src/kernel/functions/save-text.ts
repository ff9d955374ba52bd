// Writes the records of a partition as lines of a file: as text, as pairs, or as JSON.

import { showRecord } from '../../wire/remote-error.ts'
import { FinalFailure, kernelErrors } from '../errors.ts'
import { writeLines, writePart, type PartTarget } from '../part-file.ts'
import { recordText } from '../record-text.ts'
import type { TaskIO } from '../task-io.ts'
import type { Args, Rows } from './kinds.ts'

type Save = (rows: Rows, partition: number, io: TaskIO) => Promise<string>

/** Lines of text; gives the file's path. */
export const savedText = ([target]: Args): Save => (rows, partition, io) =>
  writePart(target as PartTarget, partition, io, file => writeLines(file, rows, recordText))

/** A line for each pair: key, tab, value, of which a null or undefined one is left out with its tab, as Hadoop's TextOutputFormat does; gives the file's path. */
export const savedPairs = ([target]: Args): Save => (rows, partition, io) =>
  writePart(target as PartTarget, partition, io, file => writeLines(file, rows, pairText))

function pairText(record: unknown): string {
  if (!Array.isArray(record) || record.length !== 2) throw new FinalFailure(kernelErrors.RIV_NOT_A_PAIR(showRecord(record)))
  return record.filter(part => part !== null && part !== undefined).map(recordText).join('\t')
}

/** A line of JSON for each record; gives the file's path. */
export const savedJson = ([target]: Args): Save => (rows, partition, io) =>
  writePart(target as PartTarget, partition, io, file => writeLines(file, rows, jsonText))

function jsonText(record: unknown): string {
  let problem = `${typeof record} is nothing that JSON has`
  try {
    const text = JSON.stringify(record) as string | undefined
    if (text !== undefined) return text
  } catch (error) {
    problem = (error as Error).message.split('\n')[0]!
  }
  throw new FinalFailure(kernelErrors.RIV_RECORD_NOT_JSON(showRecord(record), problem))
}
