// A program that asks for something that is another thing each time, and dies as its environment says: <folder> <log> <batches>.
// With 0 batches it waits for the end.
//
// What each output gave is added to the log: {name, time, rows}.

import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Context, StreamingContext, type DStream, type Time } from 'rivulet'
import { ManualClock } from 'rivulet/testing'

const [folder, log, batches] = process.argv.slice(2) as [string, string, string]
const lines = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []
const clock = new ManualClock(Math.max(0, ...lines.map(line => (JSON.parse(line) as { time: number }).time)))
const ssc = new StreamingContext(new Context({ master: 'inline', conf: { 'checkpoint.durability': 'process', 'replay.keep': '100' } }), '1 s', { clock })
ssc.checkpoint(join(folder, 'checkpoint'))
const tell = (name: string, { milliseconds }: Time, rows: unknown[]): void => appendFileSync(log, `${JSON.stringify({ name, time: milliseconds, rows })}\n`)
const output = (name: string, stream: DStream<unknown>): void => { stream.foreachRDD(async (rdd, time) => tell(name, time, await rdd.collect())) }
const numbers = ssc.sourceStream<number, number, number>({
  initial: async () => 0, latest: async n => n + 4, split: (from, to) => [from, (from + to) / 2],
  * read(from) { yield* [from, from + 1] },
})
const asked = numbers.map(n => {
  if (n % 7 === 0) throw new Error('seven')
  return n
}).deadLetter((n, _error, time) => { tell('letters', time, [n]) }).mapAsync(async (n): Promise<[string, number]> => [`key ${n % 3}`, Math.floor(Math.random() * 2 ** 40)])
const sum = (ns: number[], total: number | undefined): number => ns.reduce((a, b) => a + b, total ?? 0)
output('asked', asked)
output('sums', asked.reduceByKey((a, b) => a + b, 2))
output('state', asked.updateStateByKey(sum, 2))
output('window', asked.reduceByKeyAndWindow((a, b) => a + b, '3 s'))
output('again', asked.mapAsync(async ([key, n]): Promise<[string, number]> => [key, n + Math.random()]))
await ssc.start()
for (let i = 0; i < Number(batches) && ssc.state === 'active'; i++) await clock.advance(1000)
if (batches !== '0') await ssc.stop()
await ssc.awaitTermination()
