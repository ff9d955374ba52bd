// Folds: aggregation that begins with a zero value, which is copied wherever it is used.

import type { CallSite } from '../../base/call-site.ts'
import { deepCopy } from '../../base/deep-copy.ts'
import { builtin, combine, userFunction } from '../nodes.ts'
import type { Plan } from '../plan.ts'
import type { Runnable, RunSink } from '../run-job.ts'
import { targetOf, type PartitionsOrPartitioner } from '../target.ts'
import type { AnyFunction } from '../types.ts'
import { inDriver } from './reduce.ts'
import { giving } from './values.ts'

export interface Fold {
  readonly zero: unknown
  readonly seq: AnyFunction
  readonly comb: AnyFunction
}

/** The folded values of each key. */
export function foldValues({ plan, context }: Runnable, op: string, site: CallSite, { zero, seq, comb, partitions }: Fold & { partitions: PartitionsOrPartitioner | undefined }): Plan {
  const merge = userFunction(seq, op, site)
  const create = builtin('fromZero', [], [giving(zero, op, site), merge])
  return combine(plan, op, site, targetOf(partitions, [plan], context, op, site), { create, merge, mergeCombiners: userFunction(comb, op, site), mapSide: true })
}

/** All records folded: the zero once for each partition, and once in the driver. */
export async function foldRecords(run: RunSink, op: string, site: CallSite, { zero, seq, comb }: Fold): Promise<unknown> {
  const start = deepCopy(zero) // before anything runs: inline, the functions may change the program's own object
  const join = userFunction(comb, op, site)
  const parts = await run({ to: 'partition', fn: builtin('folded', [], [giving(zero, op, site), userFunction(seq, op, site)]) })
  return parts.map(part => part.records[0]).reduce((acc, part) => inDriver(join, [acc, part], part), start)
}
