// Puts what a journal has of earlier runs into a graph: states and panes into its operators, unfinished batches into its inputs.

import { findCause } from '../../base/define-errors.ts'
import { inScope } from '../../rdd/nodes.ts'
import { PlanScope } from '../../rdd/plan.ts'
import type { JobRunner } from '../../rdd/job-runner.ts'
import type { StoredBlock } from '../../storage/journal/journal.ts'
import type { BlockRef } from '../../wire/slab/block-ref.ts'
import { streamingErrors } from '../errors.ts'
import type { DStreamGraph } from '../graph/dstream-graph.ts'
import type { PartitionDelta } from '../graph/stateful.ts'
import { RecordedBatches } from '../state/recorded-batches.ts'
import type { Checkpointer } from './checkpointer.ts'
import { matchInputs } from './match-inputs.ts'
import { matchOperators } from './match-operators.ts'
import { matchSinks } from './match-sinks.ts'
import { idsOf, operatorsOf } from './names.ts'
import { inJournal, type Recovery } from './recovery.ts'

export interface RestoreOptions {
  readonly recovery: Recovery
  readonly graph: DStreamGraph
  readonly runner: JobRunner
  readonly checkpointer: Checkpointer
  /** Whether what is written outlives the process. */
  readonly lasts: boolean
  /** The time before the first batch, where there was none. */
  readonly zeroMs: number
  readonly allowNonRestoredState: boolean
}

/** Refuses what does not fit; then restores it all. */
export async function restore({ recovery, graph, runner, checkpointer, lasts, zeroMs, allowNonRestoredState }: RestoreOptions): Promise<void> {
  const { start } = recovery
  const operators = operatorsOf(graph.stateful)
  matchOperators(operators, start?.operators ?? [], allowNonRestoredState)
  matchInputs(graph.inputs, recovery, allowNonRestoredState)
  const uncommitted = matchSinks(graph.sinks, recovery, allowNonRestoredState)
  if (start !== undefined && start.batchMs !== graph.batchMs && recovery.inputs.size > 0) throw streamingErrors.RIV_BATCH_CHANGED(graph.batchMs, start.batchMs, recovery.inputs.size)
  checkpointer.goesOn(recovery)
  checkpointer.start(start?.zeroMs ?? zeroMs) // not before it is sure that the program fits
  for (const [i, { stateful }] of graph.stateful.entries()) {
    const deltas = [...recovery.deltas.get(operators[i]!.id) ?? []].sort(([a], [b]) => a - b)
    const needsFromMs = deltas.at(-1)?.[1].data.needsFromMs ?? 0
    if (deltas.length > 0) checkpointer.needs(operators[i]!.id, needsFromMs)
    for (const [timeMs, { data, blocks }] of deltas) {
      if (timeMs < needsFromMs) continue
      const stored = blocks.values()
      const partitions: PartitionDelta[] = []
      for (const { lists, info } of data.partitions) partitions.push({ lists: await storedLists(lists, stored, runner, stateful.logList), info })
      stateful.restore(timeMs, { partitions, needsFromMs: data.needsFromMs })
    }
  }
  const scope = new PlanScope()
  for (const [i, { stateful }] of graph.stateful.entries()) {
    const anew = await inScope(scope, async () => stateful.restored?.(allowNonRestoredState)).catch(error => { throw unknownClass(operators[i]!.id, error) ?? error })
    if (anew !== undefined) checkpointer.restate(operators[i]!.id, anew)
  }
  scope.release()
  for (const [timeMs, prepared] of uncommitted) await checkpointer.commit(timeMs, prepared)
  for (const [id, node] of lasts ? idsOf(graph.varying) : []) {
    const earlier = new Map<number, BlockRef[][]>()
    for (const [timeMs, byStream] of recovery.recorded) {
      const recorded = byStream.get(id)
      if (recorded !== undefined) earlier.set(timeMs, await storedLists(recorded.data.partitions, recorded.blocks.values(), runner))
    }
    node.recorder = new RecordedBatches({ node, context: graph.context, earlier, isOver: timeMs => checkpointer.isComplete(timeMs), journal: (timeMs, partitions) => checkpointer.recorded(timeMs, id, partitions) })
  }
  for (const [id, input] of idsOf(graph.inputs)) {
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

/** What to say where a state has instances of a class that the program has not. */
function unknownClass(operator: string, error: unknown): Error | undefined {
  const cause = findCause(error, ({ name, code }) => name === 'UnknownClass' || code === 'RIV_CLOSURE_CLASS')
  return cause && streamingErrors.RIV_STATE_CLASS.withCause(error, operator, /class (\w+)/.exec(cause.message.replace('a class is', ''))?.[1] ?? cause.message)
}

/** Reads lists of blocks back, which have so many records each; those of one list may stay where they are. */
async function storedLists(lists: readonly (readonly number[])[], blocks: Iterator<StoredBlock>, runner: JobRunner, staying?: number): Promise<BlockRef[][]> {
  const restored: BlockRef[][] = []
  for (const [list, counts] of lists.entries()) {
    const refs: BlockRef[] = []
    for (const count of counts) {
      const block = blocks.next().value as StoredBlock
      refs.push(list === staying && block.place !== undefined ? inJournal(block.place, count) : runner.storeBlock(await block.read(), count))
    }
    restored.push(refs)
  }
  return restored
}
