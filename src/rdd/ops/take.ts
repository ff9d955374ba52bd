// The first records of an RDD: one partition is run, then four times as many, until there are enough.

import { partitionCount, resolvePlan, type Plan } from '../plan.ts'
import type { RunSink } from '../run-job.ts'

const growth = 4

export async function take(plan: Plan, n: number, run: RunSink, signal: AbortSignal): Promise<unknown[]> {
  const taken: unknown[] = []
  if (!(n > 0)) return taken
  const resolving = resolvePlan(plan, signal)
  if (resolving !== undefined) await resolving
  const count = partitionCount(plan)!
  for (let from = 0, width = 1; from < count && taken.length < n; from += width, width = from * growth) {
    const partitions = Array.from({ length: Math.min(width, count - from) }, (_, i) => from + i)
    for (const { records } of await run({ to: 'collect', limit: n - taken.length }, partitions)) {
      for (let i = 0; i < records.length && taken.length < n; i++) taken.push(records[i])
    }
  }
  return taken
}
