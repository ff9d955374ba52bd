// socketTextStream against real servers, under a manual clock: whatever way the bytes come, the lines are the same.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { Context } from 'rivulet'
import { hangMs } from '../../src/base/hang.fixture.ts'
import { onMasters } from './masters.ts'
import { open, until } from './streams.ts'

/** A server on a port of its own; gives connections in the order in which they came. */
async function serve(port = 0) {
  const sockets: Socket[] = []
  const server: Server = createServer({ noDelay: true }, socket => { socket.on('error', () => {}); sockets.push(socket) })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const connection = async (n: number): Promise<Socket> => {
    await until(() => sockets.length > n, `connection ${n}`)
    return sockets[n]!
  }
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy()
    if (server.listening) await new Promise(resolve => { server.close(resolve) })
  }
  return { port: (server.address() as { port: number }).port, sockets, connection, [Symbol.asyncDispose]: close }
}

async function lines(ctx: Context, port: number) {
  const s = open(ctx)
  const got: string[] = []
  const errors: string[] = []
  let records = 0
  s.ssc.addStreamingListener({
    onReceiverError: ({ receiverInfo }) => { errors.push(receiverInfo.lastErrorMessage!) },
    onBatchCompleted: ({ batchInfo }) => { records += batchInfo.numRecords },
  })
  s.ssc.socketTextStream('127.0.0.1', port).foreachRDD(async rdd => { got.push(...(await rdd.collect())) })
  await s.ssc.start()
  const receive = (n: number): Promise<void> => until(() => got.length >= n, `${n} lines`, () => s.clock.advance(1_000))
  return { ...s, got, errors, receive, records: () => records }
}

/** Writes chunk by chunk, each in a packet of its own. */
async function write(socket: Socket, chunks: readonly (string | Uint8Array)[]): Promise<void> {
  for (const chunk of chunks) {
    await new Promise(resolve => { socket.write(chunk, resolve) })
    await turn()
  }
}

const text = 'to be\r\nör nicht\n\n日本語 😀\r\n\r\na\rb\n\uFEFFmark\r\r\n tail \nend\n'
const expected = ['to be', 'ör nicht', '', '日本語 😀', '', 'a\rb', '\uFEFFmark\r', ' tail ', 'end']

onMasters(context => {
  test('chunk borders anywhere, also inside characters and line ends', async () => {
    const bytes = Buffer.from(text)
    await using server = await serve()
    await using s = await lines(context(), server.port)
    const socket = await server.connection(0)
    for (const size of [1, 3, bytes.length]) {
      s.got.length = 0
      await write(socket, Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size)))
      await s.receive(expected.length)
      assert.deepEqual(s.got, expected, `chunks of ${size}`)
    }
    assert.deepEqual(s.errors, [])
    assert.equal(s.records(), 3 * expected.length)
  })

  test('bytes that are no UTF-8', async () => {
    await using server = await serve()
    await using s = await lines(context(), server.port)
    await write(await server.connection(0), [Uint8Array.of(0x61, 0xff, 0x62, 10, 0xe6, 0x97, 10, 0xc3), Uint8Array.of(10, 0xed, 0xa0, 0x80, 13, 10), 'ok\n'])
    await s.receive(5)
    assert.deepEqual(s.got, ['a\uFFFDb', '\uFFFD', '\uFFFD', '\uFFFD\uFFFD\uFFFD', 'ok'])
  })

  test('a last line without an end counts when the server closes; 2 s of the stream clock later it is connected again', async () => {
    await using server = await serve()
    await using s = await lines(context(), server.port)
    ;(await server.connection(0)).end('one\ntwo')
    await until(() => s.errors.length === 1, 'the error')
    await s.clock.advance(1_000)
    assert.deepEqual(s.got, ['one', 'two'])
    await s.clock.advance(999)
    for (let i = 0; i < 20; i++) await turn()
    assert.equal(server.sockets.length, 1)
    await s.clock.advance(1)
    ;(await server.connection(1)).end('three\n')
    await s.receive(3)
    assert.deepEqual(s.got, ['one', 'two', 'three'])
    await until(() => s.errors.length === 2, 'the second error')
    await s.clock.advance(2_000)
    await write(await server.connection(2), ['four\n'])
    await s.receive(4)
    assert.equal(s.got[3], 'four')
  })

  test('a refused connection is told, and tried again', async () => {
    const { port } = await (async () => { await using server = await serve(); return server })()
    await using s = await lines(context(), port)
    await until(() => s.errors.length === 1, 'the first error')
    await s.clock.advance(2_000)
    await until(() => s.errors.length === 2, 'the second')
    assert.match(s.errors[1]!, new RegExp(`127\\.0\\.0\\.1:${port}.*ECONNREFUSED`))
    await using server = await serve(port)
    await s.clock.advance(2_000)
    await write(await server.connection(0), ['here\n'])
    await s.receive(1)
    assert.deepEqual(s.got, ['here'])
  })

  test('a connection that is reset', async () => {
    await using server = await serve()
    await using s = await lines(context(), server.port)
    await write(await server.connection(0), ['one\n'])
    await s.receive(1)
    server.sockets[0]!.resetAndDestroy()
    await until(() => s.errors.length === 1, 'the error')
    await s.clock.advance(2_000)
    await write(await server.connection(1), ['two\n'])
    await s.receive(2)
    assert.deepEqual(s.got, ['one', 'two'])
  })

  test('stop closes the connection; what had come is put out by a graceful one', async () => {
    for (const graceful of [false, true]) {
      await using server = await serve()
      await using s = await lines(context(), server.port)
      const socket = await server.connection(0)
      await write(socket, ['one\n'])
      await s.receive(1)
      const ack = once(socket, 'close')
      await write(socket, ['two\n', 'three\n'])
      for (let i = 0; i < 20; i++) await turn()
      await s.stop(graceful)
      await ack
      assert.deepEqual(s.got, graceful ? ['one', 'two', 'three'] : ['one'])
    }
  })

  test('a line of 16 MiB, and one that is longer', { timeout: hangMs }, async () => {
    const limit = 16 * 1024 * 1024
    await using server = await serve()
    await using s = await lines(context(), server.port)
    const socket = await server.connection(0)
    socket.write('before\n')
    socket.write(Buffer.alloc(limit, 'a'))
    socket.write('\nbetween\n')
    socket.write(Buffer.alloc(limit + 1, 'b'))
    socket.write('\r\nafter\n')
    await s.receive(4)
    assert.deepEqual(s.got.map(line => (line.length > 10 ? `${line.length} ${line[0]}${line.at(-1)}` : line)), ['before', `${limit} aa`, 'between', 'after'])
    assert.equal(s.errors.length, 1)
    assert.match(s.errors[0]!, /16777216|16 MiB/)
  })
})
