// Inputs that need no network: queues, own inputs, sources with offsets, receivers, iterables.

import assert from 'node:assert/strict'
import { EventEmitter, on } from 'node:events'
import { PassThrough, Readable } from 'node:stream'
import { afterEach, describe, test } from 'node:test'
import { ManualClock } from '../../base/clock.ts'
import type { RivuletError } from '../../base/define-errors.ts'
import type { Context } from '../../context/context.ts'
import type { RDD } from '../../rdd/rdd.ts'
import { onEveryMaster } from '../../rdd/masters.fixture.ts'
import type { DStream } from '../dstream.ts'
import { StreamingContext } from '../streaming-context.ts'
import { InputDStream } from './input-dstream.ts'
import { Receiver } from './receiver.ts'
import type { ReplayableSource } from './replayable-source.ts'

interface Running {
  readonly ssc: StreamingContext
  readonly clock: ManualClock
  /** Records of each batch so far. */
  readonly batches: unknown[][]
  /** Runs one batch of a second, and gives its records. */
  next(): Promise<unknown[]>
  stop(graceful?: boolean): Promise<void>
}

/** Starts a stream and collects its batches. */
async function start(ctx: Context, make: (ssc: StreamingContext) => DStream<unknown>): Promise<Running> {
  const clock = new ManualClock()
  const ssc = new StreamingContext(ctx, '1 s', { clock })
  const batches: unknown[][] = []
  make(ssc).foreachRDD(async rdd => { batches.push(await rdd.collect()) })
  await ssc.start()
  const next = async (): Promise<unknown[]> => {
    await clock.advance(1_000)
    return batches.at(-1)!
  }
  return { ssc, clock, batches, next, stop: (graceful = false) => ssc.stop({ stopContext: false, graceful }) }
}

afterEach(() => StreamingContext.getActive()?.stop({ stopContext: false })) // of a test that failed

