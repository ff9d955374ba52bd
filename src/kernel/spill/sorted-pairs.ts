// Sorts the pairs of a partition by key, in runs on disk where they do not fit in memory; equal keys keep their order.
//
//   pairs ─ full ─→ sorted run ┐ 64 runs of a level become one of the next
//   pairs ─ full ─→ sorted run ┴─→ merged, streaming: older runs first among equal keys

import { compareValues } from '../../wire/key/compare.ts'
import { sortPairs } from '../order.ts'
import { PairBuckets } from '../outputs.ts'
import type { TaskIO } from '../task-io.ts'
import { lastCost, sizeOf } from './size-of.ts'
import type { FileBlock, SpillFile } from './spill-file.ts'

const fanIn = 64
/** One block of each run is in memory when they are merged. */
const blockBytes = 64 << 10
/** An array of two, and its place in the list. */
const pairBytes = 80

type PairRow = readonly [unknown, unknown]
type Compare = (a: unknown, b: unknown) => number

/** The pairs in order; `rows` are read when it is called. */
export function sortedPairs(rows: Iterable<PairRow>, ascending: boolean, io: TaskIO): Iterable<PairRow> {
  const { memory } = io
  memory.enter()
  let runs: SortedRuns | undefined
  let pairs: PairRow[] = []
  let bytes = 0
  let interval = 1
  let left = 1
  for (const row of rows) {
    pairs.push(row)
    if (--left > 0) continue
    let cost = 0
    let size = pairBytes
    for (const part of row[0] === row[1] ? [row[0]] : row) {
      size += sizeOf(part)
      cost += lastCost()
    }
    bytes += size * interval
    if (bytes > memory.share) {
      runs ??= new SortedRuns(io, ascending)
      runs.add(sortPairs(pairs, ascending))
      pairs = []
      bytes = 0
    }
    left = interval = memory.interval(size, cost)
  }
  const last = sortPairs(pairs, ascending)
  if (runs === undefined) {
    memory.leave()
    return last
  }
  runs.add(last)
  return runs.merged()
}

interface Level { readonly file: SpillFile; readonly runs: (readonly FileBlock[])[] }

class SortedRuns {
  readonly #io: TaskIO
  readonly #compare: Compare
  /** Runs of runs; those of a higher level are older than all of a lower one. */
  readonly #levels: (Level | undefined)[] = []

  constructor(io: TaskIO, ascending: boolean) {
    this.#io = io
    this.#compare = ascending ? compareValues : (a, b) => compareValues(b, a)
  }

  /** One more run. */
  add(pairs: Iterable<PairRow>, level = 0): void {
    const { file, runs } = (this.#levels[level] ??= { file: this.#io.memory.openFile(), runs: [] })
    const out = new PairBuckets(1, () => 0, (keys, values) => file.write(keys, values), blockBytes)
    for (const [key, value] of pairs) out.add(key, value)
    if (runs.push(out.finish()[0]!) < fanIn) return
    this.add(this.#merge(runs.map(blocks => new Cursor(file, blocks))), level + 1)
    file.close()
    this.#levels[level] = undefined
  }

  /** All pairs in order. */
  * merged(): Generator<PairRow> {
    const cursors = this.#levels.toReversed().flatMap(level => level?.runs.map(blocks => new Cursor(level.file, blocks)) ?? [])
    yield* this.#merge(cursors)
    for (const level of this.#levels) level?.file.close()
    this.#io.memory.leave()
  }

  /** A tree of losers: each inner place holds the run that lost there, so the next pair costs one comparison a level. */
  * #merge(cursors: readonly Cursor[]): Generator<PairRow> {
    const count = cursors.length
    const losers = new Int32Array(count)
    const isBefore = (a: number, b: number): boolean => {
      const [x, y] = [cursors[a]!, cursors[b]!]
      if (x.done || y.done) return y.done && (!x.done || a < b)
      const order = this.#compare(x.key, y.key)
      return order < 0 || (order === 0 && a < b)
    }
    const play = (place: number): number => {
      if (place >= count) return place - count
      const [a, b] = [play(2 * place), play(2 * place + 1)]
      const first = isBefore(a, b)
      losers[place] = first ? b : a
      return first ? a : b
    }
    let winner = count === 1 ? 0 : play(1)
    for (let n = 0; ; n++) {
      const cursor = cursors[winner]!
      if (cursor.done) return
      if ((n & 1023) === 0) this.#io.tick()
      yield [cursor.key, cursor.value]
      cursor.next()
      for (let place = (winner + count) >> 1; place >= 1; place >>= 1) {
        const other = losers[place]!
        if (!isBefore(other, winner)) continue
        losers[place] = winner
        winner = other
      }
    }
  }
}

/** A place in a run. */
class Cursor {
  readonly #file: SpillFile
  readonly #blocks: readonly FileBlock[]
  #nextBlock = 0
  #keys: readonly unknown[] = []
  #values: readonly unknown[] = []
  #at = -1
  key: unknown
  done = false

  constructor(file: SpillFile, blocks: readonly FileBlock[]) {
    this.#file = file
    this.#blocks = blocks
    this.next()
  }

  get value(): unknown {
    return this.#values[this.#at]
  }

  next(): void {
    if (++this.#at === this.#keys.length) {
      const block = this.#blocks[this.#nextBlock++]
      const { keys, values } = block === undefined ? { keys: [], values: [] } : this.#file.read(block)
      this.done = block === undefined
      this.#keys = keys
      this.#values = values
      this.#at = 0
    }
    this.key = this.#keys[this.#at]
  }
}
