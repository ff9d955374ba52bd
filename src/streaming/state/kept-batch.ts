// A batch as blocks that stay until nobody reads them: the panes of windows, what mapWithState emits.

import type { CallSite } from '../../base/call-site.ts'
import { inScope, source } from '../../rdd/nodes.ts'
import { PlanScope, type Partitioning, type SourcePlan } from '../../rdd/plan.ts'
import type { JobRunner } from '../../rdd/job-runner.ts'
import type { BlockRef } from '../../wire/slab/block-ref.ts'

export class KeptBatch {
  /** The blocks of each partition. */
  readonly partitions: readonly (readonly BlockRef[])[]
  /** The batch's RDD. */
  readonly plan: SourcePlan
  readonly #scope = new PlanScope()

  constructor(partitions: readonly (readonly BlockRef[])[], op: string, site: CallSite, partitioning?: Partitioning) {
    this.partitions = partitions
    this.plan = inScope(this.#scope, () => source(op, site, partitions.map(blocks => ({ kind: 'blocks', blocks })), partitioning))
  }

  /** Gives the blocks back; who still has the RDD is told that its batch is forgotten. */
  release(runner: JobRunner): void {
    this.#scope.release()
    for (const blocks of this.partitions) runner.release(blocks)
  }
}
