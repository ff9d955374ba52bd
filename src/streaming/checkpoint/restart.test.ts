// A program that goes on from its checkpoint gives what one gives that never stopped.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { State } from '../../kernel/state/state.ts'
import { onEveryMaster } from '../../rdd/masters.fixture.ts'
import { runBatchesOn } from '../../testing/run-batches.ts'
import type { DStream } from '../dstream.ts'
import type { StreamingContext } from '../streaming-context.ts'

const add = (a: number, b: number): number => a + b
const words = ['ab', 'a', '', 'bc', 'c', 'aa', '', 'b'].map(text => [...text].map(letter => [letter, 1] as [string, number]))

const operations: Readonly<Record<string, (pairs: DStream<[string, number]>, ssc: StreamingContext) => DStream<unknown>>> = {
  updateStateByKey: pairs => pairs.updateStateByKey<number>((ones, n) => (n ?? 0) + ones.length),
  mapWithState: pairs => pairs.mapWithState((key, one, state: State<number>) => {
    if (state.isTimingOut()) return [key, 'out']
    state.update((state.getOption() ?? 0) + one!)
    return [key, state.get()]
  }, { timeout: '2 s' }),
  stateSnapshots: pairs => pairs.mapWithState((_key, one, state: State<{ n: number }>) => { state.update({ n: (state.getOption()?.n ?? 0) + one! }) }).stateSnapshots(),
  'an initial state': (pairs, ssc) => pairs.mapWithState((_key, one, state: State<number>) => { state.update((state.getOption() ?? 0) + one!) }, { initialState: ssc.sparkContext.parallelize([['a', 10], ['z', 20]]) }).stateSnapshots(),
  'an inverse window': pairs => pairs.reduceByKeyAndWindow(add, (a, b) => a - b, '3 s', '1 s', { filter: ([, n]) => n > 0 }),
  'an inverse window that slides by two': pairs => pairs.reduceByKeyAndWindow(add, (a, b) => a - b, '4 s', '2 s'),
  'a window by key': pairs => pairs.reduceByKeyAndWindow(add, '3 s'),
  'a window': pairs => pairs.window('3 s'),
  'a window over a state': pairs => pairs.updateStateByKey<number>((ones, n) => (n ?? 0) + ones.length).window('2 s'),
  'two states': pairs => pairs.updateStateByKey<number>((ones, n) => (n ?? 0) + ones.length, 1).mapWithState((key, n, state: State<number>) => {
    state.update((state.getOption() ?? 0) + n!)
    return [key, state.get()]
  }, { numPartitions: 3 }),
}

onEveryMaster(context => {
  for (const [name, operation] of Object.entries(operations)) test(name, async () => {
    const undisturbed = await runBatchesOn(context(), words, operation as never, { extraBatches: 3 })
    for (const restartAfterBatch of [1, 4, 6]) {
      assert.deepEqual(await runBatchesOn(context(), words, operation as never, { extraBatches: 3, restartAfterBatch }), undisturbed, `restarted after batch ${restartAfterBatch}`)
    }
  })
})
