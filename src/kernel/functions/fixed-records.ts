// Records of a fixed length out of files: rows are paths, what comes out are the bytes of each record.

import { storageErrors } from '../../storage/errors.ts'
import { FinalFailure } from '../errors.ts'
import type { TaskIO } from '../task-io.ts'
import type { Args } from './kinds.ts'

/** The records of `length` bytes of the files whose paths are the rows. */
export const fixedRecords = ([length]: Args) => async function* (paths: Iterable<string>, _partition: number, io: TaskIO): AsyncGenerator<Uint8Array> {
  const size = length as number
  for (const path of paths) {
    const bytes = await io.fs.read(path)
    if (bytes.length % size !== 0) throw new FinalFailure(storageErrors.RIV_RECORD_LENGTH(path, bytes.length, size))
    for (let at = 0; at < bytes.length; at += size) yield Uint8Array.from(bytes.subarray(at, at + size))
  }
}
