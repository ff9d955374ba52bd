// Running an action: through the context, so that it can be cancelled and awaited, and with results in the order of partitions.

import type { CallSite } from '../base/call-site.ts'
import { takeCheckpoints } from './checkpoint.ts'
import { rddErrors } from './errors.ts'
import type { RunSink, TaskResult } from './job-runner.ts'
import { visitLineage, type Plan, type PlanSink } from './plan.ts'
import type { RDDContext } from './rdd-context.ts'

/** What an action runs on. */
export interface Runnable {
  readonly plan: Plan
  readonly context: RDDContext
}

export type { RunSink }

/** Runs an action. `body` runs its jobs; it is called before this returns, so that captured variables are read now. */
export function runAction<R>({ plan, context }: Runnable, action: string, site: CallSite, body: (run: RunSink, signal: AbortSignal) => Promise<R>): Promise<R> {
  return context.action(action, site, async signal => {
    assertRemembered(plan, action, site)
    const runOn = (node: Plan): RunSink => (sink, partitions) => collectResults({ plan: node, context }, { action, site, sink, signal, ...(partitions && { partitions }) })
    const result = await body(runOn(plan), signal)
    await takeCheckpoints(plan, { fs: context.fs, cleans: context.cleansCheckpoints, runOn })
    return result
  })
}

/** Runs a job that is part of something larger (sampling for a sort). */
export async function collectResults({ plan, context }: Runnable, job: { action: string; site: CallSite; sink: PlanSink; signal?: AbortSignal; partitions?: readonly number[] }): Promise<TaskResult[]> {
  const results: TaskResult[] = []
  await context.runner.run({ ...job, plan, onResult: (partition, result) => { results[partition] = result } })
  return job.partitions === undefined ? results : job.partitions.map(partition => results[partition]!)
}

function assertRemembered(plan: Plan, action: string, site: CallSite): void {
  visitLineage(plan, node => {
    if (node.storage !== 'none') return false // kept partitions outlive their batch
    if (node.scope?.released === true) throw rddErrors.RIV_BATCH_FORGOTTEN(action, site.place, `${node.op}[${node.id}]`)
    return true
  })
}
