// What a description knows without running anything: partitions, partitionings, lineage.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { inspect } from 'node:util'
import { Context } from '../context/context.ts'
import { HashPartitioner, Partitioner, RangePartitioner } from '../kernel/partitioner.ts'
import { inScope } from './nodes.ts'
import { boundsOf } from './ops/sort.ts'
import { PlanScope } from './plan.ts'
import type { RDD } from './rdd.ts'

class Even extends Partitioner {
  numPartitions = 2
  getPartition(key: number): number { return key % 2 }
}

let ctx: Context
before(() => { ctx = new Context({ master: 'inline' }) })
after(() => ctx.stop())

const pairs = (slices: number): RDD<[number, number]> => ctx.range(0, 100, 1, slices).map(n => [n, n])
const add = (a: number, b: number): number => a + b
const even = new Even()

describe('the number of partitions', () => {
  const cases: [name: string, make: () => RDD<unknown>, count: number][] = [
    ['of parallelize', () => ctx.parallelize([1], 4), 4],
    ['of narrow operations', () => ctx.range(0, 9, 1, 3).map(n => n).filter(() => true).glom(), 3],
    ['of a union', () => ctx.range(0, 9, 1, 3).union(ctx.range(0, 9, 1, 2)), 5],
    ['of emptyRDD', () => ctx.emptyRDD(), 0],
    ['of a shuffle: the parent\'s', () => pairs(7).reduceByKey(add), 7],
    ['of a shuffle: as given', () => pairs(7).groupByKey(3), 3],
    ['of a shuffle: the partitioner\'s', () => pairs(7).groupByKey(even), 2],
    ['of a shuffle after a shuffle: as many again', () => pairs(7).reduceByKey(add, 3).groupByKey(), 3],
    ['of a shuffle whose parent has ten times as few', () => pairs(30).reduceByKey(add, 3).union(pairs(30)).groupByKey(), 33],
    ['of sortBy', () => ctx.range(0, 9, 1, 3).sortBy(n => n), 3],
    ['of sortBy, as given', () => ctx.range(0, 9, 1, 3).sortBy(n => n, true, 5), 5],
  ]
  for (const [name, make, count] of cases) test(name, () => assert.equal(make().getNumPartitions(), count))

  test('spark.default.parallelism rules sources and shuffles', async () => {
    await using other = new Context({ master: 'inline', conf: { 'spark.default.parallelism': 6 } })
    assert.equal(other.range(0, 9).getNumPartitions(), 6)
    assert.equal(other.parallelize([['a', 1]], 2).reduceByKey(add).getNumPartitions(), 6)
    assert.equal(other.textFile('missing').map(line => [line, 1]).reduceByKey(add).getNumPartitions(), 6)
  })
})

describe('data moves', () => {
  const parted = (): RDD<[number, number]> => pairs(4).partitionBy(3)
  const cases: [name: string, make: () => RDD<unknown>, shuffles: number][] = [
    ['once for reduceByKey', () => pairs(4).reduceByKey(add), 1],
    ['not again for the same number', () => parted().reduceByKey(add, 3), 1],
    ['not again by default', () => parted().filter(() => true).mapValues(n => n).groupByKey().flatMapValues(ns => ns).reduceByKey(add), 1],
    ['not again for an equal HashPartitioner', () => parted().groupByKey(new HashPartitioner(3)), 1],
    ['again for another number', () => parted().groupByKey(4), 2],
    ['again after map, which may change keys', () => parted().map(([k, v]) => [k, v]).groupByKey(3), 2],
    ['not after mapPartitions that preserves', () => parted().mapPartitions(rows => rows, true).groupByKey(3), 1],
    ['again after mapPartitions that does not', () => parted().mapPartitions(rows => rows).groupByKey(3), 2],
    ['not again for the same partitioner', () => pairs(4).partitionBy(even).groupByKey(even), 1],
    ['again for another partitioner', () => pairs(4).partitionBy(even).groupByKey(new Even()), 2],
    ['not again after a union of equals', () => parted().union(parted()).reduceByKey(add), 2],
    ['not for partitionBy as it is', () => parted().partitionBy(3), 1],
    ['not again for an equal RangePartitioner', () => pairs(4).partitionBy(new RangePartitioner([10])).groupByKey(new RangePartitioner([10])), 1],
    ['again for other ranges', () => pairs(4).partitionBy(new RangePartitioner([10])).groupByKey(new RangePartitioner([11])), 2],
    ['not again after a sort', () => pairs(4).sortByKey().reduceByKey(add), 1],
    ['not to join two of the same sort', () => { const sorted = pairs(4).sortByKey().filter(() => true); return sorted.mapValues(n => n + 1).join(sorted) }, 2],
    ['again after another sort', () => pairs(4).sortByKey().join(pairs(4).sortByKey()), 3],
  ]
  for (const [name, make, shuffles] of cases) test(name, () => assert.equal(make().toDebugString().split('+-').length - 1, shuffles))
})

