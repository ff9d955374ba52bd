// The most popular hashtags of the last ten minutes, every minute, both ways: by combining the batches of each window, and by adding to the last
// window what enters and taking away what leaves (an inverse function), which costs the same however long the window is.
//
//   npm run example examples/popular-hashtags.ts                            half an hour of tweets, in simulated time
//   npm run example examples/popular-hashtags.ts -- --tweets 500000 --top 5
//
// A ManualClock lets the half hour pass in a moment; leave the option `clock` out, and it is wall time.

import { parseArgs } from 'node:util'
import { Context, minutes, seconds, StreamingContext, type DStream } from 'rivulet'
import { ManualClock } from 'rivulet/testing'
import { inBatches, makeTweets } from './support/data.ts'

const { values: flags } = parseArgs({ options: { tweets: { type: 'string', default: '50000' }, top: { type: 'string', default: '3' } } })
const length = minutes(30)
const batch = seconds(10)

const clock = new ManualClock()
const ssc = new StreamingContext(new Context({ appName: 'popular hashtags' }), batch, { clock })
ssc.checkpoint('memory:') // a window with an inverse function is state

const tags = ssc.queueStream(inBatches(makeTweets(Number(flags.tweets)), length.milliseconds / batch.milliseconds))
  .flatMap(({ text }) => text.match(/#\w+/g) ?? [])
  .map(tag => [tag, 1])

const combined = tags.reduceByKeyAndWindow((a, b) => a + b, minutes(10), minutes(1))
const incremental = tags.reduceByKeyAndWindow((a, b) => a + b, (a, b) => a - b, minutes(10), minutes(1), { filter: ([, count]) => count > 0 })

const found: [string[], string[]] = [[], []]
function collectTop(stream: DStream<[string, number]>, into: string[]): void {
  stream.foreachRDD(async (counts, time) => {
    const top = await counts.top(Number(flags.top), { by: ([tag, count]) => [count, tag] })
    into.push(`${time.milliseconds / 60_000} min: ${top.map(([tag, count]) => `${tag} ${count}`).join(', ')}`)
  })
}
collectTop(combined, found[0])
collectTop(incremental, found[1])

await ssc.start()
await clock.advance(length.milliseconds)
await ssc.stop()
for (const line of found[0]) console.log(line)
console.log(`by an inverse function: ${found[0].join() === found[1].join() ? 'the same' : `\n${found[1].join('\n')}`}`)
