// A program that is started anew for every batch gives what one gives that never stopped: what one run leaves lasts through several.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { ManualClock } from '../../base/clock.ts'
import { Context } from '../../context/context.ts'
import type { State } from '../../kernel/state/state.ts'
import type { DStream } from '../dstream.ts'
import { StreamingContext } from '../streaming-context.ts'

let folder: string
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'rivulet-often-')) })
afterEach(() => rmSync(folder, { recursive: true }))

const words = ['ab', 'bca', 'c', 'aaa', 'b', 'abc', 'd', 'ab', 'c', 'dd', 'a', 'bb']
const failing = { now: false }

const known = Array.from({ length: 100 }, (_, i): [string, number] => [String.fromCharCode(97 + i), i])

type Pairs = DStream<[string, number]>
const sum = (ns: number[], total: number | undefined): number => ns.reduce((a, b) => a + b, total ?? 0)
const operations: Record<string, (pairs: Pairs, ctx: Context) => DStream<unknown>> = {
  'a state with an initial one': (pairs, ctx) => pairs.updateStateByKey(sum, { initialRDD: ctx.parallelize(known) }),
  'a mapped state with an initial one': (pairs, ctx) => pairs.mapWithState((key, n, state: State<number>) => {
    state.update((state.getOption() ?? 0) + n!)
    return [key, state.get()]
  }, { initialState: ctx.parallelize(known) }).stateSnapshots(),
  'a state that advances in every fourth batch': pairs => pairs.window('1 s', '4 s').updateStateByKey(sum),
  'an inverse window that slides by four': pairs => pairs.reduceByKeyAndWindow((a, b) => a + b, (a, b) => a - b, '8 s', '4 s'),
  'a window that slides by four': pairs => pairs.reduceByKeyAndWindow((a, b) => a + b, '8 s', '4 s'),
}

/** Runs batches (from, to] of one word each; gives what came out, by time. */
async function run(directory: string, from: number, to: number, operation: (pairs: Pairs, ctx: Context) => DStream<unknown>, initial = 0): Promise<[number, unknown[]][]> {
  await using ctx = new Context({ master: 'inline', conf: { 'checkpoint.durability': 'process' } })
  const clock = new ManualClock(from * 1000)
  const ssc = new StreamingContext(ctx, '1 s', { clock })
  ssc.checkpoint(directory)
  const out: [number, unknown[]][] = []
  const letters = ssc.sourceStream<number, number, [string, number]>({
    initial: async () => initial,
    latest: async n => { if (failing.now) throw new Error('away'); return Math.min(n + 1, words.length) },
    split: (a, b) => (a === b ? [] : [a]),
    * read(i) { for (const letter of words[i]!) yield [letter, 1] },
  })
  operation(letters, ctx).foreachRDD(async (rdd, time) => { out.push([time.milliseconds, (await rdd.collect()).sort((a, b) => (String(a) < String(b) ? -1 : 1))]) }, { onFailure: 'skip' })
  await ssc.start()
  await clock.advance((to - from) * 1000)
  await ssc.stop()
  await ssc.awaitTermination()
  return out
}

for (const [name, operation] of Object.entries(operations)) test(name, async () => {
  const whole = await run(join(folder, 'whole'), 0, words.length, operation)
  const parts: [number, unknown[]][] = []
  for (let i = 0; i < words.length; i++) parts.push(...await run(join(folder, 'often'), i, i + 1, operation))
  assert.deepEqual(parts, whole)
})

test('the place in a source that cannot be reached outlasts the batches in which it was', async () => {
  const directory = join(folder, 'a')
  const whole = await run(join(folder, 'whole'), 0, 3, pairs => pairs)
  assert.deepEqual(await run(directory, 0, 2, pairs => pairs), whole.slice(0, 2))
  failing.now = true
  for (const i of [2, 30]) assert.deepEqual(await run(directory, i, i + 20, pairs => pairs), [])
  failing.now = false
  assert.deepEqual((await run(directory, 60, 61, pairs => pairs))[0]![1], whole[2]![1])
})

test('where a source begins is settled by the first start, though no batch came', async () => {
  const directory = join(folder, 'a')
  await run(directory, 0, 0, pairs => pairs, 3)
  const [[, first]] = await run(directory, 0, 1, pairs => pairs, 7) as [[number, [string, number][]]]
  assert.deepEqual(first.map(([letter]) => letter).join(''), words[3])
})
