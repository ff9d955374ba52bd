// grep and word count through a D-Stream, beside the hand-written loop on the same cores. Batches of 100 000 lines of 100 bytes.

import { Context, StreamingContext } from '../src/index.ts'
import { ManualClock } from '../src/testing/index.ts'
import { batchesOf, beside, Blocks, type Beside } from './beside.ts'
import { textOf } from './data.ts'
import { handWritten } from './hand-written.ts'

export interface ThroughputOptions {
  readonly workload: 'grep' | 'wordcount'
  readonly cores: number
  /** Lines in memory; each round goes over them once. */
  readonly lines?: number
  readonly rounds?: number
}

export interface ThroughputResult extends Beside {
  readonly workload: string
  readonly cores: number
  readonly lines: number
  /** Lines a second, medians. */
  readonly rivulet: number
  readonly handWritten: number
}

const linesPerBatch = 100_000

export async function throughput({ workload, cores, lines = 500_000, rounds = 12 }: ThroughputOptions): Promise<ThroughputResult> {
  const text = textOf(lines)
  const batches = batchesOf(text, linesPerBatch * 100, cores)
  const hand = handWritten(workload, text, cores)
  const ctx = new Context({ master: `local[${cores}]` })
  const clock = new ManualClock()
  const ssc = new StreamingContext(ctx, '1 s', { clock })
  let figure = 0
  const input = new Blocks(ssc, ctx, text, batches)
  const counted = workload === 'grep'
    ? input.filter(line => line.includes('needle'))
    : input.flatMap(line => line.split(' ')).map(word => [word, 1]).reduceByKey((a, b) => a + b, cores)
  counted.foreachRDD(async rdd => { figure += await rdd.count() })
  await ssc.start()
  const result = await beside(async () => {
    figure = 0
    for (let batch = 0; batch < batches.length; batch++) await clock.advance(1000)
    return figure
  }, async () => {
    let sum = 0
    for (const ranges of batches) sum += await hand.batch(ranges)
    return sum
  }, rounds)
  await ssc.stop()
  await hand.close()
  return { ...result, workload, cores, lines: lines * rounds, rivulet: Math.round(lines / result.oursMs * 1_000), handWritten: Math.round(lines / result.theirsMs * 1_000) }
}
