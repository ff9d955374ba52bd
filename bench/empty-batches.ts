// What a batch costs when there is nothing in it: from the tick of the clock to completed, word count with its two stages.

import { Context, StreamingContext } from '../src/index.ts'
import { ManualClock } from '../src/testing/index.ts'
import { median } from './beside.ts'

const warmUp = 500
const batches = 5_000

export async function emptyBatches(cores: number): Promise<{ readonly cores: number; readonly medianMs: number; readonly p99Ms: number }> {
  const ctx = new Context({ master: `local[${cores}]` })
  const clock = new ManualClock()
  const ssc = new StreamingContext(ctx, '10 ms', { clock })
  // one empty partition a core, so that both stages have a task on each
  const empty = ctx.parallelize<string>([], cores)
  ssc.queueStream<string>([], { defaultRDD: empty }).flatMap(line => line.split(' ')).map(word => [word, 1]).reduceByKey((a, b) => a + b, cores)
    .foreachRDD(async rdd => { await rdd.collect() })
  await ssc.start()
  const times: number[] = []
  for (let batch = 0; batch < warmUp + batches; batch++) {
    const start = performance.now()
    await clock.advance(10)
    if (batch >= warmUp) times.push(performance.now() - start)
  }
  await ssc.stop()
  return { cores, medianMs: median(times), p99Ms: times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)]! }
}
