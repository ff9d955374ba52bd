// deadLetter: which records it gets, once and in order, and what still fails the batch.

import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { ManualClock } from '../base/clock.ts'
import type { RivuletError } from '../base/define-errors.ts'
import type { Context } from '../context/context.ts'
import { onEveryMaster } from '../rdd/masters.fixture.ts'
import type { DStream } from './dstream.ts'
import { StreamingContext } from './streaming-context.ts'

afterEach(() => StreamingContext.getActive()?.stop({ stopContext: false })) // of a test that failed

type Letter = readonly [record: unknown, message: string, timeMs: number]
type Note = (record: unknown, error: Error, time: { milliseconds: number }) => void

const odd = (n: number): number => { if (n % 2 === 1) throw new RangeError(`odd ${n}`); return n * 10 }

/** Runs batches of a second; gives what came out, the letters and the error of the end. */
async function run(ctx: Context, batches: number[][], describe: (numbers: DStream<number>, note: Note) => DStream<unknown> | DStream<unknown>[]) {
  const clock = new ManualClock()
  const ssc = new StreamingContext(ctx, '1 s', { clock })
  const letters: Letter[] = []
  const out: unknown[][] = []
  const streams = describe(ssc.queueStream(batches), (record, error, time) => { letters.push([record, `${error.name} ${error.message}`, time.milliseconds]) })
  for (const stream of [streams].flat()) stream.foreachRDD(async rdd => { out.push(await rdd.collect()) })
  const ended = ssc.awaitTermination().then(() => undefined, (error: RivuletError) => error)
  await ssc.start()
  await clock.advance(1_000 * batches.length)
  await ssc.stop({ stopContext: false })
  return { out, letters, error: await ended }
}

const lost = (record: unknown, n: number, timeMs = 1_000): Letter => [record, `RangeError odd ${n}`, timeMs]

