// A driver that counts from a source that can be read again, writes every output of every batch to a file of its own, and ends.
//
// - Five records a batch, so that the n-th batch is the same in every run. An output that is written again must be what it was.
// - Arguments: a folder, after how many batches it ends, the master.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Context, milliseconds, StreamingContext } from 'rivulet'
import type { DStream, State } from 'rivulet'
import { localFileSystem } from '../../src/storage/local-file-system.ts'

const [folder, batches, master] = [process.argv[2]!, Number(process.argv[3]), process.argv[4]!]
const records = 40
const source = {
  initial: async () => 0,
  latest: async (from: number) => Math.min(records, from + 5),
  split: (from: number, to: number) => (from === to ? [] : [[from, to] as const]),
  * read([from, to]: readonly [number, number]): Generator<number> { for (let n = from; n < to; n++) yield n },
}

const ssc = await StreamingContext.getOrCreate(join(folder, 'checkpoint'), () => {
  const ssc = new StreamingContext(new Context({ master }), milliseconds(20))
  const numbers = ssc.sourceStream(source)
  const pairs = numbers.map((n): [string, number] => [`key ${n % 7}`, n])
  const add = (a: number, b: number): number => a + b
  output('raw', numbers)
  output('state', pairs.updateStateByKey<number>((ns, sum) => ns.reduce((a, b) => a + b, sum ?? 0)))
  output('mapped', pairs.mapWithState((key, n, state: State<number>) => {
    state.update((state.getOption() ?? 0) + n!)
    return [key, state.get()]
  }))
  output('window', pairs.reduceByKeyAndWindow(add, milliseconds(60)))
  output('inverse', pairs.reduceByKeyAndWindow(add, (a, b) => a - b, milliseconds(80), milliseconds(20)))
  return ssc
})

function output(name: string, stream: DStream<unknown>): void {
  const target = join(folder, name)
  stream.foreachRDD(async (rdd, time) => {
    const file = join(target, String(time.milliseconds))
    const text = JSON.stringify((await rdd.collect()).map(record => JSON.stringify(record)).sort((a, b) => (a < b ? -1 : 1)))
    await localFileSystem.makeDirectory(target)
    if (existsSync(file) && readFileSync(file, 'utf8') !== text) throw new Error(`${file} was ${readFileSync(file, 'utf8')}, is ${text}`)
    await localFileSystem.writeAtomic(file, text)
    if (name === 'inverse' && readdirSync(target).filter(file => !file.startsWith('.')).length >= batches) void ssc.stop()
  })
}

await ssc.start()
await ssc.awaitTermination()
