// runBatches: batches in, an operation, batches out. How operators of streams are tested, ours and the users'.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock } from '../base/clock.ts'
import { duration, seconds, type D } from '../base/time.ts'
import { Context } from '../context/context.ts'
import type { Hint } from '../rdd/types.ts'
import type { DStream } from '../streaming/dstream.ts'
import type { ReplayableSource } from '../streaming/input/replayable-source.ts'
import { StreamingContext } from '../streaming/streaming-context.ts'

/** The input of a stream: for each batch its records. */
export type Batches<T> = readonly (readonly (T | Hint)[])[]

export interface RunBatchesOptions {
  /** The batch interval; a second by default. */
  readonly batch?: D
  /** Where tasks run; `inline` by default, so that breakpoints in functions work. */
  readonly master?: string
  /** Empty batches that follow the input, for windows to drain. */
  readonly extraBatches?: number
  /** After this many batches the program dies, and a new one goes on from its checkpoint. */
  readonly restartAfterBatch?: number
}

/** One run at a time: one StreamingContext may be active in a process. */
let last: Promise<unknown> = Promise.resolve()

/**
 * Runs batches of records through an operation and gives what comes out: for each batch in which the result has an RDD, its records.
 *
 * No time passes: a manual clock drives the batches. A failing function rejects, with the operator and the record in the message. Give one input,
 * or several by name. Usable under any test runner.
 *
 * @example
 * import assert from 'node:assert/strict'
 * import { runBatches } from 'rivulet/testing'
 * const counts = await runBatches([['to be'], ['or not to be']], lines => lines.flatMap(line => line.split(' ')).count())
 * assert.deepEqual(counts, [[2], [4]])
 */
export function runBatches<I, O>(batches: Batches<I>, operation: (input: DStream<I>, ssc: StreamingContext) => DStream<O>, options?: RunBatchesOptions): Promise<O[][]>
export function runBatches<I extends Record<string, unknown>, O>(
  inputs: { readonly [N in keyof I]: Batches<I[N]> }, operation: (inputs: { readonly [N in keyof I]: DStream<I[N]> }, ssc: StreamingContext) => DStream<O>, options?: RunBatchesOptions,
): Promise<O[][]>
export async function runBatches(
  inputs: Batches<unknown> | Readonly<Record<string, Batches<unknown>>>, operation: (inputs: never, ssc: StreamingContext) => DStream<unknown>, options: RunBatchesOptions = {},
): Promise<unknown[][]> {
  const { master = 'inline', ...rest } = options
  const turn = last.catch(() => {}).then(async () => {
    const context = new Context({ master, appName: 'runBatches' })
    try {
      return await runBatchesOn(context, inputs, operation, rest)
    } finally {
      await context.stop()
    }
  })
  last = turn
  return turn
}

/** As `runBatches`, on a context that is there already and stays. */
export async function runBatchesOn(
  context: Context, inputs: Batches<unknown> | Readonly<Record<string, Batches<unknown>>>, operation: (inputs: never, ssc: StreamingContext) => DStream<unknown>, options: Omit<RunBatchesOptions, 'master'>,
): Promise<unknown[][]> {
  const { batch = seconds(1), extraBatches = 0, restartAfterBatch } = options
  const count = Math.max(0, ...(isBatches(inputs) ? [inputs] : Object.values(inputs)).map(batches => batches.length)) + extraBatches
  const out: unknown[][] = []
  const run = { context, batch, operation, out, inputs }
  if (restartAfterBatch === undefined) {
    await runSome({ ...run, directory: 'memory:', from: 0, to: count, stream: (ssc, batches) => ssc.queueStream([...batches]) })
    return out
  }
  const directory = await mkdtemp(join(tmpdir(), 'rivulet-batches-'))
  try {
    for (const [from, to] of [[0, restartAfterBatch], [restartAfterBatch, count]] as const) await runSome({ ...run, directory, from, to, stream: testStream })
  } finally {
    await rm(directory, { recursive: true })
  }
  return out
}

interface SomeBatches {
  readonly context: Context
  readonly batch: D
  readonly inputs: Batches<unknown> | Readonly<Record<string, Batches<unknown>>>
  readonly operation: (inputs: never, ssc: StreamingContext) => DStream<unknown>
  readonly out: unknown[][]
  readonly directory: string
  readonly from: number
  readonly to: number
  readonly stream: (ssc: StreamingContext, batches: Batches<unknown>) => DStream<unknown>
}

/** Runs the batches from one number to another in a StreamingContext of their own. */
async function runSome({ context, batch, inputs, operation, out, directory, from, to, stream }: SomeBatches): Promise<void> {
  const batchMs = duration(batch).milliseconds
  const clock = new ManualClock(from * batchMs)
  const ssc = new StreamingContext(context, batch, { clock })
  ssc.checkpoint(directory)
  const given = isBatches(inputs) ? stream(ssc, inputs) : Object.fromEntries(Object.entries(inputs).map(([name, batches]) => [name, stream(ssc, batches)]))
  const ended = ssc.awaitTermination()
  ended.catch(() => {}) // reported below
  try {
    operation(given as never, ssc).foreachRDD(async rdd => { out.push(await rdd.collect()) })
    await ssc.start()
    for (let i = from; i < to && ssc.state === 'active'; i++) await clock.advance(batchMs)
  } finally {
    await ssc.stop({ stopContext: false })
  }
  await ended
}

/**
 * A stream of given batches: each has the records of one element, and those after the last are empty. It can be recovered.
 *
 * @example
 * import { Context, milliseconds, StreamingContext } from 'rivulet'
 * import { ManualClock, testStream } from 'rivulet/testing'
 * const clock = new ManualClock()
 * const ssc = new StreamingContext(new Context({ master: 'inline' }), milliseconds(10), { clock })
 * testStream(ssc, [['a', 'b'], ['c']]).count().print()
 * await ssc.start()
 * await clock.advance(20)   // prints 2
 * await ssc.stop()
 */
export function testStream<T>(ssc: StreamingContext, batches: Batches<T>): DStream<T> {
  return ssc.sourceStream(sourceOf(batches)) as DStream<T>
}

/** A source that has one element of an array for each batch. */
const sourceOf = (batches: Batches<unknown>): ReplayableSource<number, number, unknown> => ({
  initial: async () => 0,
  latest: async from => Math.min(from + 1, batches.length),
  split: (from, to) => batches.slice(from, to).map((_, i) => from + i),
  read: part => batches[part]!,
})

const isBatches = (inputs: Batches<unknown> | Readonly<Record<string, Batches<unknown>>>): inputs is Batches<unknown> => Array.isArray(inputs)
