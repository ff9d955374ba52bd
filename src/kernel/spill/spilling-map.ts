// The aggregation map of a reducer: when its memory is full it goes to a file, cut into buckets by the hash of the keys.
//
//   records ─→ map ─ full ─→ file:  bucket 0 │ bucket 1 │ … │ bucket 63      each in the order in which it was written
//      └ new keys, nearly all, and the map was full ─┘                       (bounded-map.ts)
//                    end ─→ bucket by bucket: file ─→ map ─→ pairs           a bucket that is too large again is cut by other bits
//
// - Parts of a key's combiner lie in its bucket in the order of its records, and are merged in it: the result is that of one large map.
// - Without spilling pairs come in the order of first appearance; with it bucket by bucket, in that order within each.

import { UserFailure } from '../errors.ts'
import { PairBuckets } from '../outputs.ts'
import type { TaskIO } from '../task-io.ts'
import { plain } from '../thenable.ts'
import { BoundedMap } from './bounded-map.ts'
import { bucketCount, bucketOf, canCut } from './buckets.ts'
import type { FileBlock, SpillFile } from './spill-file.ts'

/** How to merge two parts of a combiner; `fn` is the index of the function in the stage, for failures. */
export interface Merge { readonly merge: (a: unknown, b: unknown) => unknown; readonly fn?: number }

export class SpillingMap extends BoundedMap {
  readonly #io: TaskIO
  readonly #merge: Merge
  readonly #level: number
  #file: SpillFile | undefined
  #buckets: PairBuckets<FileBlock> | undefined
  /** It was poured since `passing` was asked. */
  #wasFull = false

  constructor(io: TaskIO, merge: Merge, level = 0) {
    super(io.memory)
    this.#io = io
    this.#merge = merge
    this.#level = level
  }

  protected override get canPour(): boolean {
    return canCut(this.#level, this.size)
  }

  protected override pour(): void {
    if (this.#buckets === undefined) {
      const file = (this.#file = this.memory.openFile())
      this.#buckets = new PairBuckets(bucketCount, bucketOf(this.#level), (keys, values) => file.write(keys, values))
    }
    this.#buckets.addAll(this)
    this.#wasFull = true
  }

  /** To be called after `sampled`: how many records are to pass by before the next one is combined. */
  passing(): number {
    const wasFull = this.#wasFull
    this.#wasFull = false
    return wasFull ? this.endTrial() : 0
  }

  /** A record that passes by; its value is a combiner. */
  pass(key: unknown, combiner: unknown): void {
    this.#buckets!.add(key, combiner)
  }

  override chunks(): Generator<[unknown, unknown][]> {
    return this.#buckets === undefined ? super.chunks() : this.#merged(this.#buckets)
  }

  /** Gives up its part of the task's memory; to be called when the pairs have been read. */
  close(): void {
    this.memory.leave()
    this.#file?.close()
  }

  * #merged(written: PairBuckets<FileBlock>): Generator<[unknown, unknown][]> {
    this.pour()
    this.clear()
    const file = this.#file!
    for (const blocks of written.finish()) {
      if (blocks.length === 0) continue
      const map = new SpillingMap(this.#io, this.#merge, this.#level + 1)
      map.#addAll(file, blocks)
      yield* map.chunks()
      map.close()
    }
  }

  #addAll(file: SpillFile, blocks: readonly FileBlock[]): void {
    const { merge, fn } = this.#merge
    let left = 1
    let passing = 0
    for (const block of blocks) {
      this.#io.tick()
      const { keys, values } = file.read(block)
      for (let i = 0; i < keys.length; i++) {
        const key = keys[i]
        if (passing > 0) {
          passing--
          this.pass(key, values[i])
          continue
        }
        const place = this.find(key)
        const due = --left === 0
        const before = due ? this.measure(place) : 0
        if (place === -1) this.add(key, values[i])
        else {
          try {
            const merged = merge(this.values[place], values[i])
            this.values[place] = due ? plain(merged) : merged
          } catch (error) {
            throw fn === undefined || error instanceof UserFailure ? error : new UserFailure(fn, values[i], error)
          }
        }
        if (due) {
          left = this.sampled(key, before)
          passing = this.passing()
        }
      }
    }
  }
}
