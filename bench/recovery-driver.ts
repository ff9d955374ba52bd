// The driver of the recovery benchmark: a state of so many megabytes, of records of about 100 bytes, in memory or on disk.
// Says `filled MS`, or after a restart `right MS`, with the processor time that it took; before that how far it is.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Context, StreamingContext, type State } from '../src/index.ts'
import { ManualClock } from '../src/testing/index.ts'

const [folder, megabytes, store] = [process.argv[2]!, Number(process.argv[3]), process.argv[4]!]
const fills = 20
const keysABatch = Math.round(megabytes * 10_000 / fills)
const restarted = existsSync(join(folder, 'journal'))
const clock = new ManualClock(restarted ? (fills + 1) * 1000 : 1000)
const ssc = new StreamingContext(new Context({ master: 'local[2]', conf: { 'state.store': store } }), '1 s', { clock })
ssc.checkpoint(folder)
const keys = ssc.sourceStream<number, number, [number, string]>({
  initial: async () => 0,
  latest: async n => n + 1,
  split: (from, to) => (from === to ? [] : [from]),
  * read(n) {
    const text = 'x'.repeat(80)
    if (n < fills) for (let i = n * keysABatch; i < (n + 1) * keysABatch; i++) yield [i, `${text}${i}`]
    else for (let i = 0; i < 10; i++) yield [i * keysABatch, ''] // one of each of the first batches: each must be there
  },
})
keys.mapWithState((key, text, state: State<string>): string => {
  const before = state.getOption()
  if (before === undefined) state.update(text!)
  return before ?? ''
}).foreachRDD(async (rdd, time) => {
  if (time.milliseconds <= (fills + 1) * 1000) return // fills, perhaps once more
  const found = await rdd.collect()
  if (found.length !== 10 || found.some(text => !text.startsWith('xxx'))) throw new Error(`${found.length} keys, one is ${found[0]}`)
  say('right')
})
await ssc.start()
for (let i = 0; i < fills; i++) {
  await clock.advance(1000)
  if (!restarted) process.stdout.write(`${(i + 1) * megabytes / fills} of ${megabytes} MB\n`)
}
if (!restarted) say('filled')

function say(word: string): void {
  const { user, system } = process.cpuUsage()
  process.stdout.write(`${word} ${(user + system) / 1000}\n`)
}
