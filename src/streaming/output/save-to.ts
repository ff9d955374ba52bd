// The output of saveTo: every partition of a batch through the sink's functions, in tasks.

import type { CallSite } from '../../base/call-site.ts'
import type { Time } from '../../base/time.ts'
import { builtin, userFunction } from '../../rdd/nodes.ts'
import { giving } from '../../rdd/ops/values.ts'
import type { UserFunction } from '../../rdd/plan.ts'
import type { RDD } from '../../rdd/rdd.ts'
import { runAction } from '../../rdd/run-job.ts'
import type { IdempotentSink, TwoPhaseSink } from './sink.ts'

export type Sink<T> = IdempotentSink<T> | TwoPhaseSink<T, never, never>

/** The functions of a sink that run in tasks, in the order in which the kernel's function takes them. */
export function taskFunctions(sink: Sink<never>, site: CallSite): UserFunction[] {
  const methods = 'begin' in sink ? [sink.write, sink.begin, sink.prepare] : [sink.write]
  return methods.map(method => userFunction(method, 'saveTo', site)) // tasks call them without the sink object, as the contract says
}

/** Writes a batch; gives the handles of its partitions, in order. */
export async function writeTo(rdd: RDD<unknown>, functions: readonly UserFunction[], part: { readonly output: number; readonly time: Time; readonly epoch: number }, site: CallSite): Promise<unknown[]> {
  const { output, time, epoch } = part
  const at = giving({ output, timeMs: time.milliseconds, epoch }, 'saveTo', site)
  const fn = builtin('writeToSink', [], [at, ...functions])
  const results = await runAction(rdd, 'saveTo', site, run => run({ to: 'partition', fn }))
  return results.flatMap(({ records }) => (records[0] as unknown[] | undefined) ?? [])
}