describe('what is known once files are listed', () => {
  const lines = (): RDD<[string, number]> => ctx.textFile('package.json', 3).map(line => [line.trim(), 1])
  const cases: [name: string, make: () => RDD<unknown>, partitions: number, shuffles: number][] = [
    ['groupByKey after reduceByKey moves nothing', () => lines().reduceByKey(add).groupByKey(), 3, 1],
    ['with the number given, too', () => lines().reduceByKey(add).groupByKey(3), 3, 1],
    ['another number moves', () => lines().reduceByKey(add).groupByKey(2), 2, 2],
    ['a join with what was made of one side moves nothing', () => { const links = lines().groupByKey(); return links.join(links.mapValues(() => 1)) }, 3, 2],
    ['a join with what was moved alike moves nothing', () => { const links = lines().groupByKey(); return links.join(links.flatMap(([k, ones]) => ones.map(n => [k, n] as const)).reduceByKey(add)) }, 3, 3],
    ['a union of two moved alike is aligned', () => lines().reduceByKey(add).union(lines().groupByKey().mapValues(ones => ones.length)), 3, 2],
    ['partitionBy as it is', () => lines().reduceByKey(add).partitionBy(3), 3, 1],
    ['a sort', () => lines().sortByKey().groupByKey(), 3, 1],
    ['sorts of other keys are not alike', () => lines().sortByKey().join(lines().filter(([k]) => k < '"n').sortByKey()), 3, 3],
    ['sorts with the same bounds are', () => lines().sortByKey().join(lines().sortByKey()), 3, 2],
    ['a union of different numbers is not', () => lines().reduceByKey(add).union(lines().reduceByKey(add, 2)), 5, 2],
  ]
  for (const [name, make, partitions, shuffles] of cases) {
    test(name, async () => {
      const rdd = await make().resolve()
      assert.deepEqual([rdd.getNumPartitions(), rdd.toDebugString().split('+-').length - 1], [partitions, shuffles])
      await rdd.count()
    })
  }
})

describe('the partitioner', () => {
  test('of what a shuffle made, as long as keys stay', async () => {
    const counts = pairs(4).reduceByKey(add, 3)
    assert.ok(counts.filter(() => true).partitioner?.equals(new HashPartitioner(3)))
    assert.equal(counts.map(pair => pair).partitioner, undefined)
    assert.equal(pairs(4).partitionBy(even).partitioner, even)
    assert.equal(pairs(4).repartition(3).partitioner, undefined)
    const sorted = pairs(4).sortByKey(false, 2)
    assert.equal(sorted.partitioner, undefined)
    const ranges = (await sorted.resolve()).partitioner
    assert.ok(ranges instanceof RangePartitioner)
    assert.deepEqual([ranges.bounds.length, ranges.ascending, ranges.getPartition(99), ranges.getPartition(0)], [1, false, 0, 1])
    assert.equal(pairs(4).partitionBy(ranges).join(sorted).toDebugString().split('+-').length - 1, 2)
  })

  test('of a sample of keys', async () => {
    const ranges = await pairs(3).rangePartitioner(4)
    assert.deepEqual((await pairs(2).partitionBy(ranges).glom().map(part => part.length > 10).collect()), [true, true, true, true])
    assert.ok(ranges.equals(await pairs(3).rangePartitioner(4)))
    assert.deepEqual([(await pairs(3).rangePartitioner(1)).bounds, (await ctx.parallelize<[number, number]>([]).rangePartitioner(3)).numPartitions], [[], 3])
  })
})

