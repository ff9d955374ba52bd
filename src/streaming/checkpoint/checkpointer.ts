// Writes what batches are and what they did into the journal, and goes on from what an earlier run left there.
//
//   tick t: inputs(t)   advance: delta(t) …   before outputs: inputs(t) durable (R2)   end: completed(t)   once durable: commits (R4), pruning
//
// - R1: a block is durable before its source is told that it is stored.
// - R2: no output of t runs before inputs(t), and all that came before the batch, are durable.
// - R3: completed(t) comes after everything of t, and after completed(t − 1): batches run one after another.
// - R4: sources are told, and files removed, only after completed(t) is durable. Batch t + 1 does not wait for that.
//
// Each is asserted where something would show outside; a journal that says less than the truth ends the program there.

import { assert } from '../../base/assert.ts'
import { failpoint } from '../../base/failpoint.ts'
import { Time } from '../../base/time.ts'
import type { JobRunner } from '../../rdd/job-runner.ts'
import type { Journal } from '../../storage/journal/journal.ts'
import type { BlockRef } from '../../wire/slab/block-ref.ts'
import type { DStreamGraph } from '../graph/dstream-graph.ts'
import type { InputNode } from '../graph/input-node.ts'
import type { Delta } from '../graph/stateful.ts'
import { originsOf } from './match-inputs.ts'
import { idsOf, operatorsOf } from './names.ts'
import { inJournal, type Recovery } from './recovery.ts'
import type { BlockRecord, CommittedRecord, CompletedRecord, DeltaRecord, InputsRecord, OperatorRecord, RecordedRecord, RestatedRecord, StartRecord } from './records.ts'

export interface CheckpointerOptions {
  readonly journal: Journal
  readonly graph: DStreamGraph
  readonly runner: JobRunner
  /** Batches that are kept beyond what recovery needs. */
  readonly keepBatches: number
  /** Names this run of the program. */
  readonly run: string
  /** What a state may hold back, see `Stateful.journalled`. */
  readonly pinnedBytes: number
  /** The journal cannot be written any more. */
  readonly onFailure: (error: Error) => void
}

/** Deltas up to so many bytes a batch are copied, so that the next batch need not wait until they are written: a sync may take longer than a batch. */
const copiedBytes = 1 << 20

/** Batches in one file of the journal, at most, also where checkpoints may be further apart; less at its beginning: a damaged file costs little. */
const mostBatches = 512

export class Checkpointer {
  readonly #options: CheckpointerOptions
  readonly #operators: readonly OperatorRecord[]
  readonly #inputs: readonly (readonly [id: string, input: InputNode])[]
  /** By batch that is not pruned, where its records begin. */
  readonly #begins = new Map<number, number>()
  /** By batch that is not complete, where its inputs are. */
  readonly #fixed = new Map<number, number>()
  /** By input with offsets, what the newest batch had of it, or where it begins; by input with blocks, the number of the next one. */
  readonly #newest: Record<string, unknown> = {}
  readonly #nextBlock: Record<string, number> = {}
  /** By input and number, where blocks are that no batch has taken. */
  readonly #blocks = new Map<string, Map<number, number>>()
  /** By operator, the batch from which on its deltas are needed. */
  readonly #needsFrom = new Map<string, number>()
  /** The oldest time that is needed after each of the last batches. */
  readonly #needed: number[] = []
  /** Batches that an earlier run began and did not complete. */
  #earlier: ReadonlyMap<number, Readonly<Record<string, unknown>>> = new Map()
  #zeroMs = 0
  #startPosition = 0
  #last = -1
  #lastBorrowed = -1
  #completedMs = -Infinity
  /** The last batch that no death can take back. */
  committedMs = -Infinity
  /** The runs that this one goes on from. */
  #runs: Recovery['runs'] = []
  #batches = 0
  #nextRoll = 1
  readonly #mostBatches: number
  #failed = false
  #closed = false
  #settling: Promise<void> = Promise.resolve()

  constructor(options: CheckpointerOptions) {
    this.#options = options
    this.#operators = operatorsOf(options.graph.stateful)
    this.#inputs = idsOf(options.graph.inputs)
    this.#mostBatches = Math.min(mostBatches, options.graph.checkpointBatches)
  }

