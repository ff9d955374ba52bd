// Functions of `keep` sinks that make a version of state from the one before, and of `kept` sources that read one.
//
// - They get the batch's rows, what was kept (the log of the version before), and the task's view of the world.
// - They give [what the log grows by, what the stream emits, …], and say which version this is and how far back its log is needed.
// - What fails leaves the table as it was.

import { threadId } from 'node:worker_threads'
import { Time } from '../../base/time.ts'
import { showRecord } from '../../wire/remote-error.ts'
import type { BlockRef } from '../../wire/slab/block-ref.ts'
import type { KeepInput, KeepOutput } from '../../wire/shape.ts'
import { CombineMap } from '../combine-map.ts'
import { FinalFailure, kernelErrors, UserFailure } from '../errors.ts'
import { Collected, inBlocks } from '../outputs.ts'
import { copyValue } from '../state/copy-value.ts'
import { cellsOf, forgetDamaged, nextHead, tableToChange, type DiskState, type StateVersion } from '../state/live-tables.ts'
import { absent, type Cell, type RemoveRow, type StateStore, type Version } from '../state/state-store.ts'
import { KeyKinds } from '../state/key-kinds.ts'
import { KeyState } from '../state/state.ts'
import type { TaskIO } from '../task-io.ts'
import { plain } from '../thenable.ts'
import type { Args, Fn, Fns, PairRow, Rows } from './kinds.ts'

/** The arguments of every state function. */
export interface StateArgs {
  /** The version before. */
  readonly head: string | undefined
  readonly version: Version
  /** Batches up to this time are final. */
  readonly committedMs: number
  /** Where the state is on disk, if it is. */
  readonly disk?: DiskState
  readonly timeMs: number
  /** How long a key may be idle. */
  readonly idleMs?: number
  /** Whether what has not changed is to be written again: some of it with each change, or all of it soon. */
  readonly renews: 'some' | 'soon' | undefined
}

/** What is known of a new version. */
export interface StateInfo {
  readonly head: string
  /** Blocks of the log that are older than this are not needed any more. */
  readonly keepFromMs: number | undefined
  readonly keys: number
  /** The kinds of the keys that the batch brought: see KeyKinds. */
  readonly kinds: number
  /** Where all keys were gone through: how many had data. */
  readonly withData?: number
}

/** A whole state is written again within about so many versions that change something. */
const changesAPass = 256
/** … or, where the log holds others back, so many versions. */
const versionsARenewal = 16

/** Keeps rows as they are. */
export const keepRows = () => (rows: Rows, _input: KeepInput, io: TaskIO): KeepOutput => ({ lists: [blocksOf([...rows], io)], info: undefined })

/** updateStateByKey: rows are `[key, values]`. */
export const updateState = (_args: Args, [f]: Fns) => (rows: Iterable<readonly [unknown, unknown[]]>, input: KeepInput, io: TaskIO): KeepOutput => {
  const batch = batchOf(rows)
  return wentThrough(batch, changed(input, io, (table, { timeMs }, kinds) => {
    const time = new Time(timeMs)
    let calls = 0
    batch.forEach(key => kinds.add(key))
    for (const cell of table.cells()) {
      const place = batch.size === 0 ? -1 : batch.find(cell.key)
      const values = (place === -1 ? [] : batch.values[place]) as unknown[]
      if (place !== -1) batch.values[place] = undefined
      const state = copyValue(cell.value)
      const next = called(f!, [values, state, cell.key, time], [cell.key, values, state], calls++)
      if (next === undefined) table.remove(cell)
      else if (!Object.is(next, cell.value)) table.set(cell, next, timeMs)
      if ((calls & 1023) === 0) io.tick()
    }
    batch.forEach((key, values) => {
      if (values === undefined) return
      const next = called(f!, [values, undefined, key, time], [key, values], calls++)
      if (next !== undefined) table.put(key, next, timeMs)
    })
    return []
  }))
}

/** updateStateByKey over whole partitions: the function gets `[key, values, state]` of every key, and gives the pairs that are the state then. */
export const updatePartition = (_args: Args, [f]: Fns) => (rows: Iterable<readonly [unknown, unknown[]]>, input: KeepInput, io: TaskIO): KeepOutput => {
  const batch = batchOf(rows)
  return wentThrough(batch, changed(input, io, (table, { timeMs }, kinds) => {
    batch.forEach(key => kinds.add(key))
    const given = updated(table, batch, f!, timeMs, io)
    for (const [key] of given) if (batch.find(key) === -1 && table.get(key) === undefined) throw new FinalFailure(kernelErrors.RIV_STATE_KEY(key))
    replaceAll(table, given, timeMs)
    return []
  }))
}

