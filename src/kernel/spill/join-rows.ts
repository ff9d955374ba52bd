// Puts pairs of two partitions together by key: the right side is held in a table, the left one passes by it.
//
//   right ─→ table ←─ left, pair by pair ─→ results
//     └ full ─→ both sides into files, cut into buckets by the hash of the keys; then bucket by bucket in the same way
//
// - Results of one key come in the order of its left pairs, and for each of those in the order of the right ones.
// - A key's right value is kept as it is; only a second one makes a list. Lists of few keys that are too large, which cutting makes no
//   smaller, go to a file, and are read for each left pair: what comes out is as large.

import { PairBuckets } from '../outputs.ts'
import type { TaskIO } from '../task-io.ts'
import { BoundedMap } from './bounded-map.ts'
import { bucketCount, bucketOf, canCut } from './buckets.ts'
import { sizeOf } from './size-of.ts'
import type { FileBlock, SpillFile } from './spill-file.ts'

/** A list in a file is read in blocks of about so many bytes. */
const filedBlockBytes = 64 << 10

type PairRow = readonly [unknown, unknown]

/** What comes out. */
export type JoinKind =
  /** `[key, [left, right]]` for each two values of a key; with `undefined` for a value that an outer side lacks. */
  | { readonly gives: 'pairs'; readonly leftOuter: boolean; readonly rightOuter: boolean }
  /** The left pairs whose key the right side lacks. */
  | { readonly gives: 'leftOnly' }
  /** Each key of both sides, once, as `[key, undefined]`. */
  | { readonly gives: 'common' }

/** The results; the right rows are read when it is called. */
export function joinRows(left: Iterable<PairRow>, right: Iterable<PairRow>, kind: JoinKind, io: TaskIO, level = 0): Generator<PairRow> {
  const table = new RightTable(io, kind.gives === 'pairs', level)
  for (const row of right) table.put(row[0], row[1])
  const { spilled } = table
  if (spilled !== undefined) return fromFiles(left, spilled, kind, io, level)
  return kind.gives === 'pairs' ? pairs(left, table, kind.leftOuter, kind.rightOuter) : kind.gives === 'leftOnly' ? leftOnly(left, table) : common(left, table)
}

function* fromFiles(left: Iterable<PairRow>, { file, buckets }: Spilled, kind: JoinKind, io: TaskIO, level: number): Generator<PairRow> {
  const leftBuckets = bucketsIn(file, level)
  for (const row of left) leftBuckets.add(row[0], row[1])
  const [lefts, rights] = [leftBuckets.finish(), buckets.finish()]
  io.memory.leave()
  for (let i = 0; i < bucketCount; i++) {
    if (lefts[i]!.length + rights[i]!.length > 0) yield* joinRows(read(file, lefts[i]!, io), read(file, rights[i]!, io), kind, io, level + 1)
  }
  file.close()
}

function* read(file: SpillFile, blocks: readonly FileBlock[], io: TaskIO): Generator<PairRow> {
  for (const block of blocks) {
    io.tick()
    const { keys, values } = file.read(block)
    for (let i = 0; i < keys.length; i++) yield [keys[i], values[i]]
  }
}

const bucketsIn = (file: SpillFile, level: number): PairBuckets<FileBlock> => new PairBuckets(bucketCount, bucketOf(level), (keys, values) => file.write(keys, values))

/** Right pairs that are in files. */
interface Spilled { readonly file: SpillFile; readonly buckets: PairBuckets<FileBlock> }

/** Several values of one key. */
class Several {
  readonly values: unknown[]
  constructor(values: unknown[]) { this.values = values }

  add(value: unknown): void {
    this.values.push(value)
  }

  [Symbol.iterator](): Iterator<unknown> {
    return this.values[Symbol.iterator]()
  }
}

/** As many values of one key as go to a file. */
class Filed {
  readonly #io: TaskIO
  readonly #file: SpillFile
  readonly #out: PairBuckets<FileBlock>

