// Rates of running inputs: limits by settings, backpressure under a load that is too high.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { afterEach, describe, test } from 'node:test'
import { ManualClock } from '../../base/clock.ts'
import { Context } from '../../context/context.ts'
import type { DStream } from '../dstream.ts'
import { encodeFrame } from '../input/block-frame.ts'
import { Receiver } from '../input/receiver.ts'
import { StreamingContext } from '../streaming-context.ts'
import { SimulatedClock } from './simulated-clock.fixture.ts'

afterEach(() => StreamingContext.getActive()?.stop()) // of a test that failed

class Feed extends Receiver<number> {
  onStart(): void {}
  onStop(): void {}
}

const maxRate = (rate: number | string) => ({ 'spark.streaming.receiver.maxRate': rate })
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

async function start(conf: Record<string, unknown>, make: (ssc: StreamingContext) => DStream<unknown>) {
  const ctx = new Context({ master: 'inline', conf })
  const clock = new ManualClock()
  const ssc = new StreamingContext(ctx, '1 s', { clock })
  const batches: unknown[][] = []
  make(ssc).foreachRDD(async rdd => { batches.push(await rdd.collect()) })
  await ssc.start()
  return { ctx, clock, ssc, batches, sizes: () => batches.map(batch => batch.length) }
}

describe('a limit', () => {
  for (const [rate, expected] of [[10, [10, 10, 5, 0]], [1000, [25, 0, 0, 0]], [0.5, [0, 1, 0, 1]], [2.5, [2, 3, 2, 3]], [0, [25, 0, 0, 0]]] as const) {
    test(`of ${rate} records a second holds for records that are stored one by one`, async () => {
      const feed = new Feed()
      const { clock, ssc, batches, sizes } = await start(maxRate(rate), s => s.receiverStream(feed))
      for (const n of upTo(25)) feed.store(n)
      await clock.advance(4_000)
      assert.deepEqual(sizes(), expected)
      await ssc.stop({ graceful: true })
      assert.deepEqual(batches.flat(), upTo(25), 'a graceful stop puts out what waited, in order')
    })
  }

  test('lets storeAll and iterables wait, and batches are full', async () => {
    const feed = new Feed()
    let pulled = 0
    const { clock, ssc, batches } = await start(maxRate(100), s => s.union(s.receiverStream(feed), s.fromAsyncIterable(function* () { for (;;) yield -++pulled })))
    let stored = false
    const storing = feed.storeAll(upTo(250)).then(() => { stored = true })
    await clock.advance(2_000)
    assert.equal(stored, false)
    assert.deepEqual(batches.map(batch => [batch.filter(n => Number(n) >= 0).length, batch.filter(n => Number(n) < 0).length]), [[100, 100], [100, 100]])
    assert.ok(pulled < 300, `${pulled} records were pulled`)
    await clock.advance(1_000)
    await storing
    await ssc.stop()
  })

  test('holds the lines of a socket, whatever the chunks; the last one counts', async () => {
    const server = createServer(socket => { socket.on('error', () => {}); socket.end(upTo(25).join('\n')) })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { clock, ssc, batches, sizes } = await start(maxRate(10), s => s.socketTextStream('127.0.0.1', (server.address() as AddressInfo).port))
    const closed = new Promise<void>(resolve => { ssc.addStreamingListener({ onReceiverError: () => resolve() }) })
    await closed
    server.close()
    await clock.advance(1_999)
    await clock.advance(1)
    await clock.advance(1_000)
    assert.deepEqual(sizes(), [10, 10, 5])
    assert.deepEqual(batches.flat(), upTo(25).map(String))
    await ssc.stop()
  })

  test('a frame comes whole; the next ones wait until it is worked off', async () => {
    const feed = new Feed()
    const { clock, ssc, sizes } = await start(maxRate(10), s => s.receiverStream(feed))
    void feed.storeBytes(Buffer.concat([encodeFrame(upTo(15))])).then(() => feed.storeAll(upTo(10)))
    await clock.advance(4_000)
    assert.deepEqual(sizes(), [15, 5, 5, 0])
    await ssc.stop()
  })

  test('a source is asked for no more than a batch may have', async () => {
    const limits: number[] = []
    const { clock, ssc, sizes } = await start({ 'spark.streaming.receiver.maxRate': 7 }, s => s.sourceStream({
      initial: async () => 0,
      latest: async (from: number, limit: number) => { limits.push(limit); return Math.min(from + limit, 17) },
      split: (from, to) => (from === to ? [] : [{ from, to }]),
      * read({ from, to }: { from: number; to: number }) { for (let n = from; n < to; n++) yield n },
    }))
    await clock.advance(4_000)
    assert.deepEqual([limits, sizes()], [[7, 7, 7, 7], [7, 7, 3, 0]])
    await ssc.stop()
  })

  for (const [key, value] of [['spark.streaming.backpressure.rateEstimator', 'magic'], ['spark.streaming.backpressure.pid.integral', '-1'], ['spark.streaming.receiver.maxRate', 'fast']] as const) {
    test(`${key} = ${value} is refused at start`, async () => {
      const conf = { 'spark.streaming.backpressure.enabled': true, [key]: value }
      await assert.rejects(start(conf, s => s.fromAsyncIterable(() => [1])), { code: 'RIV_SETTING' })
    })
  }
})

describe('backpressure: more comes than can be processed', () => {
  const inputs: Record<string, (ssc: StreamingContext) => DStream<unknown>> = {
    receiver: ssc => ssc.fromAsyncIterable(function* () { for (let n = 0; ; n++) yield n }),
    source: ssc => ssc.sourceStream({
      initial: async () => 0,
      latest: async (from: number, limit: number) => from + Math.min(limit, 5_000),
      split: (from, to) => [{ from, to }],
      count: (from, to) => to - from,
      * read({ from, to }: { from: number; to: number }) { for (let n = from; n < to; n++) yield n },
    }),
  }
  for (const [name, make] of Object.entries(inputs)) {
    test(`the rate of a ${name} settles at what is processed, batches begin on time, memory stays`, async () => {
      const ctx = new Context({ master: 'inline', conf: { 'spark.streaming.backpressure.enabled': true, 'spark.streaming.backpressure.initialRate': 2_000 } })
      const clock = new SimulatedClock()
      const ssc = new StreamingContext(ctx, '1 s', { clock })
      const batches: { records: number; schedulingDelay: number }[] = []
      const blocks: number[] = []
      ssc.addStreamingListener({
        onBatchSubmitted: () => { clock.pending++ },
        onBatchCompleted: ({ batchInfo }) => {
          clock.pending--
          batches.push({ records: batchInfo.numRecords, schedulingDelay: batchInfo.schedulingDelay! })
          blocks.push((ctx.runner as unknown as { memory: { liveBlocks: number } }).memory.liveBlocks)
        },
      })
      make(ssc).foreachRDD(async rdd => { await clock.sleep(await rdd.count() * 2) }) // 500 records a second
      await ssc.start()
      await clock.runTo(60_000)
      const late = batches.slice(-10)
      assert.equal(batches[0]!.records, 2_000)
      assert.ok(batches.length > 50, `${batches.length} batches`)
      for (const { records, schedulingDelay } of late) {
        assert.ok(records > 400 && records <= 550, JSON.stringify(batches))
        assert.ok(schedulingDelay < 500, JSON.stringify(batches))
      }
      assert.ok(Math.max(...blocks.slice(-10)) <= 20, blocks.join())
      await ssc.stop()
    })
  }
})
