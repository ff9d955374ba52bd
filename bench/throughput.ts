// grep and word count through a D-Stream, beside the hand-written loop on the same cores, in turns within one run.
//
// Batches of 100 000 lines of 100 bytes; the ratio of each round is taken of two runs that follow each other, and the median is told.

import { Context, InputDStream, StreamingContext } from '../src/index.ts'
import type { Time } from '../src/index.ts'
import { source } from '../src/rdd/nodes.ts'
import { RDD } from '../src/rdd/rdd.ts'
import type { StoredBlock } from '../src/rdd/job-runner.ts'
import { ManualClock } from '../src/testing/index.ts'
import { cuts, textOf } from './data.ts'
import { handWritten } from './hand-written.ts'
import type { Workload } from './hand-written.ts'

export interface ThroughputOptions {
  readonly workload: Workload
  readonly cores: number
  /** Lines in memory; each round goes over them once. */
  readonly lines?: number
  readonly rounds?: number
}

export interface ThroughputResult {
  readonly workload: Workload
  readonly cores: number
  readonly lines: number
  /** Lines a second, medians. */
  readonly rivulet: number
  readonly handWritten: number
  /** Time of Rivulet over that of the hand-written loop, median of the rounds, with the least and the greatest. */
  readonly ratio: number
  readonly ratios: readonly [number, number]
}

const linesPerBatch = 100_000
const warmUpRounds = 2

/** Text blocks that are there already, a batch at a time. */
class Blocks extends InputDStream<string> {
  readonly #ctx: Context
  readonly #batches: readonly (readonly StoredBlock[])[]
  #next = 0

  constructor(ssc: StreamingContext, ctx: Context, batches: readonly (readonly StoredBlock[])[]) {
    super(ssc)
    this.#ctx = ctx
    this.#batches = batches
  }

  override compute(_time: Time): RDD<string> {
    const blocks = this.#batches[this.#next++ % this.#batches.length]!
    return new RDD(this.#ctx, source('blocks', { place: '' }, blocks.map(({ ref }) => ({ kind: 'lines', blocks: [ref] }))))
  }
}

export async function throughput({ workload, cores, lines = 500_000, rounds = 12 }: ThroughputOptions): Promise<ThroughputResult> {
  const text = textOf(lines)
  const batchBytes = linesPerBatch * 100
  const batches = cuts(text, batchBytes).map(([from, to]) => cuts(text.subarray(from, to), Math.ceil(batchBytes / cores)).map(([a, b]) => [from + a, from + b] as const))
  const hand = handWritten(workload, text, cores)
  const ctx = new Context({ master: `local[${cores}]` })
  const clock = new ManualClock()
  const ssc = new StreamingContext(ctx, '1 s', { clock })
  let figure = 0
  const input = new Blocks(ssc, ctx, batches.map(ranges => ranges.map(([from, to]) => ctx.runner.storeText(text.subarray(from, to)))))
  const counted = workload === 'grep'
    ? input.filter(line => line.includes('needle'))
    : input.flatMap(line => line.split(' ')).map(word => [word, 1]).reduceByKey((a, b) => a + b, cores)
  counted.foreachRDD(async rdd => { figure += await rdd.count() })
  await ssc.start()

  const times: { readonly ours: number; readonly theirs: number }[] = []
  for (let round = 0; round < rounds + warmUpRounds; round++) {
    const ours = async (): Promise<[number, number]> => {
      figure = 0
      const start = performance.now()
      for (let batch = 0; batch < batches.length; batch++) await clock.advance(1000)
      return [performance.now() - start, figure]
    }
    const theirs = async (): Promise<[number, number]> => {
      const start = performance.now()
      let sum = 0
      for (const ranges of batches) sum += await hand.batch(ranges)
      return [performance.now() - start, sum]
    }
    const first = round % 2 === 0 ? await ours() : await theirs()
    const second = round % 2 === 0 ? await theirs() : await ours()
    const [[oursMs, oursFigure], [theirsMs, theirsFigure]] = round % 2 === 0 ? [first, second] : [second, first]
    if (oursFigure !== theirsFigure) throw new Error(`the results differ: ${oursFigure} and ${theirsFigure} by hand`)
    if (round >= warmUpRounds) times.push({ ours: oursMs, theirs: theirsMs })
  }
  await ssc.stop()
  await hand.close()
  const ratios = times.map(time => time.ours / time.theirs).sort((a, b) => a - b)
  return {
    workload, cores, lines: lines * rounds,
    rivulet: rate(lines, times.map(time => time.ours)), handWritten: rate(lines, times.map(time => time.theirs)),
    ratio: median(ratios), ratios: [ratios[0]!, ratios.at(-1)!],
  }
}

export const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!
const rate = (lines: number, ms: readonly number[]): number => Math.round((lines / median(ms)) * 1_000)
