// A state in memory: one cell per key, changed in place, with undo.
//
// - A removed key's cell stays, empty, until its version is final.
// - Cells have places in the order of their sequence numbers. One that goes leaves its place empty, until half of them are.

import { objectIdentity } from '../../wire/key/key-bytes.ts'
import { KeyPlaces } from '../places/key-places.ts'
import { ownText } from '../own-text.ts'
import { absent, isRemove, type Cell, type LogRow, type PutRow, type StateStore } from './state-store.ts'

/** So many places may be empty in any case. */
const emptyPlaces = 1_024

/** How many cells are looked at, at most, for each that is to be written again. */
const looksAWrite = 8

interface LiveCell extends Cell {
  value: unknown
  at: number
  /** The number of the last change of the table that touched it; 0 for none that is known. */
  change: number
}

export class StateTable implements StateStore {
  readonly restoredMs = -Infinity
  readonly #places = new KeyPlaces()
  /** By place. */
  readonly #cells: (LiveCell | undefined)[] = []
  #empty = 0
  #head: string | undefined
  /** What `head` was made from, while that can be gone back to. */
  #base: string | undefined
  /** The cells touched since open(), and what they were: columns, because there is one for each record of a batch. */
  #touched: LiveCell[] = []
  #oldValues: unknown[] = []
  #oldTimes: number[] = []
  #emptied: LiveCell[] = []
  #lastSeq = -1
  #change = 0
  #size = 0
  /** Cells by the time at which they are looked at for being idle; each is in one list. Made when first asked for. */
  #idle: Map<number, LiveCell[]> | undefined
  #pass: { place: number; readonly sinceMs: number; readonly sinceChange: number } | undefined

  get size(): number {
    return this.#size
  }

