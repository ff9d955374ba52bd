// The operations that are compositions of others, as data: what is done, and what comes out.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Context } from '../context/context.ts'
import { HashPartitioner } from '../kernel/partitioner.ts'
import { compareValues } from '../wire/key/compare.ts'
import { onEveryMaster } from './masters.fixture.ts'
import type { RDD } from './rdd.ts'

const add = (a: number, b: number): number => a + b
const left = (c: Context): RDD<[string, number]> => c.parallelize([['a', 1], ['b', 2], ['a', 3], ['d', 4]], 3)
const right = (c: Context): RDD<[string, string]> => c.parallelize([['a', 'x'], ['c', 'y'], ['a', 'z'], ['b', 'w']], 2)

class Tally {
  words: string[] = []
  add(word: string): this { this.words.push(word); return this }
}

type Row = [name: string, run: (ctx: Context) => Promise<unknown>, expected: unknown]

const rows: Row[] = [
  // By key
  ['pairs sorted by something else are not where their keys belong', c => left(c).join(left(c).sortBy(([, n]) => -n)).count(), 6],
  ['foldByKey', c => left(c).foldByKey(0, add).sortByKey().collect(), [['a', 4], ['b', 2], ['d', 4]]],
  ['foldByKey adds the zero once a key and partition', c => c.parallelize([['a', 1], ['a', 2], ['a', 3]], 3).foldByKey(100, add).collect(), [['a', 306]]],
  ['aggregateByKey', c => left(c).aggregateByKey([0, 0], ([s, n], v) => [s + v, n + 1], (a, b) => [a[0] + b[0], a[1] + b[1]]).sortByKey().collect(), [['a', [4, 2]], ['b', [2, 1]], ['d', [4, 1]]]],
  ['a zero changed in place is no other key\'s', c => left(c).aggregateByKey([] as number[], (list, v) => { list.push(v); return list }, (a, b) => { a.push(...b); return a }).sortByKey().collect(), [['a', [1, 3]], ['b', [2]], ['d', [4]]]],
  ['a zero changed in place is no other run\'s', async c => {
    const zero: number[] = []
    const run = (): Promise<unknown> => left(c).aggregateByKey(zero, (list, v) => { list.push(v); return list }, (a, b) => a.concat(b)).sortByKey().values().collect()
    return [await run(), await run(), zero]
  }, [[[1, 3], [2], [4]], [[1, 3], [2], [4]], []]],
  ['a zero that is a Map', c => left(c).aggregateByKey(new Map<number, number>(), (m, v) => m.set(v, 1), (a, b) => new Map([...a, ...b])).sortByKey().values().collect(), [new Map([[1, 1], [3, 1]]), new Map([[2, 1]]), new Map([[4, 1]])]],
  ['filterByRange', c => left(c).filterByRange('b', 'c').collect(), [['b', 2]]],
  ['cogroup', c => left(c).cogroup(right(c)).sortByKey().collect(), [['a', [[1, 3], ['x', 'z']]], ['b', [[2], ['w']]], ['c', [[], ['y']]], ['d', [[4], []]]]],
  ['cogroup over as many partitions as given', async c => { const r = left(c).cogroup(right(c), 5); return [r.getNumPartitions(), await r.lookup('b')] }, [5, [[[2], ['w']]]]],
  ['cogroup with a partitioner', async c => { const r = left(c).cogroup(right(c), left(c), new HashPartitioner(2)); return [r.getNumPartitions(), await r.lookup('b')] }, [2, [[[2], ['w'], [2]]]]],
  ['cogroup of three', c => left(c).cogroup(right(c), c.parallelize([['a', true]], 1)).lookup('a'), [[[1, 3], ['x', 'z'], [true]]]],
  ['groupWith itself', async c => { const r = left(c); return r.groupWith(r).lookup('a') }, [[[1, 3], [1, 3]]]],
  ['join', c => left(c).join(right(c)).sortByKey().collect(), [['a', [1, 'x']], ['a', [1, 'z']], ['a', [3, 'x']], ['a', [3, 'z']], ['b', [2, 'w']]]],
  ['join by structure', c => c.parallelize<[unknown, number]>([[[1, 'a'], 1], [{ x: 1 }, 2]], 2).join(c.parallelize<[unknown, number]>([[{ x: 1 }, 3], [[1, 'a'], 4]], 3)).values().sortBy(v => v).collect(), [[1, 4], [2, 3]]],
  ['leftOuterJoin', c => left(c).leftOuterJoin(right(c)).filter(([k]) => k > 'a').sortByKey().collect(), [['b', [2, 'w']], ['d', [4, undefined]]]],
  ['rightOuterJoin', c => left(c).rightOuterJoin(right(c)).filter(([k]) => k > 'a').sortByKey().collect(), [['b', [2, 'w']], ['c', [undefined, 'y']]]],
  ['fullOuterJoin', c => left(c).fullOuterJoin(right(c)).filter(([k]) => k > 'b').sortByKey().collect(), [['c', [undefined, 'y']], ['d', [4, undefined]]]],
  ['an undefined value is a value', c => c.parallelize<[string, undefined]>([['a', undefined]], 1).leftOuterJoin(c.parallelize<[string, undefined]>([['a', undefined], ['a', undefined]], 1)).count(), 2],
  ['subtractByKey', c => left(c).subtractByKey(right(c)).collect(), [['d', 4]]],
  ['a join of what is partitioned alike moves nothing', async c => {
    const p = new HashPartitioner(4)
    const joined = left(c).partitionBy(p).join(right(c).partitionBy(p))
    return [joined.toDebugString().split('+-').length - 1, await joined.count()]
  }, [2, 5]],
  ['a join moves only the side that is not partitioned', async c => {
    const joined = left(c).partitionBy(4).mapValues(n => n).join(right(c))
    return [joined.toDebugString().split('+-').length - 1, joined.getNumPartitions(), await joined.mapValues(([n, s]) => `${n}${s}`).sortBy(([k, v]) => [k, v]).values().collect()]
  }, [2, 4, ['1x', '1z', '3x', '3z', '2w']]],
  ['lookup', async c => [await left(c).lookup('a'), await left(c).lookup('nobody'), await left(c).partitionBy(3).lookup('a')], [[1, 3], [], [1, 3]]],
  ['lookup by structure', c => c.parallelize<[unknown, number]>([[[1, 2], 1], [NaN, 2], [{ a: 1 }, 3]], 2).map(([k, v]): [unknown, number] => [k, v]).lookup([1, 2]), [1]],
  ['lookup of NaN and of undefined', async c => { const r = c.parallelize<[unknown, number]>([[NaN, 1], [undefined, 2], [0, 3]], 2); return [await r.lookup(NaN), await r.lookup(undefined), await r.lookup(-0)] }, [[1], [2], [3]]],
  ['countByKey', c => left(c).countByKey(), new Map([['a', 2], ['b', 1], ['d', 1]])],
  ['countByValue', c => c.parallelize(['x', 'y', 'x', 'x'], 3).countByValue(), new Map([['x', 3], ['y', 1]])],
  ['collectAsMap', c => left(c).collectAsMap(), new Map([['a', 3], ['b', 2], ['d', 4]])],
  ['reduceByKeyLocally', c => left(c).reduceByKeyLocally(add), new Map([['a', 4], ['b', 2], ['d', 4]])],

  // Sets and groups
  ['distinct', c => c.parallelize([3, 1, 3, 2, 1], 3).distinct().sortBy(n => n).collect(), [1, 2, 3]],
  ['distinct by structure', c => c.parallelize<unknown>([[1, 'a'], [1, 'a'], { a: 1 }, { a: 1 }, null, undefined, null], 3).distinct(2).count(), 4],
  ['groupBy', c => c.range(0, 6, 1, 3).groupBy(n => n % 2).sortByKey().collect(), [[0, [0, 2, 4]], [1, [1, 3, 5]]]],
  ['intersection', c => c.parallelize([1, 2, 2, 3], 2).intersection(c.parallelize([2, 3, 3, 4], 3)).sortBy(n => n).collect(), [2, 3]],
  ['subtract keeps duplicates', c => c.parallelize([1, 1, 2, 3], 2).subtract(c.parallelize([2, 9], 3)).sortBy(n => n).collect(), [1, 1, 3]],
  ['repartition', async c => { const r = c.range(0, 100, 1, 2).repartition(5); return [await r.glom().map(p => p.length).collect(), await r.sum()] }, [[20, 20, 20, 20, 20], 4950]],

  // Choosing and numbering
  ['zipWithIndex', c => c.parallelize(['a', 'b', 'c', 'd'], 3).filter(w => w !== 'b').zipWithIndex().collect(), [['a', 0], ['c', 1], ['d', 2]]],
  ['zipWithIndex of one partition', c => c.parallelize(['a', 'b'], 1).zipWithIndex().collect(), [['a', 0], ['b', 1]]],
  ['zipWithIndex under a union', c => c.parallelize(['a'], 2).union(c.parallelize(['b', 'c', 'd'], 3)).zipWithIndex().union(c.parallelize([['x', 9]], 1)).collect(), [['a', 0], ['b', 1], ['c', 2], ['d', 3], ['x', 9]]],
  ['zipWithUniqueId', c => c.range(0, 5, 1, 2).zipWithUniqueId().collect(), [[0, 0], [1, 2], [2, 1], [3, 3], [4, 5]]],
  ['pipe', c => c.parallelize(['to', 'be', 'or'], 2).pipe(['tr', 'a-z', 'A-Z']).collect(), ['TO', 'BE', 'OR']],
  ['pipe in a shell', c => c.range(0, 10, 1, 2).pipe('grep 3 | sed "s/$/!/" ; true').collect(), ['3!']],
  ['pipe through what reads nothing', c => c.range(0, 50_000, 1, 1).pipe(['echo', 'done']).collect(), ['done']],
  ['pipe of much', c => c.range(0, 50_000, 1, 1).pipe('cat').map(Number as (text: string) => number).sum(), 49_999 * 25_000],

  ['pipe with an environment and lines', c => c.range(0, 3, 1, 1).pipe('cat; echo $LAST', { env: { LAST: 'end' }, header: ['top'], lines: n => [n, -n] }).collect(), ['top', '0', '0', '1', '-1', '2', '-2', 'end']],
  ['pipe in a folder', async c => (await c.range(0, 1, 1, 1).pipe('pwd', { cwd: '/' }).collect()), ['/']],

  // About right
  ['countApprox of what ends in time', c => c.range(0, 100, 1, 4).countApprox(10_000), { mean: 100, confidence: 1, low: 100, high: 100 }],
  ['countByValueApprox', async c => (await c.parallelize<unknown>(['x', [1], 'x', [1], [1]], 3).countByValueApprox('10 s')).size, 2],
  ['countByKeyApprox', async c => [...await left(c).countByKeyApprox(10_000)].map(([k, { mean, confidence }]) => [k, mean, confidence]).sort(compareValues), [['a', 2, 1], ['b', 1, 1], ['d', 1, 1]]],
  ['sumApprox and meanApprox', async c => { const r = c.range(1, 5, 1, 3); return [(await r.sumApprox('10 s')).mean, (await r.meanApprox('10 s')).mean] }, [10, 2.5]],

  // Folds and numbers
  ['fold', async c => [await c.range(1, 5, 1, 2).fold(0, add), await c.emptyRDD<number>().fold(7, add), await c.range(0, 3, 1, 3).fold(1, add)], [10, 7, 7]],
  ['fold with a zero changed in place', async c => { const zero = new Tally(); const t = await c.parallelize([new Tally().add('x'), new Tally().add('y')], 2).fold(zero, (a, b) => { a.words.push(...b.words); return a }); return [t.words, zero.words, t instanceof Tally] }, [['x', 'y'], [], true]],
  ['aggregate', c => c.parallelize(['to', 'be', 'not'], 2).aggregate({ n: 0 }, (a, w) => { a.n += w.length; return a }, (a, b) => ({ n: a.n + b.n })), { n: 7 }],
  ['treeAggregate and treeReduce', async c => [await c.range(0, 10, 1, 4).treeAggregate(0, add, add, 3), await c.range(1, 5, 1, 4).treeReduce((a, b) => a * b)], [45, 24]],
  ['stats', c => c.parallelize([2, 4, 4, 4, 5, 5, 7, 9], 3).stats(), { count: 8, sum: 40, mean: 5, min: 2, max: 9, variance: 4, stdev: 2, sampleVariance: 32 / 7, sampleStdev: Math.sqrt(32 / 7) }],
  ['stats of nothing', c => c.range(0, 0).stats(), { count: 0, sum: 0, mean: NaN, min: Infinity, max: -Infinity, variance: NaN, stdev: NaN, sampleVariance: NaN, sampleStdev: NaN }],
  ['sum mean variance stdev', async c => { const r = c.parallelize([1, 2, 3, 4], 2); return [await r.sum(), await r.mean(), await r.variance(), await r.sampleVariance()] }, [10, 2.5, 1.25, 5 / 3]],
  ['histogram of edges', c => c.parallelize([0, 1, 5, 10, NaN, -1, 11], 3).histogram([0, 1, 5, 10]), [1, 1, 2]],
  ['histogram of a number of buckets', c => c.parallelize([0, 1, 5, 10], 3).histogram(2), [[0, 5, 10], [2, 2]]],
  ['histogram of equal numbers', c => c.parallelize([3, 3], 2).histogram(4), [[3, 3], [2]]],
]

