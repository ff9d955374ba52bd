// How often functions run, with what, and in what order: counted through files, so that threads count too.

import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Context, RDD } from 'rivulet'
import { onMasters } from './masters.ts'

const folder = mkdtempSync(join(tmpdir(), 'rivulet-running-'))
after(() => rmSync(folder, { recursive: true }))
let files = 0

/** A function that leaves a mark each time it runs, and how many there are. */
function marks(): { mark: (text?: string) => void; count: () => number; all: () => string[] } {
  const path = join(folder, `${files++}`)
  writeFileSync(path, '')
  const all = (): string[] => readFileSync(path, 'utf8').split('\n').slice(0, -1)
  return { mark: (text = '.') => appendFileSync(path, `${text}\n`), count: () => all().length, all }
}

onMasters((context, master) => {
  const counted = (c: Context): { rdd: RDD<[number, number]>; count: () => number } => {
    const { mark, count } = marks()
    return { rdd: c.range(0, 10, 1, 2).map(n => { mark(); return [n % 3, n] }), count }
  }

  test('nothing runs before an action', async () => {
    const { rdd, count } = counted(context())
    const built = rdd.reduceByKey((a, b) => a + b).sortByKey().mapValues(n => n).union(rdd).distinct()
    built.toDebugString()
    String(built)
    await new Promise(resolve => setImmediate(resolve))
    assert.equal(count(), 0)
    await rdd.count()
    assert.equal(count(), 10)
  })

  test('an action runs each record once; without a shuffle or persist each action does', async () => {
    const { rdd, count } = counted(context())
    for (const [i, act] of [() => rdd.collect(), () => rdd.foreach(() => {}), () => rdd.map(x => x).count(), () => rdd.values().reduce((a, b) => a + b)].entries()) {
      await act()
      assert.equal(count(), 10 * (i + 1))
    }
  })

  test('the output of a shuffle is used again by later actions, also of RDDs made of it', async () => {
    const { rdd, count } = counted(context())
    const sums = rdd.reduceByKey((a, b) => a + b)
    const first = await sums.collect()
    assert.deepEqual(await sums.collect(), first)
    assert.equal(await sums.mapValues(n => n + 1).count(), 3)
    assert.equal((await sums.union(sums).groupByKey().collect()).length, 3)
    assert.equal(count(), 10)
  })

  test('actions at once compute a shuffle once', async () => {
    const { rdd, count } = counted(context())
    const sums = rdd.groupByKey(3)
    await Promise.all([sums.count(), sums.collect(), sums.keys().count()])
    assert.equal(count(), 10)
  })

  test('a persisted RDD is computed once, and again after unpersist', async () => {
    const { rdd, count } = counted(context())
    const kept = rdd.persist()
    for (const act of [() => kept.count(), () => kept.collect(), () => kept.keys().distinct().count(), () => kept.sortByKey().collect()]) await act()
    assert.equal(count(), 10)
    assert.equal(await kept.unpersist(), kept)
    await kept.count()
    assert.equal(count(), 20)
  })

  test('element functions get exactly one argument', async () => {
    const c = context()
    const seen = function (...args: unknown[]): number { return args.length }
    const one = c.parallelize([7, 8], 1)
    const pair = c.parallelize([['k', 7], ['k', 8]], 1)
    assert.deepEqual(await one.map(seen).collect(), [1, 1])
    assert.deepEqual(await one.flatMap((...args: unknown[]) => [args.length]).collect(), [1, 1])
    assert.deepEqual(await one.filter((...args: unknown[]) => args.length === 1).count(), 2)
    assert.deepEqual(await pair.mapValues(seen).collect(), [['k', 1], ['k', 1]])
    assert.deepEqual(await pair.flatMapValues((...args: unknown[]) => [args.length]).collect(), [['k', 1], ['k', 1]])
    assert.deepEqual(await one.keyBy(seen).keys().collect(), [1, 1])
    assert.deepEqual(await one.groupBy(seen).keys().collect(), [1])
    assert.deepEqual(await one.sortBy(seen).count(), 2)
    assert.deepEqual(await one.reduce((...args: number[]) => args.length), 2)
    assert.deepEqual(await pair.reduceByKey((...args: number[]) => args.length).values().collect(), [2])
    assert.deepEqual(await one.mapPartitions((...args: unknown[]) => [args.length]).collect(), [1])
    assert.deepEqual(await one.mapPartitionsWithIndex((...args: unknown[]) => [args.length]).collect(), [2])
    assert.deepEqual(await one.mapAsync(async (...args: unknown[]) => args.length).collect(), [2, 2])
    assert.deepEqual(await one.fold(0, (...args: number[]) => args.length), 2)
    assert.deepEqual(await pair.combineByKey((...args: unknown[]) => args.length, (...args: number[]) => args.length, (...args: number[]) => args.length).values().collect(), [2])
    const { mark, all } = marks()
    await one.foreach((...args: unknown[]) => mark(`${args.length}`))
    await one.foreachPartition((...args: unknown[]) => mark(`${args.length}`))
    assert.deepEqual(all(), ['1', '1', '1'])
  })

  test('functions have no `this`', async () => {
    assert.deepEqual(await context().range(0, 1, 1, 1).map(function (this: unknown) { return this === undefined }).collect(), [true])
  })

  test('mapPartitions: the rows can be spread, looped over, left early, and any iterable may come back', async () => {
    const rows = context().range(0, 6, 1, 2)
    const of = <U>(f: (rows: Iterable<number>) => Iterable<U>): Promise<U[]> => rows.mapPartitions(f).collect() as Promise<U[]>
    assert.deepEqual(await of(r => [...r].reverse()), [2, 1, 0, 5, 4, 3])
    assert.deepEqual(await of(r => new Set(r)), [0, 1, 2, 3, 4, 5])
    assert.deepEqual(await of(r => new Map([...r].map(n => [n, 1])).keys()), [0, 1, 2, 3, 4, 5])
    assert.deepEqual(await of(r => { const [first] = r; return [first] }), [0, 3])
    assert.deepEqual(await of(r => Array.from(r, n => n * 2)), [0, 2, 4, 6, 8, 10])
    assert.deepEqual(await of(r => 'ab' + [...r].length), ['a', 'b', '3', 'a', 'b', '3'])
    assert.deepEqual(await of(() => []), [])
    assert.deepEqual(await of(r => Iterator.from(r).map(n => -n)), [-0, -1, -2, -3, -4, -5])
    assert.deepEqual(await rows.mapPartitions(function* (r) { yield* r; yield 9 }).filter(n => n > 4).collect(), [9, 5, 9])
    assert.deepEqual(await rows.mapPartitionsWithIndex((i, r) => [[i, [...r].length]]).collect(), [[0, 3], [1, 3]])
  })

  test('mapPartitions with an async generator runs each partition once', async () => {
    const { mark, all } = marks()
    const looked = context().range(0, 6, 1, 3).mapPartitions(async function* (rows) {
      mark(`${[...rows].join()}`)
      yield await Promise.resolve(1)
      yield 2
    })
    assert.deepEqual(await looked.collect(), [1, 2, 1, 2, 1, 2])
    assert.deepEqual(all().sort(), ['0,1', '2,3', '4,5'])
  })

  test('mapPartitions with a plain function that returns an async iterable gives each record once', async () => {
    const inner = async function* (n: number): AsyncGenerator<number> { yield n }
    assert.deepEqual(await context().range(0, 7, 1, 3).mapPartitions(rows => inner([...rows].length)).collect(), [2, 2, 3])
  })

  test('mapAsync: at most so many at once, in order or as they come', async () => {
    const calls = { now: 0 }
    const run = (options: object): Promise<[number, number][]> => context().range(0, 12, 1, 1).mapAsync(async (n): Promise<[number, number]> => {
      const under = ++calls.now
      await new Promise(resolve => setTimeout(resolve, n % 4 === 0 ? 12 : 1))
      calls.now--
      return [n, under]
    }, options).collect()
    const ordered = await run({ concurrency: 3 })
    assert.deepEqual(ordered.map(([n]) => n), Array.from({ length: 12 }, (_, n) => n))
    assert.equal(Math.max(...ordered.map(([, at]) => at)), 3)
    const free = await run({ concurrency: 4, ordered: false })
    assert.deepEqual(free.map(([n]) => n).sort((a, b) => a - b), Array.from({ length: 12 }, (_, n) => n))
    assert.notEqual(free[0]![0], 0)
  })

  test('mapAsync: a call that takes longer fails, and its signal aborts', async () => {
    const { mark, count } = marks()
    await assert.rejects(context().range(5, 6, 1, 1).mapAsync((n, signal) => new Promise<number>(resolve => { signal.addEventListener('abort', () => { mark(); resolve(n) }) }), { timeout: '20 ms' }).collect(),
      { message: /^mapAsync at .*running\.test\.ts:\d+:\d+: .*20 ms.*record 5/, code: 'RIV_USER_FUNCTION' })
    assert.equal(count(), master === 'inline' ? 1 : 4)
  })

  test('mapAsync: a synchronous throw, a plain value and a rejection', async () => {
    assert.deepEqual(await context().range(0, 3).mapAsync(((n: number) => n) as never).collect(), [0, 1, 2])
    for (const f of [() => { throw new Error('at once') }, () => Promise.reject(new Error('later'))]) await assert.rejects(context().range(0, 3).mapAsync(f as never).collect(), /^RivuletError: mapAsync at .*(at once|later)/)
  })

  test('leaving `for await` early runs no further partition', async () => {
    const { mark, count } = marks()
    const rdd = context().range(0, 50, 1, 10).map(n => { mark(); return n })
    for await (const n of rdd) if (n === 7) break
    assert.equal(count(), 10)
    assert.deepEqual(await context().range(0, 3).collect(), [0, 1, 2])
  })

  test('values that operators made are not shared', async () => {
    const c = context()
    const zero: number[] = []
    const pairs = c.range(0, 8, 1, 4).map(n => [n % 2, n])
    const push = (list: number[], n: number): number[] => { list.push(n); return list }
    const join = <T>(a: T[], b: T[]): T[] => { a.push(...b); return a }
    for (let run = 0; run < 2; run++) {
      assert.deepEqual(await pairs.aggregateByKey(zero, push, join).sortByKey().collect(), [[0, [0, 2, 4, 6]], [1, [1, 3, 5, 7]]])
      assert.deepEqual(await pairs.values().aggregate(zero, push, join), [0, 1, 2, 3, 4, 5, 6, 7])
      assert.deepEqual(await pairs.mapValues(n => Array.of(n)).foldByKey(zero, join).sortByKey().collect(), [[0, [0, 2, 4, 6]], [1, [1, 3, 5, 7]]])
      assert.deepEqual(await pairs.values().treeAggregate(zero, push, join), [0, 1, 2, 3, 4, 5, 6, 7])
      assert.deepEqual(await pairs.values().map(n => Array.of(n)).fold(zero, join), [0, 1, 2, 3, 4, 5, 6, 7])
    }
    assert.deepEqual(zero, [])
  })

  test('changing a record that was collected, persisted or shuffled changes no other run', async () => {
    const kept = context().range(0, 2, 1, 1).map(n => ({ n })).persist()
    for (const row of await kept.collect()) row.n = 99
    await kept.foreach(row => { row.n = 98 })
    assert.deepEqual(await kept.collect(), [{ n: 0 }, { n: 1 }])
    const grouped = kept.keyBy(() => 'k').groupByKey(1)
    for (const [, rows] of await grouped.collect()) rows.length = 0
    await grouped.foreach(([, rows]) => { rows.length = 0 })
    assert.deepEqual(await grouped.values().collect(), [[{ n: 0 }, { n: 1 }]])
    await kept.unpersist()
  })

  test('captured variables are read when the action is called, and each run gets its own copy', async () => {
    const limit = { at: 1 }
    const rdd = context().range(0, 4, 1, 2).filter(n => n < limit.at)
    assert.equal(await rdd.count(), 1)
    limit.at = 3
    assert.equal(await rdd.count(), 3)
  })
})
