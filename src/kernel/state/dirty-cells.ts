// What a database lacks: cells by the change that was the first since they were written, the oldest change first.
//
//   … ──┬── group of change 7 ──┬── group of change 8 ──┬── group of the change that is being made
//
// - A cell that several changes touched is in the group of the first of them; that it is there no more is seen by its `dirtySince`.
// - Groups know how many bytes of the log they stand for: what would have to be read again if the process died.

import type { DiskCell } from './disk-cell.ts'

interface Group { readonly change: number; timeMs: number; readonly cells: DiskCell[]; logBytes: number; next: number }

/** Cells to be written. */
export interface Taken {
  readonly cells: readonly DiskCell[]
  /** Once they are written the database has everything up to this time; undefined where that is what it was. */
  readonly doneMs: number | undefined
  /** They are written. */
  readonly written: () => void
}

export class DirtyCells {
  readonly #groups: Group[] = []
  #logBytes = 0

  /** Bytes of the log that these cells stand for. */
  get logBytes(): number {
    return this.#logBytes
  }

  /** The time of the last change; Infinity while it is being made. */
  get lastMs(): number | undefined {
    return this.#groups.at(-1)?.timeMs
  }

  /** A change begins. */
  begin(change: number, timeMs = Infinity): void {
    if (this.lastMs === Infinity) this.#groups.pop() // it was opened, and nothing was done
    this.#groups.push({ change, timeMs, cells: [], logBytes: 0, next: 0 })
  }

  /** The last change touches a clean cell. */
  add(cell: DiskCell): void {
    const group = this.#groups.at(-1)!
    cell.dirtySince = group.change
    group.cells.push(cell)
  }

  /** Of the last change, more is in the log; its batch is known now. */
  logged(timeMs: number, bytes: number): void {
    const group = this.#groups.at(-1)!
    group.timeMs = timeMs
    group.logBytes += bytes
    this.#logBytes += bytes
  }

  /** The last change is taken back; gives its number. */
  takeBack(): number | undefined {
    const group = this.#groups.pop()
    this.#logBytes -= group?.logBytes ?? 0
    return group?.change
  }

  cells(): DiskCell[] {
    return this.#groups.flatMap(({ change, cells, next }) => cells.filter((cell, i) => i >= next && cell.dirtySince === change))
  }

  /** The oldest, of changes up to a time, at most `count`, while they stand for more bytes of the log than `spareBytes`. */
  take(upToMs: number, count: number, spareBytes: number): Taken {
    const groups = this.#groups
    const cells: DiskCell[] = []
    let [bytes, whole, next, doneMs] = [this.#logBytes, 0, 0, undefined as number | undefined]
    for (const group of groups) {
      if (group.timeMs > upToMs || bytes <= spareBytes || cells.length >= count) break
      next = group.next
      while (next < group.cells.length && cells.length < count) {
        const cell = group.cells[next++]!
        if (cell.dirtySince === group.change) cells.push(cell)
      }
      if (next < group.cells.length) break
      whole++
      next = 0
      bytes -= group.logBytes
      doneMs = group.timeMs
    }
    if (whole === groups.length || groups[whole]!.timeMs > upToMs) doneMs = upToMs
    const written = (): void => {
      this.#logBytes = bytes
      groups.splice(0, whole)
      if (next > 0) groups[0]!.next = next
    }
    return { cells, doneMs, written }
  }
}
