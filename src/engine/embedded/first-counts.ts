// Accumulators count once per node and partition of a job, by the first successful attempt: a partition that is computed again, for another
// branch of the plan or because it was lost, adds nothing.

import type { TaskDescription } from './describe-task.ts'

/** What a job has counted: by function the uses of it, nodes and partitions. */
export type Counted = Map<unknown, Set<string>>

type Update = readonly [fn: number, accumulator: number, update: unknown]

/** Of what a task added, what counts; remembers it in each of its jobs. What no function is known for counts with the task. */
export function firstCounts(updates: readonly Update[], { fns, countedFor }: TaskDescription, jobs: readonly Counted[]): [accumulator: number, update: unknown][] {
  const isFirst = new Map<number, boolean>([[-1, true]])
  const result: [number, unknown][] = []
  for (const [index, accumulator, update] of updates) {
    let first = isFirst.get(index)
    if (first === undefined) isFirst.set(index, first = remember(fns[index], countedFor[index] ?? '', jobs))
    if (first) result.push([accumulator, update])
  }
  return result
}

/** Whether one of the jobs has not counted it yet; afterwards all have. */
function remember(fn: unknown, use: string, jobs: readonly Counted[]): boolean {
  let first = jobs.length === 0
  for (const job of jobs) {
    const uses = job.get(fn) ?? new Set<string>()
    job.set(fn, uses)
    if (!uses.has(use)) first = true
    uses.add(use)
  }
  return first
}
