// The driver's side of a keyed state: its versions, and the log of blocks that each is made from.
//
//   version t  =  log entries of batches (…, t]; the entries before `keepFromMs` go when a pass over the state has been written again
//
// - Partition i's log is read by whichever thread makes the next version; a thread that still holds version t − 1 needs none of it.
// - An entry's blocks are released when no version that is read needs them; once they are in a file of the journal, memory need not hold them.

import { createHash } from 'node:crypto'
import type { CallSite } from '../../base/call-site.ts'
import { causeWithCode } from '../../base/define-errors.ts'
import type { StateArgs, StateInfo } from '../../kernel/functions/state.ts'
import { builtin, inScope, shuffle, source } from '../../rdd/nodes.ts'
import { PlanScope, type Partitioning, type SourcePlan } from '../../rdd/plan.ts'
import type { JobRunner } from '../../rdd/job-runner.ts'
import type { RDDContext } from '../../rdd/rdd-context.ts'
import type { KeepInput, KeepOutput, StateLog } from '../../wire/shape.ts'
import type { BlockRef } from '../../wire/slab/block-ref.ts'
import { packRefs } from '../../wire/slab/packed-refs.ts'
import type { PartitionDelta, StatePlace } from '../graph/stateful.ts'
import { keep } from './keep.ts'
import { KeyOrigin } from './key-origin.ts'

/** What one batch added; its blocks move. */
interface Entry { readonly timeMs: number; blocks: readonly BlockRef[]; readonly rows: number; released?: true }

interface Partition { readonly head: string | undefined; readonly log: readonly Entry[]; readonly keys: number; readonly kinds: number; readonly withData?: number | undefined }

/** A version that knew nothing of kinds may have written it. `keysBy` is the code that made the keys. */
type JournalledInfo = Omit<StateInfo, 'head' | 'kinds'> & Partial<Pick<StateInfo, 'kinds'>> & { readonly keysBy?: number | undefined }

/** What a batch says itself. */
type GivenArgs = Pick<StateArgs, 'timeMs' | 'idleMs'>

/** What a version adds to what a journal has is younger than `sinceMs`. */
interface Version { readonly timeMs: number; readonly sinceMs: number; readonly partitions: readonly Partition[]; readonly scope: PlanScope }

/** A log is as short as it need be with so many entries, … */
const shortLog = 8
/** … and too long with so many, */
const longLog = 256
/** … or with so many rows for each key. */
const rowsAKey = 2
/** Of keys that were journalled by a version which did not say. */
const anyKind = -1

let lastState = 0

export class KeyedState {
  readonly #runner: JobRunner
  readonly #target: Partitioning
  readonly #owner = `state ${++lastState}/`
  readonly #versions = new Map<number, Version>()
  #place: StatePlace = { committedMs: -Infinity, disk: undefined }
  readonly #origin = new KeyOrigin()
  #name = ''
  #newest: Version | undefined
  #initialMs: number | undefined
  /** The one before, to go back to. */
  #before: Version | undefined
  /** Whether the next versions write the state again although it may not have changed. */
  #renewsSoon = false
  /** Blocks that versions from this time on do not need. */
  #dropped: { readonly fromMs: number; readonly entries: readonly Entry[] }[] = []
  /** The handles of a partition's log, until one of its entries moves. */
  #packed = new WeakMap<Partition, StateLog>()

  constructor(runner: JobRunner, target: Partitioning) {
    this.#runner = runner
    this.#target = target
  }

  /** Says where the state of an operator is to be, and what makes its keys; gives the names of its databases. */
  placed(place: StatePlace, operator: string, code: number): readonly string[] {
    this.#place = place
    this.#origin.placed(operator, code)
    this.#name = `${operator.replaceAll(/[^\w.-]+/g, '_').slice(0, 80)}-${createHash('sha256').update(operator).digest('hex').slice(0, 8)}`
    const { partitions } = this.#target
    return Array.from({ length: partitions }, (_, i) => this.#databaseOf(i, partitions))
  }

  #databaseOf(partition: number, of: number): string {
    return `${this.#name}.${partition}of${of}`
  }

  /** The newest version; the empty one is made when it is first asked for, because a checkpoint may set the number of partitions. */
  get #last(): Version {
    return (this.#newest ??= { timeMs: -Infinity, sinceMs: -Infinity, partitions: Array.from({ length: this.#target.partitions }, () => ({ head: undefined, log: [], keys: 0, kinds: 0 })), scope: new PlanScope() })
  }

  /** The time of the newest version; −Infinity before the first. */
  get timeMs(): number {
    return this.#last.timeMs
  }

  /** Whether a version is there to be read. */
  has(timeMs: number): boolean {
    return this.#versions.has(timeMs)
  }

  /** Keys of the newest version. */
  get keys(): number {
    return this.#last.partitions.reduce((sum, { keys }) => sum + keys, 0)
  }

  /** Where the newest version went through all keys: how many had data. */
  get withData(): number | undefined {
    return this.#last.partitions.reduce<number | undefined>((sum, { withData }) => (withData === undefined ? sum : (sum ?? 0) + withData), undefined)
  }

