// Jobs whose output stays: the advance of everything that remembers.

import type { CallSite } from '../../base/call-site.ts'
import { isDamage } from '../../kernel/state/live-tables.ts'
import type { BuiltinFunction, Plan } from '../../rdd/plan.ts'
import type { RDDContext } from '../../rdd/rdd-context.ts'
import type { KeepInput, KeepOutput } from '../../wire/shape.ts'

interface KeepJob { readonly plan: Plan; readonly op: string; readonly site: CallSite; readonly fn: BuiltinFunction; readonly inputs?: readonly KeepInput[] }

/** Runs one job whose output stays; gives what each partition wrote. Where a state's database was damaged it runs again: it is made anew then. */
export async function keep(context: RDDContext, job: KeepJob): Promise<KeepOutput[]> {
  for (let damages = 0; ; damages++) {
    try {
      return await keepOnce(context, job)
    } catch (error) {
      if (!isDamage(error) || damages >= (job.inputs?.length ?? 0)) throw error
    }
  }
}

async function keepOnce(context: RDDContext, { plan, op, site, fn, inputs = [] }: KeepJob): Promise<KeepOutput[]> {
  const outputs: KeepOutput[] = []
  try {
    await context.action(op, site, signal => context.runner.run({ plan, sink: { to: 'keep', fn, inputs }, action: op, site, signal, onResult: (partition, { kept }) => { outputs[partition] = kept! } }))
  } catch (error) {
    for (const output of outputs) for (const blocks of output?.lists ?? []) context.runner.release(blocks)
    throw error
  }
  return outputs
}
