// What was put out by all lives of a program, and whether it is what one life that nobody disturbed would have put out.

import assert from 'node:assert/strict'
import { batchMs, expectedOf, sorted, type Outcome, type Plan } from './plan.fixture.ts'

/** What is seen from outside of the program. */
export interface Evidence {
  /** Outputs, also those of batches that ran again. */
  readonly outcomes: readonly Outcome[]
  /** The records in the files of a batch, where they are whole; undefined where none are saved. */
  readonly saved: ((timeMs: number) => readonly number[] | undefined) | undefined
  /** What sources were told to be safe. */
  readonly acknowledged: readonly number[]
  /** Blocks of receivers that were ever in the journal, by input and number. */
  readonly journalled: ReadonlyMap<string, Uint8Array>
  /** Whether these are all of them. */
  readonly keepsAll: boolean
  /** The last batch that is complete. */
  readonly lastMs: number
}

/** Asserts that every output of every complete batch is what it must be, and was so whenever it was put out; gives the records of each batch. */
export function checkOutputs(plan: Plan, { outcomes, saved, acknowledged, journalled, keepsAll, lastMs }: Evidence): ReadonlyMap<number, readonly number[]> {
  const { source } = plan
  const byName = new Map<string, Map<number, Outcome>>()
  for (const outcome of outcomes) {
    const { name, time, rows } = outcome
    if (time > lastMs) continue // cut short by the end
    let batches = byName.get(name)
    if (batches === undefined) byName.set(name, batches = new Map())
    const before = batches.get(time)
    if (before !== undefined) assert.deepEqual(sorted(rows), sorted(before.rows), `${name} of ${time} was put out again`)
    else batches.set(time, outcome)
  }
  const raw = [...byName.get('raw')?.values() ?? []].sort((a, b) => a.time - b.time)
  assert.deepEqual(raw.map(({ time }) => time), raw.map((_, i) => raw[0]!.time + i * batchMs), 'no batch is left out')
  const others = byName.get('others') ?? new Map<number, Outcome>()
  const numbers = raw.flatMap(({ rows }) => rows as number[])

  for (const [name, rows] of expectedOf(plan, raw, others)) {
    const [output, time] = name.split(' ') as [string, string]
    assert.deepEqual(sorted(byName.get(output)?.get(Number(time))?.rows ?? ['none']), rows, name)
  }
  if (saved !== undefined) for (const { time, rows } of raw) assert.deepEqual(saved(time), rows, `the files of ${time}`)
  if (source === 'replay') assert.deepEqual(numbers, numbers.map((_, i) => i), 'each number once')
  if (others.size > 0) assert.deepEqual([...others.values()].flatMap(({ rows }) => rows), Array.from({ length: 3 * raw.length }, (_, i) => i))
  if (source === 'files') assert.deepEqual(numbers, numbers.map((_, i) => i), 'each line of each file once')
  const batches = new Map(raw.map(({ time, rows }) => [time, rows as number[]]))
  if (raw.length === 0) return batches // on a busy machine a life may be too short
  if (source === 'receiver') {
    const there = new Set(numbers)
    for (const n of acknowledged.filter(n => n < numbers.at(-1)! - 3)) assert.ok([n - 2, n - 1, n].every(each => there.has(each)), `R1: ${n} was acknowledged`)
  }
  if (source === 'socket') {
    assert.deepEqual(numbers, [...new Set(numbers)].sort((a, b) => a - b), 'no line twice, in order')
    const there = new Set(numbers)
    const texts = [...journalled].sort(([a], [b]) => numberOf(a) - numberOf(b)).map(([, bytes]) => Buffer.from(bytes).toString('latin1'))
    const inJournal = texts.flatMap(text => text.match(/\d+(?=\n)/g) ?? []).map(Number)
    const inBatches = inJournal.filter(n => n <= numbers.at(-1)!) // what came last may wait for a batch
    for (const n of inBatches) assert.ok(there.has(n), `${n} is in the journal, and in no batch`)
    if (keepsAll) assert.deepEqual(numbers, inBatches)
  }
  return batches
}

const numberOf = (block: string): number => Number(block.split(' ')[1])
