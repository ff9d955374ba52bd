// The batches of a stream whose functions may give something else when they are called again, as blocks: what mapAsync gave.
//
//   compute ──→ keep ──→ journal, durable ──→ whoever reads the stream          after a restart:  journal ──→ whoever reads the stream
//
// - A batch is recorded once, when somebody first asks for it, and nobody sees it before it is durable: it is the same for all outputs, and in
//   every run. So outputs that were seen and those of the run that goes on agree.
// - A batch that is over is not recorded any more: what computes it then (slice) computes it anew.

import { builtin } from '../../rdd/nodes.ts'
import type { Plan } from '../../rdd/plan.ts'
import type { RDDContext } from '../../rdd/rdd-context.ts'
import type { BlockRef } from '../../wire/slab/block-ref.ts'
import type { Recorder, StreamNode } from '../graph/stream-node.ts'
import { keep } from './keep.ts'
import { KeptBatch } from './kept-batch.ts'

export interface RecordedBatchesOptions {
  readonly node: StreamNode
  readonly context: RDDContext
  /** Whether nothing of a batch is needed any more. */
  readonly isOver: (timeMs: number) => boolean
  /** Resolves when the blocks of a batch's partitions are durable. */
  readonly journal: (timeMs: number, partitions: KeptBatch['partitions']) => Promise<void>
  /** By time, the partitions of batches that an earlier run recorded and that run again. */
  readonly earlier: ReadonlyMap<number, KeptBatch['partitions']>
}

export class RecordedBatches implements Recorder {
  readonly #options: RecordedBatchesOptions
  readonly #kept = new Map<number, KeptBatch>()

  constructor(options: RecordedBatchesOptions) {
    this.#options = options
    for (const [timeMs, partitions] of options.earlier) this.#add(timeMs, partitions)
  }

  async give(timeMs: number, compute: () => Promise<Plan | undefined>): Promise<Plan | undefined> {
    const { node, context, isOver, journal } = this.#options
    const known = this.#kept.get(timeMs)
    if (known !== undefined) {
      await this.#loseAgain(timeMs)
      return known.plan
    }
    const plan = await compute()
    if (plan === undefined || isOver(timeMs)) return plan
    const kept = await keep(context, { plan, op: node.op, site: node.site, fn: builtin('keepRows') })
    const batch = this.#add(timeMs, kept.map(({ lists }) => lists[0]!))
    await journal(timeMs, batch.partitions)
    return batch.plan
  }

  forget(upToMs: number): void {
    for (const [timeMs, batch] of this.#kept) {
      if (timeMs > upToMs) continue
      this.#kept.delete(timeMs)
      batch.release(this.#options.context.runner)
    }
  }

  #add(timeMs: number, partitions: readonly (readonly BlockRef[])[]): KeptBatch {
    const { op, site } = this.#options.node
    const batch = new KeptBatch(partitions, op, site)
    this.#kept.set(timeMs, batch)
    return batch
  }

  /** What is lost before the recorded stream is told by its tasks: where somebody listens they run, though nobody needs what they give. */
  async #loseAgain(timeMs: number): Promise<void> {
    const { node: { op, site, parents }, context } = this.#options
    if (!parents.some(losesRecords)) return
    for (const parent of parents) {
      const plan = await parent.getOrCompute(timeMs)
      if (plan !== undefined) await context.action(op, site, signal => context.runner.run({ plan, sink: { to: 'drain' }, action: op, site, signal, onResult() {} }))
    }
  }
}

const losesRecords = (node: StreamNode): boolean => node.letters !== undefined || node.parents.some(losesRecords)