  /** What tasks that make the next version are given. */
  inputs(args: GivenArgs, lists: (partition: number) => readonly (readonly BlockRef[])[] = () => []): KeepInput[] {
    return this.#last.partitions.map((_, i) => this.#input(this.#last, i, args, lists(i)))
  }

  /** Makes what tasks wrote the newest version; an `initial` one is journalled with the one that comes next. Errors: RIV_STATE_KEY_KIND. */
  add(timeMs: number, outputs: readonly KeepOutput[], initial = false): void {
    try {
      this.#origin.check(kindsIn(outputs.map(({ info }) => info as StateInfo)))
    } catch (error) {
      for (const { lists } of outputs) for (const blocks of lists) this.#runner.release(blocks)
      throw error
    }
    const before = this.#last
    if (initial) this.#initialMs = timeMs
    const dropped: Entry[] = []
    const partitions = outputs.map(({ lists, info }, i): Partition => {
      const { head, keepFromMs = -Infinity, keys, kinds, withData } = info as StateInfo
      const log: Entry[] = []
      for (const entry of before.partitions[i]?.log ?? []) {
        if (entry.timeMs >= keepFromMs) log.push(entry)
        else dropped.push(entry)
      }
      if (lists[0]!.length > 0) log.push({ timeMs, blocks: lists[0]!, rows: lists[0]!.reduce((sum, { count }) => sum + count, 0) })
      return { head, log, keys, kinds: kinds | (before.partitions[i]?.kinds ?? 0), withData }
    })
    if (dropped.length > 0) this.#dropped.push({ fromMs: timeMs, entries: dropped })
    this.#before = before
    this.#newest = { timeMs, sinceMs: before.timeMs === this.#initialMs ? -Infinity : before.timeMs, partitions, scope: new PlanScope() }
    this.#versions.set(timeMs, this.#newest)
  }

  /** Takes over what a batch of an earlier run added. */
  restore(timeMs: number, deltas: readonly PartitionDelta[]): void {
    this.#origin.restore((deltas[0]?.info as JournalledInfo | undefined)?.keysBy)
    this.add(timeMs, deltas.map(({ lists, info }, i) => ({ lists, info: { kinds: anyKind, ...(info as JournalledInfo), head: `${this.#owner}${i} ${timeMs}` } })))
  }

