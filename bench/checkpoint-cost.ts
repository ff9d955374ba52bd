// What a checkpoint costs: the same streams with their journal in a directory and without one, in turns.
//
// - `state`: words counted in a state, batches of 10 ms whose lines are there already, one after the other as fast as they go.
// - `socket`: words of each batch of 100 ms counted, lines from a socket as fast as it takes them; what comes in is journalled before it is used.

import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Context, StreamingContext, type DStream } from '../src/index.ts'
import { ManualClock } from '../src/testing/index.ts'
import { batchesOf, Blocks, median } from './beside.ts'
import { textOf } from './data.ts'

export interface CheckpointCostOptions {
  readonly input: 'state' | 'socket'
  readonly cores: number
  readonly checkpoint: 'process' | 'power'
  readonly rounds: number
}

export interface CheckpointCost extends CheckpointCostOptions {
  readonly lines: number
  /** Lines a second with a directory and without, medians. */
  readonly with: number
  readonly without: number
  /** Share of the throughput that the directory costs, and by processor time. */
  readonly cost: number
  readonly cpuCost: number
}

interface Timed { readonly ms: number; readonly cpuMs: number }
interface Streams { readonly ssc: StreamingContext; readonly clock: ManualClock | undefined }

const linesABatch = 3_000
const batches = 400
const socketLines = 2_000_000

export async function checkpointCost(options: CheckpointCostOptions): Promise<CheckpointCost> {
  const { input, checkpoint, rounds } = options
  const run = input === 'state' ? countedInState : countedFromSocket
  const times: (readonly [Timed, Timed])[] = []
  for (let round = 0; round <= rounds; round++) {
    const [first, second] = round % 2 === 0 ? [checkpoint, 'memory'] as const : ['memory', checkpoint] as const
    const one = await inStreams(options, first, run)
    const other = await inStreams(options, second, run)
    if (round > 0) times.push(first === 'memory' ? [other, one] : [one, other])
  }
  const lines = input === 'state' ? linesABatch * batches : socketLines
  const rate = (which: 0 | 1): number => Math.round((lines / median(times.map(time => time[which].ms))) * 1_000)
  return {
    ...options, lines, with: rate(0), without: rate(1),
    cost: 1 - median(times.map(([a, b]) => b.ms / a.ms)), cpuCost: 1 - median(times.map(([a, b]) => b.cpuMs / a.cpuMs)),
  }
}

async function inStreams({ input, cores }: CheckpointCostOptions, checkpoint: 'memory' | 'process' | 'power', run: (streams: Streams, cores: number) => Promise<Timed>): Promise<Timed> {
  const directory = checkpoint === 'memory' ? 'memory:' : await mkdtemp(join(tmpdir(), 'rivulet-bench-'))
  const ctx = new Context({ master: `local[${cores}]`, conf: checkpoint === 'memory' ? {} : { 'checkpoint.durability': checkpoint } })
  ctx.setLogLevel('ERROR') // a flood makes batches late
  const clock = input === 'state' ? new ManualClock() : undefined
  const ssc = new StreamingContext(ctx, input === 'state' ? '10 ms' : '100 ms', clock && { clock })
  ssc.checkpoint(directory)
  try {
    return await run({ ssc, clock }, cores)
  } finally {
    await ssc.stop()
    if (checkpoint !== 'memory') await rm(directory, { recursive: true })
  }
}

const wordsOf = (lines: DStream<string>): DStream<[string, number]> => lines.flatMap(line => line.split(' ')).map(word => [word, 1])

async function countedInState({ ssc, clock }: Streams, cores: number): Promise<Timed> {
  const text = textOf(linesABatch * 10)
  const lines = new Blocks(ssc, ssc.sparkContext, text, batchesOf(text, linesABatch * 100, cores))
  wordsOf(lines).reduceByKey((a, b) => a + b, cores).updateStateByKey<number>((counts, n) => counts.reduce((a, b) => a + b, n ?? 0), cores).foreachRDD(async rdd => { await rdd.count() })
  await ssc.start()
  const run = async (count: number): Promise<void> => { for (let batch = 0; batch < count; batch++) await clock!.advance(10) }
  await run(batches / 4)
  return timed(() => run(batches))
}

async function countedFromSocket({ ssc }: Streams, cores: number): Promise<Timed> {
  const sender = spawn(process.execPath, [fileURLToPath(new URL('./line-flood.ts', import.meta.url)), String(socketLines * 1.5)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const port = await new Promise<number>(resolve => { sender.stdout.once('data', (data: Buffer) => resolve(Number(data.toString()))) })
  const counted = [socketLines / 2, socketLines * 1.5].map(lines => ({ lines, at: Promise.withResolvers<void>() }))
  let seen = 0
  const lines = ssc.socketTextStream('127.0.0.1', port)
  wordsOf(lines).reduceByKey((a, b) => a + b, cores).foreachRDD(async rdd => {
    seen += (await rdd.map(([, n]) => n).fold(0, (a, b) => a + b)) / 20
    for (const { lines, at } of counted) if (seen >= lines) at.resolve()
  })
  await ssc.start()
  await counted[0]!.at.promise
  const result = await timed(() => counted[1]!.at.promise)
  sender.kill()
  return result
}

async function timed(run: () => Promise<void>): Promise<Timed> {
  const [start, usage] = [performance.now(), process.cpuUsage()]
  await run()
  const { user, system } = process.cpuUsage(usage)
  return { ms: performance.now() - start, cpuMs: (user + system) / 1_000 }
}
