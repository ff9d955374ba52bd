// The cells of a state on disk that are in memory: those that the database lacks, and of the clean ones as many as may be held.

import type { DiskCell } from './disk-cell.ts'

export class HeldCells {
  readonly #cells = new Map<unknown, DiskCell>()
  readonly #mostBytes: number
  #cleanBytes = 0
  /** Goes round, and lets clean cells go that were not used since it came by last. */
  #hand: Iterator<DiskCell> | undefined

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes
  }

  get(id: unknown): DiskCell | undefined {
    return this.#cells.get(id)
  }

  /** Holds a cell; one that is clean counts with its bytes. */
  add(cell: DiskCell, bytes: number): void {
    this.#cells.set(cell.id, cell)
    cell.isHeld = true
    this.#cleanBytes += bytes
  }

  delete(cell: DiskCell, bytes: number): void {
    this.#cells.delete(cell.id)
    cell.isHeld = false
    this.#cleanBytes -= bytes
  }

  becomesClean({ bytes }: DiskCell): void {
    this.#cleanBytes += bytes
  }

  becomesDirty({ bytes }: DiskCell): void {
    this.#cleanBytes -= bytes
  }

  /** Lets clean cells go where there are too many. */
  evict(): void {
    for (let looks = 2 * this.#cells.size; this.#cleanBytes > this.#mostBytes && looks > 0; looks--) {
      const { value: cell, done } = (this.#hand ??= this.#cells.values()).next()
      if (done === true) this.#hand = undefined
      else if (cell.isUsed) cell.isUsed = false
      else if (cell.dirtySince === 0) this.delete(cell, cell.bytes)
    }
  }
}
