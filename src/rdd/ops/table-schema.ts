// The columns of a table that is written, where the program names none: from the first records. It is one more, small, job.

import type { Plan } from '../plan.ts'
import type { RunSink } from '../run-job.ts'
import { take } from './take.ts'

/** The names of the properties of the first record; none where it is an array, or where there is no record. */
export async function csvColumns(plan: Plan, run: RunSink, signal: AbortSignal): Promise<readonly string[] | undefined> {
  const [first] = await take(plan, 1, run, signal)
  return typeof first === 'object' && first !== null && !Array.isArray(first) ? Object.keys(first) : undefined
}
