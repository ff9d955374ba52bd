// What actions promise beyond their value: laziness, order of work, errors that name the operator, the record and the place.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import type { Context } from '../context/context.ts'
import { onEveryMaster } from './masters.fixture.ts'

interface Refusal {
  readonly what: string
  readonly run: (ctx: Context) => unknown
  readonly code: string
  readonly message?: RegExp
}

class Custom extends Error {
  override name = 'Custom'
  detail = { id: 7 }
}

const refusals: Refusal[] = [
  { what: 'first of nothing', run: c => c.emptyRDD().first(), code: 'RIV_EMPTY_RDD', message: /^first at src\/rdd\/actions\.test\.ts:\d+:\d+: the RDD is empty/ },
  { what: 'reduce of nothing', run: c => c.range(0, 0).reduce((a, b) => a + b), code: 'RIV_EMPTY_RDD' },
  { what: 'min of nothing', run: c => c.range(0, 0).min(), code: 'RIV_EMPTY_RDD' },
  { what: 'max of nothing', run: c => c.range(0, 0).max(), code: 'RIV_EMPTY_RDD' },
  { what: 'no slices', run: async c => c.parallelize([1], 0), code: 'RIV_PARTITION_COUNT', message: /parallelize was given 0/ },
  { what: 'half a partition', run: async c => c.parallelize([['a', 1]]).reduceByKey((a, b) => a + b, 1.5), code: 'RIV_PARTITION_COUNT', message: /reduceByKey was given 1.5/ },
  { what: 'no function', run: async c => c.range(0, 1).map(undefined as never), code: 'RIV_NOT_A_FUNCTION', message: /^map at src\/rdd\/actions\.test\.ts:\d+:\d+ was given undefined/ },
  { what: 'no function for an action', run: c => c.range(0, 1).reduce(7 as never), code: 'RIV_NOT_A_FUNCTION', message: /reduce at .* was given 7/ },
  { what: 'a step of 0', run: async c => c.range(0, 1, 0), code: 'RIV_RANGE' },
  { what: 'an endless range', run: async c => c.range(0, Infinity), code: 'RIV_RANGE' },
  { what: 'a key function as comparison', run: c => c.range(0, 3).top(1, ((n: number) => -n) as never), code: 'RIV_COMPARE', message: /top takes 1 parameter;.*\{ by: x => key \}/ },
  { what: 'a key function for min', run: c => c.range(0, 3).min(((n: number) => -n) as never), code: 'RIV_COMPARE' },
  { what: 'another storage level', run: async c => c.range(0, 3).persist('MEMORY_ONLY').persist('DISK_ONLY'), code: 'RIV_STORAGE_LEVEL', message: /MEMORY_ONLY; it cannot become DISK_ONLY/ },
  { what: 'map that throws', run: c => c.range(0, 9).map(n => { if (n === 5) throw new Custom('five'); return n }).count(), code: 'RIV_USER_FUNCTION', message: /^map at src\/rdd\/actions\.test\.ts:\d+:\d+: the function threw Custom: five, on the record 5/ },
  { what: 'filter that throws', run: c => c.parallelize([{ id: 'x' }]).filter(() => { throw new Error('no') }).count(), code: 'RIV_USER_FUNCTION', message: /^filter at .*Error: no, on the record \{ id: 'x' \}/ },
  { what: 'keyBy that throws', run: c => c.range(0, 3).keyBy(n => { if (n === 2) throw new Error('no'); return n }).count(), code: 'RIV_USER_FUNCTION', message: /^keyBy at .*on the record 2/ },
  { what: 'a generator that throws', run: c => c.range(4, 5).flatMap(function* (n) { yield n; throw new Error('late') }).map(n => n).count(), code: 'RIV_USER_FUNCTION', message: /^flatMap at .*Error: late, on the record 4/ },
  { what: 'reduceByKey that throws', run: c => c.parallelize([['a', 1], ['a', 2]], 2).reduceByKey(() => { throw new Error('no') }).collect(), code: 'RIV_USER_FUNCTION', message: /^reduceByKey at .*Error: no/ },
  { what: 'mapPartitions that throws', run: c => c.range(0, 3).mapPartitions(() => { throw new Error('no') }).collect(), code: 'RIV_USER_FUNCTION', message: /^mapPartitions at .*Error: no/ },
  { what: 'mapPartitionsWithIndex that throws', run: c => c.range(0, 3).mapPartitionsWithIndex(() => { throw new Error('no') }).collect(), code: 'RIV_USER_FUNCTION', message: /^mapPartitionsWithIndex at .*Error: no/ },
  { what: 'mapAsync that rejects', run: c => c.range(3, 4).mapAsync(async () => { throw new Error('no') }).collect(), code: 'RIV_USER_FUNCTION', message: /^mapAsync at .*Error: no, on the record 3/ },
  { what: 'foreach that throws', run: c => c.range(3, 4).foreach(() => { throw new Error('no') }), code: 'RIV_USER_FUNCTION', message: /^foreach at .*Error: no, on the record 3/ },
  { what: 'foreachPartition that rejects', run: c => c.range(3, 4).foreachPartition(async () => { throw new Error('no') }), code: 'RIV_USER_FUNCTION', message: /^foreachPartition at .*Error: no/ },
  { what: 'reduce that throws in a task', run: c => c.range(0, 4, 1, 2).reduce(() => { throw new Error('no') }), code: 'RIV_USER_FUNCTION', message: /^reduce at .*Error: no/ },
  { what: 'reduce that throws in the driver', run: c => c.range(0, 2, 1, 2).reduce(() => { throw new Error('no') }), code: 'RIV_USER_FUNCTION', message: /^reduce at .*Error: no, on the record 1/ },
  { what: 'sortBy that throws', run: c => c.range(0, 4, 1, 2).sortBy(() => { throw new Error('no') }).collect(), code: 'RIV_USER_FUNCTION', message: /^sortBy at .*Error: no/ },
  { what: 'a thrown string', run: c => c.range(0, 1, 1, 1).map(() => { throw 'text' }).collect(), code: 'RIV_USER_FUNCTION', message: /thrown: 'text'/ }, // oxlint-disable-line only-throw-error
  { what: 'map of an async function', run: c => c.range(0, 3).map(async n => n).collect(), code: 'RIV_USER_FUNCTION', message: /^map at .*mapAsync/ },
  { what: 'filter of a Promise', run: c => c.range(0, 3).filter((async () => false) as never).count(), code: 'RIV_USER_FUNCTION', message: /^filter at .*mapAsync/ },
  { what: 'foreach of an async function', run: c => c.range(0, 3).foreach((async () => {}) as never), code: 'RIV_USER_FUNCTION', message: /^foreach at .*mapAsync/ },
  { what: 'reduce of an async function', run: c => c.range(0, 2, 1, 2).reduce((async (a: number) => a) as never), code: 'RIV_USER_FUNCTION', message: /^reduce at .*mapAsync/ },
  { what: 'zip of unequal partitions', run: c => c.range(0, 4, 1, 2).zip(c.range(0, 4, 1, 3)).count(), code: 'RIV_ZIP_PARTITIONS', message: /^zip at src\/rdd\/actions\.test\.ts:\d+:\d+: the RDDs have 2 and 3 partitions/ },
  { what: 'zip of unequal partitions that a file tells', run: c => c.textFile('package.json', 3).zip(c.range(0, 4, 1, 1)).count(), code: 'RIV_ZIP_PARTITIONS' },
  { what: 'zip where the left is longer', run: c => c.range(0, 5, 1, 2).zip(c.range(0, 4, 1, 2)).count(), code: 'RIV_ZIP_LENGTH', message: /^zip at src\/rdd\/actions\.test\.ts:\d+:\d+: a partition/ },
  { what: 'zip where the right is longer', run: c => c.range(0, 4, 1, 2).zip(c.range(0, 5, 1, 2)).mapPartitions(rows => [...rows]).count(), code: 'RIV_ZIP_LENGTH' },
  { what: 'zipPartitions of unequal partitions', run: c => c.range(0, 4, 1, 2).zipPartitions(c.range(0, 4, 1, 2), c.range(0, 4, 1, 1), a => a).count(), code: 'RIV_ZIP_PARTITIONS' },
  { what: 'zipPartitions that throws', run: c => c.range(0, 4, 1, 2).zipPartitions(c.range(0, 4, 1, 2), () => { throw new Error('no') }).count(), code: 'RIV_USER_FUNCTION', message: /^zipPartitions at .*Error: no/ },
  { what: 'an accuracy of 0', run: async c => c.range(0, 4).countApproxDistinct(0), code: 'RIV_RELATIVE_SD' },
  { what: 'an accuracy beyond memory', run: async c => c.parallelize([['a', 1]]).countApproxDistinctByKey(0.0001), code: 'RIV_RELATIVE_SD' },
  { what: 'countApprox of what throws', run: c => c.range(0, 4).map(() => { throw new Error('no') }).countApprox('1 min'), code: 'RIV_USER_FUNCTION' },
  { what: 'coalesce to none', run: async c => c.range(0, 4).coalesce(0), code: 'RIV_PARTITION_COUNT' },
  { what: 'flatMap of no iterable', run: c => c.range(0, 1, 1, 1).flatMap((() => 3) as never).collect(), code: 'RIV_USER_FUNCTION', message: /^flatMap at/ },
]

