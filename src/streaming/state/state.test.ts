// Streams with state as data: batches in, batches out, on this thread and on workers.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { State } from '../../kernel/state/state.ts'
import { onEveryMaster } from '../../rdd/masters.fixture.ts'
import type { Context } from '../../context/context.ts'
import { runBatchesOn, type Batches, type RunBatchesOptions } from '../../testing/run-batches.ts'
import type { DStream } from '../dstream.ts'
import type { StreamingContext } from '../streaming-context.ts'
import { StateSpec } from './state-spec.ts'

const sorted = (batches: [string, unknown][][]): [string, unknown][][] => batches.map(batch => batch.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0)))
const words = (...batches: string[]): [string, number][][] => batches.map(text => [...text].map(letter => [letter, 1]))

const run = <I, O>(context: Context, batches: Batches<I>, operation: (input: DStream<I>, ssc: StreamingContext) => DStream<O>, options: Omit<RunBatchesOptions, 'master'>): Promise<O[][]> =>
  runBatchesOn(context, batches, operation as never, options) as Promise<O[][]>

onEveryMaster(context => {
  test('updateStateByKey: every key is called in every batch, undefined forgets it', async () => {
    const out = await run(context(), words('ab', 'a', '', 'b'), pairs => pairs.updateStateByKey<[number, number]>((ones, state) => {
      const [count, idle] = state ?? [0, 0]
      if (ones.length === 0 && idle === 1) return undefined
      return [count + ones.length, ones.length === 0 ? idle + 1 : 0]
    }), {})
    assert.deepEqual(sorted(out), [[['a', [1, 0]], ['b', [1, 0]]], [['a', [2, 0]], ['b', [1, 1]]], [['a', [2, 1]]], [['b', [1, 0]]]])
  })

  test('a state that is changed in place and returned is a new version; the function gets key and time', async () => {
    const out = await run(context(), words('ab', 'a', ''), pairs => pairs.updateStateByKey<string[]>((ones, state = [], key, time) => {
      for (const _ of ones) state.push(`${key}${time.milliseconds}`)
      return state
    }, { numPartitions: 3 }), {})
    assert.deepEqual(sorted(out), [
      [['a', ['a1000']], ['b', ['b1000']]],
      [['a', ['a1000', 'a2000']], ['b', ['b1000']]],
      [['a', ['a1000', 'a2000']], ['b', ['b1000']]],
    ])
  })

  test('an initial RDD is there before the first batch', async () => {
    const out = await run(context(), words('a', 'b'), (pairs, ssc) => pairs.updateStateByKey<number>((ones, n) => (n ?? 0) + ones.length, { initialRDD: ssc.sparkContext.parallelize([['a', 10], ['c', 5]]) }), {})
    assert.deepEqual(sorted(out), [[['a', 11], ['c', 5]], [['a', 11], ['b', 1], ['c', 5]]])
  })

  test('updateStateByKey over partitions: the function gives the state; what it leaves out is forgotten, of equal keys the last stands', async () => {
    const out = await run(context(), words('ba', 'a', '', 'cb'), pairs => pairs.updateStateByKey<number[]>((rows, time) => Array.from(rows).flatMap(([key, ones, state = []]) => {
      state.push(time.milliseconds / 1_000, ones.length)
      return key === 'c' ? [['c', []], [key, state]] : time.milliseconds === 3_000 && key === 'b' ? [] : [[key, state]]
    }), { wholePartitions: true, numPartitions: 2 }), {})
    assert.deepEqual(sorted(out), [
      [['a', [1, 1]], ['b', [1, 1]]], [['a', [1, 1, 2, 1]], ['b', [1, 1, 2, 0]]], [['a', [1, 1, 2, 1, 3, 0]]],
      [['a', [1, 1, 2, 1, 3, 0, 4, 0]], ['b', [4, 1]], ['c', [4, 1]]],
    ])
  })

  test('updateStateByKey over partitions: keys that the function changes are refused, or brought to where they belong', async () => {
    const add = (rows: Iterable<[string, number[], number | undefined]>): [string, number][] => Array.from(rows, ([key, ones, n = 0]) => [key === 'x' ? 'a' : key, n + ones.length])
    const move = (options: { readonly rememberPartitioner?: boolean }) => run(context(), words('bx', 'a', 'ab'), pairs => pairs.updateStateByKey<number>(add, { wholePartitions: true, numPartitions: 5, ...options }), {})
    assert.deepEqual(sorted(await move({ rememberPartitioner: false })), [[['a', 1], ['b', 1]], [['a', 2], ['b', 1]], [['a', 3], ['b', 2]]])
    await assert.rejects(move({}), (error: Error & { code: string }) => error.code === 'RIV_STATE_KEY' && /the key 'a'/.test(error.message))
  })

  test('updateStateByKey over partitions: what fails names the record that was handed out last', async () => {
    const failing = run(context(), words('a'), pairs => pairs.updateStateByKey<number>(function* (rows) { for (const [key, , n] of rows) { if (n === undefined) throw new Error(`no ${key}`); yield [key, n] } }, { wholePartitions: true }), {})
    await assert.rejects(failing, /updateStateByKey .*no a, on the record \[ 'a', \[ 1 \], undefined \]/)
    // @ts-expect-error a Promise
    await assert.rejects(run(context(), words('a'), pairs => pairs.updateStateByKey<number>(async () => [], { wholePartitions: true }), {}), /the function returned a Promise/)
  })

  test('mapWithState: called once a record, in order; undefined emits nothing; snapshots have all keys', async () => {
    const batches = [[['a', 1], ['a', 2], ['b', 5]], [['a', 3]], [], [['b', 0]]] as [string, number][][]
    const spec = StateSpec.function((key: string, value: number | undefined, state: State<number>) => {
      if (value === 0) {
        state.remove()
        return undefined
      }
      state.update((state.getOption() ?? 0) + value!)
      return [key, state.get()] as [string, number]
    }).numPartitions(2)
    assert.deepEqual(sorted(await run(context(), batches, pairs => pairs.mapWithState(spec), {})), [[['a', 1], ['a', 3], ['b', 5]], [['a', 6]], [], []])
    assert.deepEqual(sorted(await run(context(), batches, pairs => pairs.mapWithState(spec).stateSnapshots(), {})), [[['a', 3], ['b', 5]], [['a', 6], ['b', 5]], [['a', 6], ['b', 5]], [['a', 6]]])
  })

  test('a key idle for longer than the timeout is handed over once and forgotten', async () => {
    const out = await run(context(), words('ab', 'a', '', '', 'b', '', '', ''), pairs => pairs.mapWithState((key, one, state: State<number>, time) => {
      if (state.isTimingOut()) {
        assert.throws(() => state.update(1), { code: 'RIV_STATE_ENDED' })
        return [key, `out ${state.get()} at ${time.milliseconds}`]
      }
      state.update((state.getOption() ?? 0) + one!)
      return undefined
    }, { timeout: '2 s' }), {})
    assert.deepEqual(sorted(out), [[], [], [], [['b', 'out 1 at 4000']], [['a', 'out 2 at 5000']], [], [], [['b', 'out 1 at 8000']]])
  })

  test('a window with an inverse function equals the one without; keys go where the filter says', async () => {
    const batches = words('aab', 'b', 'ca', '', 'a', '', '', '')
    const add = (a: number, b: number): number => a + b
    for (const [length, slide] of [['3 s', '1 s'], ['4 s', '2 s'], ['2 s', '4 s']] as const) {
      const plain = await run(context(), batches, pairs => pairs.reduceByKeyAndWindow(add, length, slide, 2), {})
      const inverse = await run(context(), batches, pairs => pairs.reduceByKeyAndWindow(add, (a, b) => a - b, length, slide, { filter: ([, n]) => n > 0, numPartitions: 2 }), {})
      assert.deepEqual(sorted(inverse), sorted(plain), `${length} every ${slide}`)
    }
    const kept = await run(context(), words('a', ''), pairs => pairs.reduceByKeyAndWindow(add, (a, b) => a - b, '1 s'), {})
    assert.deepEqual(kept, [[['a', 1]], [['a', 0]]])
    assert.deepEqual(await run(context(), [[1, 2], [3], []], numbers => numbers.reduceByWindow(add, (a, b) => a - b, '2 s', '1 s'), {}), [[3], [6], [3]])
  })

  test('panes that are combined ahead: a long window equals the one that reads every pane', async () => {
    const letters = 'abcdefg'
    const batches = Array.from({ length: 45 }, (_, i) => (i % 7 === 3 ? [] : [[letters[i % 5]!, i], [letters[(i * 3) % 7]!, 1]] as [string, number][]))
    const concat = (a: string, b: string): string => a + b
    for (const [length, slide] of [['20 s', '1 s'], ['17 s', '3 s'], ['9 s', '1 s']] as const) {
      for (const restartAfterBatch of [undefined, 23]) {
        const options = { extraBatches: 20, ...(restartAfterBatch !== undefined && { restartAfterBatch }) }
        const ahead = await run(context(), batches, pairs => pairs.mapValues(n => `${n} `).reduceByKeyAndWindow(concat, length, slide, 2), options)
        const plain = await run(context(), batches, pairs => pairs.mapValues(n => `${n} `).window(length, slide).reduceByKey(concat, 2), { extraBatches: 20 })
        assert.deepEqual(sorted(ahead), sorted(plain), `${length} every ${slide}, restarted ${restartAfterBatch}`)
      }
    }
  })

  test('a failing function takes the batch back for all streams with state', async () => {
    const seen: unknown[] = []
    const out = run(context(), words('ab', 'x', 'a'), (pairs, ssc) => {
      const counts = pairs.updateStateByKey<number>((ones, n) => (n ?? 0) + ones.length)
      counts.foreachRDD(async rdd => { seen.push(await rdd.collect()) })
      const bad = pairs.mapWithState((key, _one, state: State<number>) => {
        state.update((state.getOption() ?? 0) + 1)
        if (key === 'x') throw new Error('an x')
        return [key, state.get()]
      })
      bad.foreachRDD(async rdd => { seen.push(await rdd.collect()) }, { onFailure: 'skip' })
      return ssc.queueStream<[string, number]>([])
    }, {})
    await out
    const all = seen.map(batch => sorted([batch as [string, unknown][]])[0])
    assert.deepEqual(all, [[['a', 1], ['b', 1]], [['a', 1], ['b', 1]], [['a', 2], ['b', 1]], [['a', 2]]])
  })
})
