// Blocks of records, encoded when they are cut.

import { BlockAge, type BlockCutter, type CutterOptions } from './block-cutter.ts'

/** Records in a block at most. */
const maxRecords = 16_384

export class RecordCutter implements BlockCutter {
  readonly #options: CutterOptions
  readonly #age: BlockAge
  #records: unknown[] = []

  constructor(options: CutterOptions) {
    this.#options = options
    this.#age = new BlockAge(options)
  }

  get isEmpty(): boolean {
    return this.#records.length === 0
  }

  add(record: unknown): void {
    if (this.#age.isOver) this.cut()
    if (this.#records.push(record) >= maxRecords) this.cut()
  }

  cut(): void {
    const records = this.#records
    if (records.length === 0) return
    this.#records = []
    this.#age.restart()
    const { blocks, runner } = this.#options
    if (!blocks.store(() => runner.storeRecords(records), records.length)) this.#records = records
  }
}
