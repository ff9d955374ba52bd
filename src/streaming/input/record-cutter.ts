// Blocks of records, encoded when they are cut.
//
// - Records beyond the rate wait, in order; see rate-limit.ts.
// - A record that cannot be encoded is left out and reported; the records around it are kept.

import { isRivuletError } from '../../base/define-errors.ts'
import { BlockAge, type BlockCutter, type CutterOptions } from './block-cutter.ts'

/** Records in a block at most. */
const maxRecords = 16_384

export interface RecordCutterOptions extends CutterOptions {
  /** A record was left out. */
  readonly onRefused: (error: unknown) => void
}

export class RecordCutter implements BlockCutter {
  readonly #options: RecordCutterOptions
  readonly #age: BlockAge
  #records: unknown[] = []
  /** Records that wait for the rate, and how many of them have been let in. */
  #waiting: unknown[] = []
  #letIn = 0

  constructor(options: RecordCutterOptions) {
    this.#options = options
    this.#age = new BlockAge(options)
  }

  get isEmpty(): boolean {
    return this.#records.length === 0 && this.#waiting.length === 0
  }

  add(record: unknown): void {
    const { limit } = this.#options
    if (this.#waiting.length === 0 && limit.available >= 1) {
      limit.took(1)
      return this.#take(record)
    }
    this.#waiting.push(record)
    limit.waits(this.#waiting.length - this.#letIn, () => this.drain())
  }

  drain(): void {
    if (this.#waiting.length === 0) return
    const { limit } = this.#options
    const n = Math.min(limit.available, this.#waiting.length - this.#letIn)
    for (const end = this.#letIn + n; this.#letIn < end;) this.#take(this.#waiting[this.#letIn++])
    limit.took(n)
    if (this.#letIn === this.#waiting.length || this.#letIn > maxRecords) {
      this.#waiting = this.#waiting.slice(this.#letIn)
      this.#letIn = 0
    }
    limit.waits(this.#waiting.length - this.#letIn, () => this.drain())
  }

  cut(): void {
    const records = this.#records
    if (records.length === 0) return
    this.#age.restart()
    this.#records = []
    this.#records = this.#store(records)
  }

  #take(record: unknown): void {
    if (this.#age.isOver) this.cut()
    if (this.#records.push(record) >= maxRecords && !this.#options.blocks.refused) this.cut()
  }

  /** Gives the records for which there is no memory yet. */
  #store(records: unknown[]): unknown[] {
    const { blocks, runner, onRefused } = this.#options
    try {
      return blocks.store(() => runner.storeRecords(records), records.length) ? [] : records
    } catch (error) {
      if (!isRivuletError(error) || error.code !== 'RIV_RECORD_NOT_ENCODABLE') throw error
      if (records.length === 1) {
        onRefused(error)
        return []
      }
      const half = records.length >> 1
      const rest = this.#store(records.slice(0, half))
      return rest.length > 0 ? [...rest, ...records.slice(half)] : this.#store(records.slice(half))
    }
  }
}