  constructor(io: TaskIO, file: SpillFile) {
    this.#io = io
    this.#file = file
    this.#out = new PairBuckets(1, () => 0, (keys, values) => file.write(keys, values), filedBlockBytes)
  }

  add(value: unknown): void {
    this.#out.add(undefined, value)
  }

  * [Symbol.iterator](): Iterator<unknown> {
    for (const block of this.#out.finish()[0]!) {
      this.#io.tick()
      yield* this.#file.read(block).values
    }
  }
}

const valuesOf = (held: unknown): Iterable<unknown> => (held instanceof Several || held instanceof Filed ? held : [held])

class RightTable extends BoundedMap {
  readonly #io: TaskIO
  readonly #keepsValues: boolean
  readonly #level: number
  #left = 1
  /** Of lists. */
  #lists: SpillFile | undefined
  /** Where all pairs are, once they were too many. */
  spilled: Spilled | undefined

  constructor(io: TaskIO, keepsValues: boolean, level: number) {
    super(io.memory)
    this.#io = io
    this.#keepsValues = keepsValues
    this.#level = level
  }

  put(key: unknown, value: unknown): void {
    if (this.spilled !== undefined) return this.spilled.buckets.add(key, value)
    const due = --this.#left === 0
    const place = this.find(key)
    const before = due ? this.measure(place) : 0
    if (place === -1) this.add(key, this.#keepsValues ? value : undefined)
    else if (this.#keepsValues) {
      const held = this.values[place]
      if (held instanceof Several || held instanceof Filed) held.add(value)
      else this.values[place] = new Several([held, value])
    }
    if (due) this.#left = this.sampled(key, before)
  }

  /** Gives up its part of the task's memory. */
  close(): void {
    this.memory.leave()
    this.#lists?.close()
  }

  protected override get canPour(): boolean {
    return canCut(this.#level, this.size)
  }

  protected override pour(): void {
    const file = this.memory.openFile()
    const buckets = bucketsIn(file, this.#level)
    this.forEach((key, held) => { for (const value of valuesOf(held)) buckets.add(key, value) })
    this.#lists?.close()
    this.spilled = { file, buckets }
  }

  protected override shrink(bytes: number): number {
    let rest = 0
    for (let place = 0; place < this.size; place++) {
      const held = this.values[place]
      if (held instanceof Several) {
        const list = (this.values[place] = new Filed(this.#io, (this.#lists ??= this.memory.openFile())))
        for (const value of held) list.add(value)
      }
      rest += sizeOf(this.values[place])
    }
    return super.shrink(rest)
  }
}

function* pairs(left: Iterable<PairRow>, table: RightTable, leftOuter: boolean, rightOuter: boolean): Generator<PairRow> {
  const matched = rightOuter ? new Uint8Array(table.size) : undefined
  for (const row of left) {
    const key = row[0]
    const value = row[1]
    const place = table.find(key)
    if (place === -1) {
      if (leftOuter) yield [key, [value, undefined]]
      continue
    }
    if (matched !== undefined) matched[place] = 1
    const held = table.values[place]
    if (held instanceof Several) for (const right of held.values) yield [key, [value, right]]
    else if (held instanceof Filed) for (const right of held) yield [key, [value, right]]
    else yield [key, [value, held]]
  }
  let place = 0
  if (matched !== undefined) for (const [key, held] of table.pairs()) if (matched[place++] === 0) for (const right of valuesOf(held)) yield [key, [undefined, right]]
  table.close()
}

function* leftOnly(left: Iterable<PairRow>, table: RightTable): Generator<PairRow> {
  for (const pair of left) if (table.find(pair[0]) === -1) yield pair
  table.close()
}

function* common(left: Iterable<PairRow>, table: RightTable): Generator<PairRow> {
  for (const [key] of left) {
    const place = table.find(key)
    if (place === -1 || table.values[place] === given) continue
    table.values[place] = given
    yield [key, undefined]
  }
  table.close()
}

/** Marks a key that was given out. */
const given = Symbol('given')
