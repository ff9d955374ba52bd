// Savepoints: self-contained copies of a program's journal, which can be moved, and from which a program can be started.
//
// - Every beginning of a journal is a state in which the program could have died, so a copy made while it runs is one too.
// - The copy is made beside its name and moved there when it is on the disk: a savepoint is whole, or it is not there.
// - A program that is started from a savepoint copies it into its checkpoint directory, once; from then on it goes on from that.

import { join } from 'node:path'
import type { FileSystem } from '../../storage/file-system.ts'
import { journalFiles } from '../../storage/journal/names.ts'
import { streamingErrors } from '../errors.ts'

/** The journal's folder in a checkpoint directory and in a savepoint. */
export const journalFolder = (directory: string): string => join(directory, 'journal')

/** Copies the journal of a checkpoint directory into a folder that is not there yet. Nothing may be pruned meanwhile. */
export async function writeSavepoint(fs: FileSystem, directory: string, target: string): Promise<void> {
  if (await fs.status(target) !== undefined) throw streamingErrors.RIV_SAVEPOINT_EXISTS(target)
  const temporary = `${target}._temporary`
  await fs.remove(temporary)
  try {
    await copyJournal(fs, journalFolder(directory), journalFolder(temporary))
    await fs.rename(temporary, target)
  } catch (error) {
    await fs.remove(temporary)
    throw error
  }
}

/** Makes a savepoint the beginning of a checkpoint directory; does nothing where it was before. */
export async function beginFrom(fs: FileSystem, savepoint: string, directory: string): Promise<void> {
  const origin = join(directory, 'begun-from')
  if (await fs.status(journalFolder(directory)) !== undefined) {
    const begun = await fs.status(origin) === undefined ? undefined : Buffer.from(await fs.read(origin)).toString()
    if (begun === savepoint) return
    throw streamingErrors.RIV_SAVEPOINT_DIRECTORY(savepoint, directory)
  }
  await assertSavepoint(fs, savepoint)
  const temporary = join(directory, '_begins')
  await fs.remove(temporary)
  await copyJournal(fs, journalFolder(savepoint), temporary)
  await fs.writeAtomic(origin, savepoint)
  await fs.rename(temporary, journalFolder(directory))
}

/** Refuses what is no savepoint. */
export async function assertSavepoint(fs: FileSystem, savepoint: string): Promise<void> {
  if (await fs.status(journalFolder(savepoint)) === undefined) throw streamingErrors.RIV_SAVEPOINT(savepoint)
}

/** Copies claims first and then segments, the oldest first: the last one may be cut short, no other. */
async function copyJournal(fs: FileSystem, from: string, to: string): Promise<void> {
  await fs.makeDirectory(to, { sync: true })
  const files = await fs.list(from)
  const segments = journalFiles(files).segments.map(({ path }) => path).reverse()
  const claims = files.filter(({ path, directory }) => !directory && /\/epoch-\d+$/.test(path)).map(({ path }) => path)
  for (const path of [...claims, ...segments]) {
    const writer = await fs.create(join(to, path.slice(path.lastIndexOf('/') + 1)))
    for await (const chunk of fs.readRange(path, 0, Infinity)) await writer.write(chunk)
    await writer.close({ sync: true })
  }
}
