// How each user feels: a state for each key, moved by every tweet, forgotten after five minutes without one (mapWithState with a timeout).
//
//   npm run example examples/user-mood.ts                            twenty minutes of tweets, in simulated time
//   npm run example examples/user-mood.ts -- --tweets 100000 --users 5000
//
// A mood is between -1 and 1: a tenth of it is the last tweet, the rest the mood before. Tweets stop after half of the time.

import { parseArgs } from 'node:util'
import { Context, minutes, seconds, StreamingContext, type State, type Time } from 'rivulet'
import { ManualClock } from 'rivulet/testing'
import { inBatches, makeTweets } from './support/data.ts'

const { values: flags } = parseArgs({ options: { tweets: { type: 'string', default: '20000' }, users: { type: 'string', default: '50' } } })

interface Mood { readonly mood: number; readonly tweets: number }

function scoreOf(text: string): number {
  return (text.match(/good|great|happy/g)?.length ?? 0) - (text.match(/bad|awful|sad/g)?.length ?? 0)
}

/** Moves the user's mood; says it when the user has gone. */
function moved(user: string, text: string | undefined, state: State<Mood>, time: Time): string | undefined {
  if (text === undefined) return `${(time.milliseconds / 60_000).toFixed(1)} min: ${user} has gone, at ${state.get().mood.toFixed(2)} after ${state.get().tweets} tweets`
  const { mood, tweets } = state.getOption() ?? { mood: 0, tweets: 0 }
  state.update({ mood: 0.9 * mood + 0.1 * scoreOf(text), tweets: tweets + 1 })
  return undefined
}

const clock = new ManualClock()
const ssc = new StreamingContext(new Context({ appName: 'user mood' }), seconds(10), { clock })
ssc.checkpoint('memory:')

const gone = ssc.queueStream(inBatches(makeTweets(Number(flags.tweets), Number(flags.users)), 60))
  .map(({ user, text }): [string, string] => [user, text])
  .mapWithState(moved, { timeout: minutes(5) })

gone.stateSnapshots().foreachRDD(async (moods, time) => {
  if (time.milliseconds % 60_000 !== 0) return
  const [happiest] = await moods.top(1, { by: ([, { mood }]) => mood })
  const [saddest] = await moods.takeOrdered(1, { by: ([, { mood }]) => mood })
  if (happiest === undefined || saddest === undefined) return
  console.log(`${time.milliseconds / 60_000} min: ${await moods.count()} users; happiest ${happiest[0]} ${happiest[1].mood.toFixed(2)}, saddest ${saddest[0]} ${saddest[1].mood.toFixed(2)}`)
})
gone.foreachRDD(async lines => { for (const line of await lines.take(3)) console.log(line) })

await ssc.start()
await clock.advance(minutes(20).milliseconds)
await ssc.stop()
