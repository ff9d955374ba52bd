// The benchmarks' command line: `npm run bench -- grep|wordcount|empty|latency|journal|spill [--cores 1|2] [--json]`.

import { parseArgs } from 'node:util'
import { emptyBatches } from './empty-batches.ts'
import { journalLatency } from './journal.ts'
import { latency } from './latency.ts'
import { spill } from './spill.ts'
import { throughput } from './throughput.ts'

const usage = `npm run bench -- NAME [--cores 1|2] [--rounds N] [--json]

  grep        lines that hold a word, through a D-Stream, beside the hand-written loop
  wordcount   split, pair, reduceByKey, beside the hand-written loop
  empty       an empty batch of the word count: tick to completed
  latency     lines over a socket at a rate, batches of 10 ms: sent to result  [--rate LINES_PER_SECOND] [--batch MS]
  journal     from append to durable, records of 1 KB and 1 MB
  spill       a word count of distinct keys, or a sort of records of 100 bytes, under a limit  [--work words|sort] [--count N] [--shuffle BYTES] [--blocks BYTES]`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { cores: { type: 'string', default: '1' }, rounds: { type: 'string', default: '12' }, rate: { type: 'string', default: '50000' }, batch: { type: 'string', default: '10' }, work: { type: 'string', default: 'words' },
    count: { type: 'string', default: '5000000' }, shuffle: { type: 'string', default: '128m' }, blocks: { type: 'string', default: '512m' },
    json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
})
const [name] = positionals
const cores = Number(values.cores)
const rounds = Number(values.rounds)

function show(result: object, text: string): void {
  console.log(values.json ? JSON.stringify(result) : text)
}

if (values.help || name === undefined) console.log(usage)
else if (name === 'grep' || name === 'wordcount') {
  const result = await throughput({ workload: name, cores, rounds })
  show(result, `${name}, ${cores} worker${cores === 1 ? '' : 's'}, ${result.lines} lines: Rivulet ${result.rivulet} lines/s, by hand ${result.handWritten} lines/s; `
    + `time ratio ${result.ratio.toFixed(2)} (${result.ratios[0].toFixed(2)}–${result.ratios[1].toFixed(2)}), throughput ratio ${(1 / result.ratio).toFixed(2)}`)
} else if (name === 'empty') {
  const result = await emptyBatches(cores)
  show(result, `empty batch, ${cores} worker${cores === 1 ? '' : 's'}: median ${result.medianMs.toFixed(3)} ms, p99 ${result.p99Ms.toFixed(3)} ms`)
} else if (name === 'latency') {
  const result = await latency({ cores, linesPerSecond: Number(values.rate), batchMs: Number(values.batch) })
  show(result, `${result.linesPerSecond} lines/s, batches of ${result.batchMs} ms, ${cores} worker${cores === 1 ? '' : 's'}: p50 ${result.p50} ms, p95 ${result.p95} ms, p99 ${result.p99} ms`)
} else if (name === 'journal') {
  for (const result of await journalLatency()) {
    show(result, `journal, durability ${result.durability}${result.syncDelayMs > 0 ? `, syncs ${result.syncDelayMs} ms slower` : ''}, ${result.bytes} bytes: `
      + `p50 ${result.p50Ms.toFixed(2)} ms, p99 ${result.p99Ms.toFixed(2)} ms, 20 at once ${result.groupOf20Ms.toFixed(2)} ms`)
  }
} else if (name === 'spill') {
  const result = await spill({ work: values.work === 'sort' ? 'sort' : 'words', cores, count: Number(values.count), shuffleMemory: values.shuffle, blockMemory: values.blocks })
  show(result, `${result.work}, ${result.count} of them, ${cores} worker${cores === 1 ? '' : 's'}, memory.shuffle ${result.shuffleMemory}, memory.blocks ${result.blockMemory}: ${result.seconds.toFixed(1)} s (${result.cpuSeconds.toFixed(1)} s of processor time), ${result.peakMb} MB at the peak`)
} else {
  console.error(`there is no benchmark ${name}\n\n${usage}`)
  process.exitCode = 1
}
