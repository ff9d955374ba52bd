// A socket that another process floods, and a job that is too slow for it: what waits is bounded, nothing is lost, the sender is held back, and with
// backpressure the batches have what can be processed. The clock is simulated, the socket is real; everything is counted, nothing timed.

import assert from 'node:assert/strict'
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { hangMs } from '../../base/hang.fixture.ts'
import { Context } from '../../context/context.ts'
import { StreamingContext } from '../streaming-context.ts'
import { SimulatedClock } from './simulated-clock.fixture.ts'

const kib = 1024
const maxWaitingBytes = 1024 * kib
const blockBytes = 128 * kib
const lineBytes = 100
const linesPerSecond = 500

interface Flood { readonly sent: number; readonly held: boolean }

async function ask(sender: ChildProcess): Promise<Flood> {
  const answer = once(sender, 'message')
  sender.send('?')
  return (await answer)[0] as Flood
}

/** Waits until the sender can write no more: it says so again and again, while this process reads whatever it wants to. */
async function saturated(sender: ChildProcess): Promise<void> {
  for (let [same, before] = [0, -1]; same < 10;) {
    const { sent, held } = await ask(sender)
    same = held && sent === before ? same + 1 : 0
    before = sent
  }
}

interface Batch { readonly timeMs: number; readonly records: number; /** Batches that were due when it had completed, and their bytes. */ readonly due: number; readonly bytes: number }

/** Lets a job that takes 2 ms of the stream's clock a line run for so many seconds of it; checks that all lines come, in order. */
async function flood(seconds: number, conf: Record<string, unknown>): Promise<{ batches: Batch[]; blockMemory: number; lines: number; sent: number }> {
  const sender = fork(fileURLToPath(new URL('./flood.fixture.ts', import.meta.url)), { execArgv: [] })
  const [port] = await once(sender, 'message') as [number]
  const clock = new SimulatedClock(() => saturated(sender))
  const ctx = new Context({ master: 'inline', conf: { 'receiver.maxWaitingBytes': maxWaitingBytes, 'receiver.blockBytes': blockBytes, ...conf } })
  const ssc = new StreamingContext(ctx, '1 s', { clock })
  const batches: Batch[] = []
  let [due, bytes, lines, blockMemory] = [0, 0, 0, 0]
  ssc.addStreamingListener({
    onBatchSubmitted: ({ batchInfo: { numRecords } }) => { clock.pending++; due++; bytes += numRecords * lineBytes },
    onBatchCompleted: ({ batchInfo: { batchTime, numRecords } }) => {
      batches.push({ timeMs: batchTime, records: numRecords, due, bytes })
      clock.pending--
      due--
      bytes -= numRecords * lineBytes
    },
  })
  ssc.socketTextStream('127.0.0.1', port).foreachRDD(async rdd => {
    const got = await rdd.map(Number).collect()
    assert.deepEqual([got.at(0) ?? lines, got.at(-1) ?? lines - 1], [lines, lines + got.length - 1])
    assert.ok(got.every((n, i) => n === lines + i))
    lines += got.length
    const [most, free] = ctx.getExecutorMemoryStatus().get('driver')!
    blockMemory = Math.max(blockMemory, most - free)
    await clock.sleep(got.length * 1_000 / linesPerSecond)
  })
  try {
    await ssc.start()
    await clock.runTo(seconds * 1_000)
    return { batches, blockMemory, lines, sent: (await ask(sender)).sent }
  } finally {
    sender.disconnect()
    await ssc.stop()
  }
}

const most = (numbers: readonly number[]): number => Math.max(...numbers)
/** Blocks lie in slabs of 4 MiB: one for what is received, and some for results. */
const slabs = 16 * 1024 * kib

test('without backpressure: received bytes stay under receiver.maxWaitingBytes, the sender waits, the job is never idle for long', { timeout: hangMs }, async () => {
  const { batches, blockMemory, lines, sent } = await flood(120, {})
  assert.ok(most(batches.map(batch => batch.bytes)) <= maxWaitingBytes + 2 * blockBytes, JSON.stringify(batches))
  assert.ok(blockMemory <= slabs, `${blockMemory} bytes of blocks`)
  assert.ok(sent > lines, 'more is sent than was processed')
  assert.ok(lines >= 0.8 * linesPerSecond * batches.at(-1)!.timeMs / 1_000, `${lines} lines by ${batches.at(-1)!.timeMs} ms`)
})

test('with backpressure: the rate settles at what is processed, batches do not queue up, hardly anything waits', { timeout: hangMs }, async () => {
  const { batches, blockMemory } = await flood(60, { 'spark.streaming.backpressure.enabled': true, 'spark.streaming.backpressure.initialRate': 2_000 })
  assert.equal(batches[0]!.records, 2_000)
  assert.ok(batches.length > 50, `${batches.length} batches`)
  for (const { records, due, bytes } of batches.slice(-10)) {
    assert.ok(records >= 0.8 * linesPerSecond && records <= 1.1 * linesPerSecond, JSON.stringify(batches))
    assert.ok(due <= 2 && bytes <= 2.2 * linesPerSecond * lineBytes, JSON.stringify(batches))
  }
  assert.ok(blockMemory <= slabs, `${blockMemory} bytes of blocks`)
})

test('with a highest rate: no batch has more', { timeout: hangMs }, async () => {
  const { batches } = await flood(10, { 'spark.streaming.receiver.maxRate': 400 })
  assert.deepEqual(batches.map(batch => batch.records), batches.map(() => 400))
  assert.ok(batches.length >= 9)
})
