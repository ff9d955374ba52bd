// Every operation on small data, as data: what is done, and what comes out.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Context } from '../context/context.ts'
import { HashPartitioner, Partitioner } from '../kernel/partitioner.ts'
import { compareValues } from '../wire/key/compare.ts'
import { onEveryMaster } from './masters.fixture.ts'

class Mark {
  n: number
  constructor(n: number) { this.n = n }
}

class ByLength extends Partitioner {
  numPartitions = 3
  getPartition(key: string): number { return key.length % 3 }
}

const add = (a: number, b: number): number => a + b

type Row = [name: string, run: (ctx: Context) => Promise<unknown>, expected: unknown]

const rows: Row[] = [
  // Sources
  ['parallelize slices at floor(i·n/p)', c => c.parallelize([1, 2, 3, 4, 5], 3).glom().collect(), [[1], [2, 3], [4, 5]]],
  ['parallelize of fewer items than slices', c => c.parallelize([1], 3).glom().collect(), [[], [], [1]]],
  ['parallelize takes any iterable', c => c.parallelize(new Set([3, 1, 3]), 1).collect(), [3, 1]],
  ['range', c => c.range(0, 7, 2, 2).glom().collect(), [[0, 2], [4, 6]]],
  ['range downwards', c => c.range(5, 0, -2, 2).glom().collect(), [[5], [3, 1]]],
  ['range that is empty', c => c.range(3, 3).collect(), []],
  ['emptyRDD', c => c.emptyRDD().collect(), []],
  ['union of the context', c => c.union(c.range(0, 2), c.range(7, 9), c.range(0, 1)).collect(), [0, 1, 7, 8, 0]],
  ['union of nothing', c => c.union().collect(), []],

  // Elements
  ['map', c => c.parallelize([1, 2, 3]).map(n => n * 2).collect(), [2, 4, 6]],
  ['map gives each record alone', c => c.parallelize(['10', '10', '10'], 1).map(parseInt as (text: string) => number).collect(), [10, 10, 10]],
  ['filter', c => c.range(0, 6).filter(n => n % 2 === 1).collect(), [1, 3, 5]],
  ['flatMap of arrays', c => c.parallelize(['to be', '', 'or']).flatMap(l => l.split(' ')).collect(), ['to', 'be', '', 'or']],
  ['flatMap of generators', c => c.parallelize([2, 3], 1).flatMap(function* (n) { for (let i = 0; i < n; i++) yield i }).collect(), [0, 1, 0, 1, 2]],
  ['flatMap of strings and sets', c => c.parallelize(['ab'], 1).flatMap(s => s).union(c.parallelize([1], 1).flatMap(n => new Set([`${n}`]))).collect(), ['a', 'b', '1']],
  ['undefined and null are records', c => c.parallelize([undefined, null, 0, false, ''], 2).map(x => x).filter(() => true).collect(), [undefined, null, 0, false, '']],
  ['mapPartitions with spread', c => c.range(0, 5, 1, 2).mapPartitions(rows => [[...rows].length]).collect(), [2, 3]],
  ['mapPartitions with a generator', c => c.range(0, 4, 1, 2).mapPartitions(function* (rows) { yield -1; for (const n of rows) yield n }).collect(), [-1, 0, 1, -1, 2, 3]],
  ['mapPartitions that stops early', c => c.range(0, 10, 1, 2).mapPartitions(rows => { for (const n of rows) return [n]; return [] }).collect(), [0, 5]],
  ['mapPartitions with an async generator', c => c.range(0, 4, 1, 2).mapPartitions(async function* (rows) { for (const n of rows) yield await Promise.resolve(n * 2) }).map(n => n + 1).collect(), [1, 3, 5, 7]],
  ['mapPartitions over a chain', c => c.range(0, 6, 1, 2).map(n => n * 2).mapPartitions(rows => [...rows].reverse()).filter(n => n > 2).mapPartitions(rows => [[...rows]]).collect(), [[4], [10, 8, 6]]],
  ['mapPartitionsWithIndex', c => c.parallelize(['a', 'b', 'c'], 2).mapPartitionsWithIndex((i, rows) => [[i, [...rows].join()]]).collect(), [[0, 'a'], [1, 'b,c']]],
  ['foreachPartition over an async generator', async c => {
    const [rows, calls] = [c.longAccumulator(), c.longAccumulator()]
    await c.range(0, 6, 1, 2).mapPartitions(async function* (ns) { for (const n of ns) yield await Promise.resolve(n) }).foreachPartition(async ns => {
      calls.add(1)
      try { for (const n of ns) rows.add(n) } catch { rows.add(1_000) }
    })
    return [rows.value, calls.value]
  }, [15, 2]],
  ['keys of a class are sorted in tasks as in the driver', async c => {
    const r = c.parallelize(Array.from({ length: 40 }, (_, i): [Mark, number] => [new Mark((i * 7) % 40), (i * 7) % 40]), 3).sortByKey(true, 4)
    return [await r.keys().collect(), await r.glom().map(part => part.length > 4).collect()]
  }, [Array.from({ length: 40 }, (_, i) => new Mark(i)).sort(compareValues), [true, true, true, true]]],
  ['mapAsync in order', c => c.range(0, 20, 1, 2).mapAsync(async n => { await new Promise(r => setTimeout(r, n % 3)); return n * 10 }, { concurrency: 4 }).collect(), Array.from({ length: 20 }, (_, i) => i * 10)],
  ['mapAsync out of order', c => c.range(0, 20, 1, 2).mapAsync(async n => { await new Promise(r => setTimeout(r, n % 3)); return n }, { concurrency: 4, ordered: false }).map(n => n + 1).reduce((a, b) => a + b), 210],
  ['glom', c => c.parallelize([1, 2, 3], 2).glom().collect(), [[1], [2, 3]]],
  ['keyBy', c => c.parallelize(['to', 'not']).keyBy(w => w.length).collect(), [[2, 'to'], [3, 'not']]],
  ['union keeps duplicates and order', c => c.parallelize([1, 2], 1).union(c.parallelize([2, 1], 2), c.emptyRDD<number>()).collect(), [1, 2, 2, 1]],
  ['union with itself', c => { const r = c.parallelize([1, 2], 2).map(n => n + 1); return r.union(r).collect() }, [2, 3, 2, 3]],

  // Partitions put together
  ['coalesce puts neighbours together', c => c.range(0, 7, 1, 7).coalesce(3).glom().collect(), [[0, 1], [2, 3], [4, 5, 6]]],
  ['coalesce to one', c => c.range(0, 4, 1, 3).map(n => n * 2).coalesce(1).mapPartitions(rows => [[...rows].join()]).collect(), ['0,2,4,6']],
  ['coalesce to more changes nothing', c => { const r = c.range(0, 4, 1, 2).coalesce(9); return r.glom().collect().then(parts => [r.getNumPartitions(), parts]) }, [2, [[0, 1], [2, 3]]]],
  ['coalesce with a shuffle', c => { const r = c.range(0, 9, 1, 1).coalesce(3, true); return r.glom().map(part => part.length).collect() }, [3, 3, 3]],
  ['coalesce of nothing', c => c.emptyRDD().coalesce(2).collect(), []],
  ['coalesce after a shuffle', c => c.parallelize([['a', 1], ['b', 2], ['a', 3]], 3).reduceByKey(add, 4).coalesce(2).sortByKey().collect(), [['a', 4], ['b', 2]]],
  ['coalesce of asynchronous chains', c => c.range(0, 4, 1, 4).mapAsync(async n => n + 1).coalesce(2).mapPartitionsWithIndex((i, rows) => [[i, ...rows]]).collect(), [[0, 1, 2], [1, 3, 4]]],
  ['coalesce of what is kept', async c => { const r = c.range(0, 6, 1, 6).map(n => n).persist(); await r.count(); return [await r.coalesce(4).glom().collect(), await r.coalesce(2).map(n => -n).take(4), await r.unpersist().then(() => r.coalesce(2).count())] }, [[[0], [1, 2], [3], [4, 5]], [-0, -1, -2, -3], 6]],
  ['coalesce keeps the partitions under it', async c => { const r = c.range(0, 4, 1, 4).map(n => [n, Math.random()]).persist(); const a = await r.coalesce(2).collect(); const b = await r.collect(); await r.unpersist(); return a.every(([, x], i) => x === b[i]![1]) }, true],
  ['zip', c => c.parallelize(['a', 'b', 'c'], 2).zip(c.range(0, 3, 1, 2)).collect(), [['a', 0], ['b', 1], ['c', 2]]],
  ['zip with itself', c => { const r = c.range(0, 3, 1, 2).map(n => n * 2); return r.zip(r.map(n => n + 1)).map(([a, b]) => a * b).collect() }, [0, 6, 20]],
  ['zip after shuffles', c => { const r = c.range(0, 20, 1, 3).map(n => [n % 5, n]).reduceByKey(add, 3); return r.zip(r.values()).filter(([[, a], b]) => a !== b).count() }, 0],
  ['zip with an asynchronous side', c => c.range(0, 3, 1, 2).zip(c.range(0, 3, 1, 2).mapAsync(async n => n * 2)).collect(), [[0, 0], [1, 2], [2, 4]]],
  ['zip of nothing', c => c.emptyRDD().zip(c.emptyRDD()).collect(), []],
  ['zipPartitions', c => c.range(0, 5, 1, 2).zipPartitions(c.range(0, 3, 1, 2), (a, b) => [[...a, -1, ...b]]).collect(), [[0, 1, -1, 0], [2, 3, 4, -1, 1, 2]]],
  ['zipPartitions that returns a generator', c => c.range(0, 2, 1, 2).zipPartitions(c.parallelize(['a', 'b'], 2), function* (a, b) { yield [...a].length; yield* b }).collect(), [1, 'a', 1, 'b']],
  ['zipPartitions that is asynchronous', c => c.range(0, 2, 1, 2).zipPartitions(c.range(5, 7, 1, 2), async function* (a, b) { for (const n of a) yield await Promise.resolve(n); yield* b }).collect(), [0, 5, 1, 6]],
  ['zipPartitions of four', c => { const r = c.range(0, 4, 1, 2); return r.zipPartitions(r, r, r, (a, b, d, e) => [[...a, ...b, ...d, ...e].length]).collect() }, [8, 8]],
  ['zipPartitions that keeps keys', async c => { const r = c.parallelize([['a', 1], ['b', 2]], 2).partitionBy(3); return r.zipPartitions(r, (a, b) => [...a, ...b], true).reduceByKey(add).toDebugString().split('+-').length - 1 }, 2],
  ['cartesian', c => c.parallelize([1, 2, 3], 2).cartesian(c.parallelize(['a', 'b'], 2)).glom().collect(), [[[1, 'a']], [[1, 'b']], [[2, 'a'], [3, 'a']], [[2, 'b'], [3, 'b']]]],
  ['cartesian with itself', c => { const r = c.range(0, 3, 1, 2); return r.cartesian(r).filter(([a, b]) => a < b).map(([a, b]) => a * 10 + b).sortBy(n => n).collect() }, [1, 2, 12]],
  ['cartesian of asynchronous chains', c => c.range(0, 2, 1, 1).mapAsync(async n => n).cartesian(c.range(0, 2, 1, 1).mapAsync(async n => -n - 1)).collect(), [[0, -1], [0, -2], [1, -1], [1, -2]]],
  ['cartesian with nothing', c => c.range(0, 3).cartesian(c.emptyRDD()).count(), 0],
  ['take of a cartesian', c => c.range(0, 1e6, 1, 1).cartesian(c.range(0, 2, 1, 1)).take(3), [[0, 0], [0, 1], [1, 0]]],

  // Pairs
  ['keys and values', async c => { const r = c.parallelize([['a', 1], ['b', 2]]); return [await r.keys().collect(), await r.values().collect()] }, [['a', 'b'], [1, 2]]],
  ['mapValues', c => c.parallelize([['a', 1], ['b', 2]]).mapValues(n => [n, 'x']).collect(), [['a', [1, 'x']], ['b', [2, 'x']]]],
  ['flatMapValues', c => c.parallelize([['a', 2], ['b', 0], ['c', 1]]).flatMapValues(n => Array.from({ length: n }, (_, i) => i)).collect(), [['a', 0], ['a', 1], ['c', 0]]],
  ['reduceByKey', c => c.parallelize([['a', 1], ['b', 2], ['a', 3], ['b', 4], ['c', 5]], 3).reduceByKey(add).sortByKey().collect(), [['a', 4], ['b', 6], ['c', 5]]],
  ['reduceByKey sees values in order', c => c.range(0, 40, 1, 4).map(n => [n % 2, `${n}`]).reduceByKey((a, b) => `${a} ${b}`).values().map(text => text.split(' ').map(Number)).map(ns => ns.every((n, i) => i === 0 || n > ns[i - 1]!)).collect(), [true, true]],
  ['keys are equal by structure', c => c.parallelize<[unknown, number]>([[{ a: 1, b: 2 }, 1], [{ b: 2, a: 1 }, 1], [[1, [2]], 1], [[1, [2]], 1], [NaN, 1], [NaN, 1], [0, 1], [-0, 1], [new Date(5), 1], [new Date(5), 1]], 3).reduceByKey(add).values().collect(), [2, 2, 2, 2, 2]],
  ['keys of different types differ', c => c.parallelize<[unknown, number]>([[1, 1], ['1', 1], [1n, 1], [true, 1], [null, 1], [undefined, 1]], 2).reduceByKey(add).count(), 6],
  ['groupByKey keeps the order of values', c => c.parallelize([['a', 3], ['b', 9], ['a', 1], ['a', 2]], 3).groupByKey(2).sortByKey().collect(), [['a', [3, 1, 2]], ['b', [9]]]],
  ['combineByKey', c => c.parallelize([['a', 1], ['b', 5], ['a', 3]], 2).combineByKey(n => [n, 1], ([s, k], n) => [s + n, k + 1], (a, b) => [a[0] + b[0], a[1] + b[1]]).sortByKey().collect(), [['a', [4, 2]], ['b', [5, 1]]]],
  ['combineByKey that changes its combiner', c => c.range(0, 9, 1, 3).map(n => [n % 2, n]).combineByKey(n => [n], (list, n) => { list.push(n); return list }, (a, b) => { a.push(...b); return a }, 2).sortByKey().collect(), [[0, [0, 2, 4, 6, 8]], [1, [1, 3, 5, 7]]]],
  ['combineByKey without map-side combine', c => c.range(0, 9, 1, 3).map(n => [n % 2, n]).combineByKey(() => 1, k => k + 1, (a, b) => a * 1000 + b, 2, false).sortByKey().collect(), [[0, 5], [1, 4]]],
  ['partitionBy a partitioner', c => c.parallelize([['to', 1], ['be', 2], ['not', 3], ['a', 4]], 2).partitionBy(new ByLength()).glom().collect(), [[['not', 3]], [['a', 4]], [['to', 1], ['be', 2]]]],
  ['a partitioner given to reduceByKey', c => c.parallelize([['to', 1], ['to', 2], ['a', 4]], 2).reduceByKey(add, new ByLength()).glom().collect(), [[], [['a', 4]], [['to', 3]]]],
  ['after partitionBy nothing moves', async c => {
    const parted = c.parallelize([['a', 1], ['b', 2], ['a', 3], ['c', 4]], 3).partitionBy(new HashPartitioner(2))
    const sums = parted.mapValues(n => n * 10).reduceByKey(add)
    const moved = sums.toDebugString().split('+-').length - 1
    return [moved, sums.getNumPartitions(), await sums.sortByKey().collect(), await parted.groupByKey().combineByKey(v => v.length, n => n, n => n).sortByKey().collect()]
  }, [1, 2, [['a', 40], ['b', 20], ['c', 40]], [['a', 2], ['b', 1], ['c', 1]]]],
  ['union of equally partitioned RDDs stays partitioned', async c => {
    const [a, b] = [[['a', 1], ['b', 2]], [['b', 3], ['c', 4]]].map(items => c.parallelize(items as [string, number][], 2).partitionBy(3))
    const both = a!.union(b!)
    return [both.getNumPartitions(), both.reduceByKey(add).toDebugString().split('+-').length - 1, await both.reduceByKey(add).sortByKey().collect()]
  }, [3, 2, [['a', 1], ['b', 5], ['c', 4]]]],

  // Order
  ['sortBy', c => c.parallelize([3, 10, 2, 1, 9], 3).sortBy(n => n).collect(), [1, 2, 3, 9, 10]],
  ['sortBy into partitions', c => c.range(100, 0, -1, 4).sortBy(n => n, true, 3).glom().map(part => part.length > 10 && part.every((n, i) => i === 0 || n === part[i - 1]! + 1)).collect(), [true, true, true]],
  ['sortBy descending is stable', c => c.parallelize(['b1', 'a1', 'b2', 'a2'], 2).sortBy(w => w[0]!, false, 2).collect(), ['b1', 'b2', 'a1', 'a2']],
  ['sortBy of strings goes by UTF-16 units', c => c.parallelize(['b', 'a', 'Z', 'ä', 'a\uFF61', 'a😀'], 2).sortBy(w => w).collect(), ['Z', 'a', 'a😀', 'a\uFF61', 'b', 'ä']],
  ['sortBy of numbers puts NaN last', c => c.parallelize([NaN, 2, -Infinity, 10, -1], 2).sortBy(n => n).collect(), [-Infinity, -1, 2, 10, NaN]],
  ['sortBy of arrays goes part by part', c => c.parallelize([['b', 1], ['a', 2], ['a', 1]], 2).sortBy(p => p).collect(), [['a', 1], ['a', 2], ['b', 1]]],
  ['sortBy of nothing', c => c.emptyRDD<number>().sortBy(n => n).collect(), []],
  ['sortBy of equal keys', c => c.parallelize([1, 1, 1, 1], 2).sortBy(n => n, true, 3).glom().map(part => part.length).collect(), [4, 0, 0]],
  ['sortByKey', c => c.parallelize([['b', 1], ['a', 2], ['c', 0]], 3).sortByKey(false).collect(), [['c', 0], ['b', 1], ['a', 2]]],
  ['repartitionAndSortWithinPartitions', c => c.parallelize([['bb', 1], ['a', 2], ['aa', 3]], 2).repartitionAndSortWithinPartitions(new ByLength()).glom().collect(), [[], [['a', 2]], [['aa', 3], ['bb', 1]]]],
  ['takeOrdered', c => c.parallelize([5, 3, 10, 1, 4], 3).takeOrdered(3), [1, 3, 4]],
  ['takeOrdered with a comparison', c => c.parallelize([5, 3, 10, 1], 3).takeOrdered(2, (a, b) => b - a), [10, 5]],
  ['takeOrdered of more than there are', c => c.parallelize([2, 1], 3).takeOrdered(9), [1, 2]],
  ['takeOrdered of none', c => c.parallelize([2, 1], 3).takeOrdered(0), []],
  ['top', c => c.parallelize([5, 3, 10, 1], 3).top(2), [10, 5]],
  ['top by a key', c => c.parallelize([['a', 3], ['b', 7], ['c', 5]], 2).top(2, { by: ([, n]) => n }), [['b', 7], ['c', 5]]],
  ['top with a comparison', c => c.parallelize(['bb', 'a', 'ccc'], 2).top(1, (a, b) => a.length - b.length), ['ccc']],
  ['min and max', async c => { const r = c.parallelize([5, 3, 10], 2); return [await r.min(), await r.max(), await r.max({ by: n => -n })] }, [3, 10, 3]],

  // Actions
  ['count', c => c.range(0, 1000, 1, 7).filter(n => n % 3 === 0).count(), 334],
  ['reduce', c => c.range(1, 6, 1, 3).reduce((a, b) => a * b), 120],
  ['reduce in the order of partitions', c => c.parallelize(['a', 'b', 'c', 'd'], 3).reduce((a, b) => a + b), 'abcd'],
  ['reduce with empty partitions', c => c.parallelize([7], 5).reduce(add), 7],
  ['popVariance and popStdev', async c => { const r = c.parallelize([2, 4, 4, 4, 5, 5, 7, 9], 3); return [await r.popVariance(), await r.popStdev()] }, [4, 2]],
  ['countApproxDistinct of few', async c => [await c.emptyRDD().countApproxDistinct(), await c.parallelize(['a', 'b', 'a'], 2).countApproxDistinct(), await c.parallelize([{ a: 1, b: 2 }, { b: 2, a: 1 }], 2).countApproxDistinct()], [0, 2, 1]],
  ['countApproxDistinct of many', async c => Promise.all([0.1, 0.05, 0.01].map(async sd => Math.abs(await c.range(0, 100_000, 1, 2).map(n => n % 20_000).countApproxDistinct(sd) / 20_000 - 1) < 3 * sd)), [true, true, true]],
  ['countApproxDistinctByKey', c => c.range(0, 3000, 1, 3).map(n => [n % 2 === 0 ? 'few' : 'one', n % 2 === 0 ? n % 20 : 1]).countApproxDistinctByKey(0.02, 2).sortByKey().collect(), [['few', 10], ['one', 1]]],
  ['countApprox that has the time', c => c.range(0, 1000, 1, 4).countApprox('1 min'), { mean: 1000, confidence: 1, low: 1000, high: 1000 }],
  ['countApprox that has not', async c => {
    const waits = c.range(0, 4, 1, 4).mapAsync((n, signal) => (n === 0 ? Promise.resolve(n) : new Promise((_, reject) => { signal.addEventListener('abort', () => reject(new Error('cancelled'))) })))
    const { confidence, low, mean, high } = await waits.countApprox(300)
    return [confidence < 1, low < high, mean <= high]
  }, [true, true, true]],
  ['take', c => c.range(0, 100, 1, 10).take(25), Array.from({ length: 25 }, (_, i) => i)],
  ['take over empty partitions', c => c.range(0, 100, 1, 10).filter(n => n > 60).take(3), [61, 62, 63]],
  ['take of more than there are', c => c.range(0, 3, 1, 2).take(10), [0, 1, 2]],
  ['take of none', c => c.range(0, 3).take(0), []],
  ['first', c => c.parallelize([undefined, 1], 2).first(), undefined],
  ['isEmpty', async c => [await c.emptyRDD().isEmpty(), await c.range(0, 5).isEmpty(), await c.range(0, 5, 1, 3).filter(n => n > 9).isEmpty()], [true, false, true]],
  ['for await', async c => { const seen = []; for await (const n of c.range(0, 5, 1, 3)) seen.push(n); return seen }, [0, 1, 2, 3, 4]],
  ['toLocalIterator', async c => { const seen = []; for await (const n of c.range(0, 5, 1, 3).toLocalIterator()) seen.push(n); return seen }, [0, 1, 2, 3, 4]],
  ['foreach and foreachPartition give nothing', async c => [await c.range(0, 5).foreach(() => {}), await c.range(0, 5).foreachPartition(async rows => { for (const n of rows) await Promise.resolve(n) })], [undefined, undefined]],
]

onEveryMaster(context => {
  for (const [name, run, expected] of rows) test(name, async () => { assert.deepEqual(await run(context()), expected) })
})
