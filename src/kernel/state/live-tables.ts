// The live stores of this thread, and how a task comes by the one it needs.
//
// - A store is used where it holds the version that is asked for, or can go back to it; otherwise it is built from the log of that version.
// - A log is a list of blocks in the order of versions; a store on disk may have the beginning of it already.
// - A version that is only read, and is not the live one, is built for the reader, and goes with it.

import { threadId } from 'node:worker_threads'
import { causeWithCode } from '../../base/define-errors.ts'
import type { StateLog } from '../../wire/shape.ts'
import { unpackRefs } from '../../wire/slab/packed-refs.ts'
import type { TaskIO } from '../task-io.ts'
import { DiskTable, type EarlierRun } from './disk-table.ts'
import { StateTable } from './state-table.ts'
import type { Cell, LogRow, StateStore, Version } from './state-store.ts'

/** Where states are on disk, and what of them can be used. */
export interface DiskState {
  /** Where the database of this partition is. */
  readonly folder: string
  readonly name: string
  readonly cacheBytes: number
  readonly behindBytes: number
  readonly syncs: boolean
  /** This run of the program, and those before it that this one goes on from. */
  readonly run: string
  readonly runs: readonly EarlierRun[]
}

/** A version of one partition's state, as tasks are given it. */
export interface StateVersion extends Version {
  /** Names the partition of the stateful stream in this process. */
  readonly owner: string
  /** Names the version; undefined is the empty one before the first. */
  readonly head: string | undefined
  readonly log: StateLog
  /** Batches up to this time are final. */
  readonly committedMs: number
  readonly disk: DiskState | undefined
}

const tables = new Map<string, StateStore>()
let lastHead = 0

/** A name for a new version: no other one in this process has it. */
export const nextHead = (thread: number): string => `${thread}.${++lastHead}`

const emptyHead = 'empty'

/** The store that holds a version, to be changed. */
export function tableToChange(version: StateVersion, io: TaskIO): StateStore {
  const { owner, head = emptyHead, committedMs } = version
  const known = tables.get(owner)
  if (known !== undefined && unlessDamaged(owner, () => known.open(head, committedMs))) return known
  known?.close()
  tables.delete(owner)
  const table = build(version, io)
  tables.set(owner, table)
  unlessDamaged(owner, () => table.open(head, committedMs))
  return table
}

/** The cells of a version, in their order. */
export function* cellsOf(version: StateVersion, io: TaskIO): Generator<Cell> {
  const { owner, head = emptyHead, disk } = version
  const live = tables.get(owner)
  let lastSeq = -Infinity
  if (live?.holds(head) === true) {
    if (!(live instanceof DiskTable)) return yield* live.cells()
    try {
      for (const cell of live.cells()) {
        lastSeq = cell.seq
        yield cell
      }
      return
    } catch (error) {
      if (!isDamage(error)) throw error
      forgetDamaged(owner, error) // the rest comes from the log
    }
  }
  const table = build({ ...version, disk: disk && { ...disk, name: `read-${disk.run}-${nextHead(threadId)}` } }, io)
  try {
    for (const cell of table.cells()) if (cell.seq > lastSeq) yield cell
  } finally {
    if (table instanceof DiskTable) table.discard()
  }
}

/** What is damaged is given up: who tries again builds it anew. */
export function forgetDamaged(owner: string, error: unknown): void {
  const table = tables.get(owner)
  if (!(table instanceof DiskTable) || !isDamage(error)) return
  tables.delete(owner)
  table.discard()
}

/** Also below what a user's function ran into. */
export const isDamage = (error: unknown): boolean => causeWithCode(error, 'RIV_STATE_DAMAGED') !== undefined

function unlessDamaged<R>(owner: string, body: () => R): R {
  try {
    return body()
  } catch (error) {
    forgetDamaged(owner, error)
    throw error
  }
}

/** The stateful stream is gone. */
export function forgetTables(prefix: string): void {
  for (const [owner, table] of tables) {
    if (!owner.startsWith(prefix)) continue
    tables.delete(owner)
    table.close()
  }
}

function build(version: StateVersion, io: TaskIO): StateStore {
  const { head = emptyHead, log, disk, timeMs, committedMs } = version
  const table = disk === undefined ? new StateTable() : new DiskTable({ ...disk, versionMs: timeMs, logFromMs: log.times[0] ?? Infinity, committedMs })
  try {
    for (const [i, ref] of unpackRefs(log.refs).entries()) {
      const writtenMs = log.times[i]!
      if (writtenMs <= table.restoredMs) continue
      io.tick()
      io.metrics.recordsRead += ref.count
      table.restore(io.records(ref) as LogRow[], writtenMs, ref.bytes)
    }
    table.built(head, version)
    return table
  } catch (error) {
    if (table instanceof DiskTable && isDamage(error)) table.discard()
    else table.close()
    throw error
  }
}
