// The contract of Context and RDD, sentence by sentence: what a program says, and what it gets.

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { Context, HashPartitioner, Partitioner, RDD, StorageLevel } from 'rivulet'
import { onMasters } from './masters.ts'
import { coded } from './streams.ts'

const folder = mkdtempSync(join(tmpdir(), 'rivulet-contract-'))
after(() => rmSync(folder, { recursive: true }))
const add = (a: number, b: number): number => a + b
const sorted = <T>(rows: readonly T[]): T[] => rows.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))

class ByLength extends Partitioner {
  numPartitions = 3
  getPartition(key: string): number { return key.length % 3 }
}

function files(): string {
  const input = join(folder, 'input')
  mkdirSync(join(input, 'sub'), { recursive: true })
  writeFileSync(join(input, 'a.txt'), 'one\r\ntwo\nthree')
  writeFileSync(join(input, 'b.txt.gz'), gzipSync('four\nfive\n'))
  writeFileSync(join(input, '_hidden'), 'no')
  writeFileSync(join(input, '.hidden'), 'no')
  writeFileSync(join(input, 'c[1].txt'), '\n\nsix\n')
  rmSync(join(input, 'sub'), { recursive: true })
  return input
}
const input = files()

type Case = readonly [sentence: string, run: (c: Context) => unknown, expected: unknown]
const cases: readonly Case[] = [
  ['slice i holds floor(i·n/p) to floor((i+1)·n/p)', c => c.parallelize([0, 1, 2, 3, 4, 5, 6], 3).glom().collect(), [[0, 1], [2, 3], [4, 5, 6]]],
  ['more slices than items', c => c.parallelize([0, 1], 5).glom().collect(), [[], [], [0], [], [1]]],
  ['parallelize takes any iterable', c => c.parallelize(new Set(['x', 'y']), 1).collect(), ['x', 'y']],
  ['parallelize of a string is its characters', c => c.parallelize('añ', 1).collect(), ['a', 'ñ']],
  ['range', c => c.range(0, 5, 1, 2).glom().collect(), [[0, 1], [2, 3, 4]]],
  ['range with a step', c => c.range(1, 8, 3).collect(), [1, 4, 7]],
  ['range with a negative step', c => c.range(5, -2, -2).collect(), [5, 3, 1, -1]],
  ['range without numbers', c => c.range(5, 5).collect(), []],
  ['range of the wrong way', c => c.range(0, 5, -1).collect(), []],
  ['range of fractions', c => c.range(0, 1, 0.25).collect(), [0, 0.25, 0.5, 0.75]],
  ['emptyRDD', async c => [await c.emptyRDD().collect(), c.emptyRDD().getNumPartitions()], [[], 0]],
  ['union', c => c.union(c.range(0, 2), c.range(5, 6), c.emptyRDD<number>()).collect(), [0, 1, 5]],
  ['textFile: a folder', async c => sorted(await c.textFile(input).collect()), ['', '', 'five', 'four', 'one', 'six', 'three', 'two']],
  ['textFile: a list, in its order', c => c.textFile(`${input}/b.txt.gz,${input}/a.txt`, 1).collect(), ['four', 'five', 'one', 'two', 'three']],
  ['textFile: *', c => c.textFile(`${input}/*.gz`).count(), 2],
  ['textFile: ? and {}', c => c.textFile(`${input}/{?.txt,none*}`).count(), 3],
  ['textFile: []', c => c.textFile(`${input}/[a-b].txt`).count(), 3],
  ['textFile: minPartitions', async c => (await c.textFile(`${input}/a.txt`, 3).glom().collect()).length >= 3, true],
  ['wholeTextFiles', async c => (await c.wholeTextFiles(`${input}/a*`).collect()).map(([path, text]) => [path.endsWith('/input/a.txt'), text]), [[true, 'one\r\ntwo\nthree']]],
  ['binaryFiles', async c => (await c.binaryFiles(`${input}/a*`).collect()).map(([path, bytes]) => [path.endsWith('/input/a.txt'), bytes instanceof Uint8Array, bytes.length]), [[true, true, 14]]],
  ['broadcast', c => { const b = c.broadcast({ k: [1, 2] }); return c.range(0, 2).map(n => b.value.k[n]).collect() }, [1, 2]],
  ['accumulator', async c => { const acc = c.accumulator<number[], number>([], (all, n) => [...all, n], (a, b) => [...a, ...b]); await c.range(0, 3, 1, 1).foreach(n => { acc.add(n) }); acc.add(9); return acc.value }, [0, 1, 2, 9]],
  ['accumulator of two arguments', async c => { const acc = c.accumulator(1, (a, b: number) => a + b); await c.range(0, 5, 1, 2).foreach(n => acc.add(n)); return acc.value }, 11],
  ['longAccumulator', async c => { const acc = c.longAccumulator('seen'); await c.range(0, 5, 1, 2).foreach(() => acc.add(1)); acc.add(10); return [acc.value, acc.name] }, [15, 'seen']],
  ['getPersistentRDDs', async c => {
    const rdd = c.range(0, 3).map(n => n).persist()
    const map = c.getPersistentRDDs()
    const had = [map instanceof Map, map.get(rdd.id) === rdd]
    await rdd.unpersist()
    return [...had, c.getPersistentRDDs().has(rdd.id)]
  }, [true, true, false]],
  ['persist returns the RDD, also with a level', async c => { const r = c.range(0, 2).map(n => n); const same = [r.persist(StorageLevel.MEMORY_ONLY) === r, r.cache() === r]; await r.unpersist(); return same }, [true, true]],
  ['_2 levels', async c => { const r = c.range(0, 2).persist(StorageLevel.MEMORY_AND_DISK_SER_2); const n = await r.count(); await r.unpersist(); return n }, 2],
  ['getNumPartitions', c => [c.range(0, 9, 1, 4).getNumPartitions(), c.range(0, 9, 1, 4).keyBy(n => n).reduceByKey(add, 7).getNumPartitions(), c.range(0, 9, 1, 4).coalesce(2).getNumPartitions(), c.range(0, 9, 1, 4).coalesce(9).getNumPartitions(), c.range(0, 9, 1, 4).repartition(9).getNumPartitions()], [4, 7, 2, 4, 9]],
  ['coalesce with shuffle', c => c.range(0, 9, 1, 1).coalesce(4, true).getNumPartitions(), 4],
  ['getNumPartitions of files, once they are resolved', async c => { const r = c.textFile(`${input}/a.txt`, 1); await r.resolve(); return r.getNumPartitions() }, 1],
  ['toDebugString', c => typeof c.range(0, 1).toDebugString(), 'string'],
  ['zipPartitions', c => c.range(0, 4, 1, 2).zipPartitions(c.range(10, 12, 1, 2), (a, b) => [[...a, ...b].join()]).collect(), ['0,1,10', '2,3,11']],
  ['zipPartitions of a generator', c => c.range(0, 4, 1, 2).zipPartitions(c.range(10, 12, 1, 2), function* (a, b) { for (const n of a) yield n; yield* b }).collect(), [0, 1, 10, 2, 3, 11]],
  ['flatMap: any iterable', c => c.parallelize([2, 3], 1).flatMap(function* (n) { for (let i = 0; i < n; i++) yield i }).collect(), [0, 1, 0, 1, 2]],
  ['flatMap: a Set, a string', async c => [await c.parallelize([2], 1).flatMap(n => new Set([n, n])).collect(), await c.parallelize(['ab'], 1).flatMap(s => s).collect()], [[2], ['a', 'b']]],
  ['flatMapValues: a generator', c => c.parallelize([['k', 2]], 1).flatMapValues(function* (n) { yield n; yield n + 1 }).collect(), [['k', 2], ['k', 3]]],
  ['sortBy descending into partitions', c => c.parallelize([2, 10, 1], 2).sortBy(n => n, false, 2).collect(), [10, 2, 1]],
  ['takeOrdered and top with a comparison', async c => [await c.parallelize(['bb', 'a', 'ccc']).takeOrdered(2, (a, b) => b.length - a.length), await c.parallelize(['bb', 'a', 'ccc']).top(1, (a, b) => b.length - a.length)], [['ccc', 'bb'], ['a']]],
  ['takeOrdered and top by a key', async c => [await c.parallelize(['bb', 'a', 'ccc']).takeOrdered(1, { by: s => s.length }), await c.parallelize(['bb', 'a', 'ccc']).top(1, { by: s => s.length })], [['a'], ['ccc']]],
  ['min and max with a comparison', async c => [await c.parallelize([3, 1, 2]).min((a, b) => b - a), await c.parallelize([3, 1, 2]).max((a, b) => b - a)], [3, 1]],
  ['distinct', async c => sorted(await c.parallelize([1, 2, 1, 3], 2).distinct(2).collect()), [1, 2, 3]],
  ['distinct into partitions', c => c.parallelize([1, 2, 1, 3], 2).distinct(5).getNumPartitions(), 5],
  ['partitionBy own Partitioner', c => c.parallelize([['a', 1], ['bb', 2], ['ccc', 3], ['d', 4]], 2).partitionBy(new ByLength()).keys().glom().collect(), [['ccc'], ['a', 'd'], ['bb']]],
  ['partitioner of the RDD', c => { const p = new HashPartitioner(4); return c.parallelize([['a', 1]]).partitionBy(p).partitioner?.equals(p) }, true],
  ['repartitionAndSortWithinPartitions', c => c.parallelize([['dddd', 1], ['a', 2], ['ccc', 3]], 2).repartitionAndSortWithinPartitions(new ByLength()).keys().glom().collect(), [['ccc'], ['a', 'dddd'], []]],
  ['filterByRange takes both ends', c => c.parallelize([[1, 'a'], [2, 'b'], [3, 'c'], [4, 'd']], 2).filterByRange(2, 3).keys().collect(), [2, 3]],
  ['filterByRange of a sorted RDD', c => c.range(0, 20).keyBy(n => n).sortByKey(true, 4).filterByRange(5, 7).keys().collect(), [5, 6, 7]],
  ['reduceByKey(f, n)', async c => sorted(await c.parallelize([['a', 1], ['b', 2], ['a', 3]], 2).reduceByKey(add, 1).collect()), [['a', 4], ['b', 2]]],
  ['groupByKey: values are an array', async c => { const [[, v] = []] = await c.parallelize([['a', 1], ['a', 3]], 2).groupByKey(1).collect(); return [Array.isArray(v), v] }, [true, [1, 3]]],
  ['foldByKey', c => c.parallelize([['a', 1], ['a', 3]], 2).foldByKey(10, add).collect(), [['a', 24]]],
  ['aggregateByKey', c => c.parallelize([['a', 1], ['a', 3]], 1).aggregateByKey('', (s, n) => s + n, (a, b) => a + b).collect(), [['a', '13']]],
  ['combineByKey', c => c.parallelize([['a', 1], ['a', 3]], 1).combineByKey(n => Array.of(n), (l, n) => [...l, n], (a, b) => [...a, ...b]).collect(), [['a', [1, 3]]]],
  ['groupBy', async c => sorted(await c.range(0, 5, 1, 1).groupBy(n => n % 2).collect()), [[0, [0, 2, 4]], [1, [1, 3]]]],
  ['keyBy', c => c.range(0, 2, 1, 1).keyBy(n => `k${n}`).collect(), [['k0', 0], ['k1', 1]]],
  ['cogroup of one', async c => sorted(await c.parallelize([['a', 1], ['b', 2]], 1).cogroup(c.parallelize([['a', 'x']])).collect()), [['a', [[1], ['x']]], ['b', [[2], []]]]],
  ['cogroup of two', async c => sorted(await c.parallelize([['a', 1]], 1).cogroup(c.parallelize([['a', 'x']]), c.parallelize([['c', true]])).collect()), [['a', [[1], ['x'], []]], ['c', [[], [], [true]]]]],
  ['fold: the zero once a partition and once on the driver', c => c.range(0, 4, 1, 3).fold(100, add), 406],
  ['aggregate: the zero once a partition and once on the driver', c => c.range(0, 4, 1, 3).aggregate(100, add, add), 406],
  ['treeAggregate and treeReduce', async c => [await c.range(0, 100, 1, 9).treeAggregate(0, add, add), await c.range(0, 100, 1, 9).treeAggregate(0, add, add, 3), await c.range(0, 100, 1, 9).treeReduce(add)], [4950, 4950, 4950]],
  ['sample: the same seed, the same rows', async c => { const r = c.range(0, 1_000, 1, 3); return [(await r.sample(false, 0.1, 7).collect()).join() === (await r.sample(false, 0.1, 7).collect()).join(), (await r.sample(true, 2, 7).count()) > 1_500] }, [true, true]],
  ['takeSample', async c => { const r = c.range(0, 100, 1, 3); const a = await r.takeSample(false, 10, 3); return [a.length, new Set(a).size, a.join() === (await r.takeSample(false, 10, 3)).join(), (await r.takeSample(true, 150, 1)).length, (await r.takeSample(false, 150)).length] }, [10, 10, true, 150, 100]],
  ['randomSplit', async c => { const parts = c.range(0, 100, 1, 3).randomSplit([1, 3], 5); const rows = (await Promise.all(parts.map(p => p.collect()))).flat(); return [parts.length, rows.length, new Set(rows).size] }, [2, 100, 100]],
  ['countByValue', async c => { const m = await c.parallelize(['a', 'b', 'a'], 2).countByValue(); return [m instanceof Map, m.get('a'), m.get('b')] }, [true, 2, 1]],
  ['countByKey', async c => { const m = await c.parallelize([['a', 1], ['a', 2]], 2).countByKey(); return [m instanceof Map, m.get('a')] }, [true, 2]],
  ['collectAsMap: the last value counts', async c => { const m = await c.parallelize([['a', 1], ['a', 2]], 2).collectAsMap(); return [m instanceof Map, m.get('a'), m.size] }, [true, 2, 1]],
  ['reduceByKeyLocally', async c => { const m = await c.parallelize([['a', 1], ['a', 2]], 2).reduceByKeyLocally(add); return [m instanceof Map, [...m]] }, [true, [['a', 3]]]],
  ['lookup', async c => [await c.parallelize([['a', 1], ['b', 5], ['a', 2]], 2).lookup('a'), await c.parallelize([['a', 1]], 2).lookup('z')], [[1, 2], []]],
  ['toLocalIterator', async c => { const got = []; for await (const n of c.range(0, 4, 1, 2).toLocalIterator()) got.push(n); return got }, [0, 1, 2, 3]],
  ['stats', async c => { const s = await c.parallelize([1, 2, 3, 4], 2).stats(); return [s.count, s.sum, s.mean, s.min, s.max, s.variance, s.stdev, s.sampleVariance, s.sampleStdev] }, [4, 10, 2.5, 1, 4, 1.25, Math.sqrt(1.25), 5 / 3, Math.sqrt(5 / 3)]],
  ['stats as actions', async c => { const r = c.parallelize([1, 2, 3, 4], 2); return [await r.sum(), await r.mean(), await r.variance(), await r.stdev(), await r.sampleVariance(), await r.sampleStdev()] }, [10, 2.5, 1.25, Math.sqrt(1.25), 5 / 3, Math.sqrt(5 / 3)]],
  ['stats of nothing', async c => { const s = await c.emptyRDD<number>().stats(); return [s.count, s.sum, s.mean, s.min, s.max] }, [0, 0, NaN, Infinity, -Infinity]],
  ['histogram(n)', c => c.parallelize([0, 1, 2, 5, 10], 2).histogram(2), [[0, 5, 10], [3, 2]]],
  ['histogram(edges): outside and NaN do not count', c => c.parallelize([-1, 0, 1, 2, 5, 10, 11, NaN], 2).histogram([0, 2, 10]), [2, 3]],
  ['pipe with a text', c => c.parallelize(['a', 'b'], 1).pipe('cat').collect(), ['a', 'b']],
  ['pipe with a list', c => c.parallelize(['b', 'a'], 1).pipe(['sort', '-r']).collect(), ['b', 'a']],
  ['pipe with a text runs words, not a shell', c => c.parallelize(['x'], 1).pipe('grep x').collect(), ['x']],
  ['zip', c => c.range(0, 3, 1, 2).zip(c.parallelize(['a', 'b', 'c'], 2)).collect(), [[0, 'a'], [1, 'b'], [2, 'c']]],
  ['zipWithUniqueId: item k of partition i is k·p + i', c => c.parallelize(['a', 'b', 'c', 'd', 'e'], 2).zipWithUniqueId().collect(), [['a', 0], ['b', 2], ['c', 1], ['d', 3], ['e', 5]]],
  ['zipWithIndex', c => c.parallelize(['a', 'b', 'c'], 2).zipWithIndex().collect(), [['a', 0], ['b', 1], ['c', 2]]],
  ['for await', async c => { const got = []; for await (const n of c.range(0, 3)) got.push(n); return got }, [0, 1, 2]],
  ['an RDD is an RDD', c => c.range(0, 1) instanceof RDD, true],
  ['joins', async c => {
    const l = c.parallelize([['a', 1], ['b', 2]], 2)
    const r = c.parallelize([['a', 'x'], ['c', 'z']], 2)
    return Promise.all([l.join(r), l.leftOuterJoin(r), l.rightOuterJoin(r), l.fullOuterJoin(r)].map(async j => (await (j as RDD<[string, unknown]>).sortByKey().collect())))
  }, [[['a', [1, 'x']]], [['a', [1, 'x']], ['b', [2, undefined]]], [['a', [1, 'x']], ['c', [undefined, 'z']]], [['a', [1, 'x']], ['b', [2, undefined]], ['c', [undefined, 'z']]]]],
  ['subtract, intersection, subtractByKey, cartesian', async c => [
    sorted(await c.range(0, 5).subtract(c.range(2, 4)).collect()), sorted(await c.range(0, 5).intersection(c.range(3, 9)).collect()),
    await c.parallelize([['a', 1], ['b', 2]]).subtractByKey(c.parallelize([['a', 0]])).collect(), await c.range(0, 2, 1, 1).cartesian(c.parallelize(['x', 'y'], 1)).collect(),
  ], [[0, 1, 4], [3, 4], [['b', 2]], [[0, 'x'], [0, 'y'], [1, 'x'], [1, 'y']]]],
  ['conf holds Spark\'s keys', async c => { const own = new Context({ master: c.master, appName: 'x', conf: { 'spark.speculation': true, 'spark.speculation.interval': '50ms', 'spark.default.parallelism': 3 } }); const n = own.range(0, 9).getNumPartitions(); await own.stop(); return n }, 3],
  ['withJob gives the result of its body', c => c.withJob({ group: 'g', description: 'd' }, async () => c.range(0, 3).count()), 3],
  ['foreachPartition awaits an async function', async c => { const acc = c.longAccumulator(); await c.range(0, 4, 1, 2).foreachPartition(async rows => { await Promise.resolve(); for (const n of rows) acc.add(n) }); return acc.value }, 6],
  ['an object file comes back', async c => {
    const path = join(folder, `objects-${c.master}`)
    await c.parallelize<unknown>([{ a: 1 }, undefined, new Map([['k', new Date(5)]])], 2).saveAsObjectFile(path)
    return [readdirSync(path).toSorted(), await c.objectFile(path).collect()]
  }, [['_SUCCESS', 'part-00000', 'part-00001'], [{ a: 1 }, undefined, new Map([['k', new Date(5)]])]]],
]

