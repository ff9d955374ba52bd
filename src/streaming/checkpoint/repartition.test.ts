// A program that is started anew with other numbers of partitions gives what one gives that never stopped, however often it changes its mind.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ManualClock } from '../../base/clock.ts'
import { Context } from '../../context/context.ts'
import type { State } from '../../kernel/state/state.ts'
import type { RDD } from '../../rdd/rdd.ts'
import type { DStream } from '../dstream.ts'
import { StreamingContext } from '../streaming-context.ts'

let folder: string
before(() => { folder = mkdtempSync(join(tmpdir(), 'rivulet-repartition-')) })
after(() => rmSync(folder, { recursive: true }))

type Pairs = DStream<[string, number]>
const words = ['ab', 'bca', 'c', 'aaa', 'b', '', 'abc', 'd', 'ab', 'c', 'dd', 'a', 'bb', 'e', '', 'ad', 'hello']
const add = (a: number, b: number): number => a + b
const subtract = (a: number, b: number): number => a - b
const sum = (ns: number[], total: number | undefined): number => ns.reduce(add, total ?? 0)
const operations: Readonly<Record<string, (pairs: Pairs, partitions: number, known: RDD<[string, number]>) => DStream<unknown>>> = {
  updateStateByKey: (pairs, n) => pairs.updateStateByKey(sum, n),
  mapWithState: (pairs, numPartitions) => pairs.mapWithState((key, n, state: State<number>) => {
    if (!state.isTimingOut()) state.update((state.getOption() ?? 0) + n!)
    return [key, state.get()]
  }, { numPartitions, timeout: '5 s' }).stateSnapshots(),
  'a state of many keys that advances in every fourth batch': (pairs, numPartitions, known) => pairs.window('1 s', '4 s').mapWithState((key, n, state: State<number>) => {
    state.update((state.getOption() ?? 0) + n!)
    return [key, state.get()]
  }, { numPartitions, initialState: known }).stateSnapshots(),
  'a state that advances in every fourth batch': (pairs, n) => pairs.window('1 s', '4 s').updateStateByKey(sum, n),
  'a state over a state that advances in every third': (pairs, n) => pairs.updateStateByKey(sum, n).window('3 s', '3 s').updateStateByKey(sum, n + 1),
  'an inverse window': (pairs, numPartitions) => pairs.reduceByKeyAndWindow(add, subtract, '3 s', '1 s', { numPartitions, filter: ([, n]) => n > 0 }),
  'an inverse window that slides by four': (pairs, numPartitions) => pairs.reduceByKeyAndWindow(add, subtract, '8 s', '4 s', { numPartitions }),
  'an inverse window that is due late': (pairs, numPartitions) => pairs.reduceByKeyAndWindow(add, subtract, '10 s', '5 s', { numPartitions }),
  'a window by key': (pairs, n) => pairs.reduceByKeyAndWindow(add, '3 s', '1 s', n),
  'a window by key, of many panes': (pairs, n) => pairs.reduceByKeyAndWindow(add, '12 s', '1 s', n),
  'a window of groups': (pairs, n) => pairs.groupByKeyAndWindow('4 s', '2 s', n),
  'a window of values': (pairs, n) => pairs.countByValueAndWindow('3 s', '1 s', n),
  'a window over what is repartitioned': (pairs, n) => pairs.repartition(n).window('3 s'),
  'a window over a state': (pairs, n) => pairs.updateStateByKey(sum, n).window('2 s'),
}

/** Runs batches (from, to] of one word each; gives what came out, by time. */
async function run(directory: string, from: number, to: number, operation: (pairs: Pairs, partitions: number, known: RDD<[string, number]>) => DStream<unknown>, partitions: number): Promise<[number, unknown[]][]> {
  await using ctx = new Context({ master: 'inline', conf: { 'checkpoint.durability': 'process' } })
  const clock = new ManualClock(from * 1000)
  const ssc = new StreamingContext(ctx, '1 s', { clock })
  ssc.checkpoint(directory)
  const out: [number, unknown[]][] = []
  const letters = ssc.sourceStream<number, number, [string, number]>({
    initial: async () => 0, latest: async n => Math.min(n + 1, words.length), split: (a, b) => (a === b ? [] : [a]),
    * read(i) { for (const letter of words[i]!) yield [letter, 1] },
  })
  const known = ctx.parallelize(Array.from({ length: 100 }, (_, i): [string, number] => [String.fromCharCode(97 + i), i]))
  operation(letters, partitions, known).foreachRDD(async (rdd, time) => { out.push([time.milliseconds, (await rdd.collect()).sort((a, b) => (String(a) < String(b) ? -1 : 1))]) })
  await ssc.start()
  await clock.advance((to - from) * 1000)
  await ssc.stop()
  await ssc.awaitTermination()
  return out
}

/** The lives of a program: how many batches, in how many partitions. */
const lives: Readonly<Record<string, readonly (readonly [batches: number, partitions: number])[]>> = {
  'more, then fewer': [[6, 2], [5, 5], [6, 1]],
  'and then the same twice': [[5, 3], [2, 4], [0, 4], [1, 4], [9, 4]],
  'in every batch': words.map((_, i) => [1, 1 + i % 3]),
}

for (const [name, operation] of Object.entries(operations)) for (const [how, parts] of Object.entries(lives)) test(`${name}: ${how}`, async () => {
  const whole = await run(join(folder, `${name}, whole, ${how}`), 0, words.length, operation, 2)
  const out: [number, unknown[]][] = []
  let from = 0
  for (const [batches, partitions] of parts) {
    out.push(...await run(join(folder, `${name}, ${how}`), from, from + batches, operation, partitions))
    from += batches
  }
  assert.deepEqual(out, whole)
})
