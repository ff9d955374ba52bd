// runBatches, and with it what comes out of every operation: empty batches, windows that fill and drain, the order of time; workers that die.

import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { HashPartitioner, StreamingContext, seconds, type DStream, type RivuletError } from 'rivulet'
import { runBatches, type RunBatchesOptions } from 'rivulet/testing'
import { onMasters } from './masters.ts'
import { coded, collected, open } from './streams.ts'

const add = (a: number, b: number): number => a + b
type Numbers = DStream<number>
type Pairs = DStream<[string, number]>
const pairs: [string, number][][] = [[['a', 1], ['b', 2], ['a', 3]], [], [['b', 4]], [['a', 5]]]
const three = { extraBatches: 3 }
const sorted = (batches: unknown[][]): unknown[][] => batches.map(batch => batch.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)))

interface Case { readonly name: string; readonly out: (options: RunBatchesOptions) => Promise<unknown[][]>; readonly expected: unknown[][]; readonly options?: RunBatchesOptions; readonly anyOrder?: boolean }
const numbers = (name: string, batches: number[][], operation: (s: Numbers) => DStream<unknown>, expected: unknown[][], options: RunBatchesOptions = {}): Case =>
  ({ name, out: more => runBatches(batches, operation, more), expected, options })
const keyed = (name: string, operation: (s: Pairs) => DStream<unknown>, expected: unknown[][], options: RunBatchesOptions = three): Case =>
  ({ name, out: more => runBatches(pairs, operation, more), expected, options, anyOrder: true })