onEveryMaster(context => {
  const cases: Record<string, [describe: Parameters<typeof run>[2], out: unknown[][], letters: Letter[], batches?: number[][]]> = {
    'map, batch by batch': [(s, note) => s.map(odd).deadLetter(note), [[20], [40]], [lost(1, 1), lost(3, 3), lost(5, 5, 2_000)], [[1, 2, 3], [4, 5]]],
    'nothing to tell': [(s, note) => s.map(odd).deadLetter(note), [[20]], [], [[2]]],
    'filter': [(s, note) => s.filter(n => odd(n) > 20).deadLetter(note), [[4]], [lost(1, 1)], [[1, 2, 4]]],
    'flatMap gives all or nothing': [
      (s, note) => s.flatMap(function* (n) { yield n; yield odd(n) }).deadLetter(note), [[2, 20]], [lost(1, 1)], [[1, 2]],
    ],
    'values of pairs': [
      (s, note) => s.map(n => [`k${n}`, n]).mapValues(odd).flatMapValues(n => [n, odd(n + (n === 40 ? 1 : 0))]).deadLetter(note), [[['k2', 20], ['k2', 200]]],
      [lost(['k1', 1], 1), lost(['k4', 40], 41)], [[1, 2, 4]],
    ],
    'every function down to the input; the record is what the function got': [
      (s, note) => s.map(n => n + 1).filter(n => n > 0).map(odd).deadLetter(note), [[20, 40]], [lost(3, 3)], [[1, 2, 3]],
    ],
    'several streams: each function has the handler nearest to the input': [
      (s, note) => s.map(odd).deadLetter((r, e, t) => note(`first ${String(r)}`, e, t)).map(n => odd(n / 20)).deadLetter(note), [[20]], [lost('first 1', 1), lost(20, 1)], [[1, 2, 4]],
    ],
    'the first handler of a stream wins': [(s, note) => s.map(odd).deadLetter(note).deadLetter(() => assert.fail()), [[20]], [lost(1, 1)], [[1, 2]]],
    'two outputs of one stream tell once': [(s, note) => { const guarded = s.map(odd).deadLetter(note); return [guarded, guarded.map(n => -Number(n))] }, [[20], [-20]], [lost(1, 1)], [[1, 2]]],
    'as a statement, before and after others derive from the stream': [
      (s, note) => { const tens = s.map(odd); const before = tens.map(n => n + 1); tens.deadLetter(note); return [before, tens.map(n => n + 2)] }, [[21], [22]], [lost(1, 1)], [[1, 2]],
    ],
    'behind an exchange, and before one': [
      (s, note) => s.map(odd).deadLetter(note).map(n => [n % 20, n]).reduceByKey((a, b) => a + b, 1).mapValues(n => odd(n / 20)).deadLetter(note), [[]],
      [lost(1, 1), lost([0, 60], 3)], [[1, 2, 4]],
    ],
    'persisted, and in windows': [
      (s, note) => s.map(odd).deadLetter(note).persist().window('2 s'), [[20], [20, 40]], [lost(1, 1), lost(3, 3, 2_000)], [[1, 2], [3, 4]],
    ],
    'a union: every branch': [
      (s, note) => s.map(odd).union(s.map(n => odd(n + 1)), s.mapPartitions(rows => rows)).map(n => odd(n + (n === 40 ? 1 : 0))).deadLetter(note), [[200, 200, 20, 40]],
      [lost(40, 41), lost(1, 1), lost(1, 1), lost(2, 3), lost(4, 5)], [[1, 2, 4]],
    ],
  }
  for (const [name, [make, out, letters, batches = [[1, 2, 3]]]] of Object.entries(cases)) {
    test(name, async () => {
      const result = await run(context(), batches, make)
      assert.equal(result.error, undefined)
      assert.deepEqual(result, { out, letters, error: undefined })
    })
  }

  test('letters come in the order of the records, whatever the partitions', async () => {
    const numbers = Array.from({ length: 5_000 }, (_, i) => i)
    const { letters, out } = await run(context(), [numbers], (s, note) => s.map(odd).deadLetter(note))
    assert.deepEqual(letters.map(([record]) => record), numbers.filter(n => n % 2 === 1))
    assert.equal(out[0]!.length, 2_500)
  })

  test('an error comes as it was, a record too', async () => {
    const seen: unknown[] = []
    await run(context(), [[1]], s => s.map(n => ({ n, at: new Date(5), big: 7n })).map(() => { throw Object.assign(new TypeError('no'), { status: 404, cause: new Error('why') }) })
      .deadLetter((record, error) => { seen.push(record, error instanceof TypeError, (error as unknown as { status: number }).status, (error.cause as Error).message) }))
    assert.deepEqual(seen, [{ n: 1, at: new Date(5), big: 7n }, true, 404, 'why'])
  })

  describe('still fails the batch:', () => {
    const failures: Record<string, [make: (s: DStream<number>) => DStream<unknown>, message: RegExp]> = {
      'a promise out of map': [s => s.map(async n => n).deadLetter(() => {}), /mapAsync/],
      'a function behind the stream': [s => s.map(n => n + 1).deadLetter(() => {}).map(odd), /odd 3/],
      'a handler that throws': [s => s.map(odd).deadLetter(() => { throw new Error('the letter box is full') }), /deadLetter \(foreachRDD\) at .*dead-letter\.test.* 1000 ms: .*the letter box is full/],
      'a handler that rejects': [s => s.map(odd).deadLetter(async () => { throw new Error('the letter box is full') }), /letter box is full/],
      'mapPartitions': [s => s.mapPartitions(rows => [...rows].map(odd)).deadLetter(() => {}), /odd 1/],
    }
    for (const [name, [make, message]] of Object.entries(failures)) {
      test(name, async () => {
        const { error } = await run(context(), [[1, 2]], make)
        assert.match(error?.message ?? 'no error', message)
      })
    }
  })

  test('a handler may be async: each record waits for the one before', async () => {
    const log: string[] = []
    await run(context(), [[1, 3]], s => s.map(odd).deadLetter(async record => {
      log.push(`begin ${String(record)}`)
      await new Promise(resolve => { setImmediate(resolve) })
      log.push(`end ${String(record)}`)
    }))
    assert.deepEqual(log, ['begin 1', 'end 1', 'begin 3', 'end 3'])
  })
})
