// A state that may be larger than memory: a database of a version that is final, and in memory what changed since, and what is used.
//
//   log      … ──┬── doneMs ──┬── newestMs ──┬── head
//   database     │ all of it  │ some of it   │
//   memory       │ as a cache │ what changed and is not written: dirty
//
// - Only what final batches brought is written, so that a program that starts again can use the database. Each batch writes about as much
//   as it changes, the oldest first, so that the log since doneMs stays short: that is what a start reads.
// - A dirty cell is written as it was in the newest final version; where the last batch, not final yet, changed it again, that is in the undo.
// - Clean cells go when there are too many. Cells that iteration reads from the database are not held.

import { encodeCell, rowKeyOf, type CellRow, type RowKey } from './cell-codec.ts'
import { DirtyCells } from './dirty-cells.ts'
import { cellBytes, idOf, newCell, readCell, type DiskCell } from './disk-cell.ts'
import { DueCells } from './due-cells.ts'
import { HeldCells } from './held-cells.ts'
import { ownText } from '../own-text.ts'
import { databaseFormat, StateDatabase, type DatabaseNote, type DatabasePlace } from './state-database.ts'
import { absent, isRemove, type Cell, type LogRow, type StateStore, type Version } from './state-store.ts'

/** An earlier run of the program, and the last batch of it that later ones go on from. */
export interface EarlierRun { readonly run: string; readonly untilMs: number }

export interface DiskOptions extends DatabasePlace {
  /** Bytes of cells that are held though the database has them. */
  readonly cacheBytes: number
  /** Bytes of the log that the database may be behind: what a start reads. */
  readonly behindBytes: number
  /** This run of the program, and those before it whose databases can be used. */
  readonly run: string
  readonly runs: readonly EarlierRun[]
  /** The version that is to be held, and the first batch in its log. */
  readonly versionMs: number
  readonly logFromMs: number
  /** Batches up to this time are final. */
  readonly committedMs: number
}

export interface DiskLimits {
  /** Cells that a batch writes at least, where many wait. */
  readonly written: number
  /** Bytes of the log that are read before what they brought is written: a start that has only a little to read does not wait for that. */
  readonly readBytes: number
}

const usualLimits: DiskLimits = { written: 1 << 12, readBytes: 64 << 20 }
/** Rows of the database that are read at once. */
const pageRows = 512
/** How many rows are looked at, at most, for each that is to be written again. */
const looksAWrite = 8

/** Cells that were there when a pass began: the dirty ones, then the rows of the database. */
interface Pass { readonly dirty: readonly DiskCell[]; next: number; after: number; readonly sinceMs: number; readonly sinceChange: number }

export class DiskTable implements StateStore {
  readonly restoredMs: number
  readonly #options: DiskOptions
  readonly #limits: DiskLimits
  readonly #database: StateDatabase
  readonly #cells: HeldCells
  readonly #dirty = new DirtyCells()
  #isEmpty: boolean
  #head: string | undefined
  #headMs = -Infinity
  #base: string | undefined
  #baseMs = -Infinity
  #touched: DiskCell[] = []
  #oldValues: unknown[] = []
  #oldTimes: number[] = []
  #oldSeqs: number[] = []
  #doneMs: number
  #change = 0
  #size = 0
  #lastSeq: number
  #lastMissed: unknown
  /** Dirty cells by time; the database is looked at beyond #lookedMs. Made when first asked for. */
  #due: DueCells | undefined
  #lookedMs = -Infinity
  #pass: Pass | undefined

  constructor(options: DiskOptions, limits = usualLimits) {
    const { run, runs, versionMs, logFromMs } = options
    this.#options = options
    this.#limits = limits
    this.#cells = new HeldCells(options.cacheBytes)
    const untilMs = new Map([...runs.map(each => [each.run, each.untilMs] as const), [run, Infinity]])
    this.#database = StateDatabase.open(options, note => note.newestMs <= Math.min(versionMs, untilMs.get(note.run) ?? -Infinity) && note.doneMs >= logFromMs)
    const { note } = this.#database
    this.#isEmpty = note === undefined
    this.#doneMs = this.restoredMs = note?.doneMs ?? -Infinity
    this.#lastSeq = this.#database.lastSeq
    if (note !== undefined && note.run !== run) this.#database.write(() => {}, { ...note, run })
  }

  get size(): number {
    return this.#size
  }

