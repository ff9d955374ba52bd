// A socket that another process floods, and a job that is too slow for it, on wall time: what waits, what a batch has, what is processed.

import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Context, milliseconds, StreamingContext } from '../src/index.ts'

export interface OverloadResult {
  readonly backpressure: boolean
  /** What the job can do. */
  readonly capacity: number
  /** Processed in the last third of the time. */
  readonly linesPerSecond: number
  /** Lines of a batch in the last third: least and most. */
  readonly batchLines: readonly [number, number]
  /** Most batches that were due at once, over all and in the last third. */
  readonly batchesDue: readonly [number, number]
  /** Most block memory, in MB, and that of the process. */
  readonly blockMb: number
  readonly processMb: number
}

const batchMs = 200

/** A word count whose output takes as long as a capacity of so many lines a second wants, with at most `waitingMb` received. */
export async function overload({ backpressure, cores, capacity = 20_000, seconds = 15, waitingMb = 4 }: { readonly backpressure: boolean; readonly cores: number; readonly capacity?: number; readonly seconds?: number; readonly waitingMb?: number }): Promise<OverloadResult> {
  const sender = spawn(process.execPath, [fileURLToPath(new URL('./line-sender.ts', import.meta.url)), 'flood'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const port = await new Promise<number>(resolve => { sender.stdout.once('data', (data: Buffer) => resolve(Number(data.toString()))) })
  const conf = { 'receiver.maxWaitingBytes': `${waitingMb} MB`, 'spark.streaming.backpressure.enabled': backpressure, 'spark.streaming.backpressure.initialRate': 2 * capacity }
  const ctx = new Context({ master: `local[${cores}]`, conf, log: { debug() {}, info() {}, warn() {}, error() {} } })
  const ssc = new StreamingContext(ctx, milliseconds(batchMs))
  const late: { readonly atMs: number; readonly lines: number; readonly due: number }[] = []
  let [due, mostDue, blockMb, processMb] = [0, 0, 0, 0]
  const start = performance.now()
  ssc.addStreamingListener({
    onBatchSubmitted: () => { mostDue = Math.max(mostDue, ++due) },
    onBatchCompleted: ({ batchInfo: { numRecords } }) => {
      const atMs = performance.now() - start
      if (atMs > seconds * 2_000 / 3) late.push({ atMs, lines: numRecords, due })
      due--
      const [most, free] = ctx.getExecutorMemoryStatus().get('driver')!
      blockMb = Math.max(blockMb, Math.round((most - free) / 2 ** 20))
      processMb = Math.max(processMb, Math.round(process.memoryUsage.rss() / 2 ** 20))
    },
  })
  ssc.socketTextStream('127.0.0.1', port).foreachRDD(async rdd => {
    const counts = await rdd.map(line => [line.slice(14, 20), 1]).reduceByKey((a, b) => a + b, cores).values().collect()
    await sleep(counts.reduce((a, b) => a + b, 0) * 1_000 / capacity)
  })
  await ssc.start()
  await ssc.awaitTerminationOrTimeout(seconds * 1_000)
  await ssc.stop()
  sender.kill()
  const [first, ...rest] = late
  const lines = late.map(batch => batch.lines)
  return {
    backpressure, capacity, batchLines: [Math.min(...lines), Math.max(...lines)], batchesDue: [mostDue, Math.max(0, ...late.map(batch => batch.due))], blockMb, processMb,
    linesPerSecond: first === undefined || rest.length === 0 ? 0 : Math.round(rest.reduce((sum, batch) => sum + batch.lines, 0) * 1_000 / (rest.at(-1)!.atMs - first.atMs)),
  }
}