onEveryMaster((context, master) => {
  for (const { what, run, code, message } of refusals) {
    test(`refused: ${what}`, async () => {
      const error: Error = await (async () => run(context()))().then(() => assert.fail('it was not refused'), e => e)
      assert.equal((error as { code?: string }).code, code, inspect(error))
      if (message !== undefined) assert.match(error.message, message)
      assert.equal(await context().range(0, 3).count(), 3, 'the context stays usable')
    })
  }

  test('the cause is the user\'s own error, with its properties and place', async () => {
    const error: Error = await context().range(0, 1, 1, 1).map(() => { throw new Custom('mine') }).collect().then(() => assert.fail(), e => e)
    const cause = error.cause as Custom
    assert.deepEqual([cause.name, cause.message, cause.detail], ['Custom', 'mine', { id: 7 }])
    assert.match(inspect(error), /actions\.test\.ts:\d+:\d+/)
  })

  test('nothing runs before an action', async () => {
    const failing = context().range(0, 10).map((n): number => { throw new Error(`ran ${n}`) }).sortBy(n => n)
    assert.match(String(failing), /^RDD\[\d+\] sortBy at src\/rdd\/actions\.test\.ts:\d+:\d+$/)
    await assert.rejects(failing.count(), /ran/)
  })

  test('captured variables are read when the action is called', async () => {
    let factor = 2
    const scaled = context().range(0, 3).map(n => n * factor)
    const twice = scaled.collect()
    factor = 10
    assert.deepEqual([master === 'inline' ? [0, 2, 4] : await twice, await scaled.collect()], [[0, 2, 4], [0, 10, 20]])
    await twice
  })

  test('take runs as few partitions as it takes', async () => {
    // A partition that is not asked for would throw.
    const rdd = context().range(0, 100, 1, 100).map(n => { if (n >= 5) throw new Error(`ran ${n}`); return n })
    assert.deepEqual(await rdd.take(1), [0])
    assert.deepEqual(await rdd.take(5), [0, 1, 2, 3, 4])
    assert.equal(await rdd.isEmpty(), false)
    await assert.rejects(rdd.take(6), /ran/)
  })

  test('for await runs a partition when the loop comes to it', async () => {
    const rdd = context().range(0, 4, 1, 4).map(n => { if (n >= 2) throw new Error(`ran ${n}`); return n })
    const seen: number[] = []
    for await (const n of rdd) { seen.push(n); if (n === 1) break }
    assert.deepEqual(seen, [0, 1])
    await assert.rejects(async () => { for await (const n of rdd) seen.push(n) }, /ran 2/)
    assert.deepEqual(seen, [0, 1, 0, 1])
  })

  test('a shuffle is computed once, a persisted RDD too, until it is unpersisted', async () => {
    const stamped = context().range(0, 4, 1, 2).map(n => [n % 2, Math.random()])
    const shuffled = stamped.groupByKey(2)
    assert.deepEqual(await shuffled.collect(), await shuffled.collect())
    const kept = stamped.values().cache()
    const first = await kept.collect()
    assert.deepEqual(await kept.map(x => x).collect(), first)
    assert.equal(kept.getStorageLevel(), 'MEMORY_ONLY')
    assert.equal(await kept.unpersist(), kept)
    assert.notDeepEqual(await kept.collect(), first)
    assert.equal(kept.getStorageLevel(), 'none')
  })
})
