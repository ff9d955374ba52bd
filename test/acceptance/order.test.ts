// The order of values, in every operation that has one; and jobs that are ended, by group, by signal, by leaving a loop.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Context, RivuletError } from 'rivulet'
import { onMasters } from './masters.ts'

/** Values in their natural order. */
const ordered: readonly (readonly [what: string, values: readonly unknown[]])[] = [
  ['numbers, NaN last', [-Infinity, -1.5, 0, 2, 10, 1e21, Infinity, NaN]],
  ['strings by UTF-16 code units', ['', 'A', 'Z', 'a', 'a\0', 'aa', 'ä', 'ä\uD83D\uDE00', 'ä\uFF61']],
  ['bigint', [-(2n ** 70n), -1n, 0n, 9n, 10n, 2n ** 65n]],
  ['Date', [new Date(-5), new Date(0), new Date(1_000), new Date(8.64e15)]],
  ['booleans', [false, true]],
  ['arrays part by part', [[], [1], [1, 2], [2], [2, 'a'], [10, 'a'], [10, 'b']]],
  ['arrays with NaN and text', [['a', 1], ['a', NaN], ['b', -1]]],
  ['nested arrays', [[[1], 2], [[1], 3], [[1, 0], 1], [[2], 0]]],
  ['arrays of Dates and bigints', [[new Date(1), 5n], [new Date(1), 6n], [new Date(2), 1n]]],
]

/** The values in another order, the same each time. */
const mixed = <T>(values: readonly T[]): T[] => values.map((value, i) => [(i * 7 + 3) % 11, i, value] as const).sort((a, b) => a[0] - b[0] || b[1] - a[1]).map(([, , value]) => value)

const refusal = (action: Promise<unknown>): Promise<RivuletError> => action.then(() => assert.fail('it was not ended'), error => error as RivuletError)

onMasters((context, master) => {
  for (const [what, values] of ordered) {
    test(what, async () => {
      const rdd = context().parallelize<unknown>(mixed(values), 3)
      const down = values.toReversed()
      assert.deepEqual(await rdd.sortBy(x => x).collect(), values)
      assert.deepEqual(await rdd.sortBy(x => x, false, 2).collect(), down)
      assert.deepEqual(await rdd.keyBy(x => x).sortByKey().keys().collect(), values)
      assert.deepEqual(await rdd.keyBy(x => x).sortByKey(false, 4).values().collect(), down)
      assert.deepEqual(await rdd.takeOrdered(2), values.slice(0, 2))
      assert.deepEqual(await rdd.top(2), down.slice(0, 2))
      assert.deepEqual(await rdd.takeOrdered(99, { by: x => [x] }), values)
      assert.deepEqual([await rdd.min(), await rdd.max()], [values[0], values.at(-1)])
      assert.deepEqual(await rdd.keyBy(x => x).filterByRange(values[1], values.at(-2)).count(), values.length - 2)
    })
  }

  test('sorts keep the order of equal keys, and spread the rest', async () => {
    const rows = Array.from({ length: 3_000 }, (_, i): [number, number] => [(i * 31) % 10, i])
    const sorted = await context().parallelize(rows, 4).sortByKey(true, 3).collect()
    assert.deepEqual(sorted, rows.toSorted((a, b) => a[0] - b[0]))
    const parts = await context().range(3_000, 0, -1, 4).sortBy(n => n, true, 3).glom().map(part => part.length).collect()
    assert.ok(parts.every(length => length > 500), String(parts))
  })

  const waiting = (c: Context): Promise<number> => c.range(0, 2, 1, 2).mapAsync(() => new Promise<number>(() => {})).count()
  const looping = (c: Context): Promise<number> => c.range(0, 2, 1, 2).map(() => { for (;;); }).count()
  const endless = master === 'inline' ? waiting : looping

  test('user code without end is ended: by group, all, signal; the error says so', async () => {
    const c = context()
    const begin = async (group: string): Promise<RivuletError> => {
      c.setJobGroup(group, 'described')
      return refusal(endless(c))
    }
    const grouped = begin('a')
    await new Promise(resolve => setTimeout(resolve, 100))
    c.cancelJobGroup('b')
    c.cancelJobGroup('a')
    const all = refusal(endless(c))
    assert.match((await grouped).message, /count at test\/acceptance\/order\.test\.ts:\d+:\d+ was cancelled/)
    c.cancelAllJobs()
    assert.equal((await all).code, 'RIV_JOB_CANCELLED')
    const signalled = await refusal(c.withJob({ signal: AbortSignal.timeout(50), group: 'c' }, () => endless(c)))
    assert.deepEqual([signalled.code, (signalled.cause as Error).name], ['RIV_JOB_CANCELLED', 'TimeoutError'])
    assert.equal(await c.range(0, 4).count(), 4)
  })

  test('leaving `for await` while the partition runs ends nothing else', async () => {
    const c = context()
    const other = c.range(0, 2_000, 1, 2).mapAsync(async n => n).count()
    for await (const n of c.range(0, 1e6, 1, 4)) if (n === 3) break
    assert.equal(await other, 2_000)
  })
})
