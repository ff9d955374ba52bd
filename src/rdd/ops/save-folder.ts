// Writing an RDD as a folder of files, all of it or nothing.
//
//   folder/_temporary/<partition>-<unique>   each attempt of a task writes a file of its own
//   folder/part-00000 …                      when every task has ended, the files of the attempts that count are renamed
//   folder/_SUCCESS                          empty, last: who finds it finds the whole
//
// - An existing folder is refused. A job that fails or is cancelled removes the folder it made.
// - A file that is renamed is never seen half-written, so that a crash leaves a folder without _SUCCESS and with whole parts at most.

import type { CallSite } from '../../base/call-site.ts'
import { storageErrors } from '../../storage/errors.ts'
import type { FileSystem } from '../../storage/file-system.ts'
import type { RunSink } from '../job-runner.ts'
import { builtin } from '../nodes.ts'

export interface SaveOptions {
  readonly op: string
  readonly site: CallSite
  /** The new folder. */
  readonly folder: string
  /** What writes a partition and gives the file's path. */
  readonly writer: 'savedText' | 'savedObjects'
}

/** Gives the paths of the parts. */
export async function saveFolder(fs: FileSystem, { op, site, folder, writer }: SaveOptions, run: RunSink): Promise<string[]> {
  const target = folder.replace(/(?<=.)\/+$/, '')
  const temporary = `${target}/_temporary`
  const sink = { to: 'partition', fn: builtin(writer, [temporary]) } as const
  if (await fs.status(target) !== undefined) throw storageErrors.RIV_FILE_EXISTS(`${op}${site.place === '' ? '' : ` at ${site.place}`}`, target)
  try {
    await fs.makeDirectory(temporary)
    const results = await run(sink)
    const parts = results.map((_, i) => `${target}/part-${String(i).padStart(5, '0')}`)
    for (const [i, { records }] of results.entries()) await fs.rename(records[0] as string, parts[i]!)
    await fs.remove(temporary)
    await fs.createExclusive(`${target}/_SUCCESS`, '')
    return parts
  } catch (error) {
    await fs.remove(target)
    throw error
  }
}
