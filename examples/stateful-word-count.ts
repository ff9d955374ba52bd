// How often each word has come over a TCP socket since the beginning: counts as state, by updateStateByKey or by mapWithState.
//
//   npm run example examples/stateful-word-count.ts                             serves the lines of this repository itself, for 5 s
//   npm run example examples/stateful-word-count.ts -- --by update              by updateStateByKey, which calls its function for every word
//   npm run example examples/stateful-word-count.ts -- --host HOST --port PORT  reads your own server, until Ctrl-C (try: nc -lk 9999)

import { parseArgs } from 'node:util'
import { Context, seconds, StreamingContext, type DStream, type State } from 'rivulet'
import { repositoryLines, serveLines } from './support/line-server.ts'

const { values: flags } = parseArgs({
  options: { host: { type: 'string', default: '127.0.0.1' }, port: { type: 'string' }, rate: { type: 'string', default: '5000' }, seconds: { type: 'string' }, by: { type: 'string', default: 'map' } },
})
const server = flags.port === undefined ? await serveLines(repositoryLines(), Number(flags.rate)) : undefined
const duration = flags.seconds === undefined ? (server && 5) : Number(flags.seconds)

const ctx = new Context({ appName: 'stateful word count', conf: { 'spark.streaming.stopGracefullyOnShutdown': true } })
const ssc = new StreamingContext(ctx, seconds(1))
ssc.checkpoint('memory:') // a directory in its place keeps the counts when the program ends: recoverable-word-count.ts

const counts = ssc.socketTextStream(flags.host, server?.port ?? Number(flags.port))
  .flatMap(line => line.toLowerCase().match(/\p{L}[\p{L}']*/gu) ?? [])
  .map(word => [word, 1])
  .reduceByKey((a, b) => a + b)

function updated(): DStream<[string, number]> {
  return counts.updateStateByKey<number>((more, total) => more.reduce((a, b) => a + b, total ?? 0))
}

function mapped(): DStream<[string, number]> {
  return counts.mapWithState((_word, more, total: State<number>) => { total.update((total.getOption() ?? 0) + more!) }).stateSnapshots()
}

const totals = flags.by === 'update' ? updated() : mapped()
totals.foreachRDD(async (rdd, time) => {
  const top = await rdd.top(5, { by: ([, total]) => total })
  console.log(`${new Date(time.milliseconds).toISOString()}: ${await rdd.count()} words; ${top.map(([word, total]) => `${word} ${total}`).join(', ')}`)
})

await ssc.start()
await (duration === undefined ? ssc.awaitTermination() : ssc.awaitTerminationOrTimeout(seconds(duration)))
await ssc.stop({ graceful: true })
server?.close()
