// A program that leaves every kind of record in its checkpoint: states, windows with and without an inverse function, a timeout, a source with
// offsets, blocks of a receiver, a two-phase sink. Batch n ends at n seconds, and is the same whenever it runs.

import { Context, Receiver, StreamingContext } from 'rivulet'
import type { State, TwoPhaseSink } from 'rivulet'
import { ManualClock } from 'rivulet/testing'

export interface Run {
  readonly directory: string
  /** The batches that run. */
  readonly from: number
  readonly to: number
  readonly conf?: Readonly<Record<string, string>>
  readonly partitions?: number
  /** What the receiver stores before the first batch is there already. */
  readonly stored?: boolean
  /** Called while the program runs, when the receiver has stored what is for the batch after the last. */
  readonly then?: (ssc: StreamingContext) => Promise<unknown>
}

/** What came out: `output batch`, and its rows. */
export type Outcomes = Map<string, unknown[]>

class Hand extends Receiver<number> {
  readonly started = Promise.withResolvers<void>()
  onStart(): void { this.started.resolve() }
  onStop(): void {}
}

/** Runs the batches `from` to `to`; the batch after the last has its block in the journal, and not more. */
export async function run({ directory, from, to, conf = {}, partitions = 2, stored = false, then }: Run): Promise<Outcomes> {
  const out: Outcomes = new Map()
  await using ctx = new Context({ master: 'inline', appName: 'formats', conf: { 'checkpoint.durability': 'process', 'replay.keep': '3', ...conf } })
  const clock = new ManualClock((from - 1) * 1000)
  const ssc = new StreamingContext(ctx, '1 s', { clock })
  ssc.checkpoint(directory)

  const words = ssc.sourceStream<number, number, [string, number]>({
    initial: async () => 0, latest: async n => n + 1, split: (a, b) => (a === b ? [] : [a]),
    * read(n) { for (const letter of ['ab', 'bca', 'c', 'aaä', 'b', 'abc', ''][n % 7]!) yield [letter, n] },
  })
  const hand = new Hand()
  const received = ssc.receiverStream(hand).uid('by hand')
  const add = (a: number, b: number): number => a + b
  const outputs = {
    states: words.updateStateByKey<{ sum: number; last: Date }>((ns, was) => (ns.length === 0 ? was : { sum: ns.reduce(add, was?.sum ?? 0), last: new Date(ns.at(-1)!) }), partitions),
    timeouts: words.mapWithState((key, n, state: State<Map<string, number>>): unknown => {
      if (state.isTimingOut()) return [key, 'out']
      state.update(new Map([...state.getOption() ?? [], [`at ${n! % 2}`, n!]]))
      return [key, state.get()]
    }, { numPartitions: partitions, timeout: '3 s' }),
    window: words.reduceByKeyAndWindow(add, '4 s'),
    inverse: words.reduceByKeyAndWindow(add, (a, b) => a - b, '4 s', '2 s', { numPartitions: partitions }),
    received: received.map((n): [string, number] => [`of ${n % 3}`, n]).updateStateByKey<number>((ns, sum) => ns.reduce(add, sum ?? 0), partitions),
  }
  for (const [name, stream] of Object.entries(outputs)) {
    stream.foreachRDD(async (rdd, time) => { out.set(`${name} ${time.milliseconds / 1000}`, (await rdd.collect()).sort(byText)) })
  }
  const sink: TwoPhaseSink<number, { text: string }, { text: string }> = {
    begin: () => ({ text: '' }), write: (transaction, rows) => { transaction.text = [...rows].join() }, prepare: transaction => transaction,
    commit: (handles, { time }) => { out.set(`committed ${time.milliseconds / 1000}`, handles.map(({ text }) => text)) },
    abort: () => {},
  }
  received.saveTo(sink)

  await ssc.start()
  await hand.started.promise
  const store = (batch: number): Promise<unknown> => hand.storeAll([batch * 10, batch * 10 + 1])
  if (!stored) await store(from)
  for (let batch = from; batch <= to; batch++) {
    await clock.advance(1000)
    await store(batch + 1)
  }
  await then?.(ssc)
  await ssc.stop()
  return out
}

const byText = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)
