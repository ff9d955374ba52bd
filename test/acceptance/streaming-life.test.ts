// The life of a StreamingContext as its users see it: start, stop, waiting, what is refused and when.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Context, InputDStream, Receiver, StreamingContext, milliseconds, minutes, seconds, type D, type RDD } from 'rivulet'
import { ManualClock } from 'rivulet/testing'
import { hangMs } from '../../src/base/hang.fixture.ts'
import { onMasters } from './masters.ts'
import { coded, collected, open, program } from './streams.ts'

const add = (a: number, b: number): number => a + b

onMasters((context, master) => {
  test('start twice is harmless: the second call waits for the same start', async () => {
    await using s = open(context())
    const out = collected(s.ssc.queueStream([[1], [2]]))
    void s.ssc.start()
    await s.ssc.start()
    await s.clock.advance(1_000)
    await s.ssc.start()
    await s.clock.advance(1_000)
    assert.deepEqual(out, [[1], [2]])
  })

  test('stop any number of times, before start too; then start is refused', async () => {
    await using s = open(context())
    s.ssc.queueStream([[1]]).print()
    await s.stop()
    await s.stop()
    assert.equal(s.ssc.state, 'stopped')
    await assert.rejects(s.ssc.start(), coded(/^RIV_/, /stop/))
    await s.ssc.awaitTermination()
    await using t = open(context())
    collected(t.ssc.queueStream([[1]]))
    await t.ssc.start()
    await Promise.all([t.stop(), t.stop(true), t.stop()])
    await t.stop(true)
    assert.equal(t.ssc.state, 'stopped')
    await assert.rejects(t.ssc.start(), coded(/^RIV_/))
  })

  test('one is active at a time', async () => {
    await using s = open(context())
    await using t = open(context())
    for (const { ssc } of [s, t]) collected(ssc.queueStream([[1]]))
    assert.equal(StreamingContext.getActive(), undefined)
    await s.ssc.start()
    assert.equal(StreamingContext.getActive(), s.ssc)
    await assert.rejects(t.ssc.start(), coded(/^RIV_/, /StreamingContext/))
    assert.equal(t.ssc.state, 'initialized')
    await t.stop()
    assert.equal(StreamingContext.getActive(), s.ssc)
    await s.stop()
    assert.equal(StreamingContext.getActive(), undefined)
    await using u = open(context())
    collected(u.ssc.queueStream([[1]]))
    await u.ssc.start()
    assert.equal(StreamingContext.getActive(), u.ssc)
  })

  test('a context that was refused because of another one starts later', async () => {
    await using s = open(context())
    await using t = open(context())
    for (const { ssc } of [s, t]) collected(ssc.queueStream([[1]]))
    await s.ssc.start()
    await assert.rejects(t.ssc.start())
    await s.stop()
    await t.ssc.start()
    assert.equal(StreamingContext.getActive(), t.ssc)
  })

  test('awaitTerminationOrTimeout: false at the limit, true once stopped, rejects with the failure', async () => {
    await using s = open(context())
    s.ssc.queueStream([[1]]).map(n => n).foreachRDD(async rdd => { await rdd.count() })
    await s.ssc.start()
    for (const limit of [0, 5, '10 ms', milliseconds(5)] as const) assert.equal(await s.ssc.awaitTerminationOrTimeout(limit), false)
    const waiting = s.ssc.awaitTerminationOrTimeout(minutes(1))
    await s.stop()
    assert.equal(await waiting, true)
    assert.equal(await s.ssc.awaitTerminationOrTimeout(0), true)
    await using t = open(context())
    t.ssc.queueStream([[1]]).foreachRDD(() => { throw new TypeError('mine') })
    await t.ssc.start()
    const ended = assert.rejects(t.ssc.awaitTerminationOrTimeout(60_000), coded(/^RIV_/, /mine/))
    await t.clock.advance(1_000)
    await ended
    assert.equal(t.ssc.state, 'stopped')
    assert.equal(StreamingContext.getActive(), undefined)
    await assert.rejects(t.ssc.awaitTermination(), coded(/^RIV_/, /foreachRDD.*1000 ms/))
    assert.deepEqual(await context().parallelize([1, 2]).collect(), [1, 2], 'the Context stays usable')
  })

  test('a graceful stop puts out all that was received, a begun batch included; onStop is awaited', async () => {
    const did: string[] = []
    class Feed extends Receiver<number> {
      onStart(): void { did.push('start') }
      async onStop(): Promise<void> {
        await new Promise(resolve => { setTimeout(resolve, 20) })
        this.store(4) // what is still at hand when receiving ends
        did.push('stopped')
      }
    }
    const feed = new Feed()
    await using s = open(context())
    const begun = Promise.withResolvers<void>()
    const gate = Promise.withResolvers<void>()
    const out: number[] = []
    s.ssc.receiverStream(feed).foreachRDD(async rdd => {
      begun.resolve()
      await gate.promise
      out.push(...(await rdd.collect()))
      did.push('batch')
    })
    await s.ssc.start()
    feed.store(1)
    const advancing = s.clock.advance(1_000)
    await begun.promise
    await feed.storeAll([2, 3])
    const stopping = s.stop(true)
    gate.resolve()
    await Promise.all([stopping, advancing])
    assert.deepEqual(out, [1, 2, 3, 4])
    assert.deepEqual(did.toSorted(), ['batch', 'batch', 'start', 'stopped'])
    assert.equal(feed.isStopped(), true)
  })

  test('a receiver that goes on storing after a stop harms nothing', async () => {
    class Stubborn extends Receiver<number> {
      onStart(): void {}
      onStop(): void {}
    }
    const own = new Context({ master })
    const feed = new Stubborn()
    const clock = new ManualClock()
    const ssc = new StreamingContext(own, 1_000, { clock })
    collected(ssc.receiverStream(feed))
    await ssc.start()
    await ssc.stop()
    for (let i = 0; i < 40_000; i++) feed.store(i)
    await feed.storeAll([1, 2])
  })

  test('stop inside an output ends that batch, and everything', async () => {
    for (const graceful of [false, true]) {
      await using s = open(context())
      const times: number[] = []
      s.ssc.queueStream([[1], [2], [3]]).foreachRDD(async (rdd, time) => {
        await s.ssc.stop({ stopContext: false, graceful })
        times.push(time.milliseconds, await rdd.count())
      })
      await s.ssc.start()
      await s.clock.advance(1_000)
      await s.ssc.awaitTermination()
      await s.clock.advance(5_000)
      assert.deepEqual(times, [1_000, 1])
      assert.equal(s.ssc.state, 'stopped')
    }
  })

  test('stop while start is under way', async () => {
    const own = new Context({ master })
    const did: string[] = []
    class Own extends InputDStream<number> {
      override start(): void { did.push('start') }
      override stop(): void { did.push('stop') }
      compute(): undefined { return undefined }
    }
    const ssc = new StreamingContext(own, seconds(1), { clock: new ManualClock() })
    new Own(ssc).print()
    const starting = ssc.start()
    await ssc.stop()
    await starting
    assert.equal(ssc.state, 'stopped')
    assert.ok(did.length === 0 || did.join() === 'start,stop', did.join())
  })

  if (master === 'inline') { // it takes 2 s
    test('a stop that is not graceful ends what runs, and the advance that waits for it', { timeout: hangMs }, async () => {
      await using s = open(context())
      const begun = Promise.withResolvers<void>()
      s.ssc.queueStream([[1]]).foreachRDD(async () => { begun.resolve(); await new Promise(() => {}) })
      await s.ssc.start()
      const advancing = s.clock.advance(1_000)
      await begun.promise
      await s.stop()
      await advancing
      await s.ssc.awaitTermination()
    })
  }

  test('await using ends the streams and the Context', async () => {
    const own = new Context({ master })
    let ssc: StreamingContext
    {
      await using inner = new StreamingContext(own, seconds(1), { clock: new ManualClock() })
      collected(inner.queueStream([[1]]))
      await inner.start()
      ssc = inner
    }
    assert.equal(ssc.state, 'stopped')
    assert.throws(() => own.parallelize([1]), coded(/^RIV_/))
    assert.throws(() => new StreamingContext(own, seconds(1)), coded(/^RIV_/))
  })

  test('no output operation', async () => {
    await using s = open(context())
    s.ssc.queueStream([[1]]).map(n => n + 1)
    await assert.rejects(s.ssc.start(), coded(/^RIV_/, /output/))
    assert.equal(StreamingContext.getActive(), undefined)
  })

  test('operations after start, and after stop', async () => {
    await using s = open(context())
    const numbers = s.ssc.queueStream<number>([])
    const pairs = numbers.map(n => [n, n])
    collected(pairs)
    await s.ssc.start()
    class Own extends InputDStream<number> { compute(): undefined { return undefined } }
    class Feed extends Receiver<number> {
      onStart(): void {}
      onStop(): void {}
    }
    const operations: Record<string, () => unknown> = {
      map: () => numbers.map(n => n), filter: () => numbers.filter(() => true), flatMap: () => numbers.flatMap(n => [n]), reduceByKey: () => pairs.reduceByKey(add),
      window: () => numbers.window(1_000), reduceByKeyAndWindow: () => pairs.reduceByKeyAndWindow(add, 2_000, 1_000), countByWindow: () => numbers.countByWindow(1_000, 1_000),
      union: () => numbers.union(numbers), 'ssc.union': () => s.ssc.union(numbers), transform: () => numbers.transform(rdd => rdd), 'ssc.transform': () => s.ssc.transform([numbers], ([rdd]) => rdd),
      transformWith: () => numbers.transformWith(pairs, rdd => rdd), count: () => numbers.count(), reduce: () => numbers.reduce(add), print: () => numbers.print(), foreachRDD: () => numbers.foreachRDD(() => {}),
      queueStream: () => s.ssc.queueStream([[1]]), socketTextStream: () => s.ssc.socketTextStream('127.0.0.1', 9), receiverStream: () => s.ssc.receiverStream(new Feed()),
      fromAsyncIterable: () => s.ssc.fromAsyncIterable(() => [1]), 'own input': () => new Own(s.ssc),
    }
    for (const state of ['active', 'stopped']) {
      for (const [name, operation] of Object.entries(operations)) assert.throws(operation, coded(/^RIV_STREAMING_STARTED$/, new RegExp(state)), name)
      await s.stop()
    }
  })

  test('union and transform of streams with other slides are refused', async () => {
    const refused = async (make: (s: ReturnType<typeof open>) => unknown): Promise<void> => {
      await using s = open(context())
      await assert.rejects(async () => { make(s); await s.ssc.start() }, coded(/^RIV_SLIDES$/, /2000 ms/))
    }
    await refused(({ ssc }) => ssc.queueStream([[1]]).union(ssc.queueStream([[2]]).window(2_000, 2_000)).print())
    await refused(({ ssc }) => ssc.union(ssc.queueStream([[1]]).window(4_000, 2_000), ssc.queueStream([[2]]).window(4_000, 1_000)).print())
    await refused(({ ssc }) => ssc.queueStream([[1]]).transformWith(ssc.queueStream([[2]]).window(2_000, 2_000), a => a).print())
  })

  test('the times of batches: multiples of the interval, whenever the clock started', async () => {
    for (const [start, advance, expected] of [[0, 3_500, [1_000, 2_000, 3_000]], [1_700, 300, [2_000]], [2_000, 1_000, [3_000]], [1_234_567, 1_000, [1_235_000]]] as const) {
      await using s = open(context(), seconds(1), start)
      const times: number[] = []
      s.ssc.queueStream<number>([]).foreachRDD((_rdd, time) => { times.push(time.milliseconds) })
      await s.ssc.start()
      await s.clock.advance(advance)
      assert.deepEqual(times, expected)
    }
  })

  test('advance resolves when every batch that came due has completed, whatever its outputs wait for', async () => {
    await using s = open(context())
    const did: string[] = []
    s.ssc.addStreamingListener({ onBatchCompleted: ({ batchInfo }) => { did.push(`completed ${batchInfo.batchTime}`) } })
    s.ssc.queueStream([[1], [2], [3]]).foreachRDD(async (rdd, time) => {
      await new Promise(resolve => { setTimeout(resolve, 10) })
      did.push(`${time.milliseconds}: ${await rdd.collect()} at ${s.clock.now()}`)
    })
    void s.ssc.start() // the clock waits for it
    await s.clock.advance(0)
    assert.deepEqual(did, [])
    const three = s.clock.advance(3_000)
    await s.clock.advance(0) // behind the advance that is under way
    assert.deepEqual(did, ['1000: 1 at 1000', 'completed 1000', '2000: 2 at 2000', 'completed 2000', '3000: 3 at 3000', 'completed 3000'])
    await three
    assert.equal(s.clock.now(), 3_000)
  })

  test('advance inside a batch is refused; after the batch it is not', async () => {
    await using s = open(context())
    const later = Promise.withResolvers<void>()
    let refused: unknown
    s.ssc.queueStream([[1]]).foreachRDD(async (_rdd, time) => {
      if (time.milliseconds > 1_000) return
      refused = await s.clock.advance(1_000).catch((error: unknown) => error)
      setTimeout(() => { s.clock.advance(1_000).then(later.resolve, later.reject) }, 5) // it fires when the batch is over
    })
    await s.ssc.start()
    await s.clock.advance(1_000)
    coded(/^RIV_ADVANCE_INSIDE_BATCH$/, /1000 ms/)(refused)
    await later.promise
    assert.equal(s.clock.now(), 2_000)
  })
})

