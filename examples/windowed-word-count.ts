// Words that came over a TCP socket in a sliding window.
//
//   npm run example examples/windowed-word-count.ts                             serves the lines of this repository itself, for 10 s
//   npm run example examples/windowed-word-count.ts -- --window 30 --slide 10   lengths in seconds
//   npm run example examples/windowed-word-count.ts -- --host HOST --port PORT  reads your own server, until Ctrl-C (try: nc -lk 9999)

import { parseArgs } from 'node:util'
import { Context, seconds, StreamingContext } from 'rivulet'
import { repositoryLines, serveLines } from './support/line-server.ts'

const { values: flags } = parseArgs({
  options: {
    host: { type: 'string', default: '127.0.0.1' }, port: { type: 'string' }, rate: { type: 'string', default: '5000' }, seconds: { type: 'string' },
    window: { type: 'string', default: '5' }, slide: { type: 'string', default: '2' },
  },
})
const server = flags.port === undefined ? await serveLines(repositoryLines(), Number(flags.rate)) : undefined
const duration = flags.seconds === undefined ? (server && 10) : Number(flags.seconds)

const ctx = new Context({ appName: 'windowed word count', conf: { 'spark.streaming.stopGracefullyOnShutdown': true } })
const ssc = new StreamingContext(ctx, seconds(1))
ssc.socketTextStream(flags.host, server?.port ?? Number(flags.port))
  .flatMap(line => line.toLowerCase().match(/\p{L}[\p{L}']*/gu) ?? [])
  .map(word => [word, 1])
  .reduceByKeyAndWindow((a, b) => a + b, seconds(Number(flags.window)), seconds(Number(flags.slide)))
  .transform(counts => counts.sortBy(([, count]) => count, false))
  .print(5)

await ssc.start()
await (duration === undefined ? ssc.awaitTermination() : ssc.awaitTerminationOrTimeout(seconds(duration)))
await ssc.stop({ graceful: true })
server?.close()