test('filterByRange of a sorted RDD computes only the partitions that may hold the keys', async () => {
  const seen = ctx.longAccumulator()
  const sorted = (await pairs(4).sortByKey(true, 10).resolve()).mapValues(n => { seen.add(1); return n })
  assert.deepEqual(await sorted.filterByRange(33, 35).collect(), [[33, 33], [34, 34], [35, 35]])
  assert.ok(seen.value > 0 && seen.value <= 30, String(seen.value))
  assert.deepEqual(await pairs(4).sortByKey(false, 5).filterByRange(97, 200).keys().collect(), [99, 98, 97])
  assert.equal(await pairs(4).sortByKey(false, 5).filterByRange(50, 40).count(), 0)
})

test('dependencies name what an RDD is computed from', () => {
  const [left, right] = [pairs(2), pairs(3)]
  assert.deepEqual(left.union(right).dependencies.map(({ rdd, shuffle }) => [rdd.id, shuffle]), [[left.id, false], [right.id, false]])
  assert.deepEqual(left.groupByKey().dependencies.map(({ shuffle }) => shuffle), [true])
  assert.deepEqual(ctx.range(0, 1).dependencies, [])
})

test('toDebugString draws the lineage', () => {
  const rdd = ctx.range(0, 4, 1, 2).map(n => [n, 1]).cache().reduceByKey(add, 13).union(ctx.textFile('x').map(l => [l.length, 1]))
  const drawn = rdd.toDebugString().replaceAll(/\[\d+\] at src\/rdd\/plan\.test\.ts:\d+:\d+/g, '')
  assert.equal(drawn, [
    '(?) union',
    ' |  reduceByKey',
    ' +-(2) map [MEMORY_ONLY]',
    '    |  range',
    ' |  map',
    ' |  textFile',
  ].join('\n'))
})

test('an RDD of a batch is refused when the batch is forgotten', async () => {
  const scope = new PlanScope()
  const rdd = inScope(scope, () => ctx.range(0, 3).map(n => n))
  const later = rdd.filter(() => true)
  assert.equal(await later.count(), 3)
  scope.release()
  await assert.rejects(later.count(), { code: 'RIV_BATCH_FORGOTTEN', message: /count at src\/rdd\/plan\.test\.ts:\d+:\d+: the batch to which map\[\d+\] belongs/ })
})

test('console.log of an RDD is one line that says what to do', () => {
  assert.match(inspect(ctx.range(0, 4).map(n => n)), /^RDD\[\d+\] map at src\/rdd\/plan\.test\.ts:\d+:\d+ \(lazy; await \.collect\(\)\)$/)
})

describe('bounds of a sort', () => {
  const cases: [name: string, samples: { count: number; keys: unknown[] }[], partitions: number, bounds: unknown[]][] = [
    ['equal shares', [{ count: 6, keys: [1, 2, 3, 4, 5, 6] }], 3, [2, 4]],
    ['by weight', [{ count: 90, keys: [10, 20, 30] }, { count: 3, keys: [1, 2, 3] }], 3, [10, 20]],
    ['of equal keys', [{ count: 5, keys: [7, 7, 7, 7, 7] }], 3, [7]],
    ['of nothing', [{ count: 0, keys: [] }], 3, []],
    ['of strings', [{ count: 4, keys: ['b', 'a', 'd', 'c'] }], 2, ['b']],
  ]
  for (const [name, samples, partitions, bounds] of cases) test(name, () => assert.deepEqual(boundsOf(samples, partitions), bounds))
})
