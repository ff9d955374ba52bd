// Lines over a real socket at a steady rate, each with its send time; a count by key in small batches; from sent to result.
//
// With a checkpoint what the socket brings is journalled before its batch, and the counts by key are a state: also from tick to completed.
//
// The sender is a process of its own and stamps a line with wall time; the result is the moment when the output has the line's count.

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Context, milliseconds, StreamingContext } from '../src/index.ts'
import { slowSync } from './journal.ts'

export interface LatencyOptions { readonly cores: number; readonly linesPerSecond: number; readonly batchMs: number; readonly seconds?: number; readonly checkpoint?: 'memory' | 'process' | 'power'; readonly syncDelayMs?: number }
export interface LatencyResult { readonly linesPerSecond: number; readonly batchMs: number; readonly lines: number; readonly p50: number; readonly p95: number; readonly p99: number; /** Of a batch, from its tick to completed. */ readonly batches: { readonly p50: number; readonly p95: number; readonly p99: number } }

const warmUpSeconds = 4

export async function latency({ cores, linesPerSecond, batchMs, seconds = 10, checkpoint = 'memory', syncDelayMs = 0 }: LatencyOptions): Promise<LatencyResult> {
  const sender = spawn(process.execPath, [fileURLToPath(new URL('./line-sender.ts', import.meta.url)), String(linesPerSecond)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const port = await new Promise<number>(resolve => { sender.stdout.once('data', (data: Buffer) => resolve(Number(data.toString()))) })
  const ctx = new Context({ master: `local[${cores}]`, conf: checkpoint === 'memory' ? {} : { 'checkpoint.durability': checkpoint } })
  if (syncDelayMs > 0) Object.assign(ctx, { fs: slowSync(syncDelayMs) })
  const directory = checkpoint === 'memory' ? 'memory:' : await mkdtemp(join(tmpdir(), 'rivulet-bench-'))
  const ssc = new StreamingContext(ctx, milliseconds(batchMs))
  ssc.checkpoint(directory)
  const batches = new Map<number, number>()
  ssc.addStreamingListener({ onBatchCompleted: ({ batchInfo: { totalDelay } }) => {
    if (Date.now() >= from && totalDelay !== undefined) batches.set(totalDelay, (batches.get(totalDelay) ?? 0) + 1)
  } })
  const histogram = new Map<number, number>()
  let lines = 0
  const from = Date.now() + warmUpSeconds * 1_000
  // a key, and for each send time (a millisecond holds many lines) how many lines it had
  const counted = ssc.socketTextStream('127.0.0.1', port)
    .map(line => line.split(' ', 2))
    .map(([sent, key]) => [key!, { sent: [Number(sent)], count: [1] }])
    .reduceByKey((a, b) => {
      for (let i = 0; i < b.sent.length; i++) {
        if (a.sent[a.sent.length - 1] === b.sent[i]) a.count[a.count.length - 1]! += b.count[i]!
        else { a.sent.push(b.sent[i]!); a.count.push(b.count[i]!) }
      }
      return a
    }, cores)
  if (checkpoint !== 'memory') counted.mapValues(({ count }) => count.length).updateStateByKey<number>((counts, n) => counts.reduce((a, b) => a + b, n ?? 0), cores).foreachRDD(() => {})
  counted.foreachRDD(async rdd => {
    const pairs = await rdd.collect()
    const now = Date.now()
    if (now < from) return
    for (const [, { sent, count }] of pairs) {
      for (let i = 0; i < sent.length; i++) {
        const late = now - sent[i]!
        histogram.set(late, (histogram.get(late) ?? 0) + count[i]!)
        lines += count[i]!
      }
    }
  })
  await ssc.start()
  await ssc.awaitTerminationOrTimeout((warmUpSeconds + seconds) * 1_000)
  await ssc.stop()
  sender.kill()
  if (checkpoint !== 'memory') await rm(directory, { recursive: true })
  return { linesPerSecond, batchMs, lines, ...percentiles(histogram), batches: percentiles(batches) }
}

function percentiles(histogram: ReadonlyMap<number, number>): { readonly p50: number; readonly p95: number; readonly p99: number } {
  const total = [...histogram.values()].reduce((sum, n) => sum + n, 0)
  const at = (share: number): number => {
    let seen = 0
    for (const ms of [...histogram.keys()].sort((a, b) => a - b)) if ((seen += histogram.get(ms)!) >= share * total) return ms
    return NaN
  }
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) }
}
