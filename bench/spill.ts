// More than fits in memory: a word count of distinct keys, and a sort of records of 100 bytes, under a limit; time, and memory at its peak.
//
//   words   every key comes twice, far apart; all go to one reducer, or to as many as are asked for
//   sort    keys in no order; the order of what comes out is checked

import { Context } from '../src/index.ts'
import type { RDD } from '../src/index.ts'

export interface SpillOptions {
  readonly work: 'words' | 'sort'
  readonly cores: number
  /** Distinct keys, or records. */
  readonly count: number
  /** Partitions of the result; as many as Spark would have where there is none. */
  readonly partitions: number | undefined
  /** What the process may take, as text. */
  readonly memory: string
}

export interface SpillResult extends SpillOptions {
  readonly seconds: number
  readonly cpuSeconds: number
  readonly peakMb: number
}

/** Numbers of a map task; its records are made in it. */
const perTask = 200_000

export async function spill(options: SpillOptions): Promise<SpillResult> {
  const { work, cores, count, partitions, memory } = options
  const ctx = new Context({ master: cores === 0 ? 'inline' : `local[${cores}]`, conf: { 'spark.driver.memory': memory } })
  const start = performance.now()
  const found = work === 'words' ? await words(ctx, count, partitions ?? 1) : await sorted(ctx, count, partitions)
  const seconds = (performance.now() - start) / 1_000
  await ctx.stop()
  if (found !== count) throw new Error(`${found} came out, ${count} were expected`)
  const { user, system } = process.cpuUsage()
  return { ...options, seconds, cpuSeconds: (user + system) / 1e6, peakMb: Math.round(process.resourceUsage().maxRSS / 1_024) }
}

const inTasks = (ctx: Context, count: number): RDD<number> => ctx.range(0, count, 1, Math.ceil(count / perTask))

function words(ctx: Context, count: number, partitions: number): Promise<number> {
  const once = inTasks(ctx, count).map(i => [`word${i}`, 1] as [string, number])
  return once.union(once).reduceByKey((a, b) => a + b, partitions).filter(([, n]) => n === 2).count()
}

async function sorted(ctx: Context, count: number, partitions: number | undefined): Promise<number> {
  const filler = 'x'.repeat(86)
  const records = inTasks(ctx, count).map(i => `${String(Math.imul(i, 0x9e3779b1) >>> 0).padStart(10, '0')} ${filler}`)
  const parts = await records.sortBy(line => line, true, partitions).mapPartitions(function* (rows): Generator<[number, string, string]> {
    let [n, first, last] = [0, '', '']
    for (const row of rows) {
      if (n++ === 0) first = row
      else if (row < last) throw new Error(`${row} comes after ${last}`)
      last = row
    }
    yield [n, first, last]
  }).collect()
  const full = parts.filter(([n]) => n > 0)
  full.forEach(([, first], i) => { if (i > 0 && first < full[i - 1]![2]) throw new Error('partitions overlap') })
  return full.reduce((sum, [n]) => sum + n, 0)
}
