// The panes of a stream that a window reads: every batch of it, as blocks, for as long as the longest window needs them.
//
// A batch's plan becomes its kept blocks: whoever reads the stream reads them, and nothing is computed twice.

import { builtin } from '../../rdd/nodes.ts'
import { keyPartitioning, type Partitioning } from '../../rdd/plan.ts'
import type { RDDContext } from '../../rdd/rdd-context.ts'
import type { StreamNode } from '../graph/stream-node.ts'
import type { Delta, PartitionDelta, Stateful } from '../graph/stateful.ts'
import { keep } from './keep.ts'
import { KeptBatch } from './kept-batch.ts'

export class Panes implements Stateful {
  readonly #node: StreamNode
  readonly kind = 'window'
  readonly #context: RDDContext
  readonly #panes = new Map<number, KeptBatch>()
  readonly #restored = new Map<number, readonly PartitionDelta[]>()

  constructor(node: StreamNode, context: RDDContext) {
    this.#node = node
    this.#context = context
  }

  get needsCheckpoint(): boolean {
    return false
  }

  get advanceMs(): number {
    return this.#node.slideMs
  }

  get fingerprint(): Readonly<Record<string, unknown>> {
    return { slideMs: this.#node.slideMs }
  }

  async advance(timeMs: number): Promise<void> {
    const node = this.#node
    const plan = await node.getOrCompute(timeMs)
    const partitioning = plan && known(keyPartitioning(plan))
    this.#settleRestored(partitioning)
    if (plan === undefined) return
    const kept = await keep(this.#context, { plan, op: 'window', site: node.site, fn: builtin('keepRows') })
    this.#add(timeMs, kept, partitioning ?? known(keyPartitioning(plan)))
  }

  rollback(timeMs: number): void {
    this.#drop(timeMs)
  }

  deltaOf(timeMs: number): Delta | undefined {
    const pane = this.#panes.get(timeMs)
    if (pane === undefined) return undefined
    const info = pane.plan.partitioning?.by
    return { partitions: pane.partitions.map(blocks => ({ lists: [blocks], info })), needsFromMs: timeMs - this.#node.rememberMs }
  }

  restore(timeMs: number, { partitions }: Delta): void {
    this.#restored.set(timeMs, partitions)
  }

  forget(upToMs: number): void {
    for (const timeMs of this.#panes.keys()) if (timeMs <= upToMs) this.#drop(timeMs)
  }

  #add(timeMs: number, partitions: readonly PartitionDelta[], partitioning: Partitioning | undefined): void {
    const { op, site } = this.#node
    const pane = new KeptBatch(partitions.map(({ lists }) => lists[0]!), op, site, partitioning)
    this.#panes.set(timeMs, pane)
    this.#node.settle(timeMs, pane.plan)
  }

  /** Partitioners are the program's, not a checkpoint's: restored panes wait for the first batch, whose partitioning is theirs too. */
  #settleRestored(partitioning: Partitioning | undefined): void {
    for (const [timeMs, deltas] of this.#restored) {
      const by = deltas[0]?.info
      const common = by === partitioning?.by && deltas.length === partitioning?.partitions ? partitioning
        : by === 'hash' ? { by: 'hash' as const, partitions: deltas.length } : undefined
      this.#add(timeMs, deltas, common)
    }
    this.#restored.clear()
  }

  #drop(timeMs: number): void {
    this.#panes.get(timeMs)?.release(this.#context.runner)
    this.#panes.delete(timeMs)
  }
}

/** A partitioning that waits for a job is known once the pane's job has run. */
const known = (partitioning: Partitioning | 'unresolved' | undefined): Partitioning | undefined => (partitioning === 'unresolved' ? undefined : partitioning)