  /** Has threads read a restored version, and brings it to the partitions that the program asks for; true where it was not there. The first keys must be of a kind it has, or `anyKeys` may come. Errors: RIV_JOURNAL_CORRUPT. */
  async restored(context: RDDContext, op: string, site: CallSite, anyKeys: boolean): Promise<boolean> {
    if (this.timeMs === -Infinity) return false
    const moves = this.#last.partitions.length !== this.#target.partitions
    try {
      await (moves ? this.#repartition(context, op, site) : this.#open(context, op, site))
    } catch (error) {
      throw causeWithCode(error, 'RIV_JOURNAL_CORRUPT') ?? error
    }
    this.#origin.restored(kindsIn(this.#last.partitions), anyKeys)
    return moves
  }

  async #repartition(context: RDDContext, op: string, site: CallSite): Promise<void> {
    const before = this.#last
    const { timeMs } = before
    const logs = source(op, site, before.partitions.map((_, i) => ({ kind: 'kept', input: this.#input(before, i, { timeMs }, []), read: builtin('readLog') })))
    this.#newest = undefined
    const outputs = await keep(context, { plan: shuffle(logs, op, site, this.#target), op, site, fn: builtin('adoptState'), inputs: this.inputs({ timeMs }) })
    const kinds = kindsIn(before.partitions)
    this.add(timeMs, outputs.map(({ lists, info }) => ({ lists, info: { ...(info as StateInfo), kinds } })))
    this.#before = undefined
    this.#release(before.partitions.flatMap(({ log }) => log))
  }

  /** The first batch then finds the state where it runs. */
  async #open(context: RDDContext, op: string, site: CallSite): Promise<void> {
    const plan = source(op, site, this.#last.partitions.map(() => ({ kind: 'blocks', blocks: [] })), this.#target)
    await keep(context, { plan, op, site, fn: builtin('openState'), inputs: this.inputs({ timeMs: this.timeMs }) })
  }

  /** What the newest version added to each partition's log. */
  get added(): readonly PartitionDelta[] {
    const { sinceMs, partitions } = this.#last
    return partitions.map(({ log, keys, kinds }) => ({
      lists: [log.flatMap(entry => (entry.timeMs > sinceMs ? entry.blocks : []))], info: { keepFromMs: log[0]?.timeMs, keys, kinds, keysBy: this.#origin.by } satisfies JournalledInfo,
    }))
  }

  /** The blocks that `added` told of are in the journal's files: there they are read from now on. */
  get moved(): (blocks: readonly BlockRef[]) => void {
    const { sinceMs, partitions } = this.#last
    const entries = partitions.flatMap(({ log }) => log.filter(({ timeMs }) => timeMs > sinceMs))
    return blocks => {
      let next = 0
      for (const entry of entries) {
        const { blocks: held, released } = entry
        entry.blocks = blocks.slice(next, next += held.length)
        if (released !== true) this.#runner.release(held)
      }
      this.#packed = new WeakMap()
    }
  }

  /** The first batch whose entries a version that is read needs. */
  get readsFromMs(): number {
    let first = this.needsFromMs
    for (const { entries } of this.#dropped) for (const { timeMs } of entries) first = Math.min(first, timeMs)
    return first
  }

  /** The first batch whose entries the newest version needs. */
  get needsFromMs(): number {
    return Math.min(...this.#last.partitions.map(({ log }) => log[0]?.timeMs ?? Infinity))
  }

  /** What others wrote since is held back by the log: when that is more than twice the state, writing the state again is cheaper. */
  journalled(bytesSince: (timeMs: number) => number, spareBytes: number): void {
    let [bytes, rows] = [0, 0]
    for (const { log } of this.#last.partitions) {
      rows += rowsIn(log)
      for (const { blocks } of log) for (const block of blocks) bytes += block.bytes
    }
    this.#renewsSoon = rows > 0 && bytesSince(this.needsFromMs) - bytes > spareBytes + 2 * bytes * this.keys / rows
  }

  /** Takes the newest version back, if it is of this time. */
  rollback(timeMs: number): void {
    if (this.#last.timeMs !== timeMs) return
    const taken = this.#last
    this.#versions.delete(timeMs)
    taken.scope.release()
    for (const { log } of taken.partitions) for (const entry of log) if (entry.timeMs === timeMs) this.#release([entry])
    this.#dropped = this.#dropped.filter(({ fromMs }) => fromMs !== timeMs)
    this.#newest = this.#before
  }

  /** The pairs of a version. */
  view(timeMs: number, op: string, site: CallSite): SourcePlan {
    const version = this.#versions.get(timeMs)!
    const read = builtin('readState')
    return inScope(version.scope, () => source(op, site, version.partitions.map((_, i) => ({ kind: 'kept', input: this.#input(version, i, { timeMs }, []), read })), this.#target))
  }

  /** Versions up to a time are not read any more; the newest one stays. */
  forget(upToMs: number): void {
    for (const [timeMs, version] of this.#versions) {
      if (timeMs > upToMs || version === this.#last) continue
      this.#versions.delete(timeMs)
      version.scope.release()
    }
    const oldestMs = this.#versions.keys().next().value ?? Infinity
    const gone = this.#dropped.filter(({ fromMs }) => fromMs <= oldestMs)
    if (gone.length === 0) return
    this.#dropped = this.#dropped.filter(({ fromMs }) => fromMs > oldestMs)
    for (const { entries } of gone) this.#release(entries)
  }

  /** Gives up everything. */
  close(): void {
    this.forget(Infinity)
    this.#last.scope.release()
    for (const { log } of this.#last.partitions) this.#release(log)
    for (const { entries } of this.#dropped) this.#release(entries)
    this.#dropped = []
    this.#versions.clear()
    this.#newest = { ...this.#last, partitions: [] }
    this.#runner.forgetState(this.#owner)
  }

  #input(version: Version, number: number, args: GivenArgs, lists: readonly (readonly BlockRef[])[]): KeepInput {
    const partition = version.partitions[number]!
    const { committedMs, disk } = this.#place
    const log = (): StateLog => this.#logOf(partition)
    return {
      owner: `${this.#owner}${number}`, lists, get log() { return log() },
      args: {
        ...args, head: partition.head, version: { timeMs: version.timeMs, keys: partition.keys }, committedMs, renews: this.#renewsSoon ? 'soon' : isTooLong(partition) ? 'some' : undefined,
        ...(disk && { disk: { ...disk, name: this.#databaseOf(number, version.partitions.length), cacheBytes: disk.cacheBytes / version.partitions.length, behindBytes: disk.behindBytes / version.partitions.length } }),
      } satisfies StateArgs,
    }
  }

  #logOf(partition: Partition): StateLog {
    let log = this.#packed.get(partition)
    if (log === undefined) {
      const times = Float64Array.from(partition.log.flatMap(({ timeMs, blocks }) => blocks.map(() => timeMs)))
      this.#packed.set(partition, log = { refs: packRefs(partition.log.flatMap(({ blocks }) => blocks)), times })
    }
    return log
  }

  #release(entries: readonly Entry[]): void {
    for (const entry of entries) {
      entry.released = true
      this.#runner.release(entry.blocks)
    }
  }
}

/** Whether what is left of a log should be written again, so that its beginning can go. */
function isTooLong({ log, keys }: Partition): boolean {
  if (log.length <= shortLog) return false
  return log.length > longLog || rowsIn(log) > rowsAKey * keys
}

const rowsIn = (log: readonly Entry[]): number => log.reduce((sum, { rows }) => sum + rows, 0)

const kindsIn = (parts: readonly { readonly kinds: number }[]): number => parts.reduce((all, { kinds }) => all | kinds, 0)
