// Lines over a real socket at a steady rate, each with its send time; a count by key in small batches; from sent to result.
//
// The sender is a process of its own and stamps a line with wall time; the result is the moment when the output has the line's count.

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Context, milliseconds, StreamingContext } from '../src/index.ts'

export interface LatencyOptions { readonly cores: number; readonly linesPerSecond: number; readonly batchMs: number; readonly seconds?: number }
export interface LatencyResult { readonly linesPerSecond: number; readonly batchMs: number; readonly lines: number; readonly p50: number; readonly p95: number; readonly p99: number }

const warmUpSeconds = 4

export async function latency({ cores, linesPerSecond, batchMs, seconds = 10 }: LatencyOptions): Promise<LatencyResult> {
  const sender = spawn(process.execPath, [fileURLToPath(new URL('./line-sender.ts', import.meta.url)), String(linesPerSecond)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const port = await new Promise<number>(resolve => { sender.stdout.once('data', (data: Buffer) => resolve(Number(data.toString()))) })
  const ctx = new Context({ master: `local[${cores}]` })
  const ssc = new StreamingContext(ctx, milliseconds(batchMs))
  const histogram = new Map<number, number>()
  let lines = 0
  const from = Date.now() + warmUpSeconds * 1_000
  // a key, and for each send time (a millisecond holds many lines) how many lines it had
  ssc.socketTextStream('127.0.0.1', port)
    .map(line => line.split(' ', 2))
    .map(([sent, key]) => [key!, { sent: [Number(sent)], count: [1] }])
    .reduceByKey((a, b) => {
      for (let i = 0; i < b.sent.length; i++) {
        if (a.sent[a.sent.length - 1] === b.sent[i]) a.count[a.count.length - 1]! += b.count[i]!
        else { a.sent.push(b.sent[i]!); a.count.push(b.count[i]!) }
      }
      return a
    }, cores)
    .foreachRDD(async rdd => {
      const counted = await rdd.collect()
      const now = Date.now()
      if (now < from) return
      for (const [, { sent, count }] of counted) {
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
  const at = (share: number): number => {
    let seen = 0
    for (const late of [...histogram.keys()].sort((a, b) => a - b)) if ((seen += histogram.get(late)!) >= share * lines) return late
    return NaN
  }
  return { linesPerSecond, batchMs, lines, p50: at(0.5), p95: at(0.95), p99: at(0.99) }
}
