// The life of a StreamingContext, and what it refuses.

import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { inspect } from 'node:util'
import { ManualClock } from '../base/clock.ts'
import { Duration, milliseconds, seconds, type D } from '../base/time.ts'
import { Context } from '../context/context.ts'
import { InputDStream } from './input/input-dstream.ts'
import { StreamingContext } from './streaming-context.ts'

const contexts: Context[] = []
const streams: StreamingContext[] = []
afterEach(async () => {
  for (const ssc of streams.splice(0)) await ssc.stop()
  for (const ctx of contexts.splice(0)) await ctx.stop()
})

function open(batch: D = '1 s', { conf = {}, startMs = 0 } = {}) {
  const ctx = new Context({ master: 'inline', conf })
  contexts.push(ctx)
  const clock = new ManualClock(startMs)
  const ssc = new StreamingContext(ctx, batch, { clock })
  streams.push(ssc)
  return { ctx, clock, ssc }
}

/** A running context that notes the time of each batch. */
async function running(batch: D = '1 s', options?: Parameters<typeof open>[1]) {
  const opened = open(batch, options)
  const times: number[] = []
  opened.ssc.queueStream([]).foreachRDD((_, time) => { times.push(time.milliseconds) })
  await opened.ssc.start()
  return { ...opened, times }
}

const code = (expected: string, text = /./) => (error: unknown): boolean => {
  const { code: actual, message } = error as { code: string; message: string }
  assert.equal(actual, expected, message)
  assert.match(message, text)
  return true
}

describe('the life of a context', () => {
  test('initialized, active, stopped', async () => {
    const { ssc, ctx } = open()
    ssc.queueStream([[1]]).print()
    assert.deepEqual([ssc.state, StreamingContext.getActive()], ['initialized', undefined])
    const starting = ssc.start()
    assert.deepEqual([ssc.state, StreamingContext.getActive()], ['active', ssc], 'from the call on')
    await starting
    await ssc.start() // does nothing
    await ssc.stop()
    assert.deepEqual([ssc.state, StreamingContext.getActive(), ctx.isStopped], ['stopped', undefined, true])
    await ssc.awaitTermination()
  })

  test('the first batch is one interval after the multiple of the interval at or below the start', async () => {
    const { clock, times } = await running('1 s', { startMs: 12_300 })
    await clock.advance(699)
    assert.deepEqual(times, [])
    await clock.advance(1)
    await clock.advance(2_000)
    assert.deepEqual(times, [13_000, 14_000, 15_000])
  })

  test('a start that lies on a multiple', async () => {
    const { clock, times } = await running('1 s', { startMs: 5_000 })
    await clock.advance(0)
    await clock.advance(1_000)
    assert.deepEqual(times, [6_000])
  })

  test('stop leaves the Context alone where told to, by the call or by the setting', async () => {
    const { ssc, ctx, clock } = await running()
    await ssc.stop({ stopContext: false })
    assert.equal(await ctx.range(0, 3).count(), 3)
    const second = new StreamingContext(ctx, '1 s', { clock })
    second.queueStream([]).print()
    await second.start()
    await second.stop({ stopContext: false })
    const other = await running('1 s', { conf: { 'spark.streaming.stopSparkContextByDefault': false } })
    await other.ssc.stop()
    assert.equal(other.ctx.isStopped, false)
  })

  test('stop twice, and stop before start', async () => {
    const { ssc, clock, times } = await running()
    await Promise.all([ssc.stop(), ssc.stop({ graceful: true })])
    await ssc.stop()
    await clock.advance(5_000)
    assert.deepEqual(times, [])
    const { ssc: fresh, ctx } = open()
    await fresh.stop()
    assert.deepEqual([fresh.state, ctx.isStopped], ['stopped', true])
    await fresh.awaitTermination()
  })

  test('await using stops', async () => {
    const { ssc, ctx } = open()
    await ssc[Symbol.asyncDispose]()
    assert.deepEqual([ssc.state, ctx.isStopped], ['stopped', true])
  })

  test('awaitTerminationOrTimeout says whether it has stopped', async () => {
    const { ssc } = await running()
    assert.equal(await ssc.awaitTerminationOrTimeout(5), false)
    const waiting = ssc.awaitTerminationOrTimeout('1 h')
    await ssc.stop()
    assert.equal(await waiting, true)
  })

  test('stop inside an output: the call returns, the batch ends, then everything stops', async () => {
    const { ssc, ctx, clock } = open()
    const seen: (string | number)[] = []
    const stream = ssc.queueStream([[1], [2]])
    stream.foreachRDD(async rdd => {
      await ssc.stop()
      seen.push(await rdd.first())
    })
    stream.foreachRDD(() => { seen.push('second output') })
    await ssc.start()
    await clock.advance(1_000)
    await ssc.awaitTermination()
    await ssc.stop()
    assert.deepEqual([seen, ssc.state, ctx.isStopped], [[1, 'second output'], 'stopped', true])
  })

  test('stop cancels the actions of the running batch; a function that goes on is not waited for long', async () => {
    const { ssc, clock } = open()
    const began = Promise.withResolvers<void>()
    let outcome: unknown
    ssc.queueStream([[1]]).foreachRDD(async rdd => {
      const action = rdd.mapAsync(() => new Promise<number>(() => {})).collect().catch((error: { code: string }) => { outcome = error.code })
      began.resolve()
      await action
    })
    await ssc.start()
    const advancing = clock.advance(1_000)
    await began.promise
    await ssc.stop()
    await advancing
    await ssc.awaitTermination() // a batch that was cancelled is no failure
    assert.equal(outcome, 'RIV_JOB_CANCELLED')
  })

  test('batches that come due while one runs wait for it, in order, with the inputs of their own tick', async () => {
    const { ssc } = open()
    const clock = new (class {
      ms = 0
      alarms: { ms: number; callback: () => unknown }[] = []
      now(): number { return this.ms }
      at(ms: number, callback: () => unknown): () => void { this.alarms.push({ ms, callback }); return () => {} }
      /** Goes to a time at once, as wall time does; batches run on their own. */
      go(ms: number): void { this.ms = ms; for (const alarm of this.alarms.splice(0)) (alarm.ms <= ms ? alarm.callback() : this.alarms.push(alarm)) }
    })()
    const late = new StreamingContext(ssc.sparkContext, '1 s', { clock })
    streams.push(late)
    const queue = [[1]]
    const gate = Promise.withResolvers<void>()
    const seen: number[][] = []
    const delays: (number | undefined)[] = []
    const [first, third] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    late.addStreamingListener({ onBatchCompleted: ({ batchInfo }) => { delays.push(batchInfo.schedulingDelay); if (delays.length === 3) third.resolve() } })
    late.queueStream(queue, { oneAtATime: false }).foreachRDD(async (rdd, time) => {
      seen.push([time.milliseconds, ...(await rdd.collect())])
      first.resolve()
      await gate.promise
    })
    await late.start()
    clock.go(1_000)
    await first.promise
    queue.push([2])
    clock.go(2_000)
    queue.push([3])
    clock.go(3_000)
    queue.push([4])
    clock.ms = 3_400
    gate.resolve()
    await third.promise
    assert.deepEqual([seen, delays], [[[1_000, 1], [2_000, 2], [3_000, 3]], [0, 1_400, 400]])
  })

  test('a listener is told of the start; nobody is told anything after stop', async () => {
    const { ssc, clock } = open()
    const events: string[] = []
    ssc.addStreamingListener({ onStreamingStarted: ({ time }) => { events.push(`started ${time}`) }, onBatchCompleted: () => { events.push('completed') } })
    ssc.queueStream([]).print(0)
    await ssc.start()
    await ssc.stop()
    await clock.advance(2_000)
    assert.deepEqual(events, ['started 0'])
  })
})

