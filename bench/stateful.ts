// Streams that remember, beside the hand-written loop on the same cores: words of a sliding window, and counts by one of many keys.
//
// - `window`: word count over 30 s that slides each second, with an inverse function; `top` also its ten most frequent words.
// - `map`, `update`: one record of each key a round, through mapWithState, whose output is counted, or updateStateByKey, whose keys are.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Context, StreamingContext } from '../src/index.ts'
import type { DStream, State } from '../src/index.ts'
import { ManualClock } from '../src/testing/index.ts'
import { batchesOf, beside, Blocks, type Beside } from './beside.ts'
import { keyedTextOf, keyOf, textOf } from './data.ts'
import { handWrittenState, type StateWork } from './hand-written-state.ts'

export interface StatefulOptions {
  readonly work: StateWork
  /** Workers; 0 runs tasks in the program's own thread. */
  readonly cores: number
  /** Where state is kept: in memory, or in a directory that survives the process, or the loss of power. */
  readonly checkpoint: 'memory' | 'process' | 'power'
  readonly keys?: number
  readonly linesPerBatch?: number
  readonly rounds?: number
}

export interface StatefulResult extends Beside {
  readonly work: StateWork
  readonly cores: number
  readonly checkpoint: string
  readonly linesPerBatch: number
  /** Lines a second, medians. */
  readonly rivulet: number
  readonly handWritten: number
}

const windowSeconds = 30

export async function stateful({ work, cores, checkpoint, keys = 1_000_000, linesPerBatch = 100_000, rounds = 6 }: StatefulOptions): Promise<StatefulResult> {
  const partitions = Math.max(1, cores)
  const keyed = work === 'map' || work === 'update'
  const lines = keyed ? keys : linesPerBatch * 5
  const text = keyed ? keyedTextOf(lines, keys) : textOf(lines)
  const batches = batchesOf(text, linesPerBatch * 100, partitions)
  const hand = handWrittenState(work, text, partitions, windowSeconds)
  const directory = checkpoint === 'memory' ? 'memory:' : await mkdtemp(join(tmpdir(), 'rivulet-bench-'))
  const ctx = new Context({ master: cores === 0 ? 'inline' : `local[${cores}]`, conf: checkpoint === 'memory' ? {} : { 'checkpoint.durability': checkpoint } })
  const clock = new ManualClock()
  const ssc = new StreamingContext(ctx, '1 s', { clock })
  ssc.checkpoint(directory)
  let figure = 0
  const out = outputOf(work, new Blocks(ssc, ctx, text, batches), partitions)
  out.foreachRDD(async rdd => {
    if (work !== 'top') figure += await rdd.count()
    else for (const [, n] of await rdd.top(10, { by: ([, count]) => count })) figure += n
  })
  await ssc.start()
  const result = await beside(async () => {
    figure = 0
    for (let batch = 0; batch < batches.length; batch++) await clock.advance(1_000)
    return figure
  }, async () => {
    let sum = 0
    for (const ranges of batches) sum += await hand.batch(ranges)
    return sum
  }, rounds, keyed ? 2 : Math.ceil(windowSeconds / batches.length) + 1)
  await ssc.stop()
  await hand.close()
  if (checkpoint !== 'memory') await rm(directory, { recursive: true })
  return { ...result, work, cores, checkpoint, linesPerBatch, rivulet: Math.round(lines / result.oursMs * 1_000), handWritten: Math.round(lines / result.theirsMs * 1_000) }
}

function outputOf(work: StateWork, lines: DStream<string>, partitions: number): DStream<[string, number]> {
  if (work === 'window' || work === 'top') {
    return lines.flatMap(line => line.split(' ')).map(word => [word, 1])
      .reduceByKeyAndWindow((a, b) => a + b, (a, b) => a - b, `${windowSeconds} s`, '1 s', { filter: ([, n]) => n > 0, numPartitions: partitions })
  }
  const pairs = lines.map(line => [keyOf(line), 1])
  if (work === 'update') return pairs.updateStateByKey<number>((ones, n) => (n ?? 0) + ones.length, partitions)
  return pairs.mapWithState((key, one, state: State<number>) => {
    const n = (state.getOption() ?? 0) + one!
    state.update(n)
    return [key, n]
  }, { numPartitions: partitions })
}
