// RDD jobs beside one thread of plain JavaScript that does the whole job too: reads the same file, or makes the same pairs, and gives the same figure.
//
// - grep and wordcount go over a text file of 100-byte lines; sort, join and aggregate over pairs of numbers that both sides make as they go.
// - Rounds alternate; the ratio of each is taken of two runs that follow each other, and the median is told. The first round is not counted.

import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Context } from '../src/index.ts'
import { textOf } from './data.ts'
import { median } from './beside.ts'

export const batchWorkloads = ['grep', 'wordcount', 'sort', 'join', 'aggregate'] as const
export type BatchWorkload = (typeof batchWorkloads)[number]

export interface BatchOptions {
  readonly workload: BatchWorkload
  readonly cores: number
  /** Megabytes of text. */
  readonly megabytes: number
  /** Pairs; a join has half as many on each side. */
  readonly records: number
  readonly rounds: number
}

export interface BatchResult extends BatchOptions {
  /** Seconds, medians. */
  readonly rivulet: number
  readonly handWritten: number
  /** Time of Rivulet over that of the one thread, median of the rounds, with the least and the greatest. */
  readonly ratio: number
  readonly ratios: readonly [number, number]
  /** The same of the processor time of the whole process, all threads together. */
  readonly cpuRatio: number
}

interface Job {
  readonly ours: (ctx: Context, input: Input) => Promise<number>
  readonly byHand: (input: Input) => number
}

interface Input { readonly path: string; readonly records: number; readonly slices: number }

/** A key of 32 bits for a number, by the finalizer of murmur3: all different, in no order. */
function scattered(n: number): number {
  let h = n
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

const jobs: Readonly<Record<BatchWorkload, Job>> = {
  grep: {
    ours: (ctx, { path }) => ctx.textFile(path).filter(line => line.includes('needle')).count(),
    byHand({ path }) {
      let hits = 0
      forLines(path, line => { if (line.includes('needle')) hits++ })
      return hits
    },
  },
  wordcount: {
    ours: (ctx, { path }) => ctx.textFile(path).flatMap(line => line.split(' ')).map(word => [word, 1]).reduceByKey((a, b) => a + b).map(([, n]) => n).sum(),
    byHand({ path }) {
      const counts = new Map<string, number>()
      forLines(path, line => { for (const word of line.split(' ')) counts.set(word, (counts.get(word) ?? 0) + 1) })
      let sum = 0
      for (const n of counts.values()) sum += n
      return sum
    },
  },
  sort: {
    ours: async (ctx, { records, slices }) => ctx.range(0, records, 1, slices).map(n => [scattered(n), n]).sortByKey().mapPartitions(pairs => {
      let [last, sum] = [-1, 0]
      for (const [key, value] of pairs) {
        if (key < last) throw new Error('not sorted')
        last = key
        sum += value % 1_000
      }
      return [sum]
    }).sum(),
    byHand({ records }) {
      const pairs: [number, number][] = []
      for (let n = 0; n < records; n++) pairs.push([scattered(n), n])
      pairs.sort((a, b) => a[0] - b[0])
      let [last, sum] = [-1, 0]
      for (const [key, value] of pairs) {
        if (key < last) throw new Error('not sorted')
        last = key
        sum += value % 1_000
      }
      return sum
    },
  },
  join: {
    ours: (ctx, { records, slices }) => {
      const half = records >> 1
      const left = ctx.range(0, half, 1, slices).map(n => [scattered(n), n])
      const right = ctx.range(0, half, 1, slices).map(n => [scattered(n + (half >> 2)), n])
      return left.join(right).map(([, [a, b]]) => (a + b) % 1_000).sum()
    },
    byHand({ records }) {
      const half = records >> 1
      const left = new Map<number, number[]>()
      for (let n = 0; n < half; n++) {
        const key = scattered(n)
        const values = left.get(key)
        if (values === undefined) left.set(key, [n])
        else values.push(n)
      }
      let sum = 0
      for (let n = 0; n < half; n++) for (const a of left.get(scattered(n + (half >> 2))) ?? []) sum += (a + n) % 1_000
      return sum
    },
  },
  aggregate: {
    ours: (ctx, { records, slices }) => ctx.range(0, records, 1, slices).map(n => [scattered(n) % 1_000_000, n % 10]).reduceByKey((a, b) => a + b).map(([key, sum]) => (key % 7) * sum).sum(),
    byHand({ records }) {
      const sums = new Map<number, number>()
      for (let n = 0; n < records; n++) {
        const key = scattered(n) % 1_000_000
        sums.set(key, (sums.get(key) ?? 0) + n % 10)
      }
      let total = 0
      for (const [key, sum] of sums) total += (key % 7) * sum
      return total
    },
  },
}

/** Every line of a file, read a megabyte at a time. */
function forLines(path: string, visit: (line: string) => void): void {
  const file = openSync(path, 'r')
  const decoder = new TextDecoder()
  const buffer = Buffer.alloc(1 << 20)
  let rest = ''
  for (let bytes = readSync(file, buffer); bytes > 0; bytes = readSync(file, buffer)) {
    const lines = (rest + decoder.decode(buffer.subarray(0, bytes), { stream: true })).split('\n')
    rest = lines.pop()!
    for (const line of lines) visit(line)
  }
  if (rest !== '') visit(rest)
  closeSync(file)
}

export async function batch(options: BatchOptions): Promise<BatchResult> {
  const { workload, cores, megabytes, records, rounds } = options
  const folder = mkdtempSync(join(tmpdir(), 'rivulet-bench-'))
  try {
    const path = join(folder, 'text')
    if (workload === 'grep' || workload === 'wordcount') writeText(path, megabytes)
    await using ctx = new Context({ master: cores === 0 ? 'inline' : `local[${cores}]` }) // inline, for a profile
    const { ours, byHand } = jobs[workload]
    const input = { path, records, slices: 8 * Math.max(1, cores) }
    const times: { readonly ours: number; readonly theirs: number; readonly cpu: number }[] = []
    for (let round = 0; round <= rounds; round++) {
      const runs = [async () => ours(ctx, input), async () => byHand(input)]
      const [ms, cpu, figures] = [[0, 0], [0, 0], [0, 0]]
      for (const which of round % 2 === 0 ? [0, 1] : [1, 0]) {
        const [start, usage] = [performance.now(), process.cpuUsage()]
        figures[which] = await runs[which]!()
        ms[which] = performance.now() - start
        const { user, system } = process.cpuUsage(usage)
        cpu[which] = user + system
      }
      if (figures[0] !== figures[1]) throw new Error(`the results differ: ${figures[0]} and ${figures[1]} by hand`)
      if (round > 0) times.push({ ours: ms[0]!, theirs: ms[1]!, cpu: cpu[0]! / cpu[1]! })
    }
    const ratios = times.map(time => time.ours / time.theirs).sort((a, b) => a - b)
    return {
      ...options, rivulet: median(times.map(time => time.ours)) / 1_000, handWritten: median(times.map(time => time.theirs)) / 1_000,
      ratio: median(ratios), cpuRatio: median(times.map(time => time.cpu)), ratios: [ratios[0]!, ratios.at(-1)!],
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Ten megabytes of different lines, again and again. */
function writeText(path: string, megabytes: number): void {
  const text = textOf(100_000)
  const file = openSync(path, 'w')
  for (let written = 0; written < megabytes; written += 10) writeSync(file, text, 0, Math.min(10, megabytes - written) * 1_000_000)
  closeSync(file)
}