describe('inputs that fail to start', () => {
  class Broken extends InputDStream<number> {
    override start(): void { throw new TypeError('no such port') }
    compute(): undefined { return undefined }
  }

  test('start rejects, and the context is stopped', async () => {
    const { ssc } = open()
    new Broken(ssc).print()
    await assert.rejects(ssc.start(), /no such port/)
    assert.deepEqual([ssc.state, StreamingContext.getActive()], ['stopped', undefined])
  })
})

describe('what is refused', () => {
  test('a context that is stopped', async () => {
    const { ctx } = open()
    await ctx.stop()
    assert.throws(() => new StreamingContext(ctx, '1 s'), code('RIV_CONTEXT_STOPPED'))
    const { ssc, ctx: later } = open()
    ssc.queueStream([]).print()
    await later.stop()
    await assert.rejects(ssc.start(), code('RIV_CONTEXT_STOPPED'))
  })

  for (const [batch, expected, text] of [
    [1, 'RIV_DURATION_BARE', /seconds\(1\)/], [0, 'RIV_BATCH_INTERVAL', /0 ms/], [new Duration(-5), 'RIV_BATCH_INTERVAL', /-5 ms/], [milliseconds(2.5), 'RIV_BATCH_INTERVAL', /2.5 ms/],
    ['soon', 'RIV_DURATION', /soon/], [NaN, 'RIV_DURATION', /NaN/],
  ] as [D, string, RegExp][]) {
    test(`a batch interval of ${inspect(batch)}`, () => {
      const { ctx } = open()
      assert.throws(() => new StreamingContext(ctx, batch), code(expected, text))
    })
  }

  test('short batches that are written as durations are fine', () => {
    const { ctx } = open()
    for (const batch of [milliseconds(1), '2 ms', 5, seconds(0.5)] as D[]) assert.ok(new StreamingContext(ctx, batch))
  })

  test('no output operation', async () => {
    const { ssc } = open()
    ssc.queueStream([[1]]).map(n => n)
    await assert.rejects(ssc.start(), code('RIV_NO_OUTPUT', /print\(\)/))
    assert.equal(ssc.state, 'stopped')
  })

  test('a second active context', async () => {
    await running()
    const { ssc } = open()
    ssc.queueStream([]).print()
    await assert.rejects(ssc.start(), code('RIV_STREAMING_ACTIVE'))
    assert.equal(ssc.state, 'initialized')
  })

  test('start after stop', async () => {
    const { ssc } = await running()
    await ssc.stop()
    await assert.rejects(ssc.start(), code('RIV_STREAMING_STOPPED'))
  })

  test('a function that cannot be captured, at start', async () => {
    const { ssc } = open()
    const stream = ssc.queueStream([[1]])
    stream.map(() => `${stream.toString()}`).print()
    await assert.rejects(ssc.start(), (error: Error) => /stream/.test(error.message) && /D-Stream/.test(error.message))
    const { ssc: other } = open()
    other.queueStream([[1]]).filter(() => other.state === 'active').print()
    await assert.rejects(other.start(), /StreamingContext/)
  })

  test('everything that describes, after start', async () => {
    const { ssc } = open()
    const stream = ssc.queueStream([['a']])
    const pairs = stream.map(word => [word, 1])
    stream.print()
    await ssc.start()
    const refused: Record<string, () => unknown> = {
      map: () => stream.map(x => x),
      reduceByKey: () => pairs.reduceByKey((a, b) => a + b),
      union: () => stream.union(stream),
      transform: () => stream.transform(rdd => rdd),
      window: () => stream.window('2 s'),
      persist: () => stream.persist(),
      foreachRDD: () => stream.foreachRDD(() => {}),
      print: () => stream.print(),
      queueStream: () => ssc.queueStream([]),
      socketTextStream: () => ssc.socketTextStream('localhost', 1),
      remember: () => ssc.remember('1 s'),
    }
    for (const [operation, call] of Object.entries(refused)) assert.throws(call, code('RIV_STREAMING_STARTED', new RegExp(`^${operation} at .*streaming-context.test.ts:\\d+.* active`)), operation)
    await ssc.stop()
    assert.throws(refused.map!, code('RIV_STREAMING_STARTED', /stopped/))
  })

  test('windows that are no multiple of the slide, with the value', () => {
    const { ssc } = open('1 s')
    const stream = ssc.queueStream([[1]])
    const refused: [() => unknown, RegExp][] = [
      [() => stream.window('1500 ms'), /window at .*window length of 1500 ms.* 1000 ms/],
      [() => stream.window('2 s', 2_500), /slide of 2500 ms/],
      [() => stream.window(0), /length of 0 ms/],
      [() => stream.window(new Duration(-1_000)), /length of -1000 ms/],
      [() => stream.window('4 s', '2 s').window('3 s'), /3000 ms.* 2000 ms/],
      [() => stream.map(n => [n, n]).reduceByKeyAndWindow((a, b) => a + b, 2_500), /reduceByKeyAndWindow at .* 2500 ms/],
      [() => stream.countByWindow(900), /countByWindow at .* 900 ms/],
      [() => stream.reduceByWindow((a, b) => a + b, '2 s', 10), /reduceByWindow at .*slide of 10 ms/],
    ]
    for (const [call, text] of refused) assert.throws(call, code('RIV_WINDOW', text))
    assert.throws(() => stream.window(3), code('RIV_DURATION_BARE'))
  })

  test('streams that cannot meet', () => {
    const { ssc, ctx } = open()
    const a = ssc.queueStream([[1]])
    const b = new StreamingContext(ctx, '1 s').queueStream([[1]])
    assert.throws(() => a.union(b), code('RIV_OTHER_CONTEXT'))
    assert.throws(() => a.transformWith(b, x => x), code('RIV_OTHER_CONTEXT'))
    assert.throws(() => a.union(a.window('2 s', '2 s')), code('RIV_SLIDES', /1000 ms, 2000 ms/))
    assert.throws(() => ssc.transform([a.window('2 s', '2 s'), a], ([x]) => x), code('RIV_SLIDES'))
    assert.throws(() => ssc.union(), code('RIV_NO_STREAMS'))
  })

  test('an onFailure that means nothing', () => {
    const { ssc } = open()
    const stream = ssc.queueStream([])
    for (const onFailure of ['ignore', { retry: -1 }, { retry: 1.5 }, {}, 3]) assert.throws(() => stream.foreachRDD(() => {}, { onFailure: onFailure as 'stop' }), code('RIV_ON_FAILURE'))
  })
})

test('streams and contexts say what they are', () => {
  const { ssc } = open()
  const stream = ssc.queueStream([[1]]).map(n => n)
  assert.match(inspect(stream), /^DStream map at .*streaming-context\.test\.ts:\d+:\d+ \(an RDD every 1000 ms; add an output/)
  assert.equal(inspect(ssc), 'StreamingContext (initialized, a batch every 1000 ms)')
  assert.equal(stream.window('4 s', '2 s').slideDuration.milliseconds, 2_000)
})
