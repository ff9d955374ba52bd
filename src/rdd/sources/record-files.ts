// Files of records as a source: found and split when a job is planned, read in tasks.
//
// - A plan's rows are byte ranges; a function of the kernel turns each range into arrays of records, which are then spread. A record belongs to
//   the range in which it begins, whatever "begins" is in its format: a line, a block, a row group.
// - What a file is like inside is looked at in the task, so that planning reads no file.

import type { CallSite } from '../../base/call-site.ts'
import { inferColumns, type CsvFile, type CsvType } from '../../kernel/formats/csv-records.ts'
import type { CsvFormat } from '../../kernel/formats/csv-row.ts'
import type { FixedRecordsRange } from '../../kernel/functions/fixed-records.ts'
import type { FileStatus, FileSystem } from '../../storage/file-system.ts'
import type { FileSlot } from '../../wire/shape.ts'
import { builtin, lazySource, pipeline, source } from '../nodes.ts'
import type { BuiltinFunction, PipelinePlan, Plan, SourcePartition } from '../plan.ts'
import { inputFiles, splitFile, splitFiles } from './text-file.ts'

/** Where the files are and how many partitions there are at least. */
export interface FileInput {
  readonly fs: FileSystem
  readonly path: string
  readonly minPartitions: number
  readonly op: string
  readonly site: CallSite
}

/** The records that `reader` makes of the ranges. */
function recordsOf(ranges: Plan, op: string, site: CallSite, reader: BuiltinFunction): PipelinePlan {
  return pipeline(ranges, op, site, [{ op: 'mapPartitions', fn: reader }, { op: 'flatMap', fn: builtin('spread') }])
}

const asPartition = (range: FileSlot): SourcePartition => ({ kind: 'records', records: [range] })

function splitRecords({ fs, path, minPartitions, op, site }: FileInput, reader: BuiltinFunction): PipelinePlan {
  const ranges = lazySource(op, site, async () => splitFiles(await inputFiles(fs, path, op, site), minPartitions).map(asPartition))
  return recordsOf(ranges, op, site, reader)
}

export const jsonFile = (input: FileInput): PipelinePlan => splitRecords(input, builtin('jsonRecords'))

export const avroFile = (input: FileInput): PipelinePlan => splitRecords(input, builtin('avroFileRecords'))

/** `columns` are those that are read, or all. */
export const parquetFile = (input: FileInput, columns: readonly string[] | undefined): PipelinePlan => splitRecords(input, builtin('parquetFileRecords', [columns]))

/** `columns` are those of a schema; `infer` takes them from the first file that has rows. */
export function csvFile({ fs, path, minPartitions, op, site }: FileInput, format: CsvFormat, columns: readonly (readonly [string, CsvType])[] | 'infer' | undefined): PipelinePlan {
  const ranges = lazySource(op, site, async () => {
    const files = await inputFiles(fs, path, op, site)
    const known = columns === 'infer' ? await inferred(fs, files, format) : columns
    const slots = format.multiLine ? files.map(file => ({ path: file.path, from: 0, to: file.bytes })) : splitFiles(files, minPartitions)
    return slots.map(slot => asPartition({ ...slot, ...(known && { columns: known }) } satisfies CsvFile))
  })
  return recordsOf(ranges, op, site, builtin('csvFileRecords', [format]))
}

async function inferred(fs: FileSystem, files: readonly FileStatus[], format: CsvFormat): Promise<(readonly [string, CsvType])[] | undefined> {
  for (const { path } of files) {
    const columns = await inferColumns(fs, path, format)
    if (columns.length > 0) return columns
  }
  return undefined
}

/** Records of a fixed length. */
export function binaryRecords({ fs, path, minPartitions, op, site }: FileInput, recordLength: number): PipelinePlan {
  const ranges = lazySource(op, site, async () => {
    const files = await inputFiles(fs, path, op, site)
    const total = files.reduce((sum, file) => sum + file.bytes, 0)
    return files.flatMap(file => recordRanges(file, recordLength, Math.floor(total / minPartitions))).map(asPartition)
  })
  return recordsOf(ranges, op, site, builtin('fixedRecords', [recordLength]))
}

/** The same of files that are known. */
export function fixedRecordsOf(files: readonly Pick<FileStatus, 'path' | 'bytes'>[], recordLength: number, op: string, site: CallSite): PipelinePlan {
  return recordsOf(source(op, site, files.flatMap(file => recordRanges(file, recordLength)).map(asPartition)), op, site, builtin('fixedRecords', [recordLength]))
}

/** Ranges whose borders are records'. */
function recordRanges({ path, bytes }: Pick<FileStatus, 'path' | 'bytes'>, recordLength: number, size?: number): FixedRecordsRange[] {
  const border = (at: number): number => Math.min(bytes, Math.ceil(at / recordLength) * recordLength)
  return splitFile(path, bytes, size).map(({ from, to }) => ({ path, from: border(from), to: border(to), bytes })).filter(range => range.from < range.to)
}