/** The same where keys may change: what the function gives, to be brought to the partitions of its keys. */
export const updatedPairs = (_args: Args, [f]: Fns) => (rows: Iterable<readonly [unknown, unknown[]]>, input: KeepInput, io: TaskIO): KeepOutput =>
  ({ lists: [blocksOf(updated(tableToChange(versionOf(input), io), batchOf(rows), f!, (input.args as StateArgs).timeMs, io), io)], info: undefined })

/** A version that has the pairs, and no others. */
export const replaceState = () => (rows: Iterable<PairRow>, input: KeepInput, io: TaskIO): KeepOutput => changed(input, io, (table, { timeMs }) => {
  replaceAll(table, [...rows], timeMs)
  return []
})

/** mapWithState: rows are `[key, value]`; emits what the function gives. With a timeout, keys that are idle for longer are handed over last. */
export const mapState = (_args: Args, [f]: Fns) => (rows: Iterable<PairRow>, input: KeepInput, io: TaskIO): KeepOutput =>
  changed(input, io, (table, { timeMs, idleMs }, kinds) => {
    const time = new Time(timeMs)
    const state = new KeyState()
    const emitted = new Collected({ writeRecords: (rows, from, to) => io.keepRecords(rows, from, to) })
    let calls = 0
    for (const [key, value] of rows) {
      kinds.add(key)
      const cell = table.get(key)
      state.wrap(key, cell === undefined ? absent : cell.value, false)
      const result = mapped(f!, key, value, state, time, calls++)
      if (result !== undefined) emitted.push(result)
      if (state.change === 'removed') {
        if (cell !== undefined) table.remove(cell)
      } else if (state.change === 'updated') {
        if (cell === undefined) table.put(key, state.get(), timeMs)
        else table.set(cell, state.get(), timeMs)
      } else if (cell !== undefined && idleMs !== undefined) table.set(cell, cell.value, timeMs)
    }
    for (const cell of idleMs === undefined ? [] : table.takeDue(timeMs - idleMs - 1)) {
      state.wrap(cell.key, cell.value, true)
      const result = called(f!, [cell.key, undefined, state, time], [cell.key, undefined], calls++)
      if (result !== undefined) emitted.push(result)
      table.remove(cell)
      if ((calls & 1023) === 0) io.tick()
    }
    return [emitted.finish()]
  })

/** A call of mapWithState's function: there is one for each record, so nothing is made for it. */
function mapped(f: Fn, key: unknown, value: unknown, state: KeyState, time: Time, calls: number): unknown {
  try {
    const result = f(key, value, state, time)
    if ((calls & 1023) === 0) plain(result)
    return result
  } catch (error) {
    throw new UserFailure(-1, [key, value], error)
  }
}

/**
 * A window with an inverse function: rows are the combined pairs of the batch, lists[0] the panes that enter besides them, lists[1] those
 * that leave. Gives the batch's own pane as its second list. A window that is not due only keeps the pane.
 */
export const slideWindow = ([due]: Args, [f, inverse, keep]: Fns) => (rows: Iterable<PairRow>, input: KeepInput, io: TaskIO): KeepOutput => {
  const own = [...rows]
  const pane = blocksOf(own, io)
  if (due !== true) return { lists: [[], pane], info: undefined }
  return changed(input, io, (table, { timeMs }, kinds) => {
    for (const [key] of own) kinds.add(key)
    const entering = new CombineMap()
    const leaving = new CombineMap()
    for (const ref of input.lists[0]!) combineInto(entering, io.records(ref) as PairRow[], f!)
    combineInto(entering, own, f!)
    for (const ref of input.lists[1]!) combineInto(leaving, io.records(ref) as PairRow[], f!)
    leaving.forEach((key, old) => {
      const cell = table.get(key)
      if (cell !== undefined) table.set(cell, called(inverse!, [copyValue(cell.value), old], [key, cell.value, old], 1), timeMs)
      else if (entering.find(key) === -1) throw kernelErrors.RIV_INVERSE_WINDOW(key)
    })
    entering.forEach((key, more) => {
      const cell = table.get(key)
      if (cell === undefined) table.put(key, more, timeMs)
      else table.set(cell, called(f!, [copyValue(cell.value), more], [key, cell.value, more], 1), timeMs)
    })
    if (keep !== undefined) {
      for (const cell of table.touched) {
        if (cell.value !== absent && !called(keep, [[cell.key, copyValue(cell.value)]], [cell.key, cell.value], 1)) table.remove(cell)
      }
    }
    return [pane]
  })
}

