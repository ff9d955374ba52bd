// The program of the long memory test: very many small batches of a receiver, of which every tenth loses a record, with readings after a forced
// collection. `node --expose-gc stateless.fixture.ts READ_AT…` prints one JSON line a reading.

import { Context, Receiver, StreamingContext } from 'rivulet'
import { ManualClock } from 'rivulet/testing'

class Feed extends Receiver<number> {
  onStart(): void {}
  onStop(): void {}
}

const readAt = process.argv.slice(2).map(Number)
const ctx = new Context({ master: 'inline', conf: { 'spark.streaming.receiver.maxRate': 100_000, 'spark.streaming.backpressure.enabled': true } })
const clock = new ManualClock()
const ssc = new StreamingContext(ctx, '10 ms', { clock })
const feed = new Feed()
let records = 0
let letters = 0
ssc.addStreamingListener({ onBatchCompleted: ({ batchInfo }) => { records += batchInfo.numRecords } })
ssc.receiverStream(feed).map(n => { if (n === -1) throw new Error('lost'); return n + 1 })
  .deadLetter(() => { letters++ }).filter(n => n % 2 === 0).foreachRDD(async rdd => { await rdd.count() })
await ssc.start()
for (let batch = 1; batch <= Math.max(...readAt); batch++) {
  feed.store(batch)
  if (batch % 10 === 0) feed.store(-1)
  await clock.advance(10)
  if (!readAt.includes(batch)) continue
  for (let i = 0; i < 3; i++) (globalThis as unknown as { gc(options: { type: 'major'; flavor: 'last-resort' }): void }).gc({ type: 'major', flavor: 'last-resort' })
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  const engine = ctx.runner as unknown as { memory: { slabBytes: number; liveBlocks: number; stages: number } }
  console.log(JSON.stringify({ batch, records, letters, heapUsed, arrayBuffers, ...engine.memory }))
}
await ssc.stop()
