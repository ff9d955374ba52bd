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

import { absent, isRemove, type Cell, type LogRow, type StateStore, type Version } from './state-store.ts'
import { decodeCell, encodeCell, rowKeyOf, type CellRow, type RowKey } from './cell-codec.ts'
import { databaseFormat, StateDatabase, type DatabaseNote, type DatabasePlace } from './state-database.ts'

export interface DiskOptions extends DatabasePlace {
  /** Bytes of cells that are held though the database has them. */
  readonly cacheBytes: number
  /** Bytes of the log that the database may be behind: what a start reads. */
  readonly behindBytes: number
  /** This run of the program, and those before it whose databases can be used. */
  readonly run: string
  readonly runs: readonly string[]
  /** The version that is to be held, and the first batch in its log. */
  readonly versionMs: number
  readonly logFromMs: number
  /** Batches up to this time are final. */
  readonly committedMs: number
}

interface DiskCell extends Cell {
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

/** The cells whose first change that the database lacks is of one batch. */
interface Dirty { readonly change: number; timeMs: number; readonly cells: DiskCell[]; logBytes: number; next: number }

export interface DiskLimits {
  /** Cells that a batch writes at least, where many wait. */
  readonly written: number
  /** Dirty cells while the log is read. */
  readonly restored: number
}

const usualLimits: DiskLimits = { written: 1 << 12, restored: 1 << 16 }
/** Rows of the database that are read at once. */
const pageRows = 512
/** How many rows are looked at, at most, for each that is to be written again. */
const looksAWrite = 8
/** What a cell takes besides its key and value, about. */
const cellBytes = 250

export class DiskTable implements StateStore {
  readonly restoredMs: number
  readonly #options: DiskOptions
  readonly #limits: DiskLimits
  readonly #database: StateDatabase
  readonly #cells = new Map<unknown, DiskCell>()
  #isEmpty: boolean
  #head: string | undefined
  #headMs = -Infinity
  #base: string | undefined
  #baseMs = -Infinity
  #touched: DiskCell[] = []
  #oldValues: unknown[] = []
  #oldTimes: number[] = []
  #oldSeqs: number[] = []
  /** The oldest first; the last one is of the change that is being made. */
  #dirty: Dirty[] = []
  #logBytes = 0
  #doneMs: number
  #change = 0
  #size = 0
  #lastSeq: number
  #cleanBytes = 0
  #hand: Iterator<DiskCell> | undefined
  #lastMissed: unknown
  /** Dirty cells by the time at which they are looked at; the database is looked at beyond #lookedMs. Made when first asked for. */
  #waiting: Map<number, Set<DiskCell>> | undefined
  #lookedMs = -Infinity
  #pass: { readonly dirty: readonly DiskCell[]; next: number; after: number; readonly sinceMs: number; readonly sinceChange: number } | undefined

  constructor(options: DiskOptions, limits = usualLimits) {
    const { run, runs, versionMs, logFromMs } = options
    this.#options = options
    this.#limits = limits
    const fits = (note: DatabaseNote): boolean => (note.run === run || runs.includes(note.run)) && note.newestMs <= versionMs && note.doneMs >= logFromMs
    this.#database = StateDatabase.open(options, fits)
    const { note } = this.#database
    this.#isEmpty = note === undefined
    this.#doneMs = this.restoredMs = note?.doneMs ?? -Infinity
    this.#lastSeq = note === undefined ? -1 : this.#database.lastSeq
    if (note !== undefined && note.run !== run) this.#database.write(() => {}, { ...note, run })
  }

  get size(): number {
    return this.#size
  }

  /** Bytes of the clean cells in memory, about. */
  get cleanBytes(): number {
    return this.#cleanBytes
  }

