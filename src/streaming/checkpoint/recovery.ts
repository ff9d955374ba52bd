// What a journal says of earlier runs: which batches are complete, which must run again, and where everything else stands.

import type { EarlierRun } from '../../kernel/state/disk-table.ts'
import type { BlockPlace, StoredBlock, StoredRecord } from '../../storage/journal/journal.ts'
import type { BlockRef } from '../../wire/slab/block-ref.ts'
import type { BlockRecord, CommittedRecord, CompletedRecord, DeltaRecord, InputsRecord, RecordedRecord, RestatedRecord, StartRecord } from './records.ts'

/** Of so many earlier runs the databases of states can be used. */
const mostRuns = 64

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
  newest: Record<string, unknown> = {}
  /** By input, the blocks that no complete batch had, by number. */
  readonly blocks = new Map<string, Map<number, StoredInputBlock>>()
  /** By input, the number after the last block. */
  readonly nextBlock = new Map<string, number>()
  /** By batch that is not complete and stream, what it gave. */
  readonly recorded = new Map<number, Map<string, { readonly data: RecordedRecord; readonly blocks: readonly StoredBlock[] }>>()
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

  /** Earlier runs that made what is there now: not those before a state came to other partitions. */
  get runs(): readonly EarlierRun[] {
    const { start, completedMs } = this
    return start?.run === undefined || completedMs === undefined ? [] : [...start.runs ?? [], { run: start.run, untilMs: completedMs }].slice(-mostRuns)
  }

  /** What would be lost without an input; undefined where that is nothing. */
  heldOf(input: string): string | undefined {
    const blocks = this.blocks.get(input)?.size ?? 0
    if (blocks > 0) return `${blocks} of its blocks are not processed`
    const newest = this.newest[input]
    return newest === undefined || Array.isArray(newest) ? undefined : 'its place in what it reads is known'
  }

  /** Forgets an input but for the numbers of its blocks, which are not used again. */
  giveUp(input: string): void {
    this.blocks.delete(input)
    const without = (inputs: InputsRecord['inputs']): InputsRecord['inputs'] => Object.fromEntries(Object.entries(inputs).filter(([id]) => id !== input))
    this.newest = without(this.newest)
    for (const [timeMs, inputs] of this.inputs) this.inputs.set(timeMs, without(inputs))
  }

  /** Takes the next record in. */
  readonly add = ({ kind, data, blocks, position }: StoredRecord): void => {
    if (this.#isOver) return
    switch (kind) {
      case 'start': {
        const start = data as StartRecord
        this.#giveUpOthers(start)
        this.start = start
        this.newest = { ...start.newest, ...this.newest }
        for (const [input, number] of Object.entries(start.nextBlock)) this.nextBlock.set(input, number)
        return
      }
      case 'block': {
        const record = data as BlockRecord
        of(this.blocks, record.input).set(record.number, { data: record, block: blocks[0]!, position })
        this.nextBlock.set(record.input, record.number + 1)
        return
      }
      case 'inputs': {
        const { timeMs, inputs } = data as InputsRecord
        const before = this.inputs.get(timeMs) ?? {} // a batch that ran again is not the newest
        for (const [input, taken] of Object.entries(inputs)) if (!(input in before)) this.newest[input] = taken
        this.inputs.set(timeMs, inputs)
        this.positions.set(timeMs, Math.min(position, this.positions.get(timeMs) ?? Infinity, ...this.#takenFrom(inputs)))
        this.#pending.delete(timeMs)
        return
      }
      case 'delta': {
        const record = data as DeltaRecord
        of(this.#pending, record.timeMs).set(record.operator, { data: record, blocks, position })
        return
      }
      case 'recorded': {
        const record = data as RecordedRecord
        of(this.recorded, record.timeMs).set(record.stream, { data: record, blocks })
        return
      }
      case 'restated': {
        const { operator, deltas } = data as RestatedRecord
        this.start = { ...this.start!, runs: [] }
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

  /** What a program did without is given up, also where a later one has it again under that name. */
  #giveUpOthers({ operators, inputs, sinks }: StartRecord): void {
    const before = this.start?.sinks // absent in older versions, as sinks
    if (before !== undefined && sinks !== undefined && before.length !== sinks.length) this.uncommitted.clear()
    const kept = new Set(operators.map(({ id }) => id))
    for (const deltas of [this.deltas, ...this.#pending.values()]) for (const id of deltas.keys()) if (!kept.has(id)) deltas.delete(id)
    if (inputs === undefined) return // of an older version
    const there = new Set(inputs.map(({ id }) => id))
    for (const id of [...Object.keys(this.newest), ...this.blocks.keys()]) if (!there.has(id)) this.giveUp(id)
  }

  /** Where the blocks of a batch are. */
  #takenFrom(inputs: InputsRecord['inputs']): number[] {
    return Object.entries(inputs).flatMap(([input, taken]) => (Array.isArray(taken) ? (taken as number[]).map(number => this.blocks.get(input)?.get(number)?.position ?? Infinity) : []))
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
    this.recorded.delete(timeMs)
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
