// A batch whose advance fails and which is skipped: it is empty to everything that remembers, also for a run that goes on from the checkpoint.
//
// Every stream has three outputs: one that takes a part, one that takes all, one that takes all and fails once. All of them see the same.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ManualClock } from '../../base/clock.ts'
import type { Logger } from '../../base/log.ts'
import { Context } from '../../context/context.ts'
import type { State } from '../../kernel/state/state.ts'
import type { DStream } from '../dstream.ts'
import { StreamingContext } from '../streaming-context.ts'

let root: string
before(() => { root = mkdtempSync(join(tmpdir(), 'rivulet-skipped-')) })
after(() => rmSync(root, { recursive: true }))

type Pairs = DStream<[string, number]>
const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {} }
const add = (a: number, b: number): number => a + b
const subtract = (a: number, b: number): number => a - b
const filter = ([, n]: [string, number]): boolean => n > 0
const counts = (pairs: Pairs): Pairs => pairs.updateStateByKey<number>((ones, n) => ones.reduce(add, n ?? 0)) as Pairs
const running = (key: string, n: number | undefined, state: State<number>): [string, number] => {
  state.update((state.getOption() ?? 0) + n!)
  return [key, state.get()]
}

/** What comes; in the third batch a function throws. */
const batches = ['aab', 'b', 'aX!', 'c', 'ad', '', 'b']

/** By stream, what it gives in each batch: keys with numbers; `-` where it has nothing to give. */
const streams: Readonly<Record<string, readonly [stream: (pairs: Pairs) => DStream<[string, number]>, expected: readonly string[]]>> = {
  updateStateByKey: [counts, ['a2b1', 'a2b2', '-', 'a2b2c1', 'a3b2c1d1', 'a3b2c1d1', 'a3b3c1d1']],
  mapWithState: [pairs => pairs.mapWithState(running) as Pairs, ['a1a2b1', 'b2', '-', 'c1', 'a3d1', '', 'b3']],
  'mapWithState with a timeout': [
    pairs => pairs.mapWithState((key, n, state: State<number>): [string, number] => (state.isTimingOut() ? [key, 0] : running(key, n, state)), { timeout: '2 s' }) as Pairs,
    ['a1a2b1', 'b2', '-', 'a0c1', 'a1b0d1', '', 'b1c0'],
  ],
  'a window': [pairs => pairs.window('2 s'), ['a1a1b1', 'a1a1b1b1', '-', 'c1', 'a1c1d1', 'a1d1', 'b1']],
  'a window that slides by two': [pairs => pairs.window('4 s', '2 s'), ['-', 'a1a1b1b1', '-', 'a1a1b1b1c1', '-', 'a1c1d1', '-']],
  'a window by key': [pairs => pairs.reduceByKeyAndWindow(add, '3 s'), ['a2b1', 'a2b2', '-', 'b1c1', 'a1c1d1', 'a1c1d1', 'a1b1d1']],
  'an inverse window': [pairs => pairs.reduceByKeyAndWindow(add, subtract, '2 s', '1 s', { filter }), ['a2b1', 'a2b2', '-', 'c1', 'a1c1d1', 'a1d1', 'b1']],
  'an inverse window that slides by two': [pairs => pairs.reduceByKeyAndWindow(add, subtract, '4 s', '2 s', { filter }), ['-', 'a2b2', '-', 'a2b2c1', '-', 'a1c1d1', '-']],
  'an inverse window that is due in the bad batch': [pairs => pairs.reduceByKeyAndWindow(add, subtract, '3 s', '3 s', { filter }), ['-', '-', '-', '-', '-', 'a1c1d1', '-']],
  'a window over a state': [pairs => counts(pairs).window('2 s'), ['a2b1', 'a2a2b1b2', '-', 'a2b2c1', 'a2a3b2b2c1c1d1', 'a3a3b2b2c1c1d1d1', 'a3a3b2b3c1c1d1d1']],
  'an inverse window over a state': [pairs => counts(pairs).reduceByKeyAndWindow(add, subtract, '2 s', '1 s', { filter }), ['a2b1', 'a4b3', '-', 'a2b2c1', 'a5b4c2d1', 'a6b4c2d2', 'a6b5c2d2']],
  'a state over a window': [pairs => counts(pairs.window('2 s')), ['a2b1', 'a4b3', '-', 'a4b3c1', 'a5b3c2d1', 'a6b3c2d2', 'a6b4c2d2']],
  'a state over an inverse window': [pairs => counts(pairs.reduceByKeyAndWindow(add, subtract, '2 s', '1 s', { filter })), ['a2b1', 'a4b3', '-', 'a4b3c1', 'a5b3c2d1', 'a6b3c2d2', 'a6b4c2d2']],
  'a join of a window and a state': [
    pairs => pairs.reduceByKeyAndWindow(add, '2 s').join(counts(pairs)).mapValues(([x, y]) => x * 10 + y), ['a22b11', 'a22b22', '-', 'c11', 'a13c11d11', 'a13d11', 'b13'],
  ],
}

/** When programs end and are started anew. */
const restarts: readonly (readonly number[])[] = [[], [3], [2, 4], [1, 2, 3, 4, 5, 6]]

for (const [name, [stream, expected]] of Object.entries(streams)) for (const ends of restarts) test(`${name}${ends.length === 0 ? '' : `, started anew after ${ends.join()}`}`, async () => {
  const seen = { all: new Map<number, string>(), again: new Map<number, string>(), some: new Map<number, string>() }
  const text = (rows: readonly [string, number][]): string => rows.map(([key, n]) => `${key}${n}`).sort().join('')
  const run = async (from: number, to: number): Promise<void> => {
    await using ctx = new Context({ master: 'inline', log: quiet, conf: { 'checkpoint.durability': 'process' } })
    const clock = new ManualClock(from * 1000)
    const ssc = new StreamingContext(ctx, '1 s', { clock })
    ssc.checkpoint(join(root, `${name} ${ends.join()}`))
    const letters = ssc.sourceStream<number, number, string>({ initial: async () => 0, latest: async n => Math.min(n + 1, batches.length), split: (a, b) => (a === b ? [] : [a]), read: i => batches[i]! })
    const described = stream(letters.map((letter): [string, number] => {
      if (letter === '!') throw new Error('no letter')
      return [letter, 1]
    }))
    const output = (into: Map<number, string>, some: boolean, fails: boolean): void => described.foreachRDD(async (rdd, { milliseconds }) => {
      into.set(milliseconds / 1000, text(some ? await rdd.take(1) : await rdd.collect()))
      if (fails && milliseconds === 4000) throw new Error('once')
    }, { onFailure: 'skip' })
    output(seen.some, true, false)
    output(seen.all, false, false)
    output(seen.again, false, true)
    await ssc.start()
    await clock.advance((to - from) * 1000)
    await ssc.stop()
    await ssc.awaitTermination()
  }
  const stops = [0, ...ends, batches.length]
  for (let i = 1; i < stops.length; i++) await run(stops[i - 1]!, stops[i]!)
  const given = (from: ReadonlyMap<number, string>): string[] => batches.map((_, i) => from.get(i + 1) ?? '-')
  assert.deepEqual(given(seen.all), expected)
  assert.deepEqual(given(seen.again), expected)
  for (const [batch, rows] of seen.some) assert.ok(expected[batch - 1]!.includes(rows), `${batch}: ${rows}`)
})
