// What benchmarks of streams share: batches of text that are there already, and two programs that take turns within one run.
//
// The machine's speed changes while a benchmark runs: the ratio of each round is taken of two runs that follow each other, and the median is told.

import { InputDStream } from '../src/index.ts'
import type { Context, StreamingContext, Time } from '../src/index.ts'
import type { StoredBlock } from '../src/rdd/job-runner.ts'
import { source } from '../src/rdd/nodes.ts'
import { RDD } from '../src/rdd/rdd.ts'
import { cuts } from './data.ts'

/** Offsets of a block. */
export type Range = readonly [number, number]

/** A text as batches, each of one range a core. */
export function batchesOf(text: Buffer, batchBytes: number, cores: number): Range[][] {
  return cuts(text, batchBytes).map(([from, to]) => cuts(text.subarray(from, to), Math.ceil(batchBytes / cores)).map(([a, b]) => [from + a, from + b] as const))
}

/** Text blocks that are there already, a batch at a time; from the beginning again after the last. */
export class Blocks extends InputDStream<string> {
  readonly #ctx: Context
  readonly #batches: readonly (readonly StoredBlock[])[]
  #next = 0

  constructor(ssc: StreamingContext, ctx: Context, text: Buffer, batches: readonly (readonly Range[])[]) {
    super(ssc)
    this.#ctx = ctx
    this.#batches = batches.map(ranges => ranges.map(([from, to]) => ctx.runner.storeText(text.subarray(from, to))))
  }

  override compute(_time: Time): RDD<string> {
    const blocks = this.#batches[this.#next++ % this.#batches.length]!
    return new RDD(this.#ctx, source('blocks', { place: '' }, blocks.map(({ ref }) => ({ kind: 'lines', blocks: [ref] }))))
  }
}

/** Runs a round, and gives a figure that must be the same for both. */
export type Round = () => Promise<number>

export interface Beside {
  /** Medians of the rounds, in milliseconds. */
  readonly oursMs: number
  readonly theirsMs: number
  /** Time of ours over theirs, median of the rounds, with the least and the greatest; and of processor time. */
  readonly ratio: number
  readonly ratios: readonly [number, number]
  readonly cpuRatio: number
}

export async function beside(ours: Round, theirs: Round, rounds: number, warmUp = 2): Promise<Beside> {
  const times: { readonly ours: Timed; readonly theirs: Timed }[] = []
  for (let round = 0; round < rounds + warmUp; round++) {
    const inOrder = round % 2 === 0
    const first = await timed(inOrder ? ours : theirs)
    const second = await timed(inOrder ? theirs : ours)
    if (first.figure !== second.figure) throw new Error(`the results differ: ${first.figure} and ${second.figure}`)
    if (round >= warmUp) times.push(inOrder ? { ours: first, theirs: second } : { ours: second, theirs: first })
  }
  const ratios = times.map(time => time.ours.ms / time.theirs.ms).sort((a, b) => a - b)
  return {
    oursMs: median(times.map(time => time.ours.ms)), theirsMs: median(times.map(time => time.theirs.ms)),
    ratio: median(ratios), ratios: [ratios[0]!, ratios.at(-1)!], cpuRatio: median(times.map(time => time.ours.cpuMs / time.theirs.cpuMs)),
  }
}

interface Timed { readonly ms: number; readonly cpuMs: number; readonly figure: number }

async function timed(round: Round): Promise<Timed> {
  const start = performance.now()
  const cpu = process.cpuUsage()
  const figure = await round()
  const { user, system } = process.cpuUsage(cpu)
  return { ms: performance.now() - start, cpuMs: (user + system) / 1_000, figure }
}

export const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!