  open(base: string): boolean {
    if (this.#base === base) this.rollback()
    else if (this.#head !== base) return false
    for (const cell of this.#emptied) if (cell.value === absent) this.#leave(this.#placeOf(cell.key, cell.namespace))
    this.#emptied = []
    if (this.#empty > Math.max(emptyPlaces, this.#cells.length / 2)) this.#closeUp()
    this.#forgetOld()
    this.#base = undefined
    this.#change++
    return true
  }

  seal(head: string): void {
    this.#base = this.#head
    this.#head = head
  }

  holds(head: string): boolean {
    return this.#head === head
  }

  rollback(): void {
    for (const [i, cell] of this.#touched.entries()) {
      const value = this.#oldValues[i]
      this.#size += Number(value !== absent) - Number(cell.value !== absent)
      cell.value = value
      cell.at = this.#oldTimes[i]!
      cell.change = 0
    }
    this.#forgetOld()
    if (this.#base !== undefined) this.#head = this.#base
    this.#base = undefined
    this.#idle = undefined
    this.#pass = undefined
  }

  get(key: unknown, namespace?: unknown): LiveCell | undefined {
    const cell = this.#cell(key, namespace)
    return cell === undefined || cell.value === absent ? undefined : cell
  }

  put(key: unknown, value: unknown, at: number, namespace?: unknown): void {
    let cell = this.#cell(key, namespace)
    if (cell === undefined) {
      cell = newCell(key, ++this.#lastSeq, absent, at, namespace)
      this.#enter(cell)
      this.#emptied.push(cell) // it goes where the change is taken back
      this.#waitIdle(cell)
    }
    this.set(cell, value, at)
  }

  set(given: Cell, value: unknown, at: number): void {
    const cell = given as LiveCell
    this.#touch(cell)
    if (cell.value === absent) this.#size++
    cell.value = ownText(value)
    const isEarlier = at < cell.at
    cell.at = at
    if (isEarlier) this.#waitIdle(cell)
  }

  remove(given: Cell): void {
    const cell = given as LiveCell
    if (cell.value === absent) return
    this.#touch(cell)
    this.#size--
    cell.value = absent
    this.#emptied.push(cell)
  }

  restore(rows: readonly LogRow[]): void {
    for (const row of rows) {
      if (isRemove(row)) this.#drop(row[0], row[1])
      else this.#restore(row)
    }
  }

  /** The cells come in the order of a log; brings them into their own. */
  built(head: string): void {
    this.#head = head
    this.#enterAll([...this.cells()].sort((a, b) => a.seq - b.seq))
  }

  close(): void {}

  * cells(): Generator<LiveCell> {
    for (let place = 0; place < this.#cells.length; place++) {
      const cell = this.#cells[place]
      if (cell !== undefined && cell.value !== absent) yield cell
    }
  }

  get touched(): readonly LiveCell[] {
    return this.#touched
  }

  takeDue(upToMs: number): LiveCell[] {
    this.#idle ??= this.#byTime()
    const due = new Set<LiveCell>()
    for (const [ms, cells] of this.#idle) {
      if (ms > upToMs) continue
      this.#idle.delete(ms)
      for (const cell of cells) {
        if (cell.value === absent) continue
        if (cell.at <= upToMs) due.add(cell)
        else this.#waitIdle(cell)
      }
    }
    if (due.size > 0) this.#idle.set(upToMs, [...due]) // those that get a later time move on when they are looked at
    return [...due].sort((a, b) => a.seq - b.seq)
  }

  /** Puts a cell on the list of its time; where it is touched later it moves on when the list is looked at. */
  #waitIdle(cell: LiveCell): void {
    if (this.#idle === undefined) return
    const list = this.#idle.get(cell.at)
    if (list === undefined) this.#idle.set(cell.at, [cell])
    else list.push(cell)
  }

  #byTime(): Map<number, LiveCell[]> {
    this.#idle = new Map()
    for (const cell of [...this.cells()].sort((a, b) => a.at - b.at)) this.#waitIdle(cell)
    return this.#idle
  }

  again(count: number, nowMs: number): { cells: LiveCell[]; keepFromMs: number | undefined } {
    const pass = (this.#pass ??= { place: 0, sinceMs: nowMs, sinceChange: this.#change })
    const cells: LiveCell[] = []
    for (let looked = 0; cells.length < count && looked < looksAWrite * count; looked++) {
      if (pass.place === this.#cells.length) {
        this.#pass = undefined
        return { cells, keepFromMs: pass.sinceMs }
      }
      const cell = this.#cells[pass.place++]
      if (cell !== undefined && cell.value !== absent && cell.change < pass.sinceChange) cells.push(cell)
    }
    return { cells, keepFromMs: undefined }
  }

  #touch(cell: LiveCell): void {
    if (cell.change === this.#change) return
    this.#touched.push(cell)
    this.#oldValues.push(cell.value)
    this.#oldTimes.push(cell.at)
    cell.change = this.#change
  }

  #forgetOld(): void {
    this.#touched = []
    this.#oldValues = []
    this.#oldTimes = []
  }

  #restore([key, value, at, seq, namespace]: PutRow): void {
    const known = this.#cell(key, namespace)
    if (known !== undefined && known.seq === seq) {
      known.value = value
      known.at = at
      return
    }
    if (known !== undefined) this.#drop(key, namespace)
    this.#enter(newCell(key, seq, ownText(value), at, namespace))
    this.#size++
    this.#lastSeq = Math.max(this.#lastSeq, seq)
  }

  #drop(key: unknown, namespace: unknown): void {
    const place = this.#placeOf(key, namespace)
    if (place === -1) return
    this.#leave(place)
    this.#size--
  }

  #placeOf(key: unknown, namespace: unknown): number {
    return namespace === undefined ? this.#places.find(key) : this.#places.findIdentity(named(key, namespace))
  }

  #cell(key: unknown, namespace: unknown): LiveCell | undefined {
    const place = this.#placeOf(key, namespace)
    return place === -1 ? undefined : this.#cells[place]
  }

  #enter(cell: LiveCell): void {
    const { key, namespace } = cell
    this.#places.enter(key, namespace === undefined ? undefined : named(key, namespace))
    this.#cells.push(cell)
  }

  #leave(place: number): void {
    this.#places.remove(place)
    this.#cells[place] = undefined
    this.#empty++
  }

  /** Takes the empty places out. */
  #closeUp(): void {
    if (this.#pass !== undefined) this.#pass.place = this.#cells.slice(0, this.#pass.place).filter(cell => cell !== undefined).length
    this.#enterAll(this.#cells.filter(cell => cell !== undefined))
  }

  #enterAll(cells: readonly LiveCell[]): void {
    this.#places.clear()
    this.#cells.length = this.#empty = 0
    for (const cell of cells) this.#enter(cell)
  }
}

function newCell(key: unknown, seq: number, value: unknown, at: number, namespace: unknown): LiveCell {
  const cell = { key: ownText(key), seq, value, at, change: 0 }
  return namespace === undefined ? cell : { ...cell, namespace }
}

/** What stands for a key with a namespace; what stands for other keys begins with another character. */
const named = (key: unknown, namespace: unknown): string => `@${objectIdentity([namespace, key])}`
