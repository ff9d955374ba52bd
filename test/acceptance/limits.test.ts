// Sizes: much data, many partitions, long lineages, wide unions, large records and results.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RDD } from 'rivulet'
import { onMasters } from './masters.ts'

const add = (a: number, b: number): number => a + b

onMasters((context, master) => {
  const many = master === 'inline' ? 200_000 : 2_000_000

  test(`${many} records by key`, async () => {
    const sums = await context().range(0, many, 1, 4).map(n => [n % 1000, 1]).reduceByKey(add).collect()
    assert.deepEqual([sums.length, sums.every(([, n]) => n === many / 1000)], [1000, true])
  })

  test('as many keys as records', async () => {
    assert.equal(await context().range(0, 200_000, 1, 4).map(n => [`key ${n}`, n]).reduceByKey(add).count(), 200_000)
  })

  test('200 partitions', async () => {
    const rdd = context().range(0, 1_000, 1, 200).map(n => [n % 7, n])
    assert.equal(rdd.getNumPartitions(), 200)
    assert.equal((await rdd.groupByKey(50).mapValues(ns => ns.length).values().reduce(add)), 1_000)
    assert.equal(await context().parallelize(Array.from({ length: 10 }, (_, i) => i), 200).count(), 10)
  })

  test('a lineage of 200 maps, and of 40 shuffles', async () => {
    let mapped: RDD<number> = context().range(0, 100, 1, 2)
    for (let i = 0; i < 200; i++) mapped = mapped.map(n => n + 1)
    assert.deepEqual(await mapped.take(3), [200, 201, 202])
    assert.equal(mapped.toDebugString().split('\n').length, 201)
    let shuffled: RDD<[number, number]> = context().range(0, 20, 1, 2).map(n => [n, 1])
    for (let i = 0; i < 40; i++) shuffled = shuffled.reduceByKey(add).map(([k, v]) => [k >> 1, v])
    assert.deepEqual(await shuffled.reduceByKey(add).collect(), [[0, 20]])
  })

  test('a union of 300 RDDs, flat and nested', async () => {
    const parts = Array.from({ length: 300 }, (_, i) => context().parallelize([i], 1))
    assert.equal(await context().union(...parts).reduce(add), 44_850)
    assert.equal(await parts.reduce((a, b) => a.union(b)).count(), 300)
    assert.deepEqual(await context().union(...parts).map(n => [n % 3, 1]).reduceByKey(add, 2).sortByKey().collect(), [[0, 100], [1, 100], [2, 100]])
  })

  test('a record of 8 MiB, as text, as bytes, as a list, as value and as key', async () => {
    const text = 'ab'.repeat(4 << 20)
    const bytes = new Uint8Array(8 << 20).fill(7)
    const list = Array.from({ length: 1 << 20 }, (_, i) => i)
    for (const record of [text, bytes, list] as const) {
      const [got] = await context().parallelize<unknown>([record], 1).map(x => x).groupBy(() => 1).flatMap(([, rows]) => rows).collect()
      assert.ok(got instanceof Uint8Array ? Buffer.compare(got, bytes) === 0 : typeof got === 'string' ? got === text : (got as number[]).length === list.length)
    }
    assert.deepEqual(await context().parallelize([[text, 1], [text, 2]], 2).reduceByKey(add).values().collect(), [3])
  })

  test('a result of 100 MB', async () => {
    const chunk = await context().range(0, 100, 1, 10).map(n => Buffer.alloc(1_000_000, n)).collect()
    assert.deepEqual([chunk.length, chunk.every((bytes, i) => bytes.length === 1_000_000 && bytes[999_999] === i)], [100, true])
    const lines = await context().range(0, 500_000, 1, 4).map(n => `a record of about a hundred bytes, as lines of logs are, with its number ${n}`).collect()
    assert.ok(lines.length === 500_000 && lines[499_999]!.endsWith(' 499999'))
  })

  test('sort of many', async () => {
    const sorted = await context().range(0, 200_000, 1, 4).map(n => (n * 7_919) % 200_003).sortBy(n => n, false, 5).collect()
    assert.ok(sorted.every((n, i) => i === 0 || n <= sorted[i - 1]!))
  })

  test('100 actions at once', async () => {
    const rdd = context().range(0, 100, 1, 2).map(n => [n % 5, n]).reduceByKey(add)
    const results = await Promise.all(Array.from({ length: 100 }, (_, i) => rdd.mapValues(v => v + i).values().reduce(add)))
    assert.deepEqual(results, Array.from({ length: 100 }, (_, i) => 4_950 + 5 * i))
  })
})
