// Every operation of streams, as data: batches in, operation, batches out; on every master.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HashPartitioner } from '../kernel/partitioner.ts'
import { onEveryMaster } from '../rdd/masters.fixture.ts'
import { runBatchesOn, type RunBatchesOptions } from '../testing/run-batches.ts'
import type { DStream } from './dstream.ts'
import type { StreamingContext } from './streaming-context.ts'

const add = (a: number, b: number): number => a + b
type Numbers = DStream<number>
type Words = DStream<string>
type Pairs = DStream<[string, number]>
type Options = Omit<RunBatchesOptions, 'master'> & { readonly sorted?: boolean }

interface Row { readonly name: string; readonly input: unknown; readonly run: (input: never, ssc: StreamingContext) => DStream<unknown>; readonly expected: unknown[][]; readonly options: Options }
const rows: Row[] = []
function row<I>(name: string, input: unknown, run: (input: I, ssc: StreamingContext) => DStream<unknown>, expected: unknown[][], options: Options = {}): void {
  rows.push({ name, input, run: run as Row['run'], expected, options })
}
/** The order of keys after an exchange is no promise. */
const sorted = { sorted: true }

// Elements
row('map', [[1, 2], [], [3]], (s: Numbers) => s.map(n => n * 2), [[2, 4], [], [6]])
row('flatMap', [['a b', ''], ['c']], (s: Words) => s.flatMap(line => line.split(' ')), [['a', 'b', ''], ['c']])
row('flatMap of generators', [[2, 1]], (s: Numbers) => s.flatMap(function* (n) { for (let i = 0; i < n; i++) yield [n, i] }), [[[2, 0], [2, 1], [1, 0]]])
row('filter', [[1, 2, 3], [4]], (s: Numbers) => s.filter(n => n > 2), [[3], [4]])
row('mapPartitions', [[1, 2, 3], []], (s: Numbers) => s.repartition(1).mapPartitions(part => [[...part].length]), [[3], [0]])
row('mapPartitions with an async generator', [[1, 2]], (s: Numbers) => s.mapPartitions(async function* (part) { for (const n of part) yield n + 1 }), [[2, 3]])
row('glom and repartition', [[1, 2, 3, 4, 5]], (s: Numbers) => s.repartition(1).repartition(2).glom().map(part => part.length), [[3, 2]])
row('mapAsync', [[3, 1, 2]], (s: Numbers) => s.mapAsync(async n => ({ n }), { concurrency: 2 }), [[{ n: 3 }, { n: 1 }, { n: 2 }]])
row('undefined and null are records', [[undefined, null]], (s: DStream<unknown>) => s.map(x => x), [[undefined, null]])

// Joins
const sides = { l: [[['a', 1], ['b', 2], ['a', 3]], [['c', 1]]], r: [[['a', 'x'], ['d', 'y']], []] }
interface Sides { readonly l: Pairs; readonly r: DStream<[string, string]> }
row('join', sides, ({ l, r }: Sides) => l.join(r), [[['a', [1, 'x']], ['a', [3, 'x']]], []], sorted)
row('leftOuterJoin', sides, ({ l, r }: Sides) => l.leftOuterJoin(r, 3), [[['a', [1, 'x']], ['a', [3, 'x']], ['b', [2, undefined]]], [['c', [1, undefined]]]], sorted)
row('rightOuterJoin', sides, ({ l, r }: Sides) => l.rightOuterJoin(r), [[['a', [1, 'x']], ['a', [3, 'x']], ['d', [undefined, 'y']]], []], sorted)
row('fullOuterJoin', sides, ({ l, r }: Sides) => l.fullOuterJoin(r), [[['a', [1, 'x']], ['a', [3, 'x']], ['b', [2, undefined]], ['d', [undefined, 'y']]], [['c', [1, undefined]]]], sorted)
row('cogroup', sides, ({ l, r }: Sides) => l.cogroup(r, new HashPartitioner(2)), [[['a', [[1, 3], ['x']]], ['b', [[2], []]], ['d', [[], ['y']]]], [['c', [[1], []]]]], sorted)
row('windows joined', sides, ({ l, r }: Sides) => l.window('2 s').join(r.window('2 s')), [[['a', [1, 'x']], ['a', [3, 'x']]], [['a', [1, 'x']], ['a', [3, 'x']]]], sorted)