const refused: readonly (readonly [sentence: string, run: (c: Context) => unknown, message: RegExp])[] = [
  ['zip of other partition counts', c => c.range(0, 4, 1, 2).zip(c.range(0, 4, 1, 3)).collect(), /partition/],
  ['zip of other lengths', c => c.range(0, 4, 1, 2).zip(c.range(0, 5, 1, 2)).collect(), /./],
  ['pipe that ends with 3', c => c.range(0, 1, 1, 1).pipe(['sh', '-c', 'exit 3']).collect(), /3/],
  ['pipe of a command that is not there', c => c.range(0, 1, 1, 1).pipe('no-such-command-here').collect(), /no-such-command-here/],
  ['a range whose step is 0', c => c.range(0, 5, 0), /step|0/],
  ['min of nothing', c => c.emptyRDD<number>().min(), /empty/],
  ['checkpoint without a folder', c => new Context({ master: c.master }).range(0, 1).checkpoint(), /setCheckpointDir/],
  ['an unknown setting value', () => new Context({ master: 'inline', conf: { 'spark.default.parallelism': 'many' } }), /many/],
  ['an unknown master', () => new Context({ master: 'mesos://x' }), /mesos/],
  ['saveAsObjectFile where a folder exists', c => c.range(0, 1).saveAsObjectFile(folder), /exists/],
  ['getNumPartitions of files, before they are resolved', c => c.textFile(input).getNumPartitions(), /resolve\(\)/],
  ['slices below one', c => c.parallelize([1], 0), /0/],
]

