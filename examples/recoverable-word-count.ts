// A word count that may be killed at any time: run it, end it with kill -9, run it again, and it goes on where it was. In the end every word of
// every line has been counted exactly once.
//
//   npm run example examples/recoverable-word-count.ts -- --checkpoint words.checkpoint
//   npm run example examples/recoverable-word-count.ts -- --checkpoint words.checkpoint --input book.txt --lines 500
//
// It counts its own words where it is given no --input. Without --checkpoint the counts are in a folder that goes with the program. The input is
// a source with offsets: it can be read again, so nothing is lost and nothing is counted twice. Remove the folder to begin anew.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Context, milliseconds, StreamingContext, type ReplayableSource } from 'rivulet'

const { values: flags } = parseArgs({
  options: { checkpoint: { type: 'string' }, input: { type: 'string', default: import.meta.filename }, lines: { type: 'string', default: '3' }, interval: { type: 'string', default: '200' } },
})
const lines = readFileSync(flags.input, 'utf8').split('\n')
const directory = flags.checkpoint ?? mkdtempSync(join(tmpdir(), 'rivulet-example-'))

interface Range { readonly from: number; readonly to: number }
const done = Promise.withResolvers<void>()
const source: ReplayableSource<number, Range, string> = {
  initial: async () => 0,
  latest: async from => Math.min(lines.length, from + Number(flags.lines)),
  split: (from, to) => (from === to ? [] : [{ from, to }]),
  read: ({ from, to }) => lines.slice(from, to),
  committed: to => { if (to === lines.length) done.resolve() },
}

const ssc = await StreamingContext.getOrCreate(directory, () => {
  const ssc = new StreamingContext(new Context({ appName: 'recoverable word count' }), milliseconds(Number(flags.interval)))
  ssc.sourceStream(source)
    .flatMap(line => line.toLowerCase().match(/\p{L}[\p{L}']*/gu) ?? [])
    .map(word => [word, 1])
    .updateStateByKey<number>((ones, total) => (total ?? 0) + ones.length)
    .uid('totals')
    .foreachRDD(async totals => {
      const [most] = await totals.top(1, { by: ([word, total]) => [total, word] })
      console.log(`${await totals.values().sum()} words so far${most === undefined ? '' : `, the most frequent: ${most[0]} ${most[1]}`}`)
    })
  return ssc
})

await ssc.start()
await Promise.race([done.promise, ssc.awaitTermination()])
await ssc.stop()
if (flags.checkpoint === undefined) rmSync(directory, { recursive: true })
