// The program of the memory test: many batches of one block each through two stages, with readings after a forced collection.
// `node --expose-gc memory.fixture.ts BLOCK_BYTES BATCHES READ_AT…` prints one JSON line a reading.

import { Context, StreamingContext } from 'rivulet'
import { ManualClock } from 'rivulet/testing'
import { RDD } from '../../src/rdd/rdd.ts'
import { source } from '../../src/rdd/nodes.ts'
import { InputDStream } from '../../src/index.ts'

const [blockBytes, ...readAt] = process.argv.slice(2).map(Number) as [number, ...number[]]
const line = `${'some words of a line '.repeat(4).padEnd(99, 'x')}\n`
const text = Buffer.from(line.repeat(Math.floor(blockBytes / line.length)))

const ctx = new Context({ master: 'local[2]' })

/** A block of text a batch, stored anew and given up with it. */
class Text extends InputDStream<string> {
  override compute(): RDD<string> {
    const block = ctx.runner.storeText(text)
    const plan = source('text', { place: '' }, [{ kind: 'lines', blocks: [block.ref] }])
    plan.scope!.onRelease(() => block.release())
    return new RDD<string>(ctx, plan)
  }
}

const clock = new ManualClock()
const ssc = new StreamingContext(ctx, '10 ms', { clock })
const words = new Text(ssc).transform((rdd, time) => rdd.map(each => [each.length + (time.milliseconds % 7), 1])).reduceByKey((a, b) => a + b, 2)
words.window('100 ms', '10 ms').foreachRDD(async rdd => { await rdd.count() })
await ssc.start()
/** What --expose-gc gives; the last resort also shrinks the young generation, whose size is V8's business and not ours. */
interface Collector { gc(options: { type: 'major'; flavor: 'last-resort' }): void }
const collectHere = (): void => (globalThis as unknown as Collector).gc({ type: 'major', flavor: 'last-resort' })
/** Collects in this thread and in both workers: each task waits until the other runs too. */
async function collect(): Promise<void> {
  const meeting = Date.now() + 20
  await ctx.range(0, 2, 1, 2).foreach(() => {
    (globalThis as unknown as Collector).gc({ type: 'major', flavor: 'last-resort' })
    while (Date.now() < meeting);
  })
  collectHere()
}
for (let batch = 1; batch <= Math.max(...readAt); batch++) {
  await clock.advance(10)
  if (!readAt.includes(batch)) continue
  for (let i = 0; i < 3; i++) {
    await collect()
  }
  const { heapUsed, arrayBuffers, rss, external } = process.memoryUsage()
  const engine = ctx.runner as unknown as { memory: { slabBytes: number; liveBlocks: number; stages: number } }
  console.log(JSON.stringify({ batch, heapUsed, arrayBuffers, external, rss, ...engine.memory }))
}
await ssc.stop()
