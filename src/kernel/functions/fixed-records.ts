// Records of a fixed length out of files: rows are byte ranges whose borders are records', what comes out are arrays of the bytes of each record.

import { storageErrors } from '../../storage/errors.ts'
import type { FileSlot } from '../../wire/shape.ts'
import { FinalFailure } from '../errors.ts'
import type { TaskIO } from '../task-io.ts'
import type { Args } from './kinds.ts'

/** A range of a file of so many bytes. */
export interface FixedRecordsRange extends FileSlot { readonly bytes: number }

/** Bytes of records handed on at once. */
const chunkBytes = 1 << 18

/** The records of `length` bytes of the ranges. */
export const fixedRecords = ([length]: Args) => async function* (ranges: Iterable<FixedRecordsRange>, _partition: number, io: TaskIO): AsyncGenerator<Uint8Array[]> {
  const size = length as number
  const most = Math.max(1, Math.floor(chunkBytes / size))
  for (const { path, from, to, bytes } of ranges) {
    if (bytes % size !== 0) throw new FinalFailure(storageErrors.RIV_RECORD_LENGTH(path, bytes, size))
    let record = new Uint8Array(size)
    let filled = 0
    let records: Uint8Array[] = []
    for await (const chunk of io.fs.readRange(path, from, to)) {
      for (let at = 0; at < chunk.length;) {
        const taken = Math.min(size - filled, chunk.length - at)
        record.set(chunk.subarray(at, at + taken), filled)
        at += taken
        filled += taken
        if (filled < size) continue
        records.push(record)
        record = new Uint8Array(size)
        filled = 0
        if (records.length < most) continue
        io.metrics.recordsRead += records.length
        yield records
        records = []
      }
    }
    io.metrics.recordsRead += records.length
    yield records
  }
}
