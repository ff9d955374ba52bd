// Cells by the time at which they are looked at. A cell that gets a later time stays where it is, and moves on when its list is looked at.

import type { DiskCell } from './disk-cell.ts'
import { absent } from './state-store.ts'

export class DueCells {
  readonly #byTime = new Map<number, Set<DiskCell>>()

  /** It is looked at at its time. */
  wait(cell: DiskCell): void {
    this.leave(cell)
    cell.waitsAt = cell.at
    const cells = this.#byTime.get(cell.at)
    if (cells === undefined) this.#byTime.set(cell.at, new Set([cell]))
    else cells.add(cell)
  }

  /** It got another time. */
  moved(cell: DiskCell): void {
    if (cell.waitsAt === undefined || cell.at < cell.waitsAt) this.wait(cell)
  }

  leave(cell: DiskCell): void {
    if (cell.waitsAt !== undefined) this.#byTime.get(cell.waitsAt)?.delete(cell)
    cell.waitsAt = undefined
  }

  /** Takes those of a time up to this one that have a value. */
  take(upToMs: number): Set<DiskCell> {
    const due = new Set<DiskCell>()
    for (const [ms, cells] of this.#byTime) {
      if (ms > upToMs) continue
      this.#byTime.delete(ms)
      for (const cell of cells) {
        cell.waitsAt = undefined
        if (cell.value === absent) continue
        if (cell.at <= upToMs) due.add(cell)
        else this.wait(cell)
      }
    }
    return due
  }

  /** All of them leave. */
  clear(): void {
    for (const cells of this.#byTime.values()) for (const cell of cells) cell.waitsAt = undefined
    this.#byTime.clear()
  }
}