  /** Goes on with the inputs of an earlier run. */
  goesOn({ newest, nextBlock, inputs, completedMs, runs }: Pick<Recovery, 'newest' | 'nextBlock' | 'inputs' | 'completedMs' | 'runs'>): void {
    this.committedMs = completedMs ?? -Infinity
    this.#runs = runs
    this.#earlier = inputs
    Object.assign(this.#newest, newest)
    Object.assign(this.#nextBlock, Object.fromEntries(nextBlock))
  }

  /** Whether an earlier run began the batch. */
  runsAgain(timeMs: number): boolean {
    return this.#earlier.has(timeMs)
  }

  /** The last batch that an earlier run began and did not complete, if there is one. */
  get begunMs(): number {
    return Math.max(-Infinity, ...this.#earlier.keys())
  }

  /** Says what program writes from here on. */
  start(zeroMs: number): void {
    this.#zeroMs = zeroMs
    for (const [id, input] of this.#inputs) if (!(id in this.#newest) && input.begins !== undefined) this.#newest[id] = input.begins
    this.#appendStart()
  }

  /** Resolves when it is durable where the inputs begin: what comes in from now on is in a batch. */
  async started(): Promise<void> {
    await this.#durable(this.#startPosition)
  }

  /** From which batch on an operator needs what an earlier run wrote. */
  needs(operator: string, fromMs: number): void {
    this.#needsFrom.set(operator, fromMs)
  }

  /** Says anew what earlier batches added to an operator: it came to other partitions. */
  restate(operator: string, deltas: ReadonlyMap<number, Delta>): void {
    const data: RestatedRecord = { operator, deltas: [...deltas].map(([timeMs, delta]) => ({ timeMs, ...described(delta) })) }
    const written = (blocks: readonly BlockRef[]): void => {
      let next = 0
      for (const delta of deltas.values()) delta.written?.(blocks.slice(next, next += blocksOf(delta).length))
    }
    this.#runs = []
    this.#lastBorrowed = this.#append('restated', data, [...deltas.values()].flatMap(blocksOf), { written })
    failpoint('checkpoint.restated')
  }

  /** Where the records of an earlier batch begin. */
  keepsBatch(timeMs: number, position: number): void {
    this.#begins.set(timeMs, position)
  }

  /** Where blocks of an earlier run are that no batch has taken. */
  keepsBlock(input: string, number: number, position: number): void {
    this.#blocksOf(input).set(number, position)
  }

  /** Journals a block that an input has stored; gives a promise of its being durable. */
  async block(input: string, number: number, records: number, ref: BlockRef): Promise<void> {
    const position = this.#append('block', { input, number, records, count: ref.count } satisfies BlockRecord, [ref])
    this.#blocksOf(input).set(number, position)
    this.#nextBlock[input] = number + 1
    await this.#durable(position)
    this.#assertDurable(position, () => `R1: block ${number} of ${input} is stored`)
  }

  /** The inputs of a batch are fixed. */
  inputs(timeMs: number): void {
    const inputs: Record<string, unknown> = {}
    let begins = Infinity
    for (const [id, input] of this.#inputs) {
      const taken = input.inputOf(timeMs)
      if (taken === undefined) continue
      inputs[id] = taken
      if (!Array.isArray(taken)) {
        if (this.#earlier.get(timeMs)?.[id] === undefined) this.#newest[id] = taken // else later batches of the earlier run may have had more
        continue
      }
      const blocks = this.#blocksOf(id)
      for (const number of taken as number[]) {
        begins = Math.min(begins, blocks.get(number) ?? Infinity)
        blocks.delete(number)
      }
    }
    const position = this.#append('inputs', { timeMs, inputs } satisfies InputsRecord)
    this.#fixed.set(timeMs, position)
    this.#begins.set(timeMs, Math.min(begins, position, this.#begins.get(timeMs) ?? Infinity))
    failpoint('checkpoint.inputs')
  }

  /** Whether the batch, or a later one, is complete. */
  isComplete(timeMs: number): boolean {
    return timeMs <= this.#completedMs
  }

  /** Journals what a stream gave in a batch; resolves when it is durable. */
  recorded(timeMs: number, stream: string, partitions: readonly (readonly BlockRef[])[]): Promise<void> {
    const counts = partitions.map(blocks => blocks.map(({ count }) => count))
    const position = this.#append('recorded', { timeMs, stream, partitions: counts } satisfies RecordedRecord, partitions.flat())
    failpoint('checkpoint.recorded')
    return this.#durable(position)
  }

  /** What the batch adds to states. */
  deltas(timeMs: number): void {
    const { graph, pinnedBytes } = this.#options
    let copied = 0
    for (const [i, { stateful }] of graph.stateful.entries()) {
      const delta = stateful.deltaOf(timeMs)
      if (delta === undefined) continue
      const operator = this.#operators[i]!.id
      this.#needsFrom.set(operator, delta.needsFromMs)
      const blocks = blocksOf(delta)
      copied += blocks.reduce((sum, { bytes }) => sum + bytes, 0)
      const position = this.#append('delta', { timeMs, operator, ...described(delta) } satisfies DeltaRecord, blocks, { copies: copied <= copiedBytes, written: delta.written })
      if (copied > copiedBytes) this.#lastBorrowed = position
      stateful.journalled?.(this.#bytesSince, pinnedBytes)
      failpoint('checkpoint.delta')
    }
  }

  /** Resolves when outputs may run: not the deltas of the batch need be durable, but what the batches before it borrowed; their memory may be used again. */
  async ready(timeMs: number, lastBorrowed: number): Promise<void> {
    await this.#durable(Math.max(this.#fixed.get(timeMs)!, lastBorrowed))
    failpoint('checkpoint.ready')
  }

  /** Called before something of a batch is shown. Rejects where another driver has taken the checkpoint over: nothing of this one may be seen any more. */
  async assertMayShow(timeMs: number): Promise<void> {
    this.#assertDurable(this.#fixed.get(timeMs), () => `R2: an output of batch ${timeMs} runs`)
    try {
      await this.#options.journal.assertNewest()
    } catch (error) {
      this.#fail(error as Error)
      throw error
    }
  }

  /** Whether the journal cannot be written any more. */
  get failed(): boolean {
    return this.#failed
  }

  /** The last record whose bytes are still memory of blocks. */
  get lastBorrowed(): number {
    return this.#lastBorrowed
  }

  /** Everything of the batch is done; `committed` is called when that is durable. */
  completed(timeMs: number, { rolledBack, prepared }: { readonly rolledBack: boolean; readonly prepared: CompletedRecord['prepared'] }, committed: () => void): void {
    assert(timeMs > this.#completedMs, () => `R3: batch ${timeMs} completes after batch ${this.#completedMs}`)
    this.#assertDurable(this.#fixed.get(timeMs), () => `R3: batch ${timeMs} completes`)
    this.#fixed.delete(timeMs)
    this.#completedMs = timeMs
    const position = this.#append('completed', { timeMs, skipped: rolledBack, prepared } satisfies CompletedRecord)
    failpoint('checkpoint.completed')
    const rolls = ++this.#batches >= this.#nextRoll
    this.#noteNeeded()
    const prunable = rolls ? this.#prunable() : undefined
    const settled = Promise.all([this.#settling, this.#durable(position)]).then(async () => {
      failpoint('checkpoint.commit.before')
      this.#assertDurable(position, () => `R4: sources are told of batch ${timeMs}`)
      this.committedMs = timeMs
      committed()
      await this.commit(timeMs, prepared)
      failpoint('checkpoint.commit.after')
    })
    // Said in this file, and none that this one needs goes: the next one may be damaged.
    this.#settling = (prunable !== undefined ? this.#options.journal.prune(prunable, settled) : settled).catch(error => this.#fail(error as Error))
    if (!rolls) return
    this.#batches = 0
    this.#nextRoll = Math.min(this.#nextRoll * 2, this.#mostBatches)
    this.#options.journal.roll()
    this.#appendStart()
  }

  /** Commits what the sinks of a batch have prepared. */
  async commit(timeMs: number, prepared: CompletedRecord['prepared']): Promise<void> {
    if (prepared.length === 0) return
    for (const { output, handles } of prepared) await this.#options.graph.commit(output, handles, new Time(timeMs))
    this.#append('committed', { timeMs } satisfies CommittedRecord)
  }

  /** Runs while no file goes; what was written is durable. */
  async undisturbed(body: () => Promise<void>): Promise<void> {
    const turn = this.#settling.then(async () => {
      await this.#durable(this.#last)
      await body()
    })
    this.#settling = turn.catch(() => {})
    return turn
  }

  /** Waits for what was written, and closes the journal. */
  async close(): Promise<void> {
    await this.#durable(this.#last).catch(() => {})
    await this.#settling
    this.#closed = true
    await this.#options.journal.close()
  }

  /** Positions count bytes in a journal that keeps them. */
  readonly #bytesSince = (fromMs: number): number => {
    let first = this.#last
    for (const [timeMs, position] of this.#begins) if (timeMs >= fromMs) first = Math.min(first, position)
    return this.#last - first
  }

  /** Notes what is needed after the batch that has completed. */
  #noteNeeded(): void {
    const { graph, keepBatches } = this.#options
    const read = graph.stateful.map(({ stateful }) => stateful.readsFromMs ?? Infinity)
    this.#needed.push(Math.min(this.#completedMs + 1, ...this.#needsFrom.values(), ...read))
    if (this.#needed.length > keepBatches + 1) this.#needed.shift()
  }

  /** The first record that is still needed, where that is known; looks at every batch that is kept. */
  #prunable(): number | undefined {
    if (this.#needed.length <= this.#options.keepBatches) return undefined
    const neededMs = this.#needed[0]!
    let first = Infinity
    for (const [timeMs, position] of this.#begins) {
      if (timeMs < neededMs) this.#begins.delete(timeMs)
      else first = Math.min(first, position)
    }
    for (const blocks of this.#blocks.values()) for (const position of blocks.values()) first = Math.min(first, position)
    return Math.min(first, this.#startPosition)
  }

  #appendStart(): void {
    const { graph } = this.#options
    const operators = this.#operators.filter((_, i) => graph.stateful[i]!.stateful.isDerived !== true)
    const record: StartRecord = {
      batchMs: graph.batchMs, zeroMs: this.#zeroMs, parallelism: graph.parallelism, operators, inputs: originsOf(graph.inputs), sinks: graph.sinks, newest: { ...this.#newest }, nextBlock: { ...this.#nextBlock }, run: this.#options.run, runs: this.#runs,
    }
    this.#startPosition = this.#append('start', record)
    failpoint('checkpoint.start')
  }

  #append(kind: string, data: unknown, blocks: readonly BlockRef[] = [], { copies = false, written }: { copies?: boolean; written?: Delta['written'] } = {}): number {
    const bytes = blocks.map(ref => this.#options.runner.bytesOf(ref))
    return (this.#last = this.#options.journal.append({
      kind, data, blocks: copies ? bytes.map(view => Buffer.from(view)) : bytes,
      ...(written && { onWritten: places => written(places.map((place, i) => inJournal(place, blocks[i]!.count))) }),
    }))
  }

  async #durable(position: number): Promise<void> {
    try {
      await this.#options.journal.durable(position)
    } catch (error) {
      this.#fail(error as Error)
      throw error
    }
  }

  #assertDurable(position: number | undefined, what: () => string): void {
    assert(position !== undefined && this.#options.journal.isDurable(position), () => `${what()} before the journal has what it stands for`)
  }

  #fail(error: Error): void {
    if (this.#failed || this.#closed) return // a batch that was given up may go on for a while
    this.#failed = true
    this.#options.onFailure(error)
  }

  #blocksOf(input: string): Map<number, number> {
    let blocks = this.#blocks.get(input)
    if (blocks === undefined) this.#blocks.set(input, blocks = new Map())
    return blocks
  }
}

/** A delta without its blocks: how many records each has. */
function described({ needsFromMs, partitions }: Delta): Omit<DeltaRecord, 'timeMs' | 'operator'> {
  return { needsFromMs, partitions: partitions.map(({ lists, info }) => ({ lists: lists.map(blocks => blocks.map(({ count }) => count)), info })) }
}

const blocksOf = ({ partitions }: Delta): BlockRef[] => partitions.flatMap(({ lists }) => lists.flat())
