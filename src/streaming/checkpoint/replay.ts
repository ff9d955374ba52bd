// One batch run again, on the inputs and the state that it had: nothing of it is written.

import { recover } from '../../storage/journal/recover.ts'
import { MemoryJournal } from '../../storage/journal/memory-journal.ts'
import type { Context } from '../../context/context.ts'
import { streamingErrors } from '../errors.ts'
import type { OpenCheckpoint } from './open.ts'
import { Recovery } from './recovery.ts'
import { journalFolder } from './savepoint.ts'

/** Reads a journal up to a batch. Errors: RIV_REPLAY where the journal has not what the batch needs. */
export async function openReplay(directory: string, timeMs: number, { fs, log }: Context): Promise<OpenCheckpoint> {
  if (await fs.status(journalFolder(directory)) === undefined) throw streamingErrors.RIV_REPLAY(timeMs, directory, 'there is none, as it has no journal')
  const recovery = new Recovery(timeMs)
  await recover({ fs, directory: journalFolder(directory), log, onRecord: recovery.add }, Infinity)
  const { start, inputs, positions, deltas, blocks } = recovery
  const first = Math.min(...positions.keys())
  const neededMs = Math.min(timeMs, ...[...deltas.values()].map(ofOperator => [...ofOperator.values()].at(-1)!.data.needsFromMs))
  const hasBlocks = Object.entries(inputs.get(timeMs) ?? {}).every(([input, taken]) => !Array.isArray(taken) || (taken as number[]).every(number => blocks.get(input)?.has(number)))
  if (start === undefined || !inputs.has(timeMs) || !hasBlocks || (neededMs < first && first > start.zeroMs + start.batchMs)) {
    const [last] = [...inputs.keys()].slice(-1)
    throw streamingErrors.RIV_REPLAY(timeMs, directory, positions.size === 0 ? 'it has no batches' : `it has batches from ${first} ms${last === undefined ? '' : ` to ${last} ms`}, and not all that this one needs`)
  }
  for (const ms of inputs.keys()) if (ms !== timeMs) inputs.delete(ms)
  return { journal: new MemoryJournal(), recovery, lasts: true }
}
