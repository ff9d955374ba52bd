// How often each hashtag occurs in each second of live tweets: a stream made of an async iterable.
//
//   npm run example examples/hashtag-counts.ts                              2 000 tweets a second, for five seconds
//   npm run example examples/hashtag-counts.ts -- --rate 20000 --seconds 10
//
// The tweets come from a generator of this file; a client of a real feed that is an async iterable takes its place as it is.

import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Context, seconds, StreamingContext } from 'rivulet'
import { makeTweets, type Tweet } from './support/data.ts'

const { values: flags } = parseArgs({ options: { rate: { type: 'string', default: '2000' }, seconds: { type: 'string', default: '5' } } })

async function* tweets(perSecond: number): AsyncGenerator<Tweet> {
  const all = makeTweets(10_000)
  for (let sent = 0, start = Date.now(); ; await setTimeout(10)) {
    for (const due = (Date.now() - start) / 1_000 * perSecond; sent < due; sent++) yield all[sent % all.length]!
  }
}

const ssc = new StreamingContext(new Context({ appName: 'hashtag counts' }), seconds(1))
ssc.fromAsyncIterable(() => tweets(Number(flags.rate)))
  .flatMap(({ text }) => text.match(/#\w+/g) ?? [])
  .map(tag => [tag, 1])
  .reduceByKey((a, b) => a + b)
  .transform(counts => counts.sortBy(([, count]) => count, false))
  .print(5)

await ssc.start()
await ssc.awaitTerminationOrTimeout(seconds(Number(flags.seconds)))
await ssc.stop({ graceful: true })