  open(base: string, committedMs: number): boolean {
    if (this.#base === base) this.rollback()
    else if (this.#head !== base) return false
    this.#writeSome(committedMs)
    this.#forgetOld()
    this.#base = undefined
    this.#dirty.begin(++this.#change)
    return true
  }

  seal(head: string, timeMs: number, logBytes: number): void {
    this.#base = this.#head
    this.#baseMs = this.#headMs
    this.#head = head
    this.#headMs = timeMs
    this.#dirty.logged(timeMs, logBytes)
  }

  holds(head: string): boolean {
    return this.#head === head
  }

  rollback(): void {
    const change = this.#dirty.takeBack()
    for (const [i, cell] of this.#touched.entries()) {
      const value = this.#oldValues[i]
      this.#size += Number(value !== absent) - Number(cell.value !== absent)
      cell.value = value
      cell.at = this.#oldTimes[i]!
      cell.seq = this.#oldSeqs[i]!
      cell.change = 0
      if (cell.dirtySince === change) this.#clean(cell)
    }
    this.#forgetOld()
    if (this.#base !== undefined) {
      this.#head = this.#base
      this.#headMs = this.#baseMs
    }
    this.#base = undefined
    this.#due?.clear()
    this.#due = undefined
    this.#pass = undefined
  }

  get(key: unknown, namespace?: unknown): DiskCell | undefined {
    const cell = this.#find(rowKeyOf(key, namespace))
    return cell === undefined || cell.value === absent ? undefined : cell
  }

  put(key: unknown, value: unknown, at: number, namespace?: unknown): void {
    let cell = this.#find(rowKeyOf(key, namespace))
    if (cell === undefined) {
      cell = newCell(key, namespace, ++this.#lastSeq, absent, at)
      this.#hold(cell)
    } else if (cell.value === absent && cell.change !== this.#change) {
      this.#touch(cell)
      cell.seq = ++this.#lastSeq
    }
    this.set(cell, value, at)
  }

  set(given: Cell, value: unknown, at: number): void {
    const cell = given as DiskCell
    this.#touch(cell)
    if (cell.value === absent) this.#size++
    cell.value = ownText(value)
    cell.at = at
    this.#due?.moved(cell)
  }

  remove(given: Cell): void {
    const cell = given as DiskCell
    if (cell.value === absent) return
    this.#touch(cell)
    this.#size--
    cell.value = absent
  }

  get touched(): readonly Cell[] {
    return this.#touched
  }

  * cells(): Generator<DiskCell> {
    const dirty = this.#dirty.cells().sort((a, b) => a.seq - b.seq)
    let next = 0
    for (let after = -1, rows; (rows = this.#rows(after)).length > 0; after = rows.at(-1)![0]) {
      for (const row of rows) {
        while (next < dirty.length && dirty[next]!.seq < row[0]) if (dirty[next++]!.value !== absent) yield dirty[next - 1]!
        const cell = this.#cells.get(idOf(row[1]))
        if (cell === undefined) yield readCell(row)
        else if (cell.dirtySince === 0) yield cell
      }
    }
    while (next < dirty.length) if (dirty[next++]!.value !== absent) yield dirty[next - 1]!
  }

  takeDue(upToMs: number): Cell[] {
    if (this.#due === undefined) {
      this.#due = new DueCells()
      this.#lookedMs = -Infinity
      for (const cell of this.#dirty.cells()) this.#due.wait(cell)
    }
    const due = this.#due.take(upToMs)
    for (const row of this.#isEmpty ? [] : this.#database.due(this.#lookedMs, upToMs)) {
      const cell = this.#cells.get(idOf(row[1]))
      if (cell === undefined) due.add(readCell(row))
      else if (cell.value === absent || cell.waitsAt !== undefined) continue
      else if (cell.at <= upToMs) due.add(cell)
      else this.#due.wait(cell)
    }
    this.#lookedMs = Math.max(this.#lookedMs, upToMs)
    for (const cell of due) this.#due.wait(cell) // until it gets a later time, or is removed
    return [...due].sort((a, b) => a.seq - b.seq)
  }

  again(count: number, nowMs: number): { cells: Cell[]; keepFromMs: number | undefined } {
    const pass = (this.#pass ??= { dirty: this.#dirty.cells().filter(({ change }) => change !== this.#change), next: 0, after: -1, sinceMs: nowMs, sinceChange: this.#change })
    const cells: Cell[] = []
    const isDue = (cell: DiskCell): boolean => cell.change < pass.sinceChange && cell.value !== absent
    let looks = looksAWrite * count
    while (cells.length < count && looks-- > 0 && pass.next < pass.dirty.length) {
      const cell = pass.dirty[pass.next++]!
      if (cell.isHeld && isDue(cell)) cells.push(cell) // one that is held no more is a row by now, and may be another cell in memory
    }
    while (cells.length < count && looks > 0) {
      const rows = this.#rows(pass.after, Math.min(pageRows, count - cells.length, looks))
      if (rows.length === 0) {
        this.#pass = undefined
        return { cells, keepFromMs: pass.sinceMs }
      }
      for (const row of rows) {
        const cell = this.#cells.get(idOf(row[1])) ?? readCell(row)
        if (isDue(cell)) cells.push(cell)
      }
      pass.after = rows.at(-1)![0]
      looks -= rows.length
    }
    return { cells, keepFromMs: undefined }
  }

  restore(rows: readonly LogRow[], timeMs: number, bytes: number): void {
    if (this.#dirty.lastMs !== timeMs) this.#dirty.begin(++this.#change, timeMs)
    this.#dirty.logged(timeMs, bytes)
    for (const row of rows) {
      const [key, namespace] = isRemove(row) ? row : [row[0], row[4]]
      let cell = this.#cells.get(idOf(rowKeyOf(key, namespace)))
      if (cell === undefined) this.#hold(cell = newCell(key, namespace, -1, absent, timeMs))
      this.#makeDirty(cell)
      cell.change = this.#change
      if (isRemove(row)) {
        cell.value = absent
        continue
      }
      cell.value = ownText(row[1])
      cell.at = row[2]
      cell.seq = row[3]
      this.#lastSeq = Math.max(this.#lastSeq, row[3])
    }
    const { versionMs, committedMs } = this.#options
    if (versionMs > committedMs || this.#dirty.logBytes < this.#limits.readBytes) return // a version that may be taken back has a log without what the one before needs
    this.#write(timeMs, Infinity, 0, timeMs - 1) // more of the batch may come
    this.#dirty.begin(++this.#change, timeMs)
  }

  built(head: string, { timeMs, keys }: Version): void {
    this.#head = head
    this.#headMs = timeMs
    this.#size = keys
  }

  close(): void {
    this.#database.close()
  }

  /** Closes it, and removes the database. */
  discard(): void {
    this.#database.remove()
  }

  /** Writes what is needed for the log to stay short, as it is in the newest final version. */
  #writeSome(committedMs: number): void {
    const { behindBytes } = this.#options
    const isFinal = committedMs >= this.#headMs
    const upToMs = isFinal ? this.#headMs : this.#baseMs
    if (this.#dirty.logBytes > behindBytes && (isFinal || (this.#base !== undefined && committedMs >= upToMs))) {
      this.#write(upToMs, Math.max(this.#limits.written, 2 * this.#touched.length), behindBytes)
    }
    this.#cells.evict()
  }

  /** Writes the oldest dirty cells, `count` at most, while they stand for more bytes of the log than `spareBytes`. */
  #write(upToMs: number, count: number, spareBytes: number, mostDoneMs = Infinity): void {
    const { cells, doneMs = this.#doneMs, written } = this.#dirty.take(upToMs, count, spareBytes)
    const isHeadFinal = upToMs >= this.#headMs
    const isOld = (cell: DiskCell): boolean => !isHeadFinal && cell.change === this.#change
    const note: DatabaseNote = { format: databaseFormat, run: this.#options.run, doneMs: Math.min(doneMs, mostDoneMs), newestMs: upToMs }
    this.#database.write(() => {
      for (const cell of cells) {
        const { undo } = cell
        const [seq, at, value] = isOld(cell) ? [this.#oldSeqs[undo]!, this.#oldTimes[undo]!, this.#oldValues[undo]] : [cell.seq, cell.at, cell.value]
        if (value === absent) {
          this.#database.delete(cell.k)
          continue
        }
        const encoded = encodeCell(seq, cell.k, at, cell.key, cell.namespace, value)
        cell.bytes = cellBytes(encoded.length)
        this.#database.put(seq, cell.k, at, encoded)
      }
    }, note)
    written()
    this.#isEmpty = false
    this.#doneMs = note.doneMs
    for (const cell of cells) {
      if (isOld(cell)) this.#dirty.add(cell)
      else this.#clean(cell)
    }
  }

  /** The database has it as it is. */
  #clean(cell: DiskCell): void {
    cell.dirtySince = 0
    this.#due?.leave(cell)
    if (cell.value === absent) {
      this.#cells.delete(cell, 0)
      return
    }
    this.#lookedMs = Math.min(this.#lookedMs, cell.at - 1)
    this.#cells.becomesClean(cell)
  }

  #find(k: RowKey): DiskCell | undefined {
    const id = idOf(k)
    const held = this.#cells.get(id)
    if (held !== undefined) {
      held.isUsed = true
      return held
    }
    if (this.#isEmpty || this.#lastMissed === id) return undefined
    const row = this.#database.get(k)
    if (row === undefined) {
      this.#lastMissed = id
      return undefined
    }
    const cell = readCell(row)
    cell.isUsed = true
    this.#hold(cell, cell.bytes)
    this.#cells.evict()
    return cell
  }

  #rows(after: number, count = pageRows): CellRow[] {
    return this.#isEmpty ? [] : this.#database.after(after, count)
  }

  #hold(cell: DiskCell, cleanBytes = 0): void {
    this.#cells.add(cell, cleanBytes)
    if (this.#lastMissed === cell.id) this.#lastMissed = undefined
  }

  #touch(cell: DiskCell): void {
    if (cell.change === this.#change) return
    if (!cell.isHeld) this.#hold(cell, cell.bytes)
    cell.undo = this.#touched.push(cell) - 1
    this.#oldValues.push(cell.value)
    this.#oldTimes.push(cell.at)
    this.#oldSeqs.push(cell.seq)
    cell.change = this.#change
    this.#makeDirty(cell)
  }

  #makeDirty(cell: DiskCell): void {
    if (cell.dirtySince !== 0) return
    this.#dirty.add(cell)
    if (cell.value !== absent) this.#cells.becomesDirty(cell)
  }

  #forgetOld(): void {
    this.#touched = []
    this.#oldValues = []
    this.#oldTimes = []
    this.#oldSeqs = []
  }
}