/** The first version, from pairs; a key's last one stands. */
export const loadState = () => (rows: Iterable<PairRow>, input: KeepInput, io: TaskIO): KeepOutput => changed(input, io, (table, { timeMs }, kinds) => {
  for (const [key, value] of rows) {
    kinds.add(key)
    const cell = table.get(key)
    if (cell === undefined) table.put(key, value, timeMs)
    else table.set(cell, value, timeMs)
  }
  return []
})

/** A version of other partitions: rows are `[key, [value, at]]`, in the order of its keys. */
export const adoptState = () => (rows: Iterable<readonly [unknown, readonly [unknown, number]]>, input: KeepInput, io: TaskIO): KeepOutput => changed(input, io, table => {
  for (const [key, [value, at]] of rows) table.put(key, value, at)
  return []
})

/** What adoptState takes. */
export const readLog = () => function* (input: KeepInput, io: TaskIO): Generator<unknown> {
  for (const { key, value, at } of cellsOf(versionOf(input), io)) yield [key, [value, at]]
}

/** The pairs of several panes, one a list, as `[key, [pane, value]]`. */
export const readPanes = () => function* ({ lists }: KeepInput, io: TaskIO): Generator<unknown> {
  for (const [pane, refs] of lists.entries()) {
    for (const ref of refs) for (const [key, value] of io.records(ref) as PairRow[]) yield [key, [pane, value]]
  }
}

/** Panes of other partitions, from what readPanes gives: a list for each. */
export const adoptPanes = ([count]: Args) => (rows: Iterable<readonly [unknown, readonly [number, unknown]]>, _input: KeepInput, io: TaskIO): KeepOutput => {
  const panes = Array.from({ length: count as number }, (): unknown[] => [])
  for (const [key, [pane, value]] of rows) panes[pane]!.push([key, value])
  return { lists: panes.map(pane => blocksOf(pane, io)), info: undefined }
}

/** The pairs of a version, in the order of its keys. */
export const readState = () => function* (input: KeepInput, io: TaskIO): Generator<unknown> {
  for (const cell of cellsOf(versionOf(input), io)) yield [cell.key, copyValue(cell.value)]
}

/** Makes the table of a version, so that the first batch finds it. */
export const openState = () => (_rows: Rows, input: KeepInput, io: TaskIO): KeepOutput => {
  tableToChange(versionOf(input), io)
  return { lists: [], info: undefined }
}

/** Changes a table, and writes what the log grows by: what was changed, and some of the rest, so that the log's beginning can go. */
function changed(input: KeepInput, io: TaskIO, change: (table: StateStore, args: StateArgs, kinds: KeyKinds) => BlockRef[][]): KeepOutput {
  const args = input.args as StateArgs
  const kinds = new KeyKinds()
  const table = tableToChange(versionOf(input), io)
  try {
    const lists = change(table, args, kinds)
    const puts = new LogColumns()
    const removes: RemoveRow[] = []
    for (const cell of table.touched) {
      if (cell.value === absent) removes.push(cell.namespace === undefined ? [cell.key] : [cell.key, cell.namespace])
      else puts.add(cell)
    }
    const again = rewritten(table, args)
    for (const cell of again?.cells ?? []) puts.add(cell)
    const head = nextHead(threadId)
    const log = [...puts.blocks(io), ...blocksOf(removes, io)]
    table.seal(head, args.timeMs, log.reduce((sum, { bytes }) => sum + bytes, 0))
    return { lists: [log, ...lists], info: { head, keepFromMs: again?.keepFromMs, keys: table.size, kinds: kinds.bits } satisfies StateInfo }
  } catch (error) {
    table.rollback()
    forgetDamaged(input.owner!, error)
    throw error
  }
}

