// A job that has a time: what has ended when it is up, and how much of the whole that is. The rest is cancelled.

import type { CallSite } from '../../base/call-site.ts'
import type { TaskResult } from '../job-runner.ts'
import { partitionCount, resolvePlan, type PlanSink } from '../plan.ts'
import type { Runnable } from '../run-job.ts'

export interface PartialResults {
  readonly results: readonly TaskResult[]
  /** The part of the partitions that have ended: 1 where all have. */
  readonly share: number
}

export async function runUntil({ plan, context }: Runnable, action: string, site: CallSite, sink: PlanSink, timeoutMs: number, signal: AbortSignal): Promise<PartialResults> {
  const timeUp = new AbortController()
  const timer = setTimeout(() => timeUp.abort(new Error(`the time for ${action} is up`)), timeoutMs)
  const results: TaskResult[] = []
  try {
    const resolving = resolvePlan(plan, AbortSignal.any([signal, timeUp.signal]))
    if (resolving !== undefined) await resolving
    await context.runner.run({ plan, sink, action, site, signal: AbortSignal.any([signal, timeUp.signal]), onResult: (_, result) => { results.push(result) } })
  } catch (error) {
    if (!timeUp.signal.aborted || signal.aborted) throw error
  } finally {
    clearTimeout(timer)
  }
  const all = partitionCount(plan) ?? Infinity
  return { results, share: results.length === all ? 1 : results.length / all }
}
