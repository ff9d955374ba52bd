// The live tables of this thread, and how a task comes by the one it needs.
//
// A table is used where it holds the version that is asked for, or can go back to it; otherwise it is built from the log of that version.
// A log is a list of blocks in the order of versions: rows `[key, value, at, seq]` put a key, rows `[key]` remove one.

import { unpackRefs, type PackedRefs } from '../../wire/slab/packed-refs.ts'
import type { TaskIO } from '../task-io.ts'
import { StateTable } from './state-table.ts'

/** A version of one partition's state, as tasks are given it. */
export interface StateVersion {
  /** Names the partition of the stateful stream in this process. */
  readonly owner: string
  /** Names the version; undefined is the empty one before the first. */
  readonly head: string | undefined
  readonly log: PackedRefs
}

export type LogRow = readonly [key: unknown, value: unknown, at: number, seq: number] | readonly [key: unknown]

const tables = new Map<string, StateTable>()
let lastHead = 0

/** A name for a new version: no other one in this process has it. */
export const nextHead = (thread: number): string => `${thread}.${++lastHead}`

const emptyHead = 'empty'

/** The table that holds a version, to be changed. */
export function tableToChange({ owner, head = emptyHead, log }: StateVersion, io: TaskIO): StateTable {
  let table = tables.get(owner)
  if (table?.open(head) === true) return table
  table = build(head, log, io)
  table.open(head)
  tables.set(owner, table)
  return table
}

/** The table that holds a version, to be read. */
export function tableToRead({ owner, head = emptyHead, log }: StateVersion, io: TaskIO): StateTable {
  const table = tables.get(owner)
  return table?.holds(head) === true ? table : build(head, log, io)
}

/** The stateful stream is gone. */
export function forgetTables(prefix: string): void {
  for (const owner of tables.keys()) if (owner.startsWith(prefix)) tables.delete(owner)
}

function build(head: string, log: PackedRefs, io: TaskIO): StateTable {
  const table = new StateTable(head)
  for (const ref of unpackRefs(log)) {
    io.tick()
    io.metrics.recordsRead += ref.count
    for (const row of io.records(ref) as LogRow[]) {
      if (row.length === 1) table.drop(row[0])
      else table.restore(row[0], row[1], row[2], row[3])
    }
  }
  table.sort()
  return table
}
