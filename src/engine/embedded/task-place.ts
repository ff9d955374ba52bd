// Where a task had better run: on the thread that holds its state, or the records that it reads.

import type { Plan } from '../../rdd/plan.ts'
import { traitsOf } from '../../rdd/storage-level.ts'
import { groupOf, memberOf } from './describe-task.ts'
import type { BlockLookup, StageEnd } from './describe-task.ts'

/** Plan nodes that are looked at, at most. */
const placeLook = 1_000

/** Where a task had better run. */
export interface TaskPlace {
  /** The partition of state that it reads or changes: it runs on the thread that holds it. */
  readonly owner?: string
  /** The thread that has held the records that it reads: it runs there if that is idle. */
  readonly holder?: number
}

/** Where the task had better run: what it says of state goes before what its inputs say, the nearest first. */
export function placeOf(end: StageEnd, partition: number, blocks: Pick<BlockLookup, 'holder'>): TaskPlace {
  if (end.kind === 'action' && end.sink.to === 'keep') {
    const owner = end.sink.inputs[partition]?.owner
    if (owner !== undefined) return { owner }
  }
  const next: [Plan, number][] = [[end.kind === 'action' ? end.plan : end.shuffle.parent, partition]]
  for (let looked = 0; looked < placeLook && next.length > 0; looked++) {
    const [plan, index] = next.pop()!
    const holder = traitsOf(plan.storage).objects ? blocks.holder(plan, index) : undefined
    if (holder !== undefined) return { holder }
    if (plan.kind === 'source') {
      const source = plan.partitions?.[index]
      if (source?.kind === 'kept' && source.input.owner !== undefined) return { owner: source.input.owner }
    } else if (plan.kind === 'pipeline') next.push([plan.parent, index])
    else if (plan.kind === 'zip' || (plan.kind === 'union' && plan.aligned)) for (const parent of plan.parents.toReversed()) next.push([parent, index])
    else if (plan.kind === 'union') next.push(memberOf(plan, index))
    else if (plan.kind === 'coalesce') next.push([plan.parent, groupOf(plan, index)[0]])
  }
  return {}
}
