// Writing an RDD as a folder of files, all of it or nothing.
//
//   folder/_temporary/<partition>-<unique>   each attempt of a task writes a file of its own
//   folder/part-00000 …                      when every task has ended, the files of the attempts that count are renamed
//   folder/_SUCCESS                          empty, last: who finds it finds the whole
//
// - An existing folder is refused. A job that fails or is cancelled removes the folder it made.
// - A file that is renamed is never seen half-written, so that a crash leaves a folder without _SUCCESS and with whole parts at most.
//
// Replacing makes that folder beside the name, hidden, and then changes the two:
//
//   .folder.new   written whole, as above
//   folder ─→ .folder.old, .folder.new ─→ folder, .folder.old removed
//
// - The name shows the old folder, for a moment nothing, or the new one: never a mixture, never a half. A crash in that moment leaves both
//   folders whole under their hidden names; the save that comes next for the name removes them.
// - A job that fails leaves the old folder as it was. Of two that replace one folder at a time one may fail.

import type { CallSite } from '../../base/call-site.ts'
import { storageErrors } from '../../storage/errors.ts'
import type { FileSystem } from '../../storage/file-system.ts'
import type { RunSink } from '../job-runner.ts'
import { builtin } from '../nodes.ts'

export interface SaveOptions {
  readonly op: string
  readonly site: CallSite
  readonly folder: string
  /** What becomes of a folder that is there already. */
  readonly exists: 'refuse' | 'replace'
  /** What writes a partition: given the folder and the options it gives the path of a file. */
  readonly writer: 'savedText' | 'savedJson' | 'savedCsv' | 'savedParquet' | 'savedAvro' | 'savedObjects'
  readonly options?: object
  /** Called when the folder is whole and nobody sees it yet, where one is replaced; refuses by an error. */
  readonly beforeShown?: () => Promise<void>
  /** What the parts' names end in. */
  readonly extension?: string
}

/** Gives the paths of the parts. */
export async function saveFolder(fs: FileSystem, options: SaveOptions, run: RunSink): Promise<string[]> {
  const target = options.folder.replace(/(?<=.)\/+$/, '')
  const there = await fs.status(target)
  if (there !== undefined && (options.exists === 'refuse' || !there.directory)) {
    throw storageErrors.RIV_FILE_EXISTS(`${options.op}${options.site.place === '' ? '' : ` at ${options.site.place}`}`, target)
  }
  const names = options.exists === 'refuse' ? await writeFolder(fs, target, options, run) : await replaceFolder(fs, target, options, run)
  return names.map(name => `${target}/${name}`)
}

/** Gives the names of the parts. */
async function writeFolder(fs: FileSystem, target: string, { writer, options, extension = '' }: SaveOptions, run: RunSink): Promise<string[]> {
  const temporary = `${target}/_temporary`
  const sink = { to: 'partition', fn: builtin(writer, [{ ...options, folder: temporary }]) } as const
  try {
    await fs.makeDirectory(temporary)
    const results = await run(sink)
    const names = results.map((_, i) => `part-${String(i).padStart(5, '0')}${extension}`)
    for (const [i, { records }] of results.entries()) await fs.rename(records[0] as string, `${target}/${names[i]!}`)
    await fs.remove(temporary)
    await fs.createExclusive(`${target}/_SUCCESS`, '')
    return names
  } catch (error) {
    await fs.remove(target)
    throw error
  }
}

async function replaceFolder(fs: FileSystem, target: string, options: SaveOptions, run: RunSink): Promise<string[]> {
  const [made, old] = [hiddenBeside(target, 'new'), hiddenBeside(target, 'old')]
  await fs.remove(made)
  const names = await writeFolder(fs, made, options, run)
  await options.beforeShown?.()
  await fs.remove(old)
  if (await fs.status(target) !== undefined) await fs.rename(target, old)
  await fs.rename(made, target)
  await fs.remove(old)
  return names
}

const hiddenBeside = (path: string, suffix: string): string => path.replace(/[^/]*$/, name => `.${name}.${suffix}`)
