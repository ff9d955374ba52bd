// Writing an RDD as a folder of files, all of it or nothing.
//
//   folder/_temporary/<partition>-<unique>   each attempt of a task writes a file of its own
//   folder/part-00000 …                      when every task has ended, the files of the attempts that count are renamed
//   folder/_SUCCESS                          empty, last: who finds it finds the whole
//
// - An existing folder is refused. A job that fails or is cancelled removes the folder it made.
// - A file that is renamed is never seen half-written, so that a crash leaves a folder without _SUCCESS and with whole parts at most.
//
// Replacing makes that folder beside the name, hidden, and then changes the two (1 is the epoch: which start of the program it is):
//
//   .folder.1.new   written whole, as above
//   folder ─→ .folder.1.old, .folder.1.new ─→ folder, .folder.1.old removed
//
// - The name shows the old folder, for a moment nothing, or the new one: never a mixture, never a half. A crash in that moment leaves both
//   folders whole under their hidden names; the save that comes next for the name removes them.
// - A job that fails leaves the old folder as it was.
// - A program that was stopped while another start of it took over, and goes on, has names of its own. What it may still do is to move the
//   other's folder away; then it finds that it is not the newest, and moves it back. Renaming replaces nothing.

import { isRivuletError } from '../../base/define-errors.ts'
import type { CallSite } from '../../base/call-site.ts'
import { storageErrors } from '../../storage/errors.ts'
import type { FileSystem } from '../../storage/file-system.ts'
import type { RunSink } from '../job-runner.ts'
import { builtin } from '../nodes.ts'

export interface SaveOptions {
  readonly op: string
  readonly site: CallSite
  readonly folder: string
  /** A folder that is there already is replaced; where this is not said it is refused. */
  readonly replaces?: Replacing
  /** What writes a partition: given the folder and the options it gives the path of a file. */
  readonly writer: 'savedText' | 'savedPairs' | 'savedJson' | 'savedCsv' | 'savedParquet' | 'savedAvro' | 'savedObjects'
  readonly options?: object
  /** What the parts' names end in. */
  readonly extension?: string
}

/** Who replaces a folder. */
export interface Replacing {
  /** Which start of the program it is; of two that run at once the one with the larger number is right. */
  readonly epoch: number
  /** Rejects where there is a newer one. */
  readonly assertNewest: () => Promise<void>
  /** Whether an earlier start may have died while it wrote this folder: what it left is removed. */
  readonly again: boolean
}

/** Gives the paths of the parts. */
export async function saveFolder(fs: FileSystem, options: SaveOptions, run: RunSink): Promise<string[]> {
  const target = options.folder.replace(/(?<=.)\/+$/, '')
  const parent = target.replace(/(?<=.)\/[^/]*$/, '')
  if (parent !== target) await fs.makeDirectory(parent, { sync: true })
  const there = await fs.status(target)
  if (there !== undefined && (options.replaces === undefined || !there.directory)) {
    throw storageErrors.RIV_FILE_EXISTS(`${options.op}${options.site.place === '' ? '' : ` at ${options.site.place}`}`, target)
  }
  const names = options.replaces === undefined ? await writeFolder(fs, target, options, run) : await replaceFolder(fs, target, options, options.replaces, run)
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

async function replaceFolder(fs: FileSystem, target: string, options: SaveOptions, { epoch, assertNewest, again }: Replacing, run: RunSink): Promise<string[]> {
  const [made, old] = [hiddenBeside(target, `${epoch}.new`), hiddenBeside(target, `${epoch}.old`)]
  if (again) await removeLeft(fs, target, epoch)
  await fs.remove(made)
  const names = await writeFolder(fs, made, options, run)
  try {
    while (!await show(fs, { made, old, target }, assertNewest)) {
      if (await fs.status(made) === undefined) throw storageErrors.RIV_FILE_NOT_FOUND('rename', made)
    }
  } catch (error) {
    await fs.remove(made)
    throw error
  }
  await fs.remove(old)
  return names
}

/** Puts `made` in the place of `target`, whose folder becomes `old`; false where an older start came in between. */
async function show(fs: FileSystem, { made, old, target }: Readonly<Record<'made' | 'old' | 'target', string>>, assertNewest: () => Promise<void>): Promise<boolean> {
  await assertNewest()
  if (await fs.status(target) === undefined) return renamed(fs, made, target)
  await fs.remove(old)
  if (!await renamed(fs, target, old)) return false
  try {
    await assertNewest() // what was moved may be that of a newer start
    return await renamed(fs, made, target)
  } catch (error) {
    if (!await renamed(fs, old, target)) await fs.remove(old)
    throw error
  }
}

/** False where there is nothing to be renamed, or the name is taken. */
async function renamed(fs: FileSystem, from: string, to: string): Promise<boolean> {
  try {
    await fs.rename(from, to)
    return true
  } catch (error) {
    if (isRivuletError(error) && (error.code === 'RIV_FILE_EXISTS' || error.code === 'RIV_FILE_NOT_FOUND')) return false
    throw error
  }
}

/** Removes what earlier starts left beside the name. */
async function removeLeft(fs: FileSystem, target: string, epoch: number): Promise<void> {
  const [, parent, name] = /^(.*?)([^/]*)$/.exec(target)!
  const folder = parent === '' ? '.' : parent!
  if (await fs.status(folder) === undefined) return
  for (const { path } of await fs.list(folder)) {
    const left = path.slice(path.lastIndexOf('/') + 1)
    const [, of, by] = /^\.(.*)\.(\d+)\.(?:new|old)$/.exec(left) ?? []
    if (of === name && Number(by) < epoch) await fs.remove(path)
  }
}

const hiddenBeside = (path: string, suffix: string): string => path.replace(/[^/]*$/, name => `.${name}.${suffix}`)
