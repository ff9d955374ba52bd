// Inputs as their users meet them: queues, iterables, sources with offsets, receivers.

import assert from 'node:assert/strict'
import { EventEmitter, on, once } from 'node:events'
import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { test } from 'node:test'
import { Receiver, StorageLevel, type RDD, type ReplayableSource, type StreamingListener } from 'rivulet'
import { replayableSourceContract } from 'rivulet/testing'
import { onMasters } from './masters.ts'
import { coded, collected, open, until } from './streams.ts'

interface Span { readonly from: number; readonly to: number }

/** A source over a list that grows; a part holds its records. */
class ListSource implements ReplayableSource<number, string[], string> {
  readonly list: string[] = []
  readonly asked: string[] = []
  async initial(signal: AbortSignal): Promise<number> { this.asked.push(`initial ${signal.aborted}`); return 0 }
  async latest(from: number, limit: number, signal: AbortSignal): Promise<number> { this.asked.push(`latest ${from} ${signal.aborted}`); return Math.min(this.list.length, from + limit) }
  split(from: number, to: number): string[][] { return from === to ? [] : [this.list.slice(from, from + 1), this.list.slice(from + 1, to)] }
  * read(part: string[]): Iterable<string> { for (const line of part) yield line.toUpperCase() }
  committed(to: number): void { this.asked.push(`committed ${to}`) }
}

class Feed extends Receiver<number> {
  did: string[] = []
  throwsLeft = 0
  onStart(): void {
    this.did.push('start')
    if (this.throwsLeft-- > 0) throw new RangeError('no line')
  }
  onStop(): void { this.did.push('stop') }
}

