// A journal that keeps nothing: for streams that run without a directory.

import type { Journal, JournalRecord } from './journal.ts'

export class MemoryJournal implements Journal {
  readonly epoch = 1
  readonly fenced = false
  readonly fellBack: readonly string[] = []
  #next = 0

  append(_record: JournalRecord): number {
    return this.#next++
  }

  async durable(): Promise<void> {}

  isDurable(): boolean {
    return true
  }

  async assertNewest(): Promise<void> {}

  roll(): void {}

  async prune(_position: number, after?: Promise<void>): Promise<void> {
    await after
  }

  async close(): Promise<void> {}
}
