// Savepoints and replays: a program begins from a copy of another's state; a batch runs again as it was.

import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { ManualClock } from '../../base/clock.ts'
import { Context } from '../../context/context.ts'
import { testStream } from '../../testing/run-batches.ts'
import type { DStream } from '../dstream.ts'
import { StreamingContext } from '../streaming-context.ts'

let folder: string
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'rivulet-savepoint-')) })
afterEach(() => rmSync(folder, { recursive: true }))

const words = ['ab', 'bca', 'c', 'aaa', 'b', 'abc']

interface Run { readonly directory: string; readonly from: number; readonly to: number; readonly partitions?: number; readonly conf?: Record<string, string>; readonly then?: (ssc: StreamingContext) => Promise<void>; readonly count?: (pairs: DStream<[string, number]>, partitions: number) => DStream<[string, number]> }

/** Counts the letters of one word a batch; gives what came out. */
async function run({ directory, from, to, partitions = 2, conf = {}, then, count = (pairs, n) => pairs.updateStateByKey<number>((ones, seen) => (seen ?? 0) + ones.length, n) }: Run): Promise<[number, unknown[]][]> {
  await using ctx = new Context({ master: 'inline', appName: 'letters', conf: { 'checkpoint.durability': 'process', ...conf } })
  const clock = new ManualClock(from * 1000)
  const ssc = new StreamingContext(ctx, '1 s', { clock })
  ssc.checkpoint(directory)
  const out: [number, unknown[]][] = []
  const letters = ssc.sourceStream<number, number, [string, number]>({
    initial: async () => 0, latest: async n => Math.min(n + 1, words.length), split: (a, b) => (a === b ? [] : [a]),
    * read(i) { for (const letter of words[i]!) yield [letter, 1] },
  })
  count(letters, partitions).foreachRDD(async (rdd, time) => { out.push([time.milliseconds, (await rdd.collect()).sort((a, b) => (a[0] < b[0] ? -1 : 1))]) })
  const ended = ssc.awaitTermination()
  ended.catch(() => {})
  await ssc.start()
  await clock.advance((to - from) * 1000)
  await then?.(ssc)
  if (conf['replay.directory'] === undefined) await ssc.stop()
  await ended
  return out
}

test('a program begins from a savepoint, with other partitions, and goes on from its own checkpoint after that', async () => {
  const whole = await run({ directory: join(folder, 'whole'), from: 0, to: 6 })
  let savepoint = ''
  const first = await run({ directory: join(folder, 'a'), from: 0, to: 3, then: async ssc => { savepoint = await ssc.savepoint(join(folder, 'points')) } })
  assert.deepEqual(first, whole.slice(0, 3))
  rmSync(join(folder, 'a'), { recursive: true })
  renameSync(savepoint, join(folder, 'moved'))
  const conf = { 'checkpoint.savepoint': join(folder, 'moved') }
  assert.deepEqual(await run({ directory: join(folder, 'b'), from: 3, to: 4, partitions: 5, conf }), whole.slice(3, 4))
  assert.deepEqual(await run({ directory: join(folder, 'b'), from: 4, to: 5, partitions: 5, conf }), whole.slice(4, 5), 'started again')
  assert.deepEqual(await run({ directory: join(folder, 'b'), from: 5, to: 6, partitions: 1 }), whole.slice(5, 6), 'started again, with one partition')
})

test('a checkpoint of which nothing can be read is refused; createOnError puts it aside', async () => {
  const directory = join(folder, 'a')
  await run({ directory, from: 0, to: 2 })
  for (const name of readdirSync(join(directory, 'journal'))) writeFileSync(join(directory, 'journal', name), name.startsWith('epoch') ? '' : 'garbage')
  const create = async (options?: { createOnError: boolean }): Promise<void> => {
    await using ctx = new Context({ master: 'inline' })
    const ssc = await StreamingContext.getOrCreate(directory, () => {
      const made = new StreamingContext(ctx, '1 s', { clock: new ManualClock() })
      testStream(made, [['a']]).foreachRDD(() => {})
      return made
    }, options)
    await ssc.start()
    await ssc.stop()
  }
  await assert.rejects(create(), { code: 'RIV_JOURNAL_UNUSABLE', message: /checkpoint/ })
  await create({ createOnError: true })
  await create()
})

test('a savepoint over a checkpoint, a folder that is none, and state in memory are refused', async () => {
  const directory = join(folder, 'a')
  await run({ directory, from: 0, to: 1 })
  await assert.rejects(run({ directory, from: 1, to: 2, conf: { 'checkpoint.savepoint': join(folder, 'other') } }), { code: 'RIV_SAVEPOINT_DIRECTORY' })
  await assert.rejects(run({ directory: join(folder, 'b'), from: 0, to: 1, conf: { 'checkpoint.savepoint': folder } }), { code: 'RIV_SAVEPOINT' })
  await run({ directory: 'memory:', from: 0, to: 1, then: ssc => assert.rejects(ssc.savepoint(), { code: 'RIV_NO_SAVEPOINT' }) })
  assert.ok(!existsSync(join(folder, 'b', 'journal')))
})

test('a batch runs again on the inputs and the state that it had; nothing is written', async () => {
  const directory = join(folder, 'a')
  const out = await run({ directory, from: 0, to: 5, conf: { 'replay.keep': '10' } })
  for (const timeMs of [1000, 3000, 5000]) {
    assert.deepEqual(await run({ directory: 'unused', from: 0, to: 0, conf: { 'replay.directory': directory, 'replay.batch': String(timeMs) } }), out.filter(([ms]) => ms === timeMs))
  }
  await assert.rejects(run({ directory, from: 0, to: 0, conf: { 'replay.directory': directory, 'replay.batch': '9000' } }), { code: 'RIV_REPLAY' })
  assert.ok(!existsSync('unused'))
  assert.deepEqual((await run({ directory, from: 5, to: 6 })).map(([ms]) => ms), [6000])
})

test('a program that does not fit its checkpoint is refused, and does no harm', async () => {
  const directory = join(folder, 'a')
  const whole = await run({ directory: join(folder, 'whole'), from: 0, to: 3 })
  await run({ directory, from: 0, to: 2 })
  const other = (pairs: DStream<[string, number]>): DStream<[string, number]> => pairs.reduceByKeyAndWindow((a, b) => a + b, (a, b) => a - b, '2 s')
  for (let again = 0; again < 2; again++) await assert.rejects(run({ directory, from: 2, to: 3, count: other }), { code: 'RIV_STATE_MATCH' })
  assert.deepEqual(await run({ directory, from: 2, to: 3 }), whole.slice(2))
})
