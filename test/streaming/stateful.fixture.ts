// The program of the long memory test of streams that remember: very many small batches, with readings after a forced collection.
// `node --expose-gc stateful.fixture.ts state|window READ_AT…` prints one JSON line a reading.

import { Context, StreamingContext, type DStream, type State } from 'rivulet'
import { ManualClock } from 'rivulet/testing'

const [kind, ...rest] = process.argv.slice(2) as [string, ...string[]]
const readAt = rest.map(Number)
const ctx = new Context({ master: 'inline' })
const clock = new ManualClock()
const ssc = new StreamingContext(ctx, '10 ms', { clock })
ssc.checkpoint('memory:')
const queue: [string, number][][] = []
let batches = 0
ssc.addStreamingListener({ onBatchCompleted: () => { batches++ } })

/** Keys come and go: some are removed at their third record, the others time out. */
const states = (pairs: DStream<[string, number]>): DStream<unknown> => pairs.mapWithState((key, n, state: State<number>) => {
  if (state.isTimingOut()) return `${key} timed out`
  const seen = (state.getOption() ?? 0) + n!
  if (seen === 3) state.remove()
  else state.update(seen)
  return undefined
}, { timeout: '200 ms', numPartitions: 1 })
/** Keys go when their last value has left. */
const window = (pairs: DStream<[string, number]>): DStream<unknown> =>
  pairs.reduceByKeyAndWindow((a, b) => a + b, (a, b) => a - b, '200 ms', '10 ms', { filter: ([, n]) => n > 0, numPartitions: 1 })
let timedOut = 0
const stream = (kind === 'state' ? states : window)(ssc.queueStream(queue))
stream.foreachRDD(async (rdd, time) => { if (kind === 'state' && time.milliseconds % 1_000 === 0) timedOut += await rdd.count() })
await ssc.start()

const { graph } = ssc as unknown as { readonly graph: { readonly keys: number } }
const { runner } = ctx as unknown as { readonly runner: { readonly memory: { slabBytes: number; liveBlocks: number; stages: number } } }
/** The state's log is written again bit by bit: the most blocks of the last batches count. */
const lately: number[] = []
for (let batch = 1; batch <= Math.max(...readAt); batch++) {
  queue.push([[`often ${batch % 7}`, 1], [`once ${batch}`, 1]])
  await clock.advance(10)
  lately[batch % 1_000] = runner.memory.liveBlocks
  if (!readAt.includes(batch)) continue
  for (let i = 0; i < 3; i++) (globalThis as unknown as { gc(options: { type: 'major'; flavor: 'last-resort' }): void }).gc({ type: 'major', flavor: 'last-resort' })
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  const { slabBytes, stages } = runner.memory
  console.log(JSON.stringify({ batch, batches, timedOut, keys: graph.keys, heapUsed, arrayBuffers, slabBytes, stages, blocks: Math.max(...lately) }))
}
await ssc.stop({ stopContext: false })
console.log(JSON.stringify({ liveBlocks: runner.memory.liveBlocks }))
await ctx.stop()
