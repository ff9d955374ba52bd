// The benchmarks' command line: `npm run bench -- NAME`; without a name it says what there is.

import { parseArgs } from 'node:util'
import { batch, batchWorkloads, type BatchWorkload } from './batch.ts'
import { checkpointCost } from './checkpoint-cost.ts'
import { emptyBatches } from './empty-batches.ts'
import { journalLatency } from './journal.ts'
import { latency } from './latency.ts'
import { logMining } from './log-mining.ts'
import { overload } from './overload.ts'
import { driverRestart, statefulWorkerDeath, workerDeath } from './recovery.ts'
import { spill } from './spill.ts'
import { stateful } from './stateful.ts'
import { throughput } from './throughput.ts'

const usage = `npm run bench -- NAME [--cores 1|2] [--rounds N] [--json]

  grep        lines that hold a word, through a D-Stream, beside the hand-written loop
  wordcount   split, pair, reduceByKey, beside the hand-written loop
  window      word count over 30 s that slides each second, beside the hand-written loop  [--top] [--checkpoint memory|process|power]
  stateful    a count by one of 1 000 000 keys, beside the hand-written loop  [--op map|update] [--checkpoint …] [--keys N] [--lines LINES_PER_BATCH]
  empty       an empty batch of the word count: tick to completed
  latency     lines over a socket at a rate, batches of 10 ms: sent to result  [--rate LINES_PER_SECOND] [--batch MS]  [--checkpoint process|power] [--fsync-delay MS]
  cost        a checkpoint directory beside none: words in a state, batches of 10 ms; or words from a socket, journalled  [--input state|socket] [--checkpoint process|power]
  overload    a flooded socket and a job that is too slow for it, without and with backpressure: what waits, what a batch has
  log-mining  a word counted in cached text, beside threads that hold the lines as strings  [--megabytes 100] [--level NAME]
  journal     from append to durable, records of 1 KB and 1 MB
  recovery    a driver with state that is killed: from the start of the next to its first output; a worker that dies: what its job takes more  [--megabytes 100] [--store memory|disk]
  spill       a word count of distinct keys, or a sort of records of 100 bytes, under a limit  [--work words|sort] [--count N] [--partitions N] [--memory BYTES]

  grep --rdd, wordcount --rdd       over a text file, beside one thread by hand  [--megabytes 100]
  sort, join, aggregate             over pairs, beside one thread by hand  [--records 10000000]`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    cores: { type: 'string', default: '1' }, rounds: { type: 'string' }, json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false },
    rate: { type: 'string', default: '50000' }, batch: { type: 'string', default: '10' }, 'fsync-delay': { type: 'string', default: '0' },
    op: { type: 'string', default: 'map' }, top: { type: 'boolean', default: false }, checkpoint: { type: 'string', default: 'memory' }, keys: { type: 'string', default: '1000000' }, lines: { type: 'string', default: '100000' },
    level: { type: 'string', default: 'MEMORY_ONLY' },
    work: { type: 'string', default: 'words' }, count: { type: 'string', default: '5000000' }, partitions: { type: 'string' }, memory: { type: 'string', default: '2g' },
    input: { type: 'string', default: 'state' }, rdd: { type: 'boolean', default: false }, megabytes: { type: 'string', default: '100' }, store: { type: 'string', default: 'memory' }, records: { type: 'string', default: '10000000' },
  },
})
const [name] = positionals
const cores = Number(values.cores)
const checkpoint = values.checkpoint === 'power' || values.checkpoint === 'process' ? values.checkpoint : 'memory'
const workers = `${cores} worker${cores === 1 ? '' : 's'}`

function show(result: object, text: string): void {
  console.log(values.json ? JSON.stringify(result) : text)
}

