// Receivers: every way to store, records that cannot be stored, receivers that block, several at once; records over sockets in formats of one's own.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { afterEach, describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { hangMs } from '../../base/hang.fixture.ts'
import { ManualClock } from '../../base/clock.ts'
import { Context } from '../../context/context.ts'
import { onEveryMaster } from '../../rdd/masters.fixture.ts'
import type { DStream } from '../dstream.ts'
import type { BatchInfo, ReceiverInfo } from '../events/streaming-listener.ts'
import { StreamingContext } from '../streaming-context.ts'
import { encodeFrame } from './block-frame.ts'
import { Receiver } from './receiver.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
  await StreamingContext.getActive()?.stop({ stopContext: false }) // of a test that failed
})

class Feed<T = unknown> extends Receiver<T> {
  onStart(): void {}
  onStop(): void {}
}

async function start(ctx: Context, make: (ssc: StreamingContext) => DStream<unknown>) {
  const clock = new ManualClock()
  const ssc = new StreamingContext(ctx, '1 s', { clock })
  const batches: unknown[][] = []
  const errors: ReceiverInfo[] = []
  const infos: BatchInfo[] = []
  ssc.addStreamingListener({ onReceiverError: ({ receiverInfo }) => { errors.push(receiverInfo) }, onBatchCompleted: ({ batchInfo }) => { infos.push(batchInfo) } })
  make(ssc).foreachRDD(async rdd => { batches.push(await rdd.collect()) })
  await ssc.start()
  return { clock, ssc, batches, errors, infos, stop: () => ssc.stop({ stopContext: false }) }
}

/** Lets the network and batches go on until a condition holds. */
async function until(condition: () => boolean, step: () => unknown = () => {}): Promise<void> {
  for (const end = Date.now() + hangMs; !condition(); await turn()) {
    assert.ok(Date.now() < end, 'it never came')
    await step()
  }
}

/** A server that gives each connection to `serve`. */
async function listen(serve: (socket: Socket, n: number) => void): Promise<number> {
  let connections = 0
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    serve(socket, connections++)
  })
  closers.push(() => new Promise(resolve => { for (const socket of sockets) socket.destroy(); server.close(resolve) }))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

