// The live state of one partition of a stateful stream: one cell per key, changed in place, with undo.
//
//   open(base) ──→ changes ──→ seal(head) │ rollback ──→ open(head) drops the undo │ open(base) goes back
//
// - It is a cache: the truth are the encoded blocks of the state's log. `head` names the version it holds; whoever asks for another one
//   builds a table anew.
// - Cells have sequence numbers, given when a key enters. Iteration is in their order, also in a table that was built from blocks: the
//   same on each run. A removed key's cell stays, empty, until its version is final.
// - Keys are spread over several Maps as they come in, because a Map ends at 2^24 keys.
// - What functions get of an object value is a copy: what they do to it is no change of state before they give it back.

import { objectIdentity } from '../../wire/key/key-bytes.ts'

/** The value of a key that has none. */
export const absent = Symbol('absent')

const maxKeys = 2 ** 22

/** How many cells are looked at, at most, for each that is to be written again. */
const looksAWrite = 8

export interface Cell {
  readonly key: unknown
  /** Its place in the order of keys. */
  readonly seq: number
  value: unknown
  /** Milliseconds of the batch that touched it last. */
  at: number
  /** The number of the last change of the table that touched it; 0 for none that is known. */
  change: number
}

export class StateTable {
  readonly #primitives: Map<unknown, Cell>[] = [new Map()]
  readonly #objects: Map<string, Cell>[] = [new Map()]
  #head: string | undefined
  /** What `head` was made from, while that can be gone back to. */
  #base: string | undefined
  /** The cells touched since open(), and what they were: columns, because there is one for each record of a batch. */
  #touched: Cell[] = []
  #oldValues: unknown[] = []
  #oldTimes: number[] = []
  #emptied: Cell[] = []
  #lastSeq = -1
  #change = 0
  #size = 0
  /** Cells by the time at which they are looked at for being idle; each is in one list. Made when first asked for. */
  #idle: Map<number, Cell[]> | undefined
  #pass: { cells: Iterator<Cell>; readonly sinceMs: number; readonly sinceChange: number } | undefined

  constructor(head: string | undefined) {
    this.#head = head
  }

  /** Keys with a value. */
  get size(): number {
    return this.#size
  }

