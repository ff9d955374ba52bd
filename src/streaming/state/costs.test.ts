// What remembering costs, counted in tasks and records: windows of many panes, states of many keys.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '../../base/clock.ts'
import { Context } from '../../context/context.ts'
import type { State } from '../../kernel/state/state.ts'
import type { TaskMetrics } from '../../wire/task-metrics.ts'
import type { DStream } from '../dstream.ts'
import { StreamingContext } from '../streaming-context.ts'

type Pairs = DStream<[string, number]>

/** Runs batches of 10 ms, each with what `batch` gives; gives what the tasks of each one counted. */
async function tasksOf(batches: number, batch: (i: number) => [string, number][], describe: (pairs: Pairs, ctx: Context) => void): Promise<TaskMetrics[][]> {
  const ctx = new Context({ master: 'inline', conf: { 'spark.default.parallelism': 2 } })
  const byBatch: TaskMetrics[][] = Array.from({ length: batches }, () => [])
  let now = 0
  ctx.addListener({ onTaskEnd: ({ taskMetrics }) => { byBatch[now]!.push(taskMetrics!) } })
  const clock = new ManualClock()
  const ssc = new StreamingContext(ctx, '10 ms', { clock })
  ssc.checkpoint('memory:')
  describe(ssc.queueStream(Array.from({ length: batches }, (_, i) => batch(i))), ctx)
  await ssc.start()
  for (; now < batches; now++) {
    await clock.advance(10)
    await new Promise(resolve => setImmediate(resolve)) // listeners hear of it
  }
  await ssc.stop()
  return byBatch
}

test('a window of 3 000 panes takes the tasks of one of 3; those that combine panes ahead are few', { timeout: 170_000 }, async () => {
  const add = (a: number, b: number): number => a + b
  const counts = async (panes: number): Promise<number[]> => {
    const [length, slide] = [panes * 10, 70] // a window in every seventh batch
    const read = async (pairs: Pairs): Promise<void> => pairs.foreachRDD(async (rdd, time) => { if (time.milliseconds > panes * 10) await rdd.count() })
    const byBatch = await tasksOf(panes + 64, () => [['a', 1]], pairs => {
      for (const stream of [pairs.window(length, slide), pairs.reduceByKeyAndWindow(add, length, slide), pairs.reduceByKeyAndWindow(add, (a, b) => a - b, length, slide)]) void read(stream)
    })
    return byBatch.map(tasks => tasks.length).filter((_, i) => i >= panes && (i + 1) % 7 === 0)
  }
  const [few, many] = [await counts(3), await counts(3_000)]
  assert.equal(new Set(few).size, 1)
  assert.ok(many.filter(count => count === few[0]).length >= many.length - 2, `tasks of a batch: ${many.join(' ')}, with 3 panes ${few[0]}`)
  assert.ok(many.every(count => count <= few[0]! + 16), `tasks of a batch: ${many.join(' ')}, with 3 panes ${few[0]}`)
})

test('mapWithState on many keys: an idle batch reads and writes nothing, one of a few keys a small part', async () => {
  const records = async (describe: (pairs: Pairs, ctx: Context) => DStream<unknown>): Promise<number[]> => {
    const byBatch = await tasksOf(6, i => (i === 3 ? [['key 1', 1], ['new', 1]] : []), (pairs, ctx) => describe(pairs, ctx).foreachRDD(async rdd => { await rdd.count() }))
    assert.ok(byBatch.every(tasks => tasks.length > 0))
    return byBatch.slice(2).map(tasks => tasks.reduce((sum, { recordsRead, recordsWritten }) => sum + recordsRead + recordsWritten, 0))
  }
  const initial = (ctx: Context, keys: number) => ctx.range(0, keys, 1, 2).map(n => [`key ${n}`, n])
  const mapped = (keys: number, timeout?: { readonly timeout: number }): Promise<number[]> => records((pairs, ctx) => pairs.mapWithState((_key, _one, state: State<number>) => {
    if (!state.isTimingOut()) state.update((state.getOption() ?? 0) + 1)
  }, { initialState: initial(ctx, keys), ...timeout }))
  for (const timeout of [undefined, { timeout: 60_000 }]) {
    const [before, busy, ...idle] = await mapped(20_000, timeout)
    assert.deepEqual([before, ...idle], [0, 0, 0])
    assert.ok(busy! > 0 && busy! < 20_000 / 50, `${busy} records`)
  }
  // What would be found out: updateStateByKey writes every key that it changes.
  const [before] = await records((pairs, ctx) => pairs.updateStateByKey<number>((_ones, n) => (n ?? 0) + 1, { initialRDD: initial(ctx, 1_000) }))
  assert.ok(before! >= 1_000, `${before} records`)
})