// Aggregates of a batch
row('count', [['a', 'b'], [], ['c']], (s: Words) => s.count(), [[2], [0], [1], [0]], { extraBatches: 1 })
row('reduce', [[1, 2, 3], [], [4]], (s: Numbers) => s.reduce(add), [[6], [], [4], []], { extraBatches: 1 })
row('reduce keeps order', [['a', 'b', 'c', 'd']], (s: Words) => s.reduce((a, b) => a + b), [['abcd']])
row('countByValue', [['a', 'b', 'a'], []], (s: Words) => s.countByValue(), [[['a', 2], ['b', 1]], []], sorted)
row('countByValue of structures', [[[1, 2], [1, 2], [2, 1]]], (s: DStream<[number, number]>) => s.countByValue(), [[[[1, 2], 2], [[2, 1], 1]]], sorted)

// Pairs
const pairs: [string, number][][] = [[['a', 1], ['b', 2], ['a', 3]], [], [['b', 4]]]
row('mapValues', pairs, (s: Pairs) => s.mapValues(n => n + 1), [[['a', 2], ['b', 3], ['a', 4]], [], [['b', 5]]])
row('flatMapValues', pairs, (s: Pairs) => s.flatMapValues(n => Array.from({ length: n }, (_, i) => i)).filter(([, i]) => i === 1), [[['b', 1], ['a', 1]], [], [['b', 1]]])
row('reduceByKey', pairs, (s: Pairs) => s.reduceByKey(add), [[['a', 4], ['b', 2]], [], [['b', 4]]], sorted)
row('reduceByKey with a partitioner', pairs, (s: Pairs) => s.reduceByKey(add, new HashPartitioner(3)).glom().map(part => part.length).reduce(add), [[2], [0], [1]])
row('groupByKey', pairs, (s: Pairs) => s.groupByKey(), [[['a', [1, 3]], ['b', [2]]], [], [['b', [4]]]], sorted)
row('combineByKey', pairs, (s: Pairs) => s.combineByKey((n): number[] => [n], (list, n) => { list.push(n); return list }, (a, b) => [...a, ...b]), [[['a', [1, 3]], ['b', [2]]], [], [['b', [4]]]], sorted)
row('combineByKey without combining before the exchange', pairs, (s: Pairs) => s.combineByKey(n => `${n}`, (text, n) => `${text}+${n}`, (a, b) => `${a}|${b}`, 2, false), [[['a', '1+3'], ['b', '2']], [], [['b', '4']]], sorted)

// Several streams
row('union', { a: [[1], [2]], b: [[10], []] }, ({ a, b }: { a: Numbers; b: Numbers }) => a.union(b), [[1, 10], [2]])
row('union of three', { a: [[1]], b: [[2]], c: [[3]] }, ({ a, b, c }: Record<'a' | 'b' | 'c', Numbers>) => c.union(a, b), [[3, 1, 2]])
row('union of a stream with itself', [[1, 2]], (s: Numbers) => s.union(s), [[1, 2, 1, 2]])
row('ssc.union', { a: [[1]], b: [[2]] }, ({ a, b }: { a: Numbers; b: Numbers }, ssc) => ssc.union(b, a), [[2, 1]])
row('ssc.transform', { a: [[1]], b: [['x']] }, ({ a, b }: { a: Numbers; b: Words }, ssc) => ssc.transform([a, b], ([x, y]) => y.union(x.map(n => `${n}`))), [['x', '1']])
row('transform', [[3, 1, 2]], (s: Numbers) => s.transform(rdd => rdd.sortBy(n => n)), [[1, 2, 3]])
row('transform with the time', [[1], [2]], (s: Numbers) => s.transform((rdd, time) => rdd.map(n => [time.milliseconds, n])), [[[1000, 1]], [[2000, 2]]])
row('transform that awaits', [[1, 2, 3]], (s: Numbers) => s.transform(async rdd => { const n = await rdd.count(); return rdd.map(x => x + n) }), [[4, 5, 6]])
row('transform with a join', [[['a', 1], ['b', 2]]], (s: Pairs, ssc) => { const names = ssc.sparkContext.parallelize([['a', 'ann']]); return s.transform(rdd => rdd.join(names)) }, [[['a', [1, 'ann']]]])
row('transformWith', { a: [[1], [2]], b: [[10], [20]] }, ({ a, b }: { a: Numbers; b: Numbers }) => a.transformWith(b, (x, y, time) => y.union(x).map(n => n + time.milliseconds)), [[1010, 1001], [2020, 2002]])
row('persist changes nothing', [[1, 2]], (s: Numbers) => { const kept = s.map(n => n + 1).persist(); return kept.union(kept.cache()) }, [[2, 3, 2, 3]])

