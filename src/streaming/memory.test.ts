// What streams hold stays the same, however many batches have run: blocks, plan nodes, stages.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '../base/clock.ts'
import type { Context } from '../context/context.ts'
import { onEveryMaster } from '../rdd/masters.fixture.ts'
import { Receiver } from './input/receiver.ts'
import { StreamingContext } from './streaming-context.ts'

interface Memory { readonly slabBytes: number; readonly liveBlocks: number; readonly stages: number }
const memoryOf = (ctx: Context): Memory => (ctx.runner as unknown as { readonly memory: Memory }).memory

class Feed extends Receiver<string> {
  onStart(): void {}
  onStop(): void {}
}

onEveryMaster(context => {
  test('block memory and stages after 200 batches are those after 50', async () => {
    const ctx = context()
    const clock = new ManualClock()
    const ssc = new StreamingContext(ctx, '10 ms', { clock })
    const feed = new Feed()
    const words = ssc.receiverStream(feed).flatMap(line => line.split(' ')).map(word => [word, 1])
    const seen: number[] = []
    words.reduceByKey((a, b) => a + b).foreachRDD(async rdd => { await rdd.collect() })
    words.reduceByKeyAndWindow((a, b) => a + b, '100 ms', '30 ms').foreachRDD(async rdd => { await rdd.collect() })
    words.window('50 ms').count().foreachRDD(async rdd => { seen.push(await rdd.first()) })
    words.transform((rdd, time) => rdd.map(([word]) => [word, time.milliseconds])).persist().foreachRDD(async rdd => { await rdd.count() })
    await ssc.start()
    const runTo = async (batches: number): Promise<Memory> => {
      while (clock.now() < batches * 10) {
        feed.store('to be or not to be')
        await clock.advance(10)
      }
      return memoryOf(ctx)
    }
    // The slides of 10 and 30 ms meet at multiples of 30.
    const before = await runTo(60)
    const after = await runTo(210)
    assert.equal(seen.at(-1), 30, 'five panes of six words')
    assert.deepEqual(after, before)
    await ssc.stop({ stopContext: false })
    assert.equal(memoryOf(ctx).liveBlocks, 0)
  })

  test('a stop that drops batches and received blocks gives all memory back', async () => {
    const ctx = context()
    const clock = new ManualClock()
    const ssc = new StreamingContext(ctx, '10 ms', { clock })
    const feed = new Feed()
    ssc.remember('1 s')
    ssc.receiverStream(feed).window('1 s').foreachRDD(async rdd => { await rdd.count() })
    await ssc.start()
    for (let i = 0; i < 5; i++) {
      feed.store('line')
      await clock.advance(10)
    }
    await feed.storeAll(['never', 'read'])
    assert.ok(memoryOf(ctx).liveBlocks > 5)
    await ssc.stop({ stopContext: false })
    assert.equal(memoryOf(ctx).liveBlocks, 0)
  })
})