const refusals: [what: string, run: (ctx: Context) => unknown, code: string][] = [
  ['a fraction above 1', c => c.range(0, 1).sample(false, 1.5), 'RIV_FRACTION'],
  ['a fraction of a key above 1', c => left(c).sampleByKey(false, new Map([['a', 2]])), 'RIV_FRACTION'],
  ['a key without a fraction', c => left(c).sampleByKey(false, new Map([['a', 1]])).collect(), 'RIV_NO_FRACTION'],
  ['a key without a fraction, exactly', c => left(c).sampleByKeyExact(false, new Map([['a', 1]])).collect(), 'RIV_NO_FRACTION'],
  ['a confidence above 1', c => c.range(0, 1).sumApprox(1, 2), 'RIV_FRACTION'],
  ['no partitions of ranges', c => left(c).rangePartitioner(0), 'RIV_PARTITION_COUNT'],
  ['a negative weight', c => c.range(0, 1).randomSplit([1, -1]), 'RIV_FRACTION'],
  ['edges that do not increase', c => c.range(0, 1).histogram([1, 1]), 'RIV_BUCKETS'],
  ['no buckets', c => c.range(0, 1).histogram(0), 'RIV_BUCKETS'],
  ['a histogram of nothing', c => c.range(0, 0).histogram(2), 'RIV_BUCKETS'],
]

