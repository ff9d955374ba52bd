// The records that a stream loses because a function threw for them, from the tasks to the program's handler.
//
//   task: guarded steps ──lost records, with the task's end──→ take ──batch over──→ handler(record, error, time), partition by partition
//
// - Only attempts that count report. Where a batch computes a partition more than once (two outputs, an output that is tried again) its records are
//   lost once: of two reports the longer one stands, since one that was cut short (`take`) is a beginning of the whole.
// - Guarded are functions of single records, down to the input, an exchange, a persisted stream, or an operation on whole partitions.

import { maxPartitions } from '../../base/limits.ts'
import type { CallSite } from '../../base/call-site.ts'
import type { Time } from '../../base/time.ts'
import type { GuardedOp, LostRecord } from '../../kernel/functions/guarded.ts'
import { builtin, pipeline, union } from '../../rdd/nodes.ts'
import type { Plan, PlanStep } from '../../rdd/plan.ts'
import { Total } from '../../rdd/shared/accumulator.ts'
import { errorFromData } from '../../wire/remote-error.ts'

/** Gets each record that was lost; a promise is awaited before the next one. */
export type DeadLetterHandler = (record: unknown, error: Error, time: Time) => unknown

const guardable: ReadonlySet<string> = new Set<GuardedOp>(['map', 'filter', 'flatMap', 'mapValues', 'flatMapValues'])

/** Whether nobody else keeps what the node computes. */
const isOpen = (plan: Plan): boolean => plan.storage === 'none' && plan.checkpoint === undefined

export class DeadLetters extends Total<null, LostRecord> {
  readonly op = 'deadLetter'
  readonly site: CallSite
  readonly #handler: DeadLetterHandler
  /** By partition, of the batch that runs. */
  readonly #lost = new Map<number, LostRecord[]>()

  constructor(handler: DeadLetterHandler, site: CallSite) {
    super(null, total => total, undefined, 'dead letters')
    this.#handler = handler
    this.site = site
  }

  /** The plan with its last steps guarded; of a union, those of each parent. */
  guard(plan: Plan): Plan {
    let branches = 0
    const guarded = (node: Plan): Plan => {
      const steps: PlanStep[] = []
      let [from, keepsKeys] = [node, true]
      while (from.kind === 'pipeline' && isOpen(from) && from.resolve === undefined && from.steps.every(step => guardable.has(step.op))) {
        steps.unshift(...from.steps)
        keepsKeys &&= from.keepsKeys
        from = from.parent
      }
      const fn = builtin('guarded', [this.id, branches++ * maxPartitions, steps.map(step => step.op)], steps.map(step => step.fn))
      const parent = from.kind === 'union' && isOpen(from) ? union(from.parents.map(guarded), from.op, from.site) : from
      return steps.length === 0 ? parent : pipeline(parent, node.op, node.site, [{ op: 'mapPartitions', fn }], keepsKeys)
    }
    return guarded(plan)
  }

  override take(update: unknown): void {
    const byPartition = Map.groupBy(update as LostRecord[], ([partition]) => partition)
    for (const [partition, lost] of byPartition) if (lost.length > (this.#lost.get(partition)?.length ?? 0)) this.#lost.set(partition, lost)
  }

  /** Forgets what an action on an earlier batch lost again. */
  begin(): void {
    this.#lost.clear()
  }

  /** Hands over what the batch lost. */
  async deliver(time: Time): Promise<void> {
    const partitions = [...this.#lost].toSorted(([a], [b]) => a - b)
    this.#lost.clear()
    for (const [, lost] of partitions) for (const [, record, error] of lost) await this.#handler(record, errorFromData(error), time)
  }
}
