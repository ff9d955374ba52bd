// Records out of Parquet and Avro files, and into them. What is read are byte ranges, what comes out are arrays of records.

import type { FileSlot } from '../../wire/shape.ts'
import { avroRecords, writeAvro, type AvroTarget } from '../formats/avro-container.ts'
import { parquetRecords } from '../formats/parquet-read.ts'
import { writeParquet, type ParquetTarget } from '../formats/parquet-write.ts'
import { writePart } from '../part-file.ts'
import type { TaskIO } from '../task-io.ts'
import type { Args, Rows } from './kinds.ts'

type Save = (rows: Rows, partition: number, io: TaskIO) => Promise<string>

/** The records of the row groups that begin in the ranges. */
export const parquetFileRecords = ([columns]: Args) => async function* (files: Iterable<FileSlot>, _partition: number, io: TaskIO): AsyncGenerator<unknown[]> {
  for (const file of files) yield* counted(parquetRecords(io.fs, file, columns as readonly string[] | undefined), io)
}

/** Gives the file's path. */
export const savedParquet = ([target]: Args): Save => (rows, partition, io) => {
  const { folder, ...parquet } = target as ParquetTarget & { readonly folder: string }
  return writePart({ folder }, partition, io, file => writeParquet(file, rows, parquet))
}

/** The records of the blocks that begin in the ranges. */
export const avroFileRecords = () => async function* (files: Iterable<FileSlot>, _partition: number, io: TaskIO): AsyncGenerator<unknown[]> {
  for (const file of files) yield* counted(avroRecords(io.fs, file), io)
}

/** Gives the file's path. */
export const savedAvro = ([target]: Args): Save => (rows, partition, io) => {
  const { folder, ...avro } = target as AvroTarget & { readonly folder: string }
  return writePart({ folder }, partition, io, file => writeAvro(file, rows, avro))
}

async function* counted(chunks: AsyncIterable<unknown[]>, io: TaskIO): AsyncGenerator<unknown[]> {
  for await (const records of chunks) {
    io.metrics.recordsRead += records.length
    yield records
  }
}