onEveryMaster(context => {
  for (const [name, run, expected] of rows) test(name, async () => { assert.deepEqual(await run(context()), expected) })

  for (const [what, run, code] of refusals) test(`refused: ${what}`, () => assert.rejects(async () => run(context()), { code }))

  test('refused: a program that fails', () => assert.rejects(context().range(0, 3).pipe('exit 3').collect(), { message: /"exit 3" of pipe ended with code 3/ }))
  test('refused: a program that does not exist', () => assert.rejects(context().range(0, 3).pipe(['no-such-program-here']).collect(), { message: /no-such-program-here/ }))

  test('samples: the same seed gives the same records, about as many as asked for', async () => {
    const numbers = context().range(0, 10_000, 1, 4)
    const sampled = await numbers.sample(false, 0.1, 42).collect()
    assert.deepEqual(await numbers.sample(false, 0.1, 42).collect(), sampled)
    assert.notDeepEqual(await numbers.sample(false, 0.1, 43).collect(), sampled)
    assert.ok(sampled.length > 850 && sampled.length < 1150, String(sampled.length))
    assert.ok(sampled.every((n, i) => i === 0 || n > sampled[i - 1]!), 'in order, each once')
    const again = numbers.sample(false, 0.5)
    assert.deepEqual(await again.collect(), await again.collect(), 'an RDD is the same each time it is computed')
    const copies = await numbers.sample(true, 2, 1).countByValue()
    const total = [...copies.values()].reduce(add)
    assert.ok(total > 19_000 && total < 21_000, String(total))
    assert.ok(copies.size > 8_300 && copies.size < 8_950, `${copies.size}: 1 - e^-2 of them`)
    assert.deepEqual([await numbers.sample(false, 0).count(), await numbers.sample(false, 1).count()], [0, 10_000])
  })

  test('sampleByKey: each key by its own fraction', async () => {
    const pairs = context().range(0, 9_000, 1, 4).map(n => [['few', 'many', 'all'][n % 3]!, n])
    const counts = async (withReplacement: boolean, fractions: [string, number][], seed?: number): Promise<number[]> => {
      const map = await pairs.sampleByKey(withReplacement, new Map(fractions), seed).countByKey()
      return ['few', 'many', 'all'].map(key => map.get(key) ?? 0)
    }
    const [few, many, all] = await counts(false, [['few', 0.1], ['many', 0.5], ['all', 1]], 3) as [number, number, number]
    assert.ok(few > 240 && few < 360 && many > 1400 && many < 1600 && all === 3000, `${few} ${many} ${all}`)
    assert.deepEqual(await counts(false, [['few', 0.1], ['many', 0.5], ['all', 1]], 3), [few, many, all])
    const [none, twice, half] = await counts(true, [['few', 0], ['many', 2], ['all', 0.5]], 3) as [number, number, number]
    assert.ok(none === 0 && twice > 5700 && twice < 6300 && half > 1350 && half < 1650, `${none} ${twice} ${half}`)
  })

  test('sampleByKeyExact: exactly as many of each key as its fraction says', async () => {
    const pairs = context().range(0, 1_000, 1, 7).map(n => [[n % 10 === 0 ? 1 : 2] as number[], n])
    const fractions = new Map([[[1], 0.25], [[2], 0.5]])
    const sampled = await pairs.sampleByKeyExact(false, fractions, 1).collect()
    const of = (key: number, from = sampled): number[] => from.filter(([[k]]) => k === key).map(([, n]) => n)
    assert.deepEqual([of(1).length, of(2).length], [25, 450])
    assert.equal(new Set(sampled.map(([, n]) => n)).size, 475)
    assert.deepEqual(sampled.map(([, n]) => n), sampled.map(([, n]) => n).toSorted((a, b) => a - b))
    assert.ok(Math.abs(of(2).reduce(add) / 450 - 500) < 40, 'from everywhere')
    assert.deepEqual(await pairs.sampleByKeyExact(false, fractions, 1).collect(), sampled)
    assert.notDeepEqual(await pairs.sampleByKeyExact(false, fractions, 2).collect(), sampled)
    const copies = await pairs.sampleByKeyExact(true, new Map([[[1], 3], [[2], 0.001]]), 1).collect()
    assert.deepEqual([of(1, copies).length, of(2, copies).length], [300, 1])
    assert.ok(new Set(of(1, copies)).size > 85 && new Set(of(1, copies)).size < 100)
    assert.equal(await pairs.sampleByKeyExact(false, new Map([[[1], 0], [[2], 1]])).count(), 900)
  })

  test('an answer that has a time: what has ended by then', async () => {
    const slow = context().range(0, 8, 1, 8).mapAsync(async (n, signal) => {
      if (n > 0) await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
      return n
    })
    const { mean, confidence, low, high } = await slow.countApprox(500, 0.9)
    if (confidence > 0) assert.deepEqual([mean, low >= 1, high > 8, confidence], [8, true, true, 0.9])
    assert.deepEqual([(await slow.sumApprox(50)).confidence, (await slow.meanApprox(50)).high], [0, Infinity])
    assert.ok((await slow.countByValueApprox(500)).size <= 1)
  })

  test('randomSplit: every record in exactly one part', async () => {
    const parts = context().range(0, 5_000, 1, 3).randomSplit([3, 1, 1], 7)
    const records = await Promise.all(parts.map(part => part.collect()))
    assert.deepEqual(records.flat().sort((a, b) => a - b), Array.from({ length: 5_000 }, (_, i) => i))
    assert.deepEqual(records.map(({ length }) => Math.round(length / 500)), [6, 2, 2])
  })

  test('takeSample: exactly as many as asked for, from everywhere', async () => {
    const numbers = context().range(0, 1_000, 1, 3)
    const taken = await numbers.takeSample(false, 100, 5)
    assert.deepEqual([taken.length, new Set(taken).size], [100, 100])
    assert.deepEqual(await numbers.takeSample(false, 100, 5), taken)
    assert.notDeepEqual(taken, taken.toSorted((a, b) => a - b))
    const thirds = [0, 0, 0]
    for (const n of taken) thirds[Math.floor(n / 334)]!++
    assert.ok(thirds.every(n => n > 18), String(thirds))
    assert.deepEqual((await numbers.takeSample(false, 5_000, 5)).toSorted((a, b) => a - b), Array.from({ length: 1_000 }, (_, i) => i))
    const repeated = await context().range(0, 3, 1, 2).takeSample(true, 50, 1)
    assert.deepEqual([repeated.length, new Set(repeated).size], [50, 3])
    assert.deepEqual(await context().emptyRDD().takeSample(false, 3), [])
  })
})