onEveryMaster(context => {
  describe('queueStream', () => {
    test('takes one element a batch, also those pushed later', async () => {
      const queue = [[1, 2], [3]]
      const { next, stop } = await start(context(), ssc => ssc.queueStream(queue))
      assert.deepEqual(await next(), [1, 2])
      assert.deepEqual(await next(), [3])
      assert.deepEqual(await next(), [])
      queue.push([4])
      assert.deepEqual(await next(), [4])
      await stop()
    })

    test('takes all there are', async () => {
      const queue = [[1], [2], [3]]
      const { next, stop } = await start(context(), ssc => ssc.queueStream(queue, { oneAtATime: false }))
      assert.deepEqual(await next(), [1, 2, 3])
      assert.deepEqual(await next(), [])
      await stop()
    })

    test('takes RDDs, and has a default', async () => {
      const ctx = context()
      const queue: (number[] | RDD<number>)[] = [ctx.range(0, 3), [7]]
      const { next, stop } = await start(ctx, ssc => ssc.queueStream<number>(queue, { defaultRDD: ctx.parallelize([-1]) }))
      for (const expected of [[0, 1, 2], [7], [-1], [-1]]) assert.deepEqual(await next(), expected)
      await stop()
    })

    test('records are those of the time of the batch', async () => {
      const items = [1]
      const { next, stop } = await start(context(), ssc => ssc.queueStream([items]).window('2 s'))
      assert.deepEqual(await next(), [1])
      items.push(2)
      assert.deepEqual(await next(), [1])
      await stop()
    })

    test('refuses what is no input', async () => {
      const { ssc, clock, stop } = await start(context(), s => s.queueStream(['text'] as never))
      const ended = ssc.awaitTermination().catch((error: RivuletError) => error)
      await clock.advance(1_000)
      const error = await ended as RivuletError
      assert.match(error.message, /queueStream at .*text/)
      assert.equal(error.code, 'RIV_QUEUE')
      await stop()
    })
  })

  test('an input of one\'s own is started, asked for every batch, and stopped', async () => {
    const log: string[] = []
    class Own extends InputDStream<number> {
      override start(): void { log.push('start') }
      override stop(): void { log.push('stop') }
      async compute(time: { milliseconds: number }): Promise<RDD<number>> { log.push(`${time.milliseconds}`); return context().parallelize([time.milliseconds]) }
    }
    const { next, stop } = await start(context(), ssc => new Own(ssc))
    assert.deepEqual(await next(), [1_000])
    assert.deepEqual(await next(), [2_000])
    await stop()
    assert.deepEqual(log, ['start', '1000', '2000', 'stop'])
  })

  describe('sourceStream', () => {
    interface Span { from: number; to: number }
    /** Numbers below `end`, in parts of three. */
    const numbers = (state: { end: number; log: string[] }): ReplayableSource<number, Span, number> => ({
      initial: async () => { state.log.push('initial'); return 10 },
      latest: async from => { state.log.push(`latest ${from}`); return Math.max(from, state.end) },
      split: (from, to) => Array.from({ length: Math.ceil((to - from) / 3) }, (_, i) => ({ from: from + 3 * i, to: Math.min(to, from + 3 * i + 3) })),
      * read({ from, to }) { for (let n = from; n < to; n++) yield n },
      committed: to => { state.log.push(`committed ${to}`) },
    })

    test('each batch goes from the last one\'s end to the latest; tasks read the parts', async () => {
      const state = { end: 14, log: [] as string[] }
      const { next, stop } = await start(context(), ssc => ssc.sourceStream(numbers(state)).glom())
      assert.deepEqual(await next(), [[10, 11, 12], [13]])
      assert.deepEqual(await next(), [])
      state.end = 16
      assert.deepEqual(await next(), [[14, 15]])
      await stop()
      assert.deepEqual(state.log, ['initial', 'latest 10', 'committed 14', 'latest 14', 'committed 14', 'latest 14', 'committed 16'])
    })

    test('read may be asynchronous', async () => {
      const { next, stop } = await start(context(), ssc => ssc.sourceStream({
        ...numbers({ end: 12, log: [] }), async* read({ from, to }: Span) { for (let n = from; n < to; n++) yield await Promise.resolve(`n${n}`) },
      }))
      assert.deepEqual(await next(), ['n10', 'n11'])
      await stop()
    })

    test('a batch whose end cannot be found fails, and under skip leaves its records to the next one', async () => {
      const clock = new ManualClock()
      const ssc = new StreamingContext(context(), '1 s', { clock })
      const state = { end: 12, log: [] as string[] }
      let broken = true
      const source = { ...numbers(state), latest: async () => { if (broken) throw new Error('no broker'); return state.end } }
      const seen: number[][] = []
      const reasons: (string | undefined)[] = []
      ssc.addStreamingListener({ onOutputOperationCompleted: ({ outputOperationInfo }) => { reasons.push(outputOperationInfo.failureReason) } })
      ssc.sourceStream(source).foreachRDD(async rdd => { seen.push(await rdd.collect()) }, { onFailure: 'skip' })
      await ssc.start()
      await clock.advance(1_000)
      broken = false
      await clock.advance(1_000)
      await ssc.stop({ stopContext: false })
      assert.deepEqual(seen, [[10, 11]])
      assert.match(reasons[0]!, /sourceStream at .*: latest failed: Error: no broker/)
      assert.equal(reasons[1], undefined)
    })

    test('a start that cannot be found fails start()', async () => {
      const ssc = new StreamingContext(context(), '1 s', { clock: new ManualClock() })
      ssc.sourceStream({ ...numbers({ end: 0, log: [] }), initial: async () => { throw new Error('no broker') } }).print()
      await assert.rejects(ssc.start(), { code: 'RIV_SOURCE', message: /initial failed: Error: no broker/ })
    })
  })

  describe('receiverStream', () => {
    class Manual extends Receiver<number> {
      log: string[] = []
      onStart(): void { this.log.push('start') }
      onStop(): void { this.log.push('stop') }
    }

    test('what is stored before a tick is in that tick\'s batch', async () => {
      const receiver = new Manual()
      const { next, batches, stop } = await start(context(), ssc => ssc.receiverStream(receiver))
      receiver.store(1)
      receiver.store(2)
      assert.deepEqual(await next(), [1, 2])
      await receiver.storeAll([3, 4])
      receiver.store(5)
      assert.deepEqual(await next(), [3, 4, 5])
      assert.deepEqual(await next(), [])
      assert.deepEqual([receiver.streamId, receiver.isStopped()], [0, false])
      await stop()
      assert.deepEqual([receiver.log, receiver.isStopped(), batches.length], [['start', 'stop'], true, 3])
    })

    test('a graceful stop runs one more batch for what was stored', async () => {
      class Late extends Manual { override onStop(): void { this.store(99) } }
      const receiver = new Late()
      const { next, batches, stop, ssc } = await start(context(), s => s.receiverStream(receiver))
      receiver.store(1)
      await next()
      receiver.store(2)
      await stop(true)
      await ssc.awaitTermination()
      assert.deepEqual(batches, [[1], [2, 99]])
    })

    test('a stop that is not graceful drops it', async () => {
      const receiver = new Manual()
      const { batches, stop } = await start(context(), ssc => ssc.receiverStream(receiver))
      receiver.store(1)
      await stop()
      assert.deepEqual(batches, [])
    })

    test('blocks are partitions: a new one at every block interval', async () => {
      const receiver = new Manual()
      const { clock, next, stop } = await start(context(), ssc => ssc.receiverStream(receiver).glom())
      for (let i = 0; i < 5; i++) {
        receiver.store(i)
        await clock.advance(100)
      }
      await clock.advance(400)
      await clock.advance(100)
      receiver.store(9)
      assert.deepEqual(await next(), [[9]])
      await stop()
    })

    test('two receivers, with numbers; restart and errors are told', async () => {
      const [a, b] = [new Manual(), new Manual()]
      const events: string[] = []
      const { clock, next, stop, ssc } = await start(context(), s => {
        for (const event of ['onReceiverStarted', 'onReceiverError', 'onReceiverStopped'] as const) {
          s.addStreamingListener({ [event]: ({ receiverInfo: { streamId, lastErrorMessage = '' } }: { receiverInfo: { streamId: number; lastErrorMessage?: string } }) => { events.push(`${event} ${streamId} ${lastErrorMessage}`.trim()) } })
        }
        return s.receiverStream(a).union(s.receiverStream(b))
      })
      b.reportError('odd')
      b.restart('lost')
      assert.equal(b.isStopped(), true)
      await clock.advance(2_000)
      assert.equal(b.isStopped(), false)
      a.store(1)
      b.store(2)
      assert.deepEqual(await next(), [1, 2])
      a.stop('enough')
      await stop()
      assert.deepEqual(events, [
        'onReceiverStarted 0', 'onReceiverStarted 1', 'onReceiverError 1 odd', 'onReceiverError 1 lost', 'onReceiverStarted 1 lost', 'onReceiverStopped 0 enough', 'onReceiverStopped 1 lost',
      ])
      assert.equal(ssc.state, 'stopped')
    })

    test('is refused before the start', () => {
      assert.throws(() => new Manual().store(1), { code: 'RIV_RECEIVER_STATE' })
      assert.equal(new Manual().isStopped(), true)
    })
  })

  describe('fromAsyncIterable', () => {
    test('an async generator, to its end', async () => {
      const { next, stop } = await start(context(), ssc => ssc.fromAsyncIterable(async function* () { yield ['a', 1]; yield ['b', 2] }))
      assert.deepEqual(await next(), [['a', 1], ['b', 2]])
      assert.deepEqual(await next(), [])
      await stop()
    })

    test('a plain iterable, a Node stream, an event emitter', async () => {
      const emitter = new EventEmitter()
      const through = new PassThrough({ objectMode: true })
      const { next, stop } = await start(context(), ssc => ssc.union<unknown>(
        ssc.fromAsyncIterable(() => [1, 2]), ssc.fromAsyncIterable(() => Readable.from(['x', 'y'])), ssc.fromAsyncIterable(() => through), ssc.fromAsyncIterable(signal => on(emitter, 'n', { signal })),
      ))
      emitter.emit('n', 'event')
      through.write({ piped: true })
      assert.deepEqual(await next(), [1, 2, 'x', 'y', { piped: true }, ['event']])
      emitter.emit('n', 'later')
      assert.deepEqual(await next(), [['later']])
      await stop()
    })

    test('one that always has more does not starve the clock', async () => {
      let made = 0
      const { next, stop } = await start(context(), ssc => ssc.fromAsyncIterable(function* () { for (;;) yield made++ }).count())
      const [first] = await next()
      const [second] = await next()
      await stop()
      assert.ok(Number(first) > 0 && Number(second) > 0)
      assert.ok(Number(first) + Number(second) <= made, 'each record once')
    })

    test('is told to stop, and need not listen', async () => {
      let aborted = false
      let returned = false
      const { next, stop } = await start(context(), ssc => ssc.union(
        ssc.fromAsyncIterable(async function* (signal) { signal.addEventListener('abort', () => { aborted = true }); yield 1; await new Promise(() => {}) }),
        ssc.fromAsyncIterable(async function* () { try { for (;;) { yield 2; await new Promise(resolve => { setImmediate(resolve) }) } } finally { returned = true } }).filter(() => false),
      ))
      assert.deepEqual(await next(), [1])
      await stop()
      await new Promise(resolve => { setImmediate(resolve) })
      assert.deepEqual([aborted, returned], [true, true])
    })

    test('one that throws is reported and made anew after the delay', async () => {
      const errors: (string | undefined)[] = []
      let made = 0
      const { next, stop } = await start(context(), ssc => {
        ssc.addStreamingListener({ onReceiverError: ({ receiverInfo }) => { errors.push(receiverInfo.lastErrorMessage) } })
        return ssc.fromAsyncIterable(async function* () { yield ++made; throw new Error('dried up') })
      })
      assert.deepEqual(await next(), [1])
      assert.deepEqual(await next(), [2], 'the delay ends with the second batch, and comes first')
      assert.match(errors[0]!, /dried up/)
      await stop()
    })
  })
})
