// What a journal says of earlier runs: which batches are complete, which must run again, and where everything else stands.

import type { BlockPlace, StoredBlock, StoredRecord } from '../../storage/journal/journal.ts'
import type { BlockRef } from '../../wire/slab/block-ref.ts'
import type { BlockRecord, CommittedRecord, CompletedRecord, DeltaRecord, InputsRecord, RestatedRecord, StartRecord } from './records.ts'

interface StoredDelta { readonly data: DeltaRecord; readonly blocks: readonly StoredBlock[]; readonly position: number }

/** A block that a receiver stored in an earlier run. */
export interface StoredInputBlock { readonly data: BlockRecord; readonly block: StoredBlock; readonly position: number }

/** The handle of a block that is in a file of the journal. */
export const inJournal = (place: BlockPlace, count: number): BlockRef => ({ slab: 0, generation: 0, count, ...place })

export class Recovery {
  start: StartRecord | undefined
  /** The last batch that is complete. */
  completedMs: number | undefined
  /** Inputs of the batches that are not complete, by time. */
  readonly inputs = new Map<number, InputsRecord['inputs']>()
  /** What the newest batch had of each input. */
  newest: InputsRecord['inputs'] = {}
  /** By input, the blocks that no complete batch had, by number. */
  readonly blocks = new Map<string, Map<number, StoredInputBlock>>()
  /** By input, the number after the last block. */
  readonly nextBlock = new Map<string, number>()
  /** By operator, the deltas of complete batches, by time. */
  readonly deltas = new Map<string, Map<number, StoredDelta>>()
  readonly #pending = new Map<number, Map<string, StoredDelta>>()
  /** By batch, where its records begin. */
  readonly positions = new Map<number, number>()
  /** What sinks had prepared in complete batches, and perhaps not committed. */
  readonly uncommitted = new Map<number, CompletedRecord['prepared']>()
  readonly #untilMs: number
  #isOver = false

  /** With a time, batches from then on count as not complete. */
  constructor(untilMs = Infinity) {
    this.#untilMs = untilMs
  }

  /** Takes the next record in. */
  readonly add = ({ kind, data, blocks, position }: StoredRecord): void => {
    if (this.#isOver) return
    switch (kind) {
      case 'start':
        this.start = data as StartRecord
        this.newest = { ...this.newest, ...this.start.newest }
        for (const [input, number] of Object.entries(this.start.nextBlock)) this.nextBlock.set(input, number)
        return
      case 'block': {
        const record = data as BlockRecord
        of(this.blocks, record.input).set(record.number, { data: record, block: blocks[0]!, position })
        this.nextBlock.set(record.input, record.number + 1)
        return
      }
      case 'inputs': {
        const { timeMs, inputs } = data as InputsRecord
        this.inputs.set(timeMs, inputs)
        this.newest = { ...this.newest, ...inputs }
        this.positions.set(timeMs, position)
        this.#pending.delete(timeMs)
        return
      }
      case 'delta': {
        const record = data as DeltaRecord
        of(this.#pending, record.timeMs).set(record.operator, { data: record, blocks, position })
        return
      }
      case 'restated': {
        const { operator, deltas } = data as RestatedRecord
        const restated = of(this.deltas, operator)
        restated.clear()
        let next = 0
        for (const delta of deltas) {
          const count = delta.partitions.reduce((sum, { lists }) => sum + lists.reduce((all, counts) => all + counts.length, 0), 0)
          restated.set(delta.timeMs, { data: { operator, ...delta }, blocks: blocks.slice(next, next += count), position })
        }
        return
      }
      case 'committed':
        this.uncommitted.delete((data as CommittedRecord).timeMs)
        return
      case 'completed': {
        const completed = data as CompletedRecord
        this.#isOver = completed.timeMs >= this.#untilMs
        return this.#isOver ? undefined : this.#complete(completed)
      }
    }
  }

  /** Reads every block that is needed: what is damaged is found now. Errors: RIV_JOURNAL_CORRUPT. */
  async readAll(): Promise<void> {
    for (const ofOperator of this.deltas.values()) for (const { blocks } of ofOperator.values()) for (const block of blocks) await block.read()
    for (const ofInput of this.blocks.values()) for (const { block } of ofInput.values()) await block.read()
  }

  #complete({ timeMs, skipped, prepared }: CompletedRecord): void {
    this.completedMs = timeMs
    if (prepared.length > 0) this.uncommitted.set(timeMs, prepared)
    for (const [input, taken] of Object.entries(this.inputs.get(timeMs) ?? {})) {
      if (Array.isArray(taken)) for (const number of taken as number[]) this.blocks.get(input)?.delete(number)
    }
    this.inputs.delete(timeMs)
    for (const [operator, delta] of skipped ? [] : this.#pending.get(timeMs) ?? []) {
      const deltas = of(this.deltas, operator)
      deltas.set(timeMs, delta)
      for (const ms of deltas.keys()) if (ms < delta.data.needsFromMs) deltas.delete(ms)
    }
    this.#pending.delete(timeMs)
  }
}

function of<K, L, V>(map: Map<K, Map<L, V>>, key: K): Map<L, V> {
  let inner = map.get(key)
  if (inner === undefined) map.set(key, inner = new Map())
  return inner
}