const intervals: readonly (readonly [batch: unknown, code: RegExp, message: RegExp])[] = [
  [1, /^RIV_/, /seconds\(1\).*'1 s'|'1 s'/], [4, /^RIV_/, /milliseconds/], [0, /^RIV_/, /./], [-1_000, /^RIV_/, /-1000/], [NaN, /^RIV_/, /./], [0.5, /^RIV_/, /./], ['soon', /^RIV_/, /soon/], [undefined, /^RIV_/, /./],
]
test('batch intervals that are none', async () => {
  await using ctx = new Context({ master: 'inline' })
  for (const [batch, code, message] of intervals) assert.throws(() => new StreamingContext(ctx, batch as D), coded(code, message), String(batch))
  for (const batch of [5, '1 ms', milliseconds(2), '1 s', '1s', seconds(1), minutes(1)] as const) assert.equal(new StreamingContext(ctx, batch).state, 'initialized')
})

test('windows and slides that are no positive multiple, with the value in ms', async () => {
  await using ctx = new Context({ master: 'inline' })
  await using s = open(ctx, '500 ms')
  const numbers = s.ssc.queueStream<number>([])
  const pairs = numbers.map(n => [n, n])
  const wrong: readonly (readonly [make: () => unknown, value: RegExp])[] = [
    [() => numbers.window(750), /750 ms/], [() => numbers.window(1_000, '750 ms'), /750 ms/], [() => numbers.window('1.2 s'), /1200 ms/], [() => numbers.window(0), /0 ms/], [() => numbers.window(-500), /-500 ms/],
    [() => numbers.window(2), /seconds|milliseconds/], [() => numbers.window(1_000, 2), /seconds|milliseconds/], [() => numbers.countByWindow(600, 500), /600 ms/], [() => numbers.countByWindow(500, 600), /600 ms/],
    [() => numbers.reduceByWindow(add, 1_000, 501), /501 ms/], [() => pairs.reduceByKeyAndWindow(add, 1_001, 500), /1001 ms/], [() => pairs.groupByKeyAndWindow(500, 499), /499 ms/],
    [() => numbers.countByValueAndWindow(seconds(1), milliseconds(300)), /300 ms/], [() => numbers.window(1_000, 1_000).window(1_500), /1500 ms/], [() => numbers.window(1_000, 1_000).window(2_000, 500), /500 ms/],
  ]
  for (const [make, value] of wrong) assert.throws(make, coded(/^RIV_/, value), String(make))
})