/** What is written again with a version, and how far back the log is needed if that is all there was. */
function rewritten(table: StateStore, { renews, timeMs }: StateArgs): ReturnType<StateStore['again']> | undefined {
  const changes = table.touched.length
  if (renews === undefined || (renews === 'some' && changes === 0)) return undefined
  const least = renews === 'soon' ? Math.max(1, table.size / versionsARenewal) : table.size / changesAPass
  return table.again(Math.ceil(Math.max(changes / 2, least)), timeMs)
}

/** Log rows that put a key, as columns. */
class LogColumns {
  readonly #columns: [keys: unknown[], values: unknown[], times: number[], seqs: number[]] = [[], [], [], []]
  /** Where one has a namespace, of all. */
  #namespaces: unknown[] | undefined

  add({ key, value, at, seq, namespace }: Cell): void {
    const [keys, values, times, seqs] = this.#columns
    if (namespace !== undefined) this.#namespaces ??= keys.map(() => undefined)
    this.#namespaces?.push(namespace)
    keys.push(key)
    values.push(value)
    times.push(at)
    seqs.push(seq)
  }

  blocks(io: TaskIO): BlockRef[] {
    const columns = this.#namespaces === undefined ? this.#columns : [...this.#columns, this.#namespaces]
    return inBlocks(columns[0]!, (from, to) => io.keepTuples(columns, from, to))
  }
}

function versionOf({ owner, log, args }: KeepInput): StateVersion {
  const { head, version, committedMs, disk } = args as StateArgs
  return { owner: owner!, log: log!, head, ...version, committedMs, disk }
}

const blocksOf = (rows: readonly unknown[], io: TaskIO): BlockRef[] => inBlocks(rows, (from, to) => io.keepRecords(rows, from, to))

/** Calls the user's function; what it throws names the record. */
function called(f: Fn, args: readonly unknown[], record: readonly unknown[], calls: number): unknown {
  try {
    const result = f(...args)
    if ((calls & 1023) === 0) plain(result)
    return result
  } catch (error) {
    throw new UserFailure(-1, record, error)
  }
}

/** The values of each key of a batch. */
function batchOf(rows: Iterable<readonly [unknown, unknown[]]>): CombineMap {
  const batch = new CombineMap()
  for (const [key, values] of rows) batch.add(key, values)
  return batch
}

/** A version for which all keys were gone through. */
const wentThrough = ({ size }: CombineMap, { lists, info }: KeepOutput): KeepOutput => ({ lists, info: { ...(info as StateInfo), withData: size } satisfies StateInfo })

/** What a function over `[key, values, state]` of all keys, old ones first, makes of a partition's state. */
function updated(table: StateStore, batch: CombineMap, f: Fn, timeMs: number, io: TaskIO): readonly PairRow[] {
  let handed = 0
  let last: readonly unknown[] | undefined
  function* all(): Generator<readonly unknown[]> {
    for (const cell of table.cells()) {
      if ((++handed & 1023) === 0) io.tick()
      yield last = [cell.key, batch.get(cell.key) ?? [], copyValue(cell.value)]
    }
    for (const [key, values] of batch.pairs()) {
      if ((++handed & 1023) === 0) io.tick()
      if (table.get(key) === undefined) yield last = [key, values, undefined]
    }
  }
  try {
    const given = [...plain(f(all(), new Time(timeMs))) as Iterable<PairRow>]
    const wrong = given.find(pair => !Array.isArray(pair) || pair.length !== 2)
    if (wrong !== undefined) throw kernelErrors.RIV_NOT_A_PAIR(showRecord(wrong))
    return given
  } catch (error) {
    throw new UserFailure(-1, last, error)
  }
}

/** Gives the table these pairs, of a key the last one, and no others. */
function replaceAll(table: StateStore, pairs: readonly PairRow[], timeMs: number): void {
  const stay = new Set<number>()
  for (const [key, value] of pairs) {
    const cell = table.get(key)
    if (cell === undefined) table.put(key, value, timeMs)
    else if (!Object.is(value, cell.value)) table.set(cell, value, timeMs)
    stay.add((cell ?? table.get(key)!).seq)
  }
  for (const cell of table.cells()) if (!stay.has(cell.seq)) table.remove(cell)
}

function combineInto(map: CombineMap, rows: Iterable<PairRow>, f: Fn): void {
  for (const [key, value] of rows) {
    const place = map.find(key)
    if (place === -1) map.add(key, value)
    else map.values[place] = called(f, [map.values[place], value], [key, map.values[place], value], 1)
  }
}
