// Error codes of the journal.

import { defineErrors } from '../../base/define-errors.ts'

export const journalErrors = defineErrors({
  RIV_JOURNAL_FENCED: {
    message: (directory: string, epoch: number) => `the journal in ${directory} was opened again by another program; this one, with epoch ${epoch}, writes to it no more`,
    hint: 'stop this program, or give each its own checkpoint directory',
    docs: 'A journal has one writer. Whoever opens it, a restarted driver for instance, takes it over; nothing that the older writer does afterwards is read again, so that it can acknowledge nothing.',
  },
  RIV_JOURNAL_CORRUPT: {
    message: (file: string, offset: number, problem: string) => `the journal file ${file} is damaged at byte ${offset}: ${problem}`,
    hint: 'put a copy of the file back, or start from a savepoint or with an empty checkpoint directory',
    docs: 'Bytes of the journal that were on the disk have changed, or a file of it is gone, and records that follow would be read without what came before them. Only the end of a journal may be incomplete: a write that was cut short there was acknowledged to nobody, and is left out.',
  },
  RIV_JOURNAL_UNUSABLE: {
    message: (directory: string, files: readonly string[]) => `the checkpoint in ${directory} holds files but no record that can be read; damaged: ${files.join(', ')}`,
    hint: 'put a copy of the files back, start from a savepoint, or remove the folder to start with nothing',
    docs: 'There is a journal in the checkpoint directory, but damage has left nothing of it. Starting with empty state is not done silently.',
  },
  RIV_JOURNAL_VERSION: {
    message: (file: string, version: number, known: number) => `the journal file ${file} has format version ${version}; this program reads versions up to ${known}`,
    hint: 'use the version of Rivulet that wrote it, or a newer one',
    docs: 'The files were written by a newer version of Rivulet. Files of the same and of the previous format version are read.',
  },
})
