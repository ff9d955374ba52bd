// What remembering costs, counted in tasks and records: windows of many panes, states of many keys.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '../../base/clock.ts'
import { Context } from '../../context/context.ts'
import type { State } from '../../kernel/state/state.ts'
import type { TaskMetrics } from '../../wire/task-metrics.ts'
import type { DStream } from '../dstream.ts'
import { ConstantInputDStream } from '../input/constant-input-dstream.ts'
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

test('updateStateByKey that takes too long over keys without data is warned of, once', { timeout: 60_000 }, async () => {
  const codes: string[] = []
  const warned = Promise.withResolvers<void>()
  const silent = (): void => {}
  const log = { debug: silent, info: silent, error: silent, warn: (fields: object) => {
    const { code } = fields as { code?: string }
    if (code !== 'RIV_STATE_SCAN') return
    codes.push(code)
    warned.resolve()
  } }
  const ctx = new Context({ master: 'inline', conf: { 'spark.default.parallelism': 2 }, log })
  const ssc = new StreamingContext(ctx, '20 ms')
  ssc.checkpoint('memory:')
  const slowly = (ones: number[], n: number | undefined): number => {
    for (const end = performance.now() + 0.05; performance.now() < end;);
    return (n ?? 0) + ones.length
  }
  const input = new ConstantInputDStream(ssc, ctx.parallelize([['key 1', 1]]))
  let batches = 0
  const counts = input.updateStateByKey<number>(slowly, { initialRDD: ctx.range(0, 1_000, 1, 2).map(n => [`key ${n}`, n]) })
  counts.foreachRDD(() => { batches++ })
  await ssc.start()
  await warned.promise
  for (const until = batches + 5; batches < until;) await new Promise(resolve => { setTimeout(resolve, 5) })
  await ssc.stop()
  assert.deepEqual(codes, ['RIV_STATE_SCAN'])
})

test('the graph knows how many keys have a state', async () => {
  const ctx = new Context({ master: 'inline' })
  const clock = new ManualClock()
  const ssc = new StreamingContext(ctx, '10 ms', { clock })
  ssc.checkpoint('memory:')
  const words = ssc.queueStream<[string, number]>([[['a', 1], ['b', 1]], [['c', 1]], [['a', 0]]])
  const { graph } = ssc as unknown as { readonly graph: { readonly keys: number | undefined } }
  assert.equal(graph.keys, undefined)
  words.mapWithState((_key, n, state: State<number>) => { if (n === 0) state.remove(); else state.update(1) }).foreachRDD(() => {})
  words.updateStateByKey<number>((_ns, n) => n ?? 0).foreachRDD(() => {})
  words.window('20 ms').count().foreachRDD(() => {})
  await ssc.start()
  const seen: (number | undefined)[] = []
  for (let i = 0; i < 3; i++) {
    await clock.advance(10)
    seen.push(graph.keys)
  }
  assert.deepEqual(seen, [4, 6, 5])
  await ssc.stop()
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