// Windows
const abc = [['a'], ['b'], ['c'], ['d']]
row('window', abc, (s: Words) => s.window('2 s'), [['a'], ['a', 'b'], ['b', 'c'], ['c', 'd'], ['d'], []], { extraBatches: 2 })
row('window with a slide', abc, (s: Words) => s.window('2 s', '2 s'), [['a', 'b'], ['c', 'd'], []], { extraBatches: 2 })
row('window with a slide longer than its length', [...abc, ['e']], (s: Words) => s.window('1 s', '2 s'), [['b'], ['d']])
row('window with a slide longer than the batch keeps every pane', [...abc, ['e'], ['f']], (s: Words) => s.window('4 s', '3 s'), [['a', 'b', 'c'], ['c', 'd', 'e', 'f']])
row('window of a window', abc, (s: Words) => s.window('2 s').window('2 s', '2 s'), [['a', 'a', 'b'], ['b', 'c', 'c', 'd']])
row('window with several partitions keeps the order of time', [[1, 2, 3], [4, 5, 6], [7]], (s: Numbers) => s.window('2 s'), [[1, 2, 3], [1, 2, 3, 4, 5, 6], [4, 5, 6, 7]])
row('window above transform, map and union', { a: [[1], [2]], b: [[5], []] }, ({ a, b }: { a: Numbers; b: Numbers }) => a.transform(rdd => rdd).union(b).window('2 s').map(n => n * 10), [[10, 50], [10, 50, 20]])
row('reduceByWindow', [[1], [2], [], [4]], (s: Numbers) => s.reduceByWindow(add, '2 s', '1 s'), [[1], [3], [2], [4], [4], []], { extraBatches: 2 })
row('countByWindow', [['a', 'b'], ['c']], (s: Words) => s.countByWindow('2 s', '1 s'), [[2], [3], [1], [0]], { extraBatches: 2 })
row('countByValueAndWindow', [['a'], ['a', 'b']], (s: Words) => s.countByValueAndWindow('2 s', '1 s'), [[['a', 1]], [['a', 2], ['b', 1]], [['a', 1], ['b', 1]], []], { extraBatches: 2, ...sorted })
row('reduceByKeyAndWindow', pairs, (s: Pairs) => s.reduceByKeyAndWindow(add, '2 s'), [[['a', 4], ['b', 2]], [['a', 4], ['b', 2]], [['b', 4]], [['b', 4]], []], { extraBatches: 2, ...sorted })
row('reduceByKeyAndWindow with slide and partitions', pairs, (s: Pairs) => s.reduceByKeyAndWindow(add, '3 s', '3 s', 3), [[['a', 4], ['b', 6]]], sorted)
row('reduceByKeyAndWindow keeps the order of time', [[['k', 'a'], ['k', 'b']], [['k', 'c']]], (s: DStream<[string, string]>) => s.reduceByKeyAndWindow((a, b) => a + b, '2 s'), [[['k', 'ab']], [['k', 'abc']]])
row('groupByKeyAndWindow', pairs, (s: Pairs) => s.groupByKeyAndWindow('3 s'), [[['a', [1, 3]], ['b', [2]]], [['a', [1, 3]], ['b', [2]]], [['a', [1, 3]], ['b', [2, 4]]]], sorted)
row('a batch of another length', [[1], [2], [3]], (s: Numbers) => s.window('300 ms', 200), [[1, 2]], { batch: '100 ms' })

const inOrder = (records: unknown[]): unknown[] => records.map(record => JSON.stringify(record)).sort()

onEveryMaster(context => {
  for (const { name, input, run, expected, options: { sorted: anyOrder, ...options } } of rows) {
    test(name, async () => {
      const out = await runBatchesOn(context(), input as [][], run, options)
      if (anyOrder === true) assert.deepEqual(out.map(inOrder), expected.map(inOrder))
      else assert.deepEqual(out, expected)
    })
  }
})