if (values.help || name === undefined) console.log(usage)
else if ((batchWorkloads as readonly string[]).includes(name) && (values.rdd || (name !== 'grep' && name !== 'wordcount'))) {
  const result = await batch({ workload: name as BatchWorkload, cores, megabytes: Number(values.megabytes), records: Number(values.records), rounds: Number(values.rounds ?? 3) })
  show(result, `${name}, ${workers}, ${name === 'grep' || name === 'wordcount' ? `${values.megabytes} MB` : `${result.records} pairs`}: Rivulet ${result.rivulet.toFixed(2)} s, one thread by hand ${result.handWritten.toFixed(2)} s; `
    + `time ratio ${result.ratio.toFixed(2)} (${result.ratios[0].toFixed(2)}–${result.ratios[1].toFixed(2)}), of processor time ${result.cpuRatio.toFixed(2)}`)
} else if (name === 'grep' || name === 'wordcount') {
  const result = await throughput({ workload: name, cores, rounds: Number(values.rounds ?? 12) })
  show(result, `${name}, ${workers}, ${result.lines} lines: Rivulet ${result.rivulet} lines/s, by hand ${result.handWritten} lines/s; `
    + `time ratio ${result.ratio.toFixed(2)} (${result.ratios[0].toFixed(2)}–${result.ratios[1].toFixed(2)}), throughput ratio ${(1 / result.ratio).toFixed(2)}`)
} else if (name === 'window' || name === 'stateful') {
  const work = name === 'window' ? (values.top ? 'top' : 'window') : values.op === 'update' ? 'update' : 'map'
  const result = await stateful({ work, cores, checkpoint, keys: Number(values.keys), linesPerBatch: Number(values.lines), rounds: Number(values.rounds ?? 6) })
  show(result, `${name} (${work}), ${workers}, checkpoint ${checkpoint}, batches of ${result.linesPerBatch} lines: Rivulet ${result.rivulet} lines/s, by hand ${result.handWritten} lines/s; `
    + `time ratio ${result.ratio.toFixed(2)} (${result.ratios[0].toFixed(2)}–${result.ratios[1].toFixed(2)}), of processor time ${result.cpuRatio.toFixed(2)}, throughput ratio ${(1 / result.ratio).toFixed(2)}`)
} else if (name === 'empty') {
  const result = await emptyBatches(cores)
  show(result, `empty batch, ${workers}: median ${result.medianMs.toFixed(3)} ms, p99 ${result.p99Ms.toFixed(3)} ms`)
} else if (name === 'latency') {
  const result = await latency({ cores, linesPerSecond: Number(values.rate), batchMs: Number(values.batch), checkpoint, syncDelayMs: Number(values['fsync-delay']) })
  show(result, `${result.linesPerSecond} lines/s, batches of ${result.batchMs} ms, ${workers}, checkpoint ${checkpoint}: p50 ${result.p50} ms, p95 ${result.p95} ms, p99 ${result.p99} ms; `
    + `a batch from tick to completed p50 ${result.batches.p50} ms, p95 ${result.batches.p95} ms, p99 ${result.batches.p99} ms`)
} else if (name === 'cost') {
  const result = await checkpointCost({ input: values.input === 'socket' ? 'socket' : 'state', cores, checkpoint: checkpoint === 'memory' ? 'power' : checkpoint, rounds: Number(values.rounds ?? 5) })
  show(result, `checkpoint (${result.input}), ${workers}, durability ${result.checkpoint}: ${result.with} lines/s, without ${result.without}: costs ${(result.cost * 100).toFixed(0)} % of the throughput, ${(result.cpuCost * 100).toFixed(0)} % by processor time`)
} else if (name === 'overload') {
  for (const backpressure of [false, true]) {
    const result = await overload({ backpressure, cores })
    show(result, `overload, ${workers}, ${backpressure ? 'with' : 'without'} backpressure, a job for ${result.capacity} lines/s: ${result.linesPerSecond} lines/s in the end, batches of ${result.batchLines.join(' to ')} lines; `
      + `${result.batchesDue[0]} batches due at most, ${result.batchesDue[1]} in the end; blocks of ${result.blockMb} MB, process of ${result.processMb} MB at most`)
  }
} else if (name === 'journal') {
  for (const result of await journalLatency()) {
    show(result, `journal, durability ${result.durability}${result.syncDelayMs > 0 ? `, syncs ${result.syncDelayMs} ms slower` : ''}, ${result.bytes} bytes: `
      + `p50 ${result.p50Ms.toFixed(2)} ms, p99 ${result.p99Ms.toFixed(2)} ms, 20 at once ${result.groupOf20Ms.toFixed(2)} ms`)
  }
} else if (name === 'recovery') {
  const death = await workerDeath()
  show(death, `a worker that dies: its job takes ${death.deathMs.toFixed(0)} ms, undisturbed ${death.undisturbedMs.toFixed(0)} ms: ${death.moreMs.toFixed(0)} ms more, at worst ${death.worstMoreMs.toFixed(0)} ms (20 deaths)`)
  const stateful = await statefulWorkerDeath(1)
  show(stateful, `one that holds a state of 1 MB: its batch takes ${stateful.deathMs.toFixed(0)} ms, undisturbed ${stateful.undisturbedMs.toFixed(0)} ms: ${stateful.moreMs.toFixed(0)} ms more, at worst ${stateful.worstMoreMs.toFixed(0)} ms`)
  const restart = await driverRestart(Number(values.megabytes), values.store, Number(values.rounds ?? 3))
  show(restart, `a driver with ${restart.megabytes} MB of state, store ${restart.store}, that is killed: the first output of the next one after ${restart.medianMs.toFixed(0)} ms, ${restart.medianCpuMs.toFixed(0)} ms of processor time`)
} else if (name === 'spill') {
  const result = await spill({ work: values.work === 'sort' ? 'sort' : 'words', cores, count: Number(values.count), partitions: values.partitions === undefined ? undefined : Number(values.partitions), memory: values.memory })
  show(result, `${result.work}, ${result.count} of them, ${cores} worker${cores === 1 ? '' : 's'}, spark.driver.memory ${result.memory}: ${result.seconds.toFixed(1)} s (${result.cpuSeconds.toFixed(1)} s of processor time), ${result.peakMb} MB at the peak`)
} else if (name === 'log-mining') {
  const result = await logMining({ megabytes: Number(values.megabytes), cores, rounds: Number(values.rounds ?? 12), level: values.level })
  show(result, `log mining, ${cores} worker${cores === 1 ? '' : 's'}, ${result.megabytes} MB, ${result.lines} lines: loaded in ${result.loadMs.toFixed(0)} ms; a question ${result.rivuletMs.toFixed(1)} ms, `
    + `by hand ${result.handWrittenMs.toFixed(1)} ms; time ratio ${result.ratio.toFixed(2)} (${result.ratios[0].toFixed(2)}–${result.ratios[1].toFixed(2)})`)
} else {
  console.error(`there is no benchmark ${name}\n\n${usage}`)
  process.exitCode = 1
}