test('an input of one\'s own has an RDD, or none', async () => {
  await using ctx = new Context({ master: 'local[2]' })
  const did: string[] = []
  class Odd extends InputDStream<number> {
    override start(): void { did.push('start') }
    override stop(): void { did.push('stop') }
    override async compute(time: { milliseconds: number }): Promise<RDD<number> | undefined> {
      did.push(`compute ${time.milliseconds}`)
      return time.milliseconds % 2_000 === 0 ? undefined : ctx.parallelize([time.milliseconds])
    }
  }
  await using s = open(ctx)
  const odd = new Odd(s.ssc)
  const out = collected(odd.map(n => n + 1))
  const again = collected(odd)
  await s.ssc.start()
  await s.clock.advance(3_000)
  await s.stop()
  assert.deepEqual([out, again], [[[1_001], [3_001]], [[1_000], [3_000]]])
  assert.deepEqual(did, ['start', 'compute 1000', 'compute 2000', 'compute 3000', 'stop'])
  class Broken extends InputDStream<number> { compute(): RDD<number> { return [1] as unknown as RDD<number> } }
  await using broken = open(ctx)
  new Broken(broken.ssc).print()
  await broken.ssc.start()
  const failed = assert.rejects(broken.ssc.awaitTermination(), coded(/^RIV_/, /Broken.*1000 ms/))
  await broken.clock.advance(1_000).catch(() => {})
  await failed
  for (const over of [(a: Odd, b: Odd) => a.union(b), (a: Odd) => a.transform(rdd => rdd), (a: Odd, b: Odd) => b.transformWith(a, rdd => rdd)]) {
    await using t = open(ctx)
    over(new Odd(t.ssc), new Odd(t.ssc)).foreachRDD(() => {})
    await t.ssc.start()
    const ended = assert.rejects(t.ssc.awaitTermination(), coded(/^RIV_/, /2000 ms/))
    await t.clock.advance(1_000)
    assert.equal(t.ssc.state, 'active')
    await t.clock.advance(1_000).catch(() => {})
    await ended
  }
})

