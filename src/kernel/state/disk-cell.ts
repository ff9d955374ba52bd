// A cell of a state on disk, as it is in memory: clean where the database has it so, else dirty.

import { decodeCell, rowKeyOf, type CellRow, type RowKey } from './cell-codec.ts'
import { ownText } from '../own-text.ts'
import type { Cell } from './state-store.ts'

export interface DiskCell extends Cell {
  /** What finds it in the database, and in memory. */
  readonly k: RowKey
  readonly id: unknown
  seq: number
  value: unknown
  at: number
  /** The change that touched it last, and where its undo is. */
  change: number
  undo: number
  /** The first change that the database lacks; 0 for none: it is clean. */
  dirtySince: number
  /** What it takes as a clean cell. */
  bytes: number
  isHeld: boolean
  isUsed: boolean
  /** The list of times on which it waits. */
  waitsAt: number | undefined
}

/** What a cell takes in memory, about: its key and value besides itself. */
export const cellBytes = (encodedBytes: number): number => 250 + 2 * encodedBytes

/** Keys that are not plain begin as no plain one does. */
export const idOf = (k: RowKey): unknown => (typeof k === 'object' ? `\0${Buffer.from(k.buffer, k.byteOffset, k.byteLength).toString('latin1')}` : k)

/** A clean cell, from its row. Errors: RIV_STATE_DAMAGED. */
export function readCell(row: CellRow): DiskCell {
  const { seq, key, namespace, value, at, bytes } = decodeCell(row)
  return cell(row[1], key, namespace, seq, value, at, bytes)
}

/** A cell of a key that the database may not have. */
export function newCell(key: unknown, namespace: unknown, seq: number, value: unknown, at: number): DiskCell {
  const own = ownText(key)
  return cell(rowKeyOf(own, namespace), own, namespace, seq, value, at, 0)
}

const cell = (k: RowKey, key: unknown, namespace: unknown, seq: number, value: unknown, at: number, encodedBytes: number): DiskCell => ({
  k, id: idOf(k), key, namespace, seq, value, at, change: 0, undo: 0, dirtySince: 0, bytes: cellBytes(encodedBytes), isHeld: false, isUsed: false, waitsAt: undefined,
})
