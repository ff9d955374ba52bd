// Spark's log mining: text cached once, then lines that hold a word counted again and again, beside two hand-written threads that hold
// the same lines as arrays of strings.
//
// - Both read the same file once; only the questions are timed, in turns, a new word each time.
// - The ratio of each round is taken of two runs that follow each other, and the median is told.

import { mkdtempSync, openSync, readSync, closeSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { Context, StorageLevel } from '../src/index.ts'
import { cuts, textOf } from './data.ts'

export interface LogMiningOptions {
  readonly megabytes: number
  readonly cores: number
  readonly rounds: number
  /** Name of a storage level: MEMORY_ONLY, MEMORY_ONLY_SER … */
  readonly level: string
  /** More settings of the context. */
  readonly conf?: Readonly<Record<string, unknown>>
}

export interface LogMiningResult {
  readonly megabytes: number
  readonly lines: number
  /** Loading, with the first count, in milliseconds. */
  readonly loadMs: number
  /** A question, medians. */
  readonly rivuletMs: number
  readonly handWrittenMs: number
  readonly ratio: number
  readonly ratios: readonly [number, number]
}

type Range = readonly [number, number]
interface HandWork { readonly logMining: true; readonly path: string; readonly range: Range }

const warmUpRounds = 2

export async function logMining({ megabytes, cores, rounds, level, conf = {} }: LogMiningOptions): Promise<LogMiningResult> {
  const folder = mkdtempSync(join(tmpdir(), 'rivulet-bench-'))
  try {
    const path = join(folder, 'log.txt')
    const text = textOf(megabytes * 10_000)
    writeFileSync(path, text)
    const hand = new Hand(path, cuts(text, Math.ceil(text.length / cores)))
    await using ctx = new Context({ master: `local[${cores}]`, conf })
    const lines = ctx.textFile(path, cores).persist(StorageLevel[level as 'MEMORY_ONLY'])
    const start = performance.now()
    const count = await lines.count()
    const loadMs = performance.now() - start

    const times: [rivulet: number, hand: number][] = []
    for (let round = 0; round < warmUpRounds + rounds; round++) {
      const word = round % 2 === 0 ? 'needle' : `w${round}x`
      const [mine, rivuletMs] = await timed(() => lines.filter(line => line.includes(word)).count())
      const [theirs, handMs] = await timed(() => hand.count(word))
      if (mine !== theirs) throw new Error(`${word}: ${mine} lines, by hand ${theirs}`)
      if (round >= warmUpRounds) times.push([rivuletMs, handMs])
    }
    await hand.close()
    const ratios = times.map(([a, b]) => a / b).sort((a, b) => a - b)
    return {
      megabytes, lines: count, loadMs, rivuletMs: median(times.map(([a]) => a)), handWrittenMs: median(times.map(([, b]) => b)),
      ratio: median(ratios), ratios: [ratios[0]!, ratios.at(-1)!],
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function timed<T>(run: () => Promise<T>): Promise<[T, number]> {
  const start = performance.now()
  const result = await run()
  return [result, performance.now() - start]
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!

/** A thread for each range of the file. */
class Hand {
  readonly #workers: readonly Worker[]

  constructor(path: string, ranges: readonly Range[]) {
    this.#workers = ranges.map(range => new Worker(new URL(import.meta.url), { workerData: { logMining: true, path, range } satisfies HandWork }))
  }

  async count(word: string): Promise<number> {
    const counts = await Promise.all(this.#workers.map(worker => new Promise<number>(resolve => {
      worker.once('message', resolve)
      worker.postMessage(word)
    })))
    return counts.reduce((a, b) => a + b)
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map(worker => worker.terminate()))
  }
}

if (!isMainThread && (workerData as Partial<HandWork> | undefined)?.logMining === true) {
  const { path, range: [from, to] } = workerData as HandWork
  const bytes = Buffer.alloc(to - from)
  const file = openSync(path, 'r')
  readSync(file, bytes, 0, bytes.length, from)
  closeSync(file)
  const lines = bytes.toString('utf8').split('\n')
  if (lines.at(-1) === '') lines.pop()
  parentPort!.on('message', (word: string) => {
    let hits = 0
    for (const line of lines) if (line.includes(word)) hits++
    parentPort!.postMessage(hits)
  })
}