test('programs end by themselves when stopped, and not before', async () => {
  const [stopped, disposed, held, early, failed, asked] = await Promise.all([
    program(`
      const ssc = new StreamingContext(new Context({ master: 'local[2]' }), milliseconds(20))
      let n = 0
      ssc.queueStream([[1], [2]]).foreachRDD(async rdd => { await rdd.count(); if (++n === 3) void ssc.stop({ graceful: true }) })
      await ssc.start()
      await ssc.awaitTermination()
      console.log('done', n >= 3)`),
    program(`
      await using ssc = new StreamingContext(new Context({ master: 'local[2]' }), seconds(1), { clock: new ManualClock() })
      ssc.queueStream([[1]]).print()
      await ssc.start()`),
    program(`
      const ssc = new StreamingContext(new Context({ master: 'local[2]' }), seconds(60))
      ssc.queueStream([[1]]).print()
      await ssc.start()
      setTimeout(() => { console.log('alive'); void ssc.stop() }, 100).unref()`),
    program(`
      const ctx = new Context({ master: 'local[2]' })
      await ctx.parallelize([1]).count()
      new StreamingContext(ctx, seconds(1)).queueStream([[1]]).print()`),
    program(`
      const ssc = new StreamingContext(new Context({ master: 'local[2]' }), milliseconds(20))
      ssc.queueStream([[7]]).map(n => { throw new RangeError('no ' + n) }).foreachRDD(rdd => rdd.collect())
      await ssc.start()`),
    program(`
      const ssc = new StreamingContext(new Context({ master: 'local[2]' }), milliseconds(20))
      ssc.queueStream([[7]]).map(n => { throw new RangeError('no ' + n) }).foreachRDD(rdd => rdd.collect())
      await ssc.start()
      await ssc.awaitTermination().catch(error => console.log(error.code, error.cause instanceof RangeError, error.cause.message))
      await ssc.stop()`),
  ])
  assert.deepEqual(stopped, { status: 0, stdout: 'done true\n', stderr: '' })
  assert.deepEqual(disposed, { status: 0, stdout: '', stderr: '' })
  assert.deepEqual(held, { status: 0, stdout: 'alive\n', stderr: '' })
  assert.deepEqual(early, { status: 0, stdout: '', stderr: '' })
  assert.notEqual(failed.status, 0)
  assert.match(failed.stderr, /foreachRDD.* in the batch \d+ ms.*no 7/)
  assert.equal(asked.status, 0, asked.stderr)
  assert.match(asked.stdout, /^RIV_\w+ true no 7\n$/)
})