onEveryMaster(context => {
  test('every way to store, in order, with what is said of the blocks', async () => {
    const feed = new Feed<number>()
    const { clock, batches, infos, stop } = await start(context(), ssc => ssc.receiverStream(feed))
    feed.store(1)
    await feed.storeAll([2, 3], { offset: 3 })
    await feed.storeAll(new Set([4]))
    await feed.storeAll((function* () { yield* [5, 6] })())
    await feed.storeAll((async function* () { yield 7; await turn(); yield 8 })(), 'eight')
    await feed.storeBytes(Buffer.concat([encodeFrame([9]), encodeFrame([10, 11])]), { file: 'x' })
    feed.store(12)
    await clock.advance(2_000)
    assert.deepEqual(batches, [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], []])
    assert.equal(infos[0]!.numRecords, 12)
    assert.deepEqual(infos[0]!.streamIdToInputInfo, { 0: { inputStreamId: 0, numRecords: 12, metadata: { blocks: [{ offset: 3 }, 'eight', { file: 'x' }] } } })
    assert.deepEqual(infos[1]!.streamIdToInputInfo[0], { inputStreamId: 0, numRecords: 0, metadata: {} })
    await stop()
  })

  test('a record that cannot be encoded drops itself only, with an error', async () => {
    const feed = new Feed()
    const { clock, batches, errors, stop } = await start(context(), ssc => ssc.receiverStream(feed))
    const bad = Promise.resolve()
    for (const record of [0, bad, 1, { deep: [bad] }, 2, 3, bad]) feed.store(record)
    await feed.storeAll([4, bad, 5])
    await clock.advance(1_000)
    assert.deepEqual(batches, [[0, 1, 2, 3, 4, 5]])
    assert.equal(errors.length, 4)
    assert.match(errors[1]!.lastErrorMessage!, /a record was left out.*Promise/)
    assert.equal(errors[1]!.lastErrorTime, 0)
    assert.equal(feed.isStarted(), true)
    await stop()
  })

  test('what is no frame is refused by storeBytes', async () => {
    const feed = new Feed()
    const { batches, clock, stop } = await start(context(), ssc => ssc.receiverStream(feed))
    const frame = Buffer.from(encodeFrame([1]))
    const flipped = Buffer.from(frame)
    flipped.writeUInt8(flipped.at(-1)! ^ 1, flipped.length - 1)
    for (const bytes of [frame.subarray(0, 20), Buffer.from('some text, and not so short'), flipped, Buffer.alloc(12)]) await assert.rejects(feed.storeBytes(bytes), { code: 'RIV_FRAME' })
    await feed.storeBytes(Buffer.alloc(0))
    await clock.advance(1_000)
    assert.deepEqual(batches, [[]])
    await stop()
  })

  test('rawSocketStream takes frames in whatever chunks, and connects again after what is none', async () => {
    const frames = [encodeFrame([{ n: 1 }, { n: 2 }]), encodeFrame([new Date(0)]), encodeFrame(Array.from({ length: 5_000 }, (_, i) => `record ${i}`))]
    const port = await listen((socket, n) => {
      socket.setNoDelay(true)
      if (n === 0) { socket.write(frames[0]!); socket.write('this is no frame of any kind') }
      if (n === 1) void (async () => {
        const bytes = Buffer.concat(frames.slice(1))
        for (let at = 0; at < bytes.length; at += at < 200 ? 7 : 10_000) {
          socket.write(bytes.subarray(at, at + (at < 200 ? 7 : 10_000)))
          await turn()
        }
        socket.end(frames[0]!.subarray(0, 30))
      })()
    })
    const { clock, batches, errors, stop } = await start(context(), ssc => ssc.rawSocketStream('127.0.0.1', port))
    await until(() => errors.length > 0)
    assert.match(errors[0]!.lastErrorMessage!, /127\.0\.0\.1:\d+: a frame of \d+ bytes/)
    await until(() => batches.flat().length === 5_003, () => clock.advance(1_000))
    assert.deepEqual(batches.flat().slice(0, 4), [{ n: 1 }, { n: 2 }, new Date(0), 'record 0'])
    await until(() => errors.length > 1)
    assert.match(errors[1]!.lastErrorMessage!, /ended inside a frame, after 30 bytes/)
    await stop()
  })

  test('socketStream: a converter makes records of bytes, once a connection; its end and its errors connect again', async () => {
    const port = await listen((socket, n) => {
      if (n === 0) socket.end(Uint8Array.of(1, 2, 3))
      if (n === 1) socket.write(Uint8Array.of(4, 255, 9))
      if (n === 2) socket.write(Uint8Array.of(5))
    })
    const { clock, batches, errors, stop } = await start(context(), ssc => ssc.socketStream('127.0.0.1', port, async function* (chunks) {
      for await (const chunk of chunks) {
        for (const byte of chunk) {
          if (byte === 255) throw new RangeError('not a byte of ours')
          yield byte * 10
        }
      }
    }))
    await until(() => batches.flat().length === 5, () => clock.advance(1_000))
    assert.deepEqual(batches.flat(), [10, 20, 30, 40, 50])
    assert.deepEqual(errors.map(({ lastErrorMessage }) => /the server closed|RangeError: not a byte/.exec(lastErrorMessage!)?.[0]), ['the server closed', 'RangeError: not a byte'])
    await stop()
  })

  test('socketStream: a refused connection is told', async () => {
    const port = await listen(() => {})
    await closers.pop()!()
    const { errors, stop } = await start(context(), ssc => ssc.socketStream('127.0.0.1', port, chunks => chunks))
    await until(() => errors.length > 0)
    assert.match(errors[0]!.lastErrorMessage!, /127\.0\.0\.1:\d+: .*ECONNREFUSED/)
    await stop()
  })

  test('several receivers at once; one that stops or restarts leaves the others alone', async () => {
    const feeds = [new Feed<number>(), new Feed<number>(), new Feed<number>()]
    const { clock, batches, stop } = await start(context(), ssc => ssc.union(...feeds.map(feed => ssc.receiverStream(feed))))
    feeds.forEach((feed, i) => feed.store(i))
    feeds[0]!.stop('enough')
    feeds[1]!.restart('again', new Error('x'), 500)
    await clock.advance(1_000)
    assert.deepEqual(feeds.map(feed => [feed.isStarted(), feed.isStopped(), feed.streamId]), [[false, true, 0], [true, false, 1], [true, false, 2]])
    feeds[1]!.store(11)
    feeds[2]!.store(12)
    await clock.advance(1_000)
    assert.deepEqual(batches, [[0, 1, 2], [11, 12]])
    await stop()
  })
})

describe('a receiver that blocks', () => {
  test('is warned of by name; one that awaits is not', async () => {
    const warnings: string[] = []
    const log = { debug() {}, info() {}, error() {}, warn: (fields: object, message: string) => { warnings.push(`${(fields as { code?: string }).code} ${message}`) } }
    await using ctx = new Context({ master: 'inline', log })
    class Slow extends Receiver<number> {
      onStart(): void { for (const end = performance.now() + 60; performance.now() < end;); }
      async onStop(): Promise<void> { for (let i = 0; i < 3; i++) await turn() }
    }
    const { stop } = await start(ctx, ssc => ssc.receiverStream(new Slow()))
    await stop()
    assert.equal(warnings.length, 1, warnings.join('\n'))
    assert.match(warnings[0]!, /^RIV_RECEIVER_BLOCKS receiverStream at .*receivers\.test\.ts.*onStart .* \d+ ms/)
  })

  test('an endless iterable given to storeAll does not starve the clock', async () => {
    await using ctx = new Context({ master: 'inline', conf: { 'receiver.maxWaitingBytes': 100_000 } })
    const feed = new Feed<number>()
    let n = 0
    const { clock, batches, stop } = await start(ctx, ssc => ssc.receiverStream(feed))
    void feed.storeAll((function* () { for (;;) yield n++ })())
    for (let i = 0; i < 3; i++) await clock.advance(1_000)
    assert.equal(batches.length, 3)
    assert.ok(n < 1_000_000, `${n} records were pulled`)
    await stop()
  })
})
