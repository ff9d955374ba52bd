// socketTextStream over real sockets, under a manual clock.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { hangMs } from '../../base/hang.fixture.ts'
import { ManualClock } from '../../base/clock.ts'
import { Context } from '../../context/context.ts'
import { masters } from '../../rdd/masters.fixture.ts'
import { StreamingContext } from '../streaming-context.ts'

const closers: (() => unknown)[] = []
afterEach(async () => { for (const close of closers.splice(0).reverse()) await close() })

/** A server that notes its connections. */
async function listen(port = 0): Promise<{ server: Server; port: number; connection: () => Promise<Socket> }> {
  const server = createServer()
  const sockets: Socket[] = []
  server.on('connection', socket => { sockets.push(socket); socket.on('error', () => {}); server.emit('ready') })
  closers.push(() => new Promise(resolve => { for (const socket of sockets) socket.destroy(); server.close(resolve) }))
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  let taken = 0
  const connection = async (): Promise<Socket> => {
    while (sockets.length <= taken) await once(server, 'ready')
    return sockets[taken++]!
  }
  return { server, port: (server.address() as { port: number }).port, connection }
}

async function start(port: number, { master = 'inline', conf = {} } = {}) {
  const clock = new ManualClock()
  const ctx = new Context({ master, conf })
  const ssc = new StreamingContext(ctx, '1 s', { clock })
  closers.push(() => ssc.stop())
  const lines: string[] = []
  const records: number[] = []
  const errors: string[] = []
  ssc.addStreamingListener({
    onReceiverError: ({ receiverInfo }) => { errors.push(receiverInfo.lastErrorMessage!) },
    onBatchCompleted: ({ batchInfo }) => { records.push(batchInfo.numRecords) },
  })
  ssc.socketTextStream('127.0.0.1', port).foreachRDD(async rdd => { lines.push(...(await rdd.collect())) })
  await ssc.start()
  return { clock, ctx, ssc, lines, records, errors }
}

/** Lets the network and batches go on until a condition holds. */
async function until(condition: () => boolean, step: () => unknown = () => {}): Promise<void> {
  for (const end = Date.now() + hangMs; !condition(); await turn()) {
    assert.ok(Date.now() < end, 'it never came')
    await step()
  }
}

for (const master of masters) {
  describe(master, () => {
    test('lines, whatever the chunks, with UTF-8 and carriage returns', async () => {
      const { port, connection } = await listen()
      const { clock, lines, records } = await start(port, { master })
      const socket = await connection()
      socket.setNoDelay(true)
      const bytes = Buffer.from('eins\r\nzw\u00f6i \u{1F600}\n\n日本\ninvalid \n')
      bytes[bytes.length - 2] = 0xff
      for (const byte of bytes) { socket.write(Buffer.from([byte])); if (byte % 7 === 0) await turn() }
      await until(() => lines.length === 5, () => clock.advance(1_000))
      assert.deepEqual(lines, ['eins', 'zwöi \u{1F600}', '', '日本', 'invalid\uFFFD'])
      assert.equal(records.reduce((a, b) => a + b, 0), 5)
    })

    test('many lines come once, and in order', async () => {
      const { port, connection } = await listen()
      const { clock, lines } = await start(port, { master, conf: { 'receiver.blockBytes': '64k' } })
      const socket = await connection()
      const sent = Array.from({ length: 50_000 }, (_, i) => `line ${i} ${'x'.repeat(i % 50)}`)
      socket.write(`${sent.join('\n')}\n`)
      await until(() => lines.length >= sent.length, () => clock.advance(1_000))
      assert.deepEqual(lines, sent)
    })
  })
}

test('a last line without an end counts when the server closes; then it connects again after 2 s', async () => {
  const { port, connection } = await listen()
  const { clock, lines, errors } = await start(port)
  ;(await connection()).end('one\ntwo')
  await until(() => errors.length === 1)
  await clock.advance(1_000)
  assert.deepEqual(lines, ['one', 'two'])
  assert.match(errors[0]!, new RegExp(`127\\.0\\.0\\.1:${port}: the server closed the connection`))
  await clock.advance(1_000)
  ;(await connection()).write('three\n')
  await until(() => lines.length === 3, () => clock.advance(1_000))
  assert.deepEqual(lines, ['one', 'two', 'three'])
})

test('a refused connection is an error event, and tried again', async () => {
  const { server, port } = await listen()
  await new Promise(resolve => { server.close(resolve) })
  const { clock, lines, errors } = await start(port)
  await until(() => errors.length === 1)
  assert.match(errors[0]!, /ECONNREFUSED/)
  await clock.advance(2_000)
  await until(() => errors.length === 2)
  const { connection } = await listen(port)
  await clock.advance(2_000)
  ;(await connection()).write('at last\n')
  await until(() => lines.length === 1, () => clock.advance(1_000))
  assert.deepEqual(lines, ['at last'])
})

test('the delay is a setting', async () => {
  const { port, connection } = await listen()
  const { clock, errors } = await start(port, { conf: { 'spark.streaming.receiverRestartDelay': '10 ms' } })
  ;(await connection()).end()
  await until(() => errors.length === 1)
  await clock.advance(10)
  await connection()
})

test('a line longer than 16 MiB is left out and reported; one of 16 MiB and the lines around are kept', { timeout: hangMs }, async () => {
  const { port, connection } = await listen()
  const { clock, lines, errors } = await start(port)
  const socket = await connection()
  const most = 'm'.repeat(16 << 20)
  socket.write('before\n')
  socket.write(`${most}x\n`)
  socket.write('between\n')
  socket.write(`${most}\nafter\n`)
  await until(() => lines.at(-1) === 'after', () => clock.advance(1_000))
  assert.deepEqual(lines.map(line => line.length), [6, 7, 16 << 20, 5])
  assert.match(errors[0]!, /longer than 16777216 bytes/)
  assert.equal(errors.length, 1)
})

test('while too much waits, the sender is held back; nothing is lost', async () => {
  const { port, connection } = await listen()
  const limit = 1 << 20
  const { clock, ctx, lines } = await start(port, { conf: { 'receiver.maxWaitingBytes': limit, 'receiver.blockBytes': '64k' } })
  const socket = await connection()
  const line = `${'y'.repeat(1_023)}\n`
  const count = 24 << 10 // 24 MiB: more than the socket buffers of both sides hold
  let sent = false
  socket.write(line.repeat(count), () => { sent = true })
  const memory = (): { slabBytes: number } => (ctx.runner as unknown as { memory: { slabBytes: number } }).memory
  for (let i = 0; i < 2_000; i++) await turn()
  assert.equal(sent, false, 'the server could write everything')
  assert.ok(memory().slabBytes <= 16 << 20, `${memory().slabBytes} bytes of blocks`)
  await until(() => lines.length === count, () => clock.advance(1_000))
  assert.ok(sent)
})

test('stop closes the connection; a graceful one keeps what had come', async () => {
  const { port, connection } = await listen()
  const { ssc, lines } = await start(port)
  const socket = await connection()
  socket.write('kept\n')
  const pending = (): boolean => ssc.graph.inputs[0]!.hasPending
  await until(pending)
  await Promise.all([once(socket, 'close'), ssc.stop({ graceful: true })])
  assert.deepEqual(lines, ['kept'])
})
