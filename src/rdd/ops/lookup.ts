// The values of one key.

import type { CallSite } from '../../base/call-site.ts'
import { builtin, pipeline } from '../nodes.ts'
import { keyPartitioning, resolvePlan } from '../plan.ts'
import { runAction, type Runnable } from '../run-job.ts'
import { partitionerOf } from '../target.ts'
import { giving } from './values.ts'

export function lookup({ plan, context }: Runnable, site: CallSite, key: unknown): Promise<unknown[]> {
  const found = pipeline(plan, 'lookup', site, [{ op: 'filter', fn: builtin('hasKey', [], [giving(key, 'lookup', site)]) }, { op: 'map', fn: builtin('valueOf') }])
  return runAction({ plan: found, context }, 'lookup', site, async (run, signal) => {
    const resolving = keyPartitioning(plan) === undefined ? undefined : resolvePlan(plan, signal)
    if (resolving !== undefined) await resolving
    const only = partitionerOf(keyPartitioning(plan))?.getPartition(key)
    return (await run({ to: 'collect' }, only === undefined ? undefined : [only])).flatMap(part => part.records)
  })
}