onMasters((context, master) => {
  for (const [sentence, run, expected] of cases) test(sentence, async () => assert.deepEqual(await run(context()), expected))
  for (const [sentence, run, message] of refused) test(`refused: ${sentence}`, () => assert.rejects(async () => run(context()), coded(/^RIV_/, message)))

  test('checkpoint takes effect with the next action', async () => {
    await using ctx = new Context({ master })
    ctx.setCheckpointDir(join(folder, `checkpoint-${master}`))
    const runs = ctx.longAccumulator()
    const rdd = ctx.range(0, 4, 1, 2).map(n => { runs.add(1); return n * 2 })
    rdd.checkpoint()
    assert.equal(rdd.isCheckpointed(), false)
    assert.equal(await rdd.count(), 4)
    assert.equal(rdd.isCheckpointed(), true)
    const before = runs.value
    assert.deepEqual(await rdd.collect(), [0, 2, 4, 6])
    assert.equal(runs.value, before)
  })

  test('a stopped context refuses parallelize, and actions on older RDDs', async () => {
    const ctx = new Context({ master })
    const rdd = ctx.range(0, 3)
    await Promise.all([ctx.stop(), ctx.stop()])
    assert.throws(() => ctx.parallelize([1]), coded(/^RIV_/, /stop/))
    await assert.rejects(async () => rdd.count(), coded(/^RIV_/, /stop/))
    await ctx.stop()
  })

  test('stop rejects the actions in progress', async () => {
    const ctx = new Context({ master })
    const ended = assert.rejects(ctx.range(0, 2, 1, 1).mapAsync(() => new Promise<number>(() => {})).count(), coded(/^RIV_/, /await/))
    await ctx.stop()
    await ended
  })

  test('an action belongs to the group in force when it is called', async () => {
    const c = context()
    const endless = (): Promise<number> => c.range(0, 1, 1, 1).mapAsync(() => new Promise<number>(() => {})).count()
    c.setJobGroup('first', 'the first')
    const first = assert.rejects(endless(), coded(/^RIV_/, /cancelled/))
    c.clearJobGroup()
    const free = assert.rejects(endless(), coded(/^RIV_/, /cancelled/))
    c.cancelJobGroup('first')
    await first
    c.cancelAllJobs()
    await free
  })

  test('in an action every task counts once, whatever was retried', async () => {
    if (master === 'inline') return
    const marks = join(folder, 'marks')
    mkdirSync(marks)
    const acc = context().longAccumulator()
    await context().range(0, 4, 1, 2).foreach(n => {
      acc.add(1)
      const { existsSync, writeFileSync } = process.getBuiltinModule('node:fs')
      const mark = `${marks}/${n}`
      if (n % 2 === 1 && !existsSync(mark)) {
        writeFileSync(mark, '')
        throw new Error('once')
      }
    })
    assert.equal(acc.value, 4)
  })

  test('modification times do not matter to textFile', async () => {
    utimesSync(join(input, 'a.txt'), 0, 0)
    assert.equal(await context().textFile(join(input, 'a.txt')).count(), 3)
  })
})
