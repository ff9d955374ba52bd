// A spam filter: every batch of messages meets a table of senders that changes while the stream runs. `transform` runs in the program, in every
// batch, and sees the variables of the program as they are then.
//
//   npm run example examples/spam-filter.ts
//   npm run example examples/spam-filter.ts -- --messages 100000 --spammers 20

import { parseArgs } from 'node:util'
import { Context, seconds, StreamingContext } from 'rivulet'
import { ManualClock } from 'rivulet/testing'
import { inBatches, makeTweets } from './support/data.ts'

const { values: flags } = parseArgs({ options: { messages: { type: 'string', default: '10000' }, spammers: { type: 'string', default: '10' } } })

const clock = new ManualClock()
const ctx = new Context({ appName: 'spam filter' })
const ssc = new StreamingContext(ctx, seconds(1), { clock })

/** Pairs of a sender and the score of its spam, kept in memory by their keys. */
const table = (senders: number) => ctx.parallelize(Array.from({ length: senders }, (_, i): [string, number] => [`user${i}`, i % 2 === 0 ? 0.9 : 0.2])).partitionBy(4).persist()
let spammers = table(Number(flags.spammers))

const messages = ssc.queueStream(inBatches(makeTweets(Number(flags.messages)), 10)).map(({ user, text }): [string, string] => [user, text])
const clean = messages.transform(rdd => rdd.leftOuterJoin(spammers, 4)
  .filter(([, [, score]]) => (score ?? 0) < 0.5)
  .mapValues(([text]) => text))

clean.count().foreachRDD(async (rdd, time) => console.log(`${time.milliseconds / 1_000} s: ${await rdd.first()} messages are no spam`))

await ssc.start()
await clock.advance(5_000)
spammers = table(2 * Number(flags.spammers)) // from the next batch on
await clock.advance(5_000)
await ssc.stop()
