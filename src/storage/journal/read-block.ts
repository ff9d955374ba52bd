// A block of a journal, read where it is needed: in a task, synchronously.

import type { BlockFileReader } from '../block-file.ts'
import { journalErrors } from './errors.ts'
import type { BlockPlace } from './journal.ts'

/** The bytes of a block. Errors: RIV_JOURNAL_CORRUPT when they are not those that were written, RIV_FILE_NOT_FOUND. */
export function readJournalBlock(files: BlockFileReader, { file, offset, bytes, sum }: BlockPlace): Buffer {
  const payload = files.readAlone(file, offset, bytes, sum)
  if (payload === undefined) throw journalErrors.RIV_JOURNAL_CORRUPT(file, offset, `a block of ${bytes} bytes is not what was written`)
  return payload
}
