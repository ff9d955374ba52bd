// Writing an RDD as a folder of text files, all of it or nothing.
//
//   folder/_temporary/<partition>-<unique>   each attempt of a task writes a file of its own
//   folder/part-00000 …                      when every task has ended, the files of the attempts that count are renamed
//   folder/_SUCCESS                          empty, last: who finds it finds the whole
//
// - An existing folder is refused. A job that fails or is cancelled removes the folder it made.
// - A file that is renamed is never seen half-written, so that a crash leaves a folder without _SUCCESS and with whole parts at most.

import type { CallSite } from '../../base/call-site.ts'
import { storageErrors } from '../../storage/errors.ts'
import { builtin } from '../nodes.ts'
import type { RDDContext } from '../rdd-context.ts'
import type { RunSink } from '../run-job.ts'

export interface SaveOptions {
  readonly op: string
  readonly site: CallSite
  /** The new folder. */
  readonly folder: string
}

export async function saveAsTextFile({ fs }: RDDContext, { op, site, folder }: SaveOptions, run: RunSink): Promise<void> {
  const target = folder.replace(/(?<=.)\/+$/, '')
  const temporary = `${target}/_temporary`
  const sink = { to: 'partition', fn: builtin('savedText', [temporary]) } as const
  if (await fs.status(target) !== undefined) throw storageErrors.RIV_FILE_EXISTS(`${op}${site.place === '' ? '' : ` at ${site.place}`}`, target)
  try {
    await fs.makeDirectory(temporary)
    const results = await run(sink)
    for (const [i, { records }] of results.entries()) await fs.rename(records[0] as string, `${target}/part-${String(i).padStart(5, '0')}`)
    await fs.remove(temporary)
    await fs.createExclusive(`${target}/_SUCCESS`, '')
  } catch (error) {
    await fs.remove(target)
    throw error
  }
}
