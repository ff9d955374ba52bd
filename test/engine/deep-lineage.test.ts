// Deep lineages: loops that describe an RDD from itself, thousands of times. They run, or are refused with a code and its cure; no stack overflows.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Context, isRivuletError } from 'rivulet'
import type { RDD } from 'rivulet'

type Row = [name: string, rounds: number, run: (ctx: Context, rounds: number) => Promise<unknown>, expected: unknown]

/** Applies `step` so many times. */
const loop = <T>(first: T, rounds: number, step: (last: T, round: number) => T): T => {
  let last = first
  for (let round = 0; round < rounds; round++) last = step(last, round)
  return last
}
const add = (a: number, b: number): number => a + b
const pairs = (ctx: Context): RDD<[number, number]> => ctx.range(0, 4, 1, 2).map(n => [n, 1]).reduceByKey(add, 2)

const rows: Row[] = [
  ['maps', 3_000, (ctx, n) => loop(ctx.range(0, 4, 1, 2), n, r => r.map(x => x + 1)).collect(), [3_000, 3_001, 3_002, 3_003]],
  ['filters and flatMaps', 600, (ctx, n) => loop(ctx.range(0, 4, 1, 2), n, r => r.filter(x => x > 0).flatMap(x => [x])).collect(), [1, 2, 3]],
  ['mapPartitions', 500, (ctx, n) => loop(ctx.range(0, 4, 1, 2), n, r => r.mapPartitions(function* (xs) { for (const x of xs) yield x + 1 })).collect(), [500, 501, 502, 503]],
  ['mapPartitions that awaits', 120, (ctx, n) => loop(ctx.range(0, 4, 1, 2), n, r => r.mapPartitions(async function* (xs) { for (const x of xs) yield x + 1 })).collect(), [120, 121, 122, 123]],
  ['co-partitioned reduceByKey', 500, (ctx, n) => loop(pairs(ctx), n, r => r.reduceByKey(add)).values().sum(), 4],
  ['shuffles', 150, (ctx, n) => loop(pairs(ctx), n, (r, i) => r.reduceByKey(add, 1 + (i % 2))).values().sum(), 4],
  ['unions', 600, (ctx, n) => loop(ctx.range(0, 1, 1, 1), n, r => r.union(ctx.emptyRDD()).map(x => x)).count(), 1],
  ['persisted maps', 200, (ctx, n) => loop(ctx.range(0, 4, 1, 2), n, r => r.map(x => x + 1).cache()).collect(), [200, 201, 202, 203]],
  ['coalesced once each', 500, (ctx, n) => loop(ctx.range(0, 4, 1, 2), n, r => r.map(x => x + 1).coalesce(2)).collect(), [500, 501, 502, 503]],
  ['zips', 150, (ctx, n) => loop(ctx.range(0, 4, 1, 2), n, r => r.zipPartitions(ctx.range(0, 2, 1, 2), (a, b) => [...a].map(x => x + [...b].length))).collect(), [150, 1, 152, 3]],
  ['a state that is united with new data and reduced', 100, (ctx, n) => loop(pairs(ctx), n, r => r.union(pairs(ctx)).reduceByKey(add)).values().sum(), 404],
]

for (const master of ['inline', 'local[2]']) {
  describe(`on ${master}`, () => {
    let ctx: Context
    before(() => { ctx = new Context({ master }) })
    after(() => ctx.stop())
    for (const [name, rounds, run, expected] of rows) test(`${rounds} ${name}`, async () => { assert.deepEqual(await run(ctx, rounds), expected) })

    test('too many RDDs inside one another are refused, with the cure, which helps', async () => {
      const round = (r: RDD<number>): RDD<number> => r.zipPartitions(ctx.range(0, 2, 1, 2), a => a)
      const deep = loop(ctx.range(0, 4, 1, 2), 401, round)
      await assert.rejects(deep.count(), error => {
        assert.ok(isRivuletError(error))
        assert.equal(error.code, 'RIV_LINEAGE_DEPTH')
        assert.match(error.message, /zipPartitions at test\/engine\/deep-lineage\.test\.ts.*400.*checkpoint\(\)/)
        return true
      })
      const half = loop(ctx.range(0, 4, 1, 2), 300, round).localCheckpoint()
      assert.equal(await half.count(), 4)
      assert.equal(await loop(half, 300, round).count(), 4)
    })
  })
}

test('a deep lineage is drawn', async () => {
  await using ctx = new Context({ master: 'inline' })
  const text = loop(pairs(ctx), 400, (r, i) => r.mapValues(x => x).reduceByKey(add, 1 + (i % 2))).toDebugString()
  assert.equal(text.split('\n').length, 803)
})