  open(base: string, committedMs: number): boolean {
    if (this.#base === base) this.rollback()
    else if (this.#head !== base) return false
    this.#write(committedMs)
    this.#forgetOld()
    this.#base = undefined
    this.#begin()
    return true
  }

  seal(head: string, timeMs: number, logBytes: number): void {
    this.#base = this.#head
    this.#baseMs = this.#headMs
    this.#head = head
    this.#headMs = timeMs
    const dirty = this.#dirty.at(-1)!
    dirty.timeMs = timeMs
    dirty.logBytes = logBytes
    this.#logBytes += logBytes
  }

  holds(head: string): boolean {
    return this.#head === head
  }

  rollback(): void {
    const dirty = this.#dirty.pop()
    this.#logBytes -= dirty?.logBytes ?? 0
    for (const [i, cell] of this.#touched.entries()) {
      const value = this.#oldValues[i]
      this.#size += Number(value !== absent) - Number(cell.value !== absent)
      cell.value = value
      cell.at = this.#oldTimes[i]!
      cell.seq = this.#oldSeqs[i]!
      cell.change = 0
      if (cell.dirtySince === dirty!.change) this.#clean(cell)
    }
    this.#forgetOld()
    if (this.#base !== undefined) {
      this.#head = this.#base
      this.#headMs = this.#baseMs
    }
    this.#base = undefined
    for (const cells of this.#waiting?.values() ?? []) for (const cell of cells) cell.waitsAt = undefined
    this.#waiting = undefined
    this.#pass = undefined
  }

  get(key: unknown, namespace?: unknown): DiskCell | undefined {
    const cell = this.#find(rowKeyOf(key, namespace))
    return cell === undefined || cell.value === absent ? undefined : cell
  }

  put(key: unknown, value: unknown, at: number, namespace?: unknown): void {
    const k = rowKeyOf(key, namespace)
    let cell = this.#find(k)
    if (cell === undefined) {
      cell = this.#cell(k, key, namespace, ++this.#lastSeq, absent, at)
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
    cell.value = value
    cell.at = at
    if (this.#waiting !== undefined && (cell.waitsAt === undefined || at < cell.waitsAt)) this.#wait(cell)
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
    const dirty = this.#dirtyCells().sort((a, b) => a.seq - b.seq)
    let next = 0
    for (let after = -1, rows; (rows = this.#rows(after)).length > 0; after = rows.at(-1)![0]) {
      for (const row of rows) {
        while (next < dirty.length && dirty[next]!.seq < row[0]) if (dirty[next++]!.value !== absent) yield dirty[next - 1]!
        const cell = this.#cells.get(idOf(row[1]))
        if (cell === undefined) yield this.#read(row)
        else if (cell.dirtySince === 0) yield cell
      }
    }
    while (next < dirty.length) if (dirty[next++]!.value !== absent) yield dirty[next - 1]!
  }

  takeDue(upToMs: number): Cell[] {
    if (this.#waiting === undefined) {
      this.#waiting = new Map()
      this.#lookedMs = -Infinity
      for (const cell of this.#dirtyCells()) this.#wait(cell)
    }
    const due = new Set<DiskCell>()
    for (const [ms, cells] of this.#waiting) {
      if (ms > upToMs) continue
      this.#waiting.delete(ms)
      for (const cell of cells) {
        cell.waitsAt = undefined
        if (cell.value === absent) continue
        if (cell.at <= upToMs) due.add(cell)
        else this.#wait(cell)
      }
    }
    for (const row of this.#isEmpty ? [] : this.#database.due(this.#lookedMs, upToMs)) {
      const cell = this.#cells.get(idOf(row[1]))
      if (cell === undefined) due.add(this.#read(row))
      else if (cell.value === absent || cell.waitsAt !== undefined) continue
      else if (cell.at <= upToMs) due.add(cell)
      else this.#wait(cell)
    }
    this.#lookedMs = Math.max(this.#lookedMs, upToMs)
    if (due.size > 0) this.#waiting.set(upToMs, due) // those that get a later time move on when they are looked at
    for (const cell of due) cell.waitsAt = upToMs
    return [...due].sort((a, b) => a.seq - b.seq)
  }

  again(count: number, nowMs: number): { cells: Cell[]; keepFromMs: number | undefined } {
    const pass = (this.#pass ??= { dirty: this.#dirtyCells().filter(({ change }) => change !== this.#change), next: 0, after: -1, sinceMs: nowMs, sinceChange: this.#change })
    const cells: Cell[] = []
    const isDue = (cell: DiskCell): boolean => cell.change < pass.sinceChange && cell.value !== absent
    let looks = looksAWrite * count
    while (cells.length < count && looks-- > 0 && pass.next < pass.dirty.length) {
      const cell = pass.dirty[pass.next++]!
      if (isDue(cell)) cells.push(cell)
    }
    while (cells.length < count && looks > 0) {
      const rows = this.#rows(pass.after, Math.min(pageRows, count - cells.length, looks))
      if (rows.length === 0) {
        this.#pass = undefined
        return { cells, keepFromMs: pass.sinceMs }
      }
      for (const row of rows) {
        const cell = this.#cells.get(idOf(row[1])) ?? this.#read(row)
        if (isDue(cell)) cells.push(cell)
      }
      pass.after = rows.at(-1)![0]
      looks -= rows.length
    }
    return { cells, keepFromMs: undefined }
  }

  restore(rows: readonly LogRow[], timeMs: number, bytes: number): void {
    if (this.#dirty.at(-1)?.timeMs !== timeMs) this.#begin(timeMs)
    this.#dirty.at(-1)!.logBytes += bytes
    this.#logBytes += bytes
    for (const row of rows) {
      const [key, namespace] = isRemove(row) ? row : [row[0], row[4]]
      const k = rowKeyOf(key, namespace)
      let cell = this.#cells.get(idOf(k))
      if (cell === undefined) this.#hold(cell = this.#cell(k, key, namespace, -1, absent, timeMs))
      this.#makeDirty(cell)
      cell.change = this.#change
      if (isRemove(row)) {
        cell.value = absent
        continue
      }
      cell.value = row[1]
      cell.at = row[2]
      cell.seq = row[3]
      this.#lastSeq = Math.max(this.#lastSeq, row[3])
    }
    if (timeMs > this.#options.committedMs || this.#dirty.reduce((sum, { cells, next }) => sum + cells.length - next, 0) < this.#limits.restored) return
    this.#writeDirty(timeMs, Infinity, 0, timeMs - 1) // more of the batch may come
    this.#begin(timeMs)
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

  #begin(timeMs = Infinity): void {
    if (this.#dirty.at(-1)?.timeMs === Infinity) this.#dirty.pop() // it was opened, and nothing was done
    this.#dirty.push({ change: ++this.#change, timeMs, cells: [], logBytes: 0, next: 0 })
  }

  /** Writes what is needed for the log to stay short, as it is in the newest final version. */
  #write(committedMs: number): void {
    const isFinal = committedMs >= this.#headMs
    const upToMs = isFinal ? this.#headMs : this.#baseMs
    if (this.#logBytes > this.#options.behindBytes && (isFinal || (this.#base !== undefined && committedMs >= upToMs))) {
      this.#writeDirty(upToMs, Math.max(this.#limits.written, 2 * this.#touched.length), this.#options.behindBytes)
    }
    this.#evict()
  }

  /** Writes the oldest dirty cells, `count` at most, while there are more bytes of log than `logBytes`. */
  #writeDirty(upToMs: number, count: number, logBytes: number, mostDoneMs = Infinity): void {
    const last = this.#dirty.at(-1)!
    const isLastFinal = upToMs >= this.#headMs
    const written: DiskCell[] = []
    let [left, bytes, groups, next, doneMs] = [count, this.#logBytes, 0, 0, this.#doneMs]
    for (const group of this.#dirty) {
      if (group.timeMs > upToMs || bytes <= logBytes || left <= 0) break
      next = group.next
      while (next < group.cells.length && left > 0) {
        const cell = group.cells[next++]!
        if (cell.dirtySince !== group.change) continue
        written.push(cell)
        left--
      }
      if (next < group.cells.length) break
      groups++
      next = 0
      bytes -= group.logBytes
      doneMs = group.timeMs
    }
    if (groups === this.#dirty.length || this.#dirty[groups]!.timeMs > upToMs) doneMs = upToMs
    doneMs = Math.min(doneMs, mostDoneMs)
    const isOld = (cell: DiskCell): boolean => !isLastFinal && cell.change === last.change
    this.#database.write(() => {
      for (const cell of written) {
        const old = isOld(cell)
        const value = old ? this.#oldValues[cell.undo] : cell.value
        if (value === absent) {
          this.#database.delete(cell.k)
          continue
        }
        const [seq, at] = old ? [this.#oldSeqs[cell.undo]!, this.#oldTimes[cell.undo]!] : [cell.seq, cell.at]
        const encoded = encodeCell(seq, cell.k, at, cell.key, cell.namespace, value)
        cell.bytes = cellBytes + 2 * encoded.length
        this.#database.put(seq, cell.k, at, encoded)
      }
    }, { format: databaseFormat, run: this.#options.run, doneMs, newestMs: upToMs })
    this.#isEmpty = false
    this.#doneMs = doneMs
    this.#logBytes = bytes
    this.#dirty.splice(0, groups)
    if (next > 0) this.#dirty[0]!.next = next
    for (const cell of written) {
      if (!isOld(cell)) this.#clean(cell)
      else {
        cell.dirtySince = last.change
        last.cells.push(cell)
      }
    }
  }

  /** The database has it as it is. */
  #clean(cell: DiskCell): void {
    cell.dirtySince = 0
    this.#waitNoMore(cell)
    if (cell.value !== absent) this.#lookedMs = Math.min(this.#lookedMs, cell.at - 1)
    if (cell.value !== absent) {
      this.#cleanBytes += cell.bytes
      return
    }
    this.#cells.delete(cell.id)
    cell.isHeld = false
  }

  #evict(): void {
    for (let looks = 2 * this.#cells.size; this.#cleanBytes > this.#options.cacheBytes && looks > 0; looks--) {
      const next = (this.#hand ??= this.#cells.values()).next()
      if (next.done === true) this.#hand = undefined
      else if (next.value.isUsed) next.value.isUsed = false
      else if (next.value.dirtySince === 0) this.#letGo(next.value)
    }
  }

  #letGo(cell: DiskCell): void {
    this.#cells.delete(cell.id)
    cell.isHeld = false
    this.#cleanBytes -= cell.bytes
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
    const cell = this.#read(row)
    cell.isUsed = true
    this.#hold(cell)
    this.#cleanBytes += cell.bytes
    if (this.#cleanBytes > this.#options.cacheBytes) this.#evict()
    return cell
  }

  #rows(after: number, count = pageRows): CellRow[] {
    return this.#isEmpty ? [] : this.#database.after(after, count)
  }

  #read(row: CellRow): DiskCell {
    const { seq, key, namespace, value, at, bytes } = decodeCell(row)
    const cell = this.#cell(row[1], key, namespace, seq, value, at)
    cell.bytes = cellBytes + 2 * bytes
    return cell
  }

  #cell(k: RowKey, key: unknown, namespace: unknown, seq: number, value: unknown, at: number): DiskCell {
    return { k, id: idOf(k), key, namespace, seq, value, at, change: 0, undo: 0, dirtySince: 0, bytes: cellBytes, isHeld: false, isUsed: false, waitsAt: undefined }
  }

  #hold(cell: DiskCell): void {
    this.#cells.set(cell.id, cell)
    cell.isHeld = true
    if (this.#lastMissed === cell.id) this.#lastMissed = undefined
  }

  #touch(cell: DiskCell): void {
    if (cell.change === this.#change) return
    if (!cell.isHeld) {
      this.#hold(cell)
      this.#cleanBytes += cell.bytes
    }
    cell.undo = this.#touched.push(cell) - 1
    this.#oldValues.push(cell.value)
    this.#oldTimes.push(cell.at)
    this.#oldSeqs.push(cell.seq)
    cell.change = this.#change
    this.#makeDirty(cell)
  }

  #makeDirty(cell: DiskCell): void {
    if (cell.dirtySince !== 0) return
    cell.dirtySince = this.#change
    this.#dirty.at(-1)!.cells.push(cell)
    if (cell.value !== absent) this.#cleanBytes -= cell.bytes
  }

  #waitNoMore(cell: DiskCell): void {
    if (cell.waitsAt !== undefined) this.#waiting?.get(cell.waitsAt)?.delete(cell)
    cell.waitsAt = undefined
  }

  #wait(cell: DiskCell): void {
    this.#waitNoMore(cell)
    cell.waitsAt = cell.at
    const cells = this.#waiting!.get(cell.at)
    if (cells === undefined) this.#waiting!.set(cell.at, new Set([cell]))
    else cells.add(cell)
  }

  #dirtyCells(): DiskCell[] {
    return this.#dirty.flatMap(({ change, cells, next }) => cells.filter((cell, i) => i >= next && cell.dirtySince === change))
  }

  #forgetOld(): void {
    this.#touched = []
    this.#oldValues = []
    this.#oldTimes = []
    this.#oldSeqs = []
  }
}

/** Keys that are not plain begin as no plain one does. */
const idOf = (k: RowKey): unknown => (typeof k === 'object' ? `\0${Buffer.from(k.buffer, k.byteOffset, k.byteLength).toString('latin1')}` : k)
