// A driver that is killed and started anew: one source, some operations, every output of every batch in a log.
//
// - What a batch's outputs gave is appended to `outputs.jsonl` as {name, time, rows}; a batch that runs again appends again. The records
//   themselves are also saved as text files. What sources are told to be done is appended to `acknowledged`.
// - Under a manual clock a life is so many batches, from the last one that has an output on; else batches come by wall time for so long.
// - Says `started` when it has.

import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Context, milliseconds, Receiver, StreamingContext } from 'rivulet'
import type { DStream } from 'rivulet'
import { ManualClock } from 'rivulet/testing'
import { batchMs, type Outcome, type Plan, recordOf } from './plan.fixture.ts'
import { describe } from './program.fixture.ts'

const plan = JSON.parse(process.argv[2]!) as Plan
const { folder, source, operations, master, durability, stateStore, keep, batches, clock: clockKind, port } = plan
const [log, acknowledged, incoming] = [join(folder, 'outputs.jsonl'), join(folder, 'acknowledged'), join(folder, 'incoming')]
mkdirSync(incoming, { recursive: true })

const lines = existsSync(log) ? readFileSync(log, 'utf8').split('\n').filter(line => line.endsWith('}')) : []
const lastMs = Math.max(1_000_000, ...lines.map(line => (JSON.parse(line) as Outcome).time))
const clock = clockKind === 'manual' ? new ManualClock(lastMs) : undefined

/** Counts on from what it has acknowledged; some of it may come twice. */
class Counter extends Receiver<number> {
  #stopped = false

  onStart(): void {
    void this.#run()
  }

  async #run(): Promise<void> {
    for (let n = lastAcknowledged() + 1; !this.#stopped; n += 3) {
      await this.storeAll([n, n + 1, n + 2])
      if (!this.#stopped) appendFileSync(acknowledged, `\n${n + 2}.`)
      await sleep(2)
    }
  }

  onStop(): void {
    this.#stopped = true
  }
}

const ssc = await StreamingContext.getOrCreate(join(folder, 'checkpoint'), () => {
  const conf = { 'state.store': stateStore, 'state.behindBytes': 500, 'state.cacheBytes': 2_000, 'checkpoint.durability': durability, 'replay.keep': String(keep), 'spark.streaming.stopGracefullyOnShutdown': 'false' }
  const ssc = new StreamingContext(new Context({ master, conf }), milliseconds(batchMs), clock && { clock })
  const numbers = numbersOf(ssc)
  const pairs = numbers.map((n): [string, number] => recordOf(n))
  output('raw', numbers)
  numbers.saveAsTextFiles(join(folder, 'text', 'numbers'))
  for (const operation of operations) describe(operation, pairs, () => ssc.sourceStream(countingSource(3)), output)
  return ssc
})

function output(name: string, stream: DStream<unknown>): void {
  stream.foreachRDD(async (rdd, time) => {
    const outcome: Outcome = { name, time: time.milliseconds, rows: await rdd.collect() }
    appendFileSync(log, `\n${JSON.stringify(outcome)}`)
  })
}

/** So many numbers a batch, from 0 on, without an end. */
function countingSource(aBatch: number, committed = (_to: number): void => {}) {
  return {
    initial: async () => 0,
    latest: async (from: number) => from + aBatch,
    split: (from: number, to: number) => [[from, (from + to) >> 1], [(from + to) >> 1, to]] as const,
    * read([from, to]: readonly [number, number]): Generator<number> { for (let n = from; n < to; n++) yield n },
    committed,
  }
}

function lastAcknowledged(): number {
  return existsSync(acknowledged) ? Math.max(-1, ...readFileSync(acknowledged, 'utf8').split('\n').filter(line => line.endsWith('.')).map(Number)) : -1
}

function numbersOf(ssc: StreamingContext): DStream<number> {
  switch (source) {
    case 'replay': return ssc.sourceStream(countingSource(5, to => appendFileSync(acknowledged, `\n${to}.`)))
    case 'files': return ssc.textFileStream(incoming).map(Number)
    case 'socket': return ssc.socketTextStream('127.0.0.1', port).map(Number)
    case 'receiver': return ssc.receiverStream(new Counter())
  }
}

/** Moves the next file of four numbers in. */
function moveFileIn(modifiedMs: number): void {
  const n = readdirSync(incoming).filter(name => !name.startsWith('.')).length
  const hidden = join(incoming, '.next')
  writeFileSync(hidden, [0, 1, 2, 3].map(i => `${4 * n + i}\n`).join(''))
  utimesSync(hidden, modifiedMs / 1000, modifiedMs / 1000)
  renameSync(hidden, join(incoming, `file-${String(n).padStart(6, '0')}`))
}

const ended = ssc.awaitTermination()
ended.catch(() => {}) // reported below
await ssc.start()
process.stdout.write('started\n')
const until = Date.now() + batches * batchMs
for (let i = 0; clock === undefined ? Date.now() < until : i < batches; i++) {
  if (source === 'files') moveFileIn(clock === undefined ? Date.now() : clock.now() + batchMs / 2)
  if (source !== 'replay' || clock === undefined) await sleep(clock === undefined ? batchMs / 2 : 3)
  await clock?.advance(batchMs)
  if (ssc.state !== 'active') break
}
await ssc.stop({ graceful: plan.graceful })
await ended
