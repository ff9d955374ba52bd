// Text files as a source: found and split when a job is planned.
//
// - Files are cut into byte ranges of about equal size, at least `minPartitions` in all where their bytes allow; a line belongs to the range in
//   which it begins. Compressed files are one partition each. Semantics: Hadoop's FileInputFormat, as `SparkContext.textFile` uses it.

import type { CallSite } from '../../base/call-site.ts'
import { codecOf } from '../../storage/compression.ts'
import { storageErrors } from '../../storage/errors.ts'
import type { FileStatus, FileSystem } from '../../storage/file-system.ts'
import { findInputs, isDataName, nameOf } from '../../storage/find-inputs.ts'
import { rddErrors } from '../errors.ts'
import { builtin, lazySource, pipeline } from '../nodes.ts'
import type { PipelinePlan, SourcePartition, SourcePlan } from '../plan.ts'
import { sliced } from './parallelize.ts'

/** Most bytes of a partition: the block size of Hadoop's local file system. */
const maxSplitBytes = 32 << 20
/** The last range of a file may be this much larger, so that no tiny one is left over. */
const slop = 1.1

export function textFile(fs: FileSystem, path: string, minPartitions: number, site: CallSite): SourcePlan {
  return lazySource('textFile', site, async () => {
    const files = await inputFiles(fs, path, 'textFile', site)
    return splitFiles(files, minPartitions).map((file): SourcePartition => ({ kind: 'fileLines', file }))
  })
}

/** Files as pairs of path and content, spread evenly over at least `minPartitions` partitions where there are as many files. */
export function wholeFiles(fs: FileSystem, path: string, minPartitions: number, op: string, site: CallSite, as: 'text' | 'bytes'): PipelinePlan {
  const paths = lazySource(op, site, async () => {
    const files = (await inputFiles(fs, path, op, site)).map(file => file.path)
    return sliced(files.length, Math.min(minPartitions, files.length), (from, to): SourcePartition => ({ kind: 'records', records: files.slice(from, to) }))
  })
  return pipeline(paths, op, site, [{ op: 'mapPartitions', fn: builtin('wholeFiles', [as]) }])
}

/** The records of object files, one partition a file. */
export function objectFile(fs: FileSystem, path: string, site: CallSite): PipelinePlan {
  const paths = lazySource('objectFile', site, async () => (await inputFiles(fs, path, 'objectFile', site)).map((file): SourcePartition => ({ kind: 'records', records: [file.path] })))
  return pipeline(paths, 'objectFile', site, [{ op: 'mapPartitions', fn: builtin('objectRecords') }])
}

/** The data files that a path, glob or list means: files as they are, folders one level deep. */
export async function inputFiles(fs: FileSystem, path: string, op: string, site: CallSite): Promise<FileStatus[]> {
  const operation = site.place === '' ? op : `${op} at ${site.place}`
  const found = await findInputs(fs, path, missing => { throw storageErrors.RIV_FILE_NOT_FOUND(operation, missing) })
  const files: FileStatus[] = []
  for (const input of found) {
    if (!input.directory) { files.push(input); continue }
    for (const child of await fs.list(input.path)) {
      if (!isDataName(nameOf(child.path))) continue
      if (child.directory) throw rddErrors.RIV_INPUT_FOLDER(operation, child.path)
      files.push(child)
    }
  }
  return files
}

/** Byte ranges that cover the files. */
export function splitFiles(files: readonly FileStatus[], minPartitions: number): { path: string; from: number; to: number }[] {
  const total = files.reduce((sum, file) => sum + file.bytes, 0)
  return files.flatMap(({ path, bytes }) => splitFile(path, bytes, Math.floor(total / minPartitions)))
}

/** Byte ranges that cover a file, of so many bytes and at most 32 MiB. */
export function splitFile(path: string, bytes: number, most = maxSplitBytes): { path: string; from: number; to: number }[] {
  const size = Math.max(1, Math.min(most, maxSplitBytes))
  if (codecOf(path) !== undefined) return [{ path, from: 0, to: bytes }]
  const ranges = []
  let from = 0
  for (; (bytes - from) / size > slop; from += size) ranges.push({ path, from, to: from + size })
  if (from < bytes || bytes === 0) ranges.push({ path, from, to: bytes })
  return ranges
}