  /** Whether the table can take changes on top of a version; it holds that version then. */
  open(base: string): boolean {
    if (this.#base === base) this.rollback()
    else if (this.#head !== base) return false
    for (const cell of this.#emptied) if (cell.value === absent) this.#mapOf(cell.key).delete(identity(cell.key))
    this.#emptied = []
    this.#forgetOld()
    this.#base = undefined
    this.#change++
    return true
  }

  /** The changes since open() are a version. */
  seal(head: string): void {
    this.#base = this.#head
    this.#head = head
  }

  holds(head: string): boolean {
    return this.#head === head
  }

  /** Takes the changes since open() back, sealed or not. */
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

  /** The cell of a key that has a value. */
  get(key: unknown): Cell | undefined {
    const cell = this.#cell(key)
    return cell === undefined || cell.value === absent ? undefined : cell
  }

  /** Gives a key a value. */
  put(key: unknown, value: unknown, at: number): void {
    let cell = this.#cell(key)
    if (cell === undefined) {
      cell = { key: typeof key === 'string' ? ownText(key) : key, seq: ++this.#lastSeq, value: absent, at, change: 0 }
      this.#enter(cell)
      this.#emptied.push(cell) // it goes where the change is taken back
      this.#waitIdle(cell)
    }
    this.set(cell, value, at)
  }

  set(cell: Cell, value: unknown, at: number): void {
    this.#touch(cell)
    if (cell.value === absent) this.#size++
    cell.value = typeof value === 'string' ? ownText(value) : value
    cell.at = at
  }

  remove(cell: Cell): void {
    if (cell.value === absent) return
    this.#touch(cell)
    this.#size--
    cell.value = absent
    this.#emptied.push(cell)
  }

  /** Puts a cell as a log has it; its versions come in their order. */
  restore(key: unknown, value: unknown, at: number, seq: number): void {
    const known = this.#cell(key)
    if (known !== undefined && known.seq === seq) {
      known.value = value
      known.at = at
      return
    }
    if (known !== undefined) this.drop(key)
    this.#enter({ key: typeof key === 'string' ? ownText(key) : key, seq, value: typeof value === 'string' ? ownText(value) : value, at, change: 0 })
    this.#size++
    this.#lastSeq = Math.max(this.#lastSeq, seq)
  }

  /** Forgets a key as a log has it. */
  drop(key: unknown): void {
    for (const map of this.#mapsOf(key)) if (map.delete(identity(key))) this.#size--
  }

  /** Brings cells that came in the order of a log into their own. */
  sort(): void {
    for (const maps of [this.#primitives, this.#objects] as Map<unknown, Cell>[][]) {
      const cells = maps.flatMap(map => [...map.values()]).sort((a, b) => a.seq - b.seq)
      maps.splice(0, Infinity, new Map())
      for (const cell of cells) this.#enter(cell)
    }
  }

  /** Cells with a value, in their order. Keys may be put and removed meanwhile. */
  * cells(): Generator<Cell> {
    for (const maps of [this.#primitives, this.#objects]) for (const map of maps) for (const cell of map.values()) if (cell.value !== absent) yield cell
  }

  /** The cells that the changes since open() touched, each once. */
  get touched(): readonly Cell[] {
    return this.#touched
  }

  /** Takes the cells last touched at `upToMs` or earlier out of the order of idleness, and gives them in the order of keys. */
  takeIdle(upToMs: number): Cell[] {
    this.#idle ??= this.#byTime()
    const idle: Cell[] = []
    for (const [ms, cells] of this.#idle) {
      if (ms > upToMs) continue
      this.#idle.delete(ms)
      for (const cell of cells) {
        if (cell.value === absent) continue
        if (cell.at <= upToMs) idle.push(cell)
        else this.#waitIdle(cell)
      }
    }
    return idle.sort((a, b) => a.seq - b.seq)
  }

  /** Puts a cell on the list of its time; where it is touched later it moves on when the list is looked at. */
  #waitIdle(cell: Cell): void {
    if (this.#idle === undefined) return
    const list = this.#idle.get(cell.at)
    if (list === undefined) this.#idle.set(cell.at, [cell])
    else list.push(cell)
  }

  #byTime(): Map<number, Cell[]> {
    this.#idle = new Map()
    for (const cell of [...this.cells()].sort((a, b) => a.at - b.at)) this.#waitIdle(cell)
    return this.#idle
  }

  /**
   * The next cells to be written again so that the log's beginning can go: at most `count` that no change has touched since the pass began.
   * Gives the time of the change with which the pass began once the pass is complete.
   */
  again(count: number, nowMs: number): { cells: Cell[]; keepFromMs: number | undefined } {
    const pass = (this.#pass ??= { cells: this.cells(), sinceMs: nowMs, sinceChange: this.#change })
    const cells: Cell[] = []
    for (let looked = 0; cells.length < count && looked < looksAWrite * count; looked++) {
      const next = pass.cells.next()
      if (next.done === true) {
        this.#pass = undefined
        return { cells, keepFromMs: pass.sinceMs }
      }
      if (next.value.change < pass.sinceChange) cells.push(next.value)
    }
    return { cells, keepFromMs: undefined }
  }

  #touch(cell: Cell): void {
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

  #cell(key: unknown): Cell | undefined {
    const id = identity(key)
    for (const map of this.#mapsOf(key)) {
      const cell = map.get(id)
      if (cell !== undefined) return cell
    }
    return undefined
  }

  #enter(cell: Cell): void {
    const maps = this.#mapsOf(cell.key)
    if (maps.at(-1)!.size >= maxKeys) maps.push(new Map())
    maps.at(-1)!.set(identity(cell.key), cell)
  }

  #mapsOf(key: unknown): Map<unknown, Cell>[] {
    return (isObject(key) ? this.#objects : this.#primitives) as Map<unknown, Cell>[]
  }

  #mapOf(key: unknown): Map<unknown, Cell> {
    const id = identity(key)
    return this.#mapsOf(key).find(map => map.has(id)) ?? this.#mapsOf(key)[0]!
  }
}

const isObject = (key: unknown): key is object => typeof key === 'object' && key !== null

const identity = (key: unknown): unknown => (isObject(key) ? objectIdentity(key) : key)

/** Longest string that is no slice of the text of its block. */
const shortText = 12

/** A string that keeps no other one alive. */
function ownText(text: string): string {
  if (text.length <= shortText) return text
  return text.isWellFormed() ? Buffer.from(text).toString() : JSON.parse(JSON.stringify(text)) as string
}
