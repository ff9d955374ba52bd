// The values of one key.

import type { CallSite } from '../../base/call-site.ts'
import { Partitioner } from '../../kernel/partitioner.ts'
import { hashKey, partitionOfHash } from '../../wire/key/hash-key.ts'
import { builtin, pipeline } from '../nodes.ts'
import type { Plan } from '../plan.ts'
import { runAction, type Runnable } from '../run-job.ts'
import { giving } from './values.ts'

export function lookup({ plan, context }: Runnable, site: CallSite, key: unknown): Promise<unknown[]> {
  const found = pipeline(plan, 'lookup', site, [{ op: 'filter', fn: builtin('hasKey', [], [giving(key, 'lookup', site)]) }, { op: 'map', fn: builtin('valueOf') }])
  return runAction({ plan: found, context }, 'lookup', site, async run => {
    const only = partitionOf(plan, key)
    return (await run({ to: 'collect' }, only === undefined ? undefined : [only])).flatMap(part => part.records)
  })
}

/** The partition that holds a key, where the lineage tells. */
function partitionOf({ partitioning }: Plan, key: unknown): number | undefined {
  if (partitioning?.by === 'hash') return partitionOfHash(hashKey(key), partitioning.partitions)
  if (partitioning?.by === 'custom' && partitioning.partitioner instanceof Partitioner) return partitioning.partitioner.getPartition(key)
  return undefined
}