const cases: readonly Case[] = [
  numbers('count of empty batches', [[1, 2], [], [3]], s => s.count(), [[2], [0], [1], [0]], { extraBatches: 1 }),
  numbers('reduce of empty batches', [[1, 2], [], [3]], s => s.reduce(add), [[3], [], [3], []], { extraBatches: 1 }),
  numbers('reduce keeps the order', [[3, 1, 4, 1, 5]], s => s.map(n => `${n}`).reduce((a, b) => a + b), [['31415']]),
  numbers('no batch at all', [], s => s, []),
  numbers('a chain', [[1, 2, 3]], s => s.flatMap(n => Array.from({ length: n }, () => n)).filter(n => n !== 2).map(n => n * 10).glom().flatMap(part => part), [[10, 30, 30, 30]]),
  numbers('window fills and drains', [[1], [2], [3]], s => s.window(seconds(2)), [[1], [1, 2], [2, 3], [3], [], []], three),
  numbers('window with a slide', [[1], [2], [3], [4]], s => s.window(3_000, 2_000), [[1, 2], [2, 3, 4], [4], []], { extraBatches: 4 }),
  numbers('window longer than everything', [[1, 2], [3]], s => s.window('1 min'), [[1, 2], [1, 2, 3], [1, 2, 3], [1, 2, 3], [1, 2, 3]], three),
  numbers('window of a window', [[1], [2], [3], [4]], s => s.window(2_000, 2_000).window(4_000, 2_000), [[1, 2], [1, 2, 3, 4], [3, 4], []], { extraBatches: 4 }),
  numbers('window of one batch', [[1], [2]], s => s.window(1_000), [[1], [2], []], { extraBatches: 1 }),
  numbers('window in the order of time, behind repartition', [[1, 2], [3, 4], [5, 6]], s => s.repartition(1).window(3_000), [[1, 2], [1, 2, 3, 4], [1, 2, 3, 4, 5, 6]]),
  numbers('operations behind a window', [[1], [2], [3]], s => s.window(2_000).map(n => n * 2).filter(n => n > 2).count(), [[0], [1], [2], [1], [0], [0]], three),
  numbers('two windows of one stream', [[1], [2], [3]], s => s.window(2_000).union(s.window(3_000)), [[1, 1], [1, 2, 1, 2], [2, 3, 1, 2, 3]]),
  numbers('countByWindow drains to 0', [[1, 2], [3]], s => s.countByWindow(2_000, 1_000), [[2], [3], [1], [0], [0]], three),
  numbers('countByWindow with a slide', [[1, 2], [3], [4]], s => s.countByWindow(2_000, 2_000), [[3], [1], [0]], three),
  numbers('reduceByWindow', [[1, 2], [], [3]], s => s.reduceByWindow(add, 2_000, 1_000), [[3], [3], [3], [3], [], []], three),
  numbers('reduceByWindow keeps the order of time', [[1, 2], [3], [4]], s => s.map(n => `${n}`).reduceByWindow((a, b) => a + b, 3_000, 1_000), [['12'], ['123'], ['1234']]),
  { ...numbers('countByValueAndWindow', [[1, 1], [2]], s => s.countByValueAndWindow(2_000, 1_000), [[[1, 2]], [[1, 2], [2, 1]], [[2, 1]], [], []], three), anyOrder: true },
  { ...numbers('countByValue', [[1, 2, 1], []], s => s.countByValue(), [[[1, 2], [2, 1]], []]), anyOrder: true },
  keyed('reduceByKey', s => s.reduceByKey(add), [[['a', 4], ['b', 2]], [], [['b', 4]], [['a', 5]]], {}),
  keyed('reduceByKey with a partitioner', s => s.reduceByKey(add, new HashPartitioner(5)), [[['a', 4], ['b', 2]], [], [['b', 4]], [['a', 5]]], {}),
  keyed('groupByKey', s => s.groupByKey(), [[['a', [1, 3]], ['b', [2]]], [], [['b', [4]]], [['a', [5]]]], {}),
  keyed('reduceByKeyAndWindow', s => s.reduceByKeyAndWindow(add, 2_000, 1_000), [[['a', 4], ['b', 2]], [['a', 4], ['b', 2]], [['b', 4]], [['a', 5], ['b', 4]], [['a', 5]], [], []]),
  keyed('reduceByKeyAndWindow without a slide', s => s.reduceByKeyAndWindow(add, '2 s'), [[['a', 4], ['b', 2]], [['a', 4], ['b', 2]], [['b', 4]], [['a', 5], ['b', 4]]], {}),
  keyed('reduceByKeyAndWindow with a slide, in 3 partitions', s => s.reduceByKeyAndWindow(add, 3_000, 2_000, 3), [[['a', 4], ['b', 2]], [['a', 5], ['b', 4]], [['a', 5]]], { extraBatches: 2 }),
  keyed('groupByKeyAndWindow in the order of time', s => s.groupByKeyAndWindow(4_000, 4_000), [[['a', [1, 3, 5]], ['b', [2, 4]]]], {}),
  keyed('reduceByKeyAndWindow whose function keeps the order', s => s.mapValues(n => `${n}`).reduceByKeyAndWindow((x, y) => x + y, 4_000, 4_000), [[['a', '135'], ['b', '24']]], {}),
  { name: 'named inputs of unequal lengths', out: o => runBatches({ l: [[1], [2], [3]], r: [['x']] }, ({ l, r }) => l.map(n => `${n}`).union(r), o), expected: [['1', 'x'], ['2'], ['3']] },
  { name: 'a join written with transformWith', out: o => runBatches({ l: pairs.slice(0, 1), r: [[['a', 'x']]] as [string, string][][] }, ({ l, r }) => l.mapValues(n => `${n}`).transformWith(r, (x, y) => x.union(y).groupByKey()), o), expected: [[['a', ['1', '3', 'x']], ['b', ['2']]]], anyOrder: true },
  { name: 'ssc is the second argument', out: o => runBatches([[1]], (s, ssc) => ssc.union(s, ssc.queueStream([[2]])), o), expected: [[1, 2]] },
  { name: 'batch as text', out: o => runBatches([[1], [2]], s => s.transform((rdd, time) => rdd.map(n => [n, time.milliseconds])), { ...o, batch: '5 s' }), expected: [[[1, 5_000]], [[2, 10_000]]] },
  { name: 'batch as a number', out: o => runBatches([[1], [2]], s => s.window(40), { ...o, batch: 20 }), expected: [[1], [1, 2]] },
]

/** Each runBatches on threads starts threads of its own: there, those whose order the threads could change. */
const onThreads = /order|drains|3 partitions|transformWith/

