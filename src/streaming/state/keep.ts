// Jobs whose output stays: the advance of everything that remembers.

import type { CallSite } from '../../base/call-site.ts'
import type { BuiltinFunction, Plan } from '../../rdd/plan.ts'
import type { RDDContext } from '../../rdd/rdd-context.ts'
import type { KeepInput, KeepOutput } from '../../wire/shape.ts'

/** Runs one job whose output stays; gives what each partition wrote. */
export async function keep(context: RDDContext, { plan, op, site, fn, inputs = [] }: { readonly plan: Plan; readonly op: string; readonly site: CallSite; readonly fn: BuiltinFunction; readonly inputs?: readonly KeepInput[] }): Promise<KeepOutput[]> {
  const outputs: KeepOutput[] = []
  try {
    await context.action(op, site, signal => context.runner.run({ plan, sink: { to: 'keep', fn, inputs }, action: op, site, signal, onResult: (partition, { kept }) => { outputs[partition] = kept! } }))
  } catch (error) {
    for (const output of outputs) for (const blocks of output?.lists ?? []) context.runner.release(blocks)
    throw error
  }
  return outputs
}
