// Opens the journal of a checkpoint directory, and reads what earlier runs left in it.

import { randomUUID } from 'node:crypto'
import { basename, join } from 'node:path'
import { isRivuletError } from '../../base/define-errors.ts'
import type { Context } from '../../context/context.ts'
import { localFileSystem } from '../../storage/local-file-system.ts'
import { FileJournal } from '../../storage/journal/file-journal.ts'
import type { Journal } from '../../storage/journal/journal.ts'
import { journalFiles } from '../../storage/journal/names.ts'
import { MemoryJournal } from '../../storage/journal/memory-journal.ts'
import { streamingErrors } from '../errors.ts'
import { streamingSettings } from '../settings.ts'
import { Recovery } from './recovery.ts'
import { beginFrom, journalFolder } from './savepoint.ts'

/** What stands for a directory where nothing outlives the process. */
export const memoryDirectory = 'memory:'

export interface OpenCheckpoint {
  readonly journal: Journal
  readonly recovery: Recovery
  /** Whether what is written outlives the process, or what was written has. */
  readonly lasts: boolean
  /** Where states may be on disk beside the journal. */
  readonly folder?: string
}

/** Opens the journal; `createOnError` puts one that is damaged aside and begins a new one. */
export async function openCheckpoint(directory: string | undefined, { fs, conf, log, runner }: Context, createOnError = false): Promise<OpenCheckpoint> {
  const recovery = new Recovery()
  if (directory === undefined || directory === memoryDirectory) {
    if (conf.get(streamingSettings['state.store']) === 'memory') return { journal: new MemoryJournal(), recovery, lasts: false }
    const folder = join(runner.localFolder, `streams-${randomUUID().slice(0, 8)}`) // for the log of states, which need not be in memory
    return { journal: await FileJournal.open({ fs: localFileSystem, directory: journalFolder(folder), durability: 'process', log }), recovery, lasts: false, folder }
  }
  const durability = conf.get(streamingSettings['checkpoint.durability'])
  if (durability !== 'power' && durability !== 'process') throw streamingErrors.RIV_DURABILITY(durability)
  const savepoint = conf.get(streamingSettings['checkpoint.savepoint'])
  if (savepoint !== '') await beginFrom(fs, savepoint, directory)
  const folder = journalFolder(directory)
  try {
    const journal = await FileJournal.open({ fs, directory: folder, durability, log, onRecord: recovery.add })
    if (createOnError) await recovery.readAll().catch(async error => { await journal.close(); throw error })
    for (const file of journal.fellBack) log.warn({ file }, 'the newest part of the checkpoint is damaged: going on from what was there before')
    return { journal, recovery, lasts: true, ...(fs === localFileSystem && { folder: directory }) }
  } catch (error) {
    if (!createOnError || !isRivuletError(error) || !['RIV_JOURNAL_CORRUPT', 'RIV_JOURNAL_UNUSABLE'].includes(error.code)) throw error
    const aside = `${folder}.damaged-${Date.now()}`
    log.warn({ code: error.code, aside }, 'the checkpoint is damaged: it is put aside, and the streams begin anew')
    await fs.makeDirectory(aside) // the claims of epochs stay: a program that is not dead yet must not write into the new journal
    for (const { path } of journalFiles(await fs.list(folder)).segments) await fs.rename(path, join(aside, basename(path)))
    return openCheckpoint(directory, { fs, conf, log, runner } as Context)
  }
}