onMasters((context, master) => {
  test('queueStream: arrays and RDDs, pushed to while running', async () => {
    await using s = open(context())
    const queue: (number[] | RDD<number>)[] = [[1, 2], context().parallelize([3, 4], 2).map(n => n * 10)]
    const out = collected(s.ssc.queueStream(queue))
    await s.ssc.start()
    await s.clock.advance(3_000)
    queue.push([], context().range(0, 3))
    await s.clock.advance(2_000)
    assert.deepEqual(out, [[1, 2], [30, 40], [], [], [0, 1, 2]])
    assert.equal(queue.length, 0)
  })

  test('queueStream: all at once; a default RDD', async () => {
    await using s = open(context())
    const queue: (number[] | RDD<number>)[] = [[1], context().parallelize([2]), [3]]
    const all = collected(s.ssc.queueStream(queue, { oneAtATime: false, defaultRDD: context().parallelize([-1]) }))
    const one = collected(s.ssc.queueStream([['a']], { defaultRDD: context().parallelize(['none']) }))
    await s.ssc.start()
    await s.clock.advance(2_000)
    queue.push([4], [5])
    await s.clock.advance(1_000)
    assert.deepEqual(all, [[1, 2, 3], [-1], [4, 5]])
    assert.deepEqual(one, [['a'], ['none'], ['none']])
  })

  test('fromAsyncIterable: what for await takes', async () => {
    await using s = open(context())
    const emitter = new EventEmitter()
    const signals: AbortSignal[] = []
    const streams = {
      generator: collected(s.ssc.fromAsyncIterable(async function* (signal) { signals.push(signal); yield* [1, 2]; await Promise.resolve(); yield 3; await once(signal, 'abort') })),
      iterable: collected(s.ssc.fromAsyncIterable(() => new Set(['a', 'b']))),
      readable: collected(s.ssc.fromAsyncIterable(() => Readable.from(['x', { y: 1 }]))),
      events: collected(s.ssc.fromAsyncIterable(signal => on(emitter, 'value', { signal })).map(([value]) => value)),
      level: collected(s.ssc.fromAsyncIterable(async function* () { yield 'level' }, { level: StorageLevel.MEMORY_ONLY })),
    }
    await s.ssc.start()
    for (const n of [7, 8]) emitter.emit('value', n)
    const all = (stream: unknown[][]): unknown[] => stream.flat()
    await until(() => all(streams.readable).length === 2 && all(streams.events).length === 2, 'records', () => s.clock.advance(1_000))
    emitter.emit('value', 9)
    await until(() => all(streams.events).length === 3, 'one more', () => s.clock.advance(1_000))
    assert.deepEqual(Object.fromEntries(Object.entries(streams).map(([name, out]) => [name, all(out)])), {
      generator: [1, 2, 3], iterable: ['a', 'b'], readable: ['x', { y: 1 }], events: [7, 8, 9], level: ['level'],
    })
    assert.deepEqual(signals.map(signal => signal.aborted), [false])
    await s.stop()
    assert.deepEqual(signals.map(signal => signal.aborted), [true])
    assert.equal(emitter.listenerCount('value'), 0)
  })

  test('fromAsyncIterable: an error is told, and a new iterable follows after 2 s of the stream clock', async () => {
    await using s = open(context())
    const messages: string[] = []
    s.ssc.addStreamingListener({ onReceiverError: ({ receiverInfo }) => { messages.push(`${receiverInfo.streamId} ${receiverInfo.lastErrorMessage}`) } })
    let made = 0
    const out = collected(s.ssc.fromAsyncIterable(async function* () {
      const n = ++made
      yield n
      if (n === 1) throw new Error('line cut')
    }))
    await s.ssc.start()
    await until(() => messages.length === 1, 'the error')
    await s.clock.advance(1_999)
    assert.equal(made, 1)
    await s.clock.advance(1)
    await s.clock.advance(1_000)
    assert.equal(made, 2)
    assert.deepEqual(out.flat(), [1, 2])
    assert.match(messages.join(), /^0 .*line cut/)
  })

  test('sourceStream: ranges follow on each other, tasks read, committed follows the outputs', async () => {
    await using s = open(context())
    const source = new ListSource()
    source.list.push('a', 'b', 'c')
    const out: string[][] = []
    s.ssc.sourceStream(source).map(line => `${line}!`).foreachRDD(async (rdd, time) => {
      out.push(await rdd.collect())
      source.asked.push(`output ${time.milliseconds}`)
    })
    await s.ssc.start()
    await s.clock.advance(1_000)
    source.list.push('d')
    await s.clock.advance(2_000)
    await s.stop(true)
    assert.deepEqual(out, [['A!', 'B!', 'C!'], ['D!'], []])
    assert.deepEqual(source.asked, [
      'initial false', 'latest 0 false', 'output 1000', 'committed 3', 'latest 3 false', 'output 2000', 'committed 4', 'latest 4 false', 'output 3000', 'committed 4',
    ])
  })

  test('sourceStream: an object literal, read synchronously, asynchronously, as an array', async () => {
    const base = { initial: async () => 0, latest: async (from: number) => from + 3, split: (from: number, to: number): Span[] => [{ from, to }] }
    const sources: ReplayableSource<number, Span, number>[] = [
      { ...base, * read({ from, to }) { for (let n = from; n < to; n++) yield n } },
      { ...base, async* read({ from, to }) { for (let n = from; n < to; n++) { await Promise.resolve(); yield n } } },
      { ...base, read: ({ from, to }) => Array.from({ length: to - from }, (_, i) => from + i) },
      { ...base, committed: undefined!, read: ({ from, to }: Span) => new Set(Array.from({ length: to - from }, (_, i) => from + i)) },
    ]
    await using s = open(context())
    const outs = sources.map(source => collected(s.ssc.sourceStream(source)))
    await s.ssc.start()
    await s.clock.advance(2_000)
    for (const out of outs) assert.deepEqual(out, [[0, 1, 2], [3, 4, 5]])
  })

  test('sourceStream: a failing output commits nothing', async () => {
    await using s = open(context())
    const source = new ListSource()
    source.list.push('a')
    s.ssc.sourceStream(source).foreachRDD(() => { throw new Error('sink is down') })
    await s.ssc.start()
    const ended = assert.rejects(s.ssc.awaitTermination(), coded(/^RIV_/, /sink is down/))
    await s.clock.advance(1_000).catch(() => {})
    await ended
    assert.deepEqual(source.asked.filter(what => what.startsWith('committed')), [])
  })

  test('a receiver: what was stored before a tick is in that tick\'s batch', async () => {
    await using s = open(context())
    const feed = new Feed(StorageLevel.MEMORY_ONLY)
    assert.equal(feed.isStopped(), true)
    const out = collected(s.ssc.receiverStream(feed))
    await s.ssc.start()
    assert.equal(feed.isStopped(), false)
    feed.store(1)
    await feed.storeAll([2, 3])
    feed.store(4)
    await s.clock.advance(1_000)
    await s.clock.advance(300)
    feed.store(5)
    await s.clock.advance(600)
    feed.store(6)
    void feed.storeAll(new Set([7]))
    await s.clock.advance(100)
    assert.deepEqual(out, [[1, 2, 3, 4], [5, 6, 7]])
    await s.stop()
    assert.deepEqual([feed.did, feed.isStopped()], [['start', 'stop'], true])
  })

  test('a receiver: errors, restarts and stops are told with all fields; an onStart that throws is tried again', async () => {
    await using s = open(context())
    const events: string[] = []
    const note = (name: string) => ({ receiverInfo: { streamId, lastErrorMessage = '', lastError = '' } }: Parameters<NonNullable<StreamingListener['onReceiverError']>>[0]): void => {
      events.push(`${name} ${streamId} ${/no line|disk full|again|enough/.exec(lastErrorMessage)?.[0]} ${/RangeError|TypeError/.exec(lastError)?.[0]}`)
    }
    s.ssc.addStreamingListener({ onStreamingStarted: () => { events.push('streaming') }, onReceiverStarted: note('started'), onReceiverError: note('error'), onReceiverStopped: note('stopped') })
    const [feed, other] = [new Feed(), new Feed()]
    feed.throwsLeft = 2
    const out = collected(s.ssc.union(s.ssc.receiverStream(feed), s.ssc.receiverStream(other)))
    await s.ssc.start()
    await s.clock.advance(1_999)
    assert.equal(feed.did.filter(what => what === 'start').length, 1)
    await s.clock.advance(2_001)
    assert.equal(feed.did.filter(what => what === 'start').length, 3)
    feed.store(1)
    feed.reportError('disk full', new TypeError('disk'))
    other.restart('again')
    assert.deepEqual([feed.isStopped(), other.isStopped()], [false, true])
    await s.clock.advance(2_000)
    assert.deepEqual([other.isStopped(), other.did], [false, ['start', 'stop', 'start']])
    other.store(2)
    feed.stop('enough')
    await s.clock.advance(1_000)
    assert.equal(feed.isStopped(), true)
    assert.deepEqual(out.filter(batch => batch.length > 0), [[1], [2]])
    await s.stop()
    assert.deepEqual(events, [
      'streaming', 'started 0 undefined undefined', 'error 0 no line RangeError', 'started 1 undefined undefined', 'started 0 no line RangeError', 'error 0 no line RangeError',
      'started 0 no line RangeError', 'error 0 disk full TypeError', 'error 1 again undefined', 'started 1 again undefined', 'stopped 0 enough undefined', 'stopped 1 again undefined',
    ])
    assert.equal(s.ssc.state, 'stopped')
  })

  test('a receiver with an async onStart, and a timer of its own', async () => {
    class Ticks extends Receiver<string> {
      timer: NodeJS.Timeout | undefined
      override async onStart(): Promise<void> {
        await delay(1)
        this.timer = setInterval(() => this.store('tick'), 1)
      }
      override onStop(): void { clearInterval(this.timer) }
    }
    await using s = open(context())
    const out = collected(s.ssc.receiverStream(new Ticks()).count())
    await s.ssc.start()
    await until(() => out.flat().reduce((a, b) => a + b, 0) >= 3, 'ticks', () => s.clock.advance(1_000))
  })

  if (master === 'inline') {
    const open = () => {
      const source = new ListSource()
      const append = (n: number): string[] => {
        const more = Array.from({ length: n }, (_, i) => `LINE ${source.list.length + i}`)
        source.list.push(...more)
        return more
      }
      return { source, append, reopen: () => Object.assign(new ListSource(), { list: source.list }) }
    }
    for (const { name, run } of replayableSourceContract({ open })) test(`the contract suite: ${name}`, run)
    test('the contract suite finds a source that forgets', async () => {
      const forgets = () => { const { source, ...rest } = open(); return { ...rest, source: Object.assign(source, { split: () => [] }) } }
      const results = await Promise.allSettled(replayableSourceContract({ open: forgets }).map(({ run }) => run()))
      assert.ok(results.some(({ status }) => status === 'rejected'))
    })
  }
})
