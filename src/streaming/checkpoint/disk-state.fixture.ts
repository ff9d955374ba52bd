// The program of the tests of state on disk: counts keys with a timeout, sums them, and slides a window; gives what came out by time.

import { ManualClock } from '../../base/clock.ts'
import { Context } from '../../context/context.ts'
import type { State } from '../../kernel/state/state.ts'
import { StreamingContext } from '../streaming-context.ts'

export const onDisk = { 'state.store': 'disk', 'state.behindBytes': '2k', 'state.cacheBytes': '4k' }

export interface Run {
  readonly directory: string
  /** Seconds. */
  readonly from: number
  readonly to: number
  readonly conf?: Record<string, string>
  readonly master?: 'inline' | 'local[2]'
  readonly partitions?: number
  /** Called in each batch, in a task of a stream with state. */
  readonly task?: (key: string, time: number) => void
  /** Called before the end, as if it died then. */
  readonly last?: (ssc: StreamingContext) => void | Promise<void>
}

export async function run({ directory, from, to, conf = onDisk, master = 'inline', partitions = 2, task = () => {}, last }: Run): Promise<Map<number, string>> {
  await using ctx = new Context({ master, conf: { 'checkpoint.durability': 'process', 'control.socket': 'false', ...conf } })
  const clock = new ManualClock(from * 1000)
  const ssc = new StreamingContext(ctx, '1 s', { clock })
  ssc.checkpoint(directory)
  const numbers = ssc.sourceStream<number, number, number>({
    initial: async () => 0, latest: async n => n + 1, split: (a, b) => (a === b ? [] : [a]),
    * read(n) { for (let i = 0; i < 50; i++) yield (n * 37 + i * i) % 400 },
  })
  const pairs = numbers.map((n): [string, number] => [`key ${n}`, n + 1])
  const counts = pairs.mapWithState((key, n, state: State<{ n: number; seen: number[] }>, time) => {
    task(key, time.milliseconds)
    if (state.isTimingOut()) return [key, -state.get().n]
    const { n: before, seen } = state.getOption() ?? { n: 0, seen: [] }
    state.update({ n: before + 1, seen: [...seen.slice(-3), n!] })
    return [key, before + 1]
  }, { numPartitions: partitions, timeout: '5 s' })
  const all = [
    counts, counts.stateSnapshots(),
    pairs.updateStateByKey<number>((ns, sum) => (sum !== undefined && sum > 1_000 ? undefined : ns.reduce((a, b) => a + b, sum ?? 0)), partitions + 1),
    pairs.reduceByKeyAndWindow((a, b) => a + b, (a, b) => a - b, '4 s', '1 s', { numPartitions: partitions, filter: ([, n]) => n > 0 }),
  ]
  const out = new Map<number, string>()
  for (const stream of all) stream.foreachRDD(async (rdd, time) => { out.set(time.milliseconds, `${out.get(time.milliseconds) ?? ''}\n${JSON.stringify(await rdd.collect())}`) })
  const ended = ssc.awaitTermination()
  ended.catch(() => {}) // awaited below
  await ssc.start()
  await clock.advance((to - from) * 1000)
  await last?.(ssc)
  await ssc.stop({ stopContext: false })
  await ended
  return out
}
