// Live word count over a TCP socket: per batch of one second, and over a sliding window of ten. `npm start` runs it.

import { parseArgs } from 'node:util'
import { Context, seconds, StreamingContext } from 'rivulet'
import { repositoryLines, serveLines } from './support/line-server.ts'

const { values: flags } = parseArgs({
  options: {
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string' },
    rate: { type: 'string', default: '10000' },
    seconds: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
})
if (flags.help) {
  console.log(`Counts the words of lines that come over a TCP socket.

npm start                                serves the lines of this repository itself, for 20 s
npm start -- --host HOST --port PORT     reads your own server, until Ctrl-C (try: nc -lk 9999)

--rate N       lines a second of the server that the example starts (10000)
--seconds N    ends after so many seconds`)
  process.exit(0)
}

const server = flags.port === undefined ? await serveLines(repositoryLines(), Number(flags.rate)) : undefined
const port = server?.port ?? Number(flags.port)
const duration = flags.seconds === undefined ? (server && 20) : Number(flags.seconds)

const ctx = new Context({ appName: 'word count', conf: { 'spark.streaming.stopGracefullyOnShutdown': true } })
const ssc = new StreamingContext(ctx, seconds(1))

const pairs = ssc.socketTextStream(flags.host, port)
  .flatMap(line => line.toLowerCase().match(/\p{L}[\p{L}']*/gu) ?? [])
  .map(word => [word, 1])

pairs.reduceByKey((a, b) => a + b)
  .transform(counts => counts.sortBy(([, count]) => count, false))
  .print()

pairs.reduceByKeyAndWindow((a, b) => a + b, seconds(10))
  .transform(counts => counts.sortBy(([, count]) => count, false))
  .map(([word, count]) => `${word}: ${count} in the last 10 s`)
  .print(5)

// What happened, for the summary.
let lines = 0
let batches = 0
const delaysMs: number[] = []
ssc.addStreamingListener({
  onBatchCompleted: ({ batchInfo }) => {
    batches++
    const now = Date.now()
    // From each line's arrival where the server is ours, otherwise from the end of the batch.
    if (server === undefined) delaysMs.push(now - batchInfo.batchTime)
    else for (const sentAt of server.sentAt.slice(lines, lines + batchInfo.numRecords)) delaysMs.push(now - sentAt)
    lines += batchInfo.numRecords
  },
  onReceiverError: ({ receiverInfo }) => console.log(receiverInfo.lastErrorMessage),
})

console.log(`Counting words from ${flags.host}:${port}${duration === undefined ? '' : ` for ${duration} s`}; Ctrl-C ends it.`)
const start = Date.now()
await ssc.start()
const ended = duration === undefined ? ssc.awaitTermination() : ssc.awaitTerminationOrTimeout(seconds(duration))
await ended
const elapsed = (Date.now() - start) / 1_000
await ssc.stop({ graceful: true })
server?.close()

delaysMs.sort((a, b) => a - b)
const percentile = (p: number): number => delaysMs[Math.min(delaysMs.length - 1, Math.floor(delaysMs.length * p))] ?? 0
const from = server === undefined ? 'the end of a batch' : 'arrival'
console.log(`${lines} lines in ${batches} batches, ${Math.round(lines / elapsed)} lines/s; from ${from} to result p50 ${percentile(0.5)} ms, p99 ${percentile(0.99)} ms`)
