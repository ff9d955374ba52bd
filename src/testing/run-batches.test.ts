// runBatches: what goes in comes out, failures reject, runs do not disturb each other.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StreamingContext } from '../streaming/streaming-context.ts'
import { runBatches } from './run-batches.ts'

test('one input, its batches in order, and empty ones after it', async () => {
  assert.deepEqual(await runBatches([[1, 2], [], [3]], numbers => numbers.map(n => n + 1), { extraBatches: 1 }), [[2, 3], [], [4], []])
  assert.deepEqual(await runBatches([], numbers => numbers), [])
})

test('named inputs, of different length', async () => {
  const out = await runBatches({ l: [[['a', 1]], [['b', 2]]], r: [[['a', 'x']]] }, ({ l, r }) => l.transformWith(r, (a, b) => a.join(b)))
  assert.deepEqual(out, [[['a', [1, 'x']]], []])
})

test('a batch without a result is no entry', async () => {
  assert.deepEqual(await runBatches([[1], [2], [3], [4]], numbers => numbers.window('2 s', '2 s')), [[1, 2], [3, 4]])
})

test('the batch interval counts for times and windows', async () => {
  assert.deepEqual(await runBatches([[1], [2]], numbers => numbers.window('20 ms').transform((rdd, time) => rdd.map(n => [time.milliseconds, n])), { batch: 10 }), [[[10, 1]], [[20, 1], [20, 2]]])
})

test('the operation gets the context', async () => {
  assert.deepEqual(await runBatches([[1]], (numbers, ssc) => ssc.union(numbers, ssc.queueStream([[5]]))), [[1, 5]])
})

test('a failing function rejects with the operator and the record, and the next run is not disturbed', async () => {
  await assert.rejects(runBatches([[1], [2]], numbers => numbers.map(n => { if (n === 2) throw new TypeError('boom'); return n })), { code: 'RIV_USER_FUNCTION', message: /map at .*run-batches\.test\.ts.*boom, on the record 2/ })
  await assert.rejects(runBatches([[1]], () => { throw new Error('while describing') }), /while describing/)
  assert.equal(StreamingContext.getActive(), undefined)
  assert.deepEqual(await runBatches([[1]], numbers => numbers), [[1]])
})

test('runs that begin together run one after another', async () => {
  const runs = Array.from({ length: 4 }, (_, i) => runBatches([[i]], numbers => numbers.map(n => n * 10)))
  assert.deepEqual(await Promise.all(runs), [[[0]], [[10]], [[20]], [[30]]])
})

test('on worker threads', async () => {
  assert.deepEqual(await runBatches([['a b'], ['c']], lines => lines.flatMap(line => line.split(' ')).count(), { master: 'local[2]' }), [[2], [1]])
})