onMasters((context, master) => {
  for (const { name, out, expected, options, anyOrder = false } of cases.filter(({ name }) => master === 'inline' || onThreads.test(name))) {
    test(name, async () => {
      const batches = await out({ ...options, master })
      assert.deepEqual(anyOrder ? sorted(batches) : batches, expected)
    })
  }

  test('runBatches rejects with what failed, and runs again', async () => {
    const failing = runBatches([[1], [2]], (s: Numbers) => s.map(n => { if (n === 2) throw new RangeError('two'); return n }), { master })
    await assert.rejects(failing, (error: RivuletError) => coded(/^RIV_/, /map at .*streaming-batches\.test\.ts.*two/)(error) && error.cause instanceof RangeError)
    await assert.rejects(runBatches([[1]], (s: Numbers) => s.window(1_500), { master }), coded(/^RIV_/, /1500 ms/))
    await assert.rejects(runBatches([[1]], (s: Numbers) => s, { master, batch: 1 }), coded(/^RIV_/, /seconds/))
    assert.deepEqual(await Promise.all([1, 2, 3].map(k => runBatches([[k]], (s: Numbers) => s.map(n => n * k), { master }))), [[[1]], [[4]], [[9]]])
    assert.equal(StreamingContext.getActive(), undefined)
  })

  test('a window whose batch has no records, with outputs on several slides', async () => {
    await using s = open(context())
    const input = s.ssc.queueStream([[1], [], [3], [], [5], [6]])
    const [every, second, third] = [collected(input), collected(input.window(2_000, 2_000)), collected(input.countByWindow(3_000, 3_000))]
    await s.ssc.start()
    await s.clock.advance(6_000)
    assert.deepEqual([every, second, third], [[[1], [], [3], [], [5], [6]], [[1], [3], [5, 6]], [[2], [2]]])
  })

  if (master === 'local[2]') {
    test('workers that die in the middle of batches change no result', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'rivulet-acceptance-'))
      try {
        const batches = Array.from({ length: 6 }, (_, b) => Array.from({ length: 50 }, (_, i) => b * 50 + i))
        const dieOnce = (where: string, numbers: Numbers, at: number): Numbers => {
          const file = join(folder, where)
          return numbers.map(n => {
            const { existsSync, writeFileSync } = process.getBuiltinModule('node:fs')
            if (n === at && !existsSync(file)) {
              writeFileSync(file, '')
              process.exit(3)
            }
            return n
          })
        }
        const program = (s: Numbers, die: (where: string, s: Numbers, at: number) => Numbers) => {
          const counts = die('map', s, 60).map((n): [number, number] => [n % 7, n]).reduceByKey(add)
          const windows = die('window', s, 120).window(3_000).map((n): [number, number] => [n % 3, 1]).reduceByKey(add)
          const reduced = die('reduced', s, 201).map((n): [number, number] => [n % 2, 1]).reduceByKeyAndWindow(add, 4_000, 2_000)
          return [collected(counts), collected(windows), collected(die('behind', reduced.map(([k, n]) => k * 1_000 + n), 1_100))]
        }
        const results = []
        for (const die of [dieOnce, (_: string, s: Numbers) => s]) {
          await using s = open(context())
          const out = program(s.ssc.queueStream([...batches]), die)
          await s.ssc.start()
          await s.clock.advance(6_000)
          results.push(out.map(batches => sorted(batches)))
        }
        assert.deepEqual(results[0], results[1])
        for (const where of ['map', 'window', 'reduced', 'behind']) assert.ok(existsSync(join(folder, where)), where)
      } finally {
        rmSync(folder, { recursive: true })
      }
    })

    test('a worker that always dies fails its batch, with a code', async () => {
      await using s = open(context())
      s.ssc.queueStream([[1]]).map(() => process.exit(9)).print()
      await s.ssc.start()
      const ended = assert.rejects(s.ssc.awaitTermination(), coded(/^RIV_/, /exit|died|lost|terminated/))
      await s.clock.advance(1_000).catch(() => {})
      await ended
      assert.deepEqual(await context().parallelize([1]).collect(), [1])
    })
  }
})
