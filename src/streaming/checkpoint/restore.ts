// Puts what a journal has of earlier runs into a graph: states and panes into its operators, unfinished batches into its inputs.

import { inScope } from '../../rdd/nodes.ts'
import { PlanScope } from '../../rdd/plan.ts'
import type { JobRunner } from '../../rdd/job-runner.ts'
import type { BlockRef } from '../../wire/slab/block-ref.ts'
import { streamingErrors } from '../errors.ts'
import type { DStreamGraph } from '../graph/dstream-graph.ts'
import type { PartitionDelta } from '../graph/stateful.ts'
import { inputIds, type Checkpointer } from './checkpointer.ts'
import { matchOperators, operatorsOf } from './match-operators.ts'
import { inJournal, type Recovery } from './recovery.ts'

export interface RestoreOptions {
  readonly recovery: Recovery
  readonly graph: DStreamGraph
  readonly runner: JobRunner
  readonly checkpointer: Checkpointer
  /** The time before the first batch, where there was none. */
  readonly zeroMs: number
  readonly allowNonRestoredState: boolean
}

/** Refuses what does not fit; then restores it all. */
export async function restore({ recovery, graph, runner, checkpointer, zeroMs, allowNonRestoredState }: RestoreOptions): Promise<void> {
  const { start } = recovery
  const operators = operatorsOf(graph.stateful)
  matchOperators(operators, start?.operators ?? [], allowNonRestoredState)
  if (start !== undefined && start.batchMs !== graph.batchMs && recovery.inputs.size > 0) throw streamingErrors.RIV_BATCH_CHANGED(graph.batchMs, start.batchMs, recovery.inputs.size)
  checkpointer.goesOn(recovery)
  checkpointer.start(start?.zeroMs ?? zeroMs) // not before it is sure that the program fits
  for (const [i, { stateful }] of graph.stateful.entries()) {
    const deltas = [...recovery.deltas.get(operators[i]!.id) ?? []].sort(([a], [b]) => a - b)
    const needsFromMs = deltas.at(-1)?.[1].data.needsFromMs ?? 0
    if (deltas.length > 0) checkpointer.needs(operators[i]!.id, needsFromMs)
    for (const [timeMs, { data, blocks }] of deltas) {
      if (timeMs < needsFromMs) continue
      let next = 0
      const partitions: PartitionDelta[] = []
      for (const { lists, info } of data.partitions) {
        const restored: BlockRef[][] = []
        for (const [list, counts] of lists.entries()) {
          const refs: BlockRef[] = []
          for (const count of counts) {
            const block = blocks[next++]!
            refs.push(list === stateful.logList && block.place !== undefined ? inJournal(block.place, count) : runner.storeBlock(await block.read(), count))
          }
          restored.push(refs)
        }
        partitions.push({ lists: restored, info })
      }
      stateful.restore(timeMs, { partitions, needsFromMs: data.needsFromMs })
    }
  }
  const scope = new PlanScope()
  for (const [i, { stateful }] of graph.stateful.entries()) {
    const anew = await inScope(scope, async () => stateful.restored?.())
    if (anew !== undefined) checkpointer.restate(operators[i]!.id, anew)
  }
  scope.release()
  for (const [timeMs, prepared] of recovery.uncommitted) await checkpointer.commit(timeMs, prepared)
  for (const { id, input } of inputIds(graph.inputs)) {
    const batches = new Map<number, unknown>()
    for (const [timeMs, inputs] of recovery.inputs) if (id in inputs) batches.set(timeMs, inputs[id])
    const blocks = []
    for (const [number, { data, block, position }] of recovery.blocks.get(id) ?? []) {
      checkpointer.keepsBlock(id, number, position)
      blocks.push({ number, records: data.records, ref: runner.storeBlock(await block.read(), data.count) })
    }
    input.restore({ batches, newest: recovery.newest[id], blocks, nextBlock: recovery.nextBlock.get(id) ?? 0 })
  }
  for (const [timeMs, position] of recovery.positions) checkpointer.keepsBatch(timeMs, position)
}
