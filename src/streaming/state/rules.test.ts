// What streams that remember promise whatever their outputs and their advances do, as data: each rule for each kind of state.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { ManualClock } from '../../base/clock.ts'
import { Time } from '../../base/time.ts'
import { Context } from '../../context/context.ts'
import { HashPartitioner, Partitioner } from '../../kernel/partitioner.ts'
import type { State } from '../../kernel/state/state.ts'
import { StorageLevel } from '../../rdd/storage-level.ts'
import { onEveryMaster } from '../../rdd/masters.fixture.ts'
import { runBatchesOn } from '../../testing/run-batches.ts'
import type { DStream } from '../dstream.ts'
import type { OnFailure } from '../graph/output-operation.ts'
import { StreamingContext } from '../streaming-context.ts'

type Pairs = DStream<[string, number]>
type Pair = [unknown, unknown]

const folder = mkdtempSync(join(tmpdir(), 'rivulet-state-rules-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const add = (a: number, b: number): number => a + b
const subtract = (a: number, b: number): number => a - b
const running = (key: string, n: number | undefined, state: State<number>): [string, number] => {
  state.update((state.getOption() ?? 0) + n!)
  return [key, state.get()]
}
function* summed(rows: Iterable<[key: string, values: number[], state: number | undefined]>): Generator<[string, number]> {
  for (const [key, values, n = 0] of rows) yield [key, values.reduce(add, n)]
}
const letters = (...batches: string[]): [string, number][][] => batches.map(text => [...text].map(letter => [letter, 1]))
const sorted = (batches: unknown[][]): unknown[][] => batches.map(batch => batch.toSorted((a, b) => (String(a) < String(b) ? -1 : 1)))

/** One of each kind; the sums of what came are the same however the batches came. */
const kinds: Readonly<Record<string, (pairs: Pairs) => DStream<unknown>>> = {
  updateStateByKey: pairs => pairs.updateStateByKey<number>((ones, n) => ones.reduce((a, b) => a + b, n ?? 0)),
  'updateStateByKey over partitions': pairs => pairs.updateStateByKey<number>(summed, { wholePartitions: true }),
  'updateStateByKey over partitions, whose keys may move': pairs => pairs.updateStateByKey<number>(summed, { wholePartitions: true, rememberPartitioner: false }),
  mapWithState: pairs => pairs.reduceByKey(add).mapWithState(running),
  stateSnapshots: pairs => pairs.mapWithState(running).stateSnapshots(),
  'a window': pairs => pairs.window('3 s'),
  'a window by key': pairs => pairs.reduceByKeyAndWindow(add, '3 s'),
  'a window by key, of many panes': pairs => pairs.reduceByKeyAndWindow(add, '12 s'),
  'an inverse window': pairs => pairs.reduceByKeyAndWindow(add, subtract, '3 s', '1 s', { filter: ([, n]) => n > 0 }),
  'a state over a window': pairs => pairs.window('2 s').updateStateByKey<number>((ones, n) => ones.reduce((a, b) => a + b, n ?? 0)),
  'a window over a state': pairs => pairs.updateStateByKey<number>((ones, n) => ones.reduce((a, b) => a + b, n ?? 0)).window('2 s'),
  'a join of two': pairs => pairs.window('2 s').join(pairs.updateStateByKey<number>((ones, n) => ones.reduce((a, b) => a + b, n ?? 0))),
}
const batches = letters('abb', 'a', 'ca', '', 'bbc', 'a', '', 'c', 'a', 'b', '', 'ac', 'b', 'abc')

onEveryMaster((context, master) => {
  const run = async (operation: (pairs: Pairs, ssc: StreamingContext) => DStream<unknown>, given = batches): Promise<unknown[][]> => sorted(await runBatchesOn(context(), given, operation as never, {}))

  describe('an output', () => {
    for (const [name, operation] of Object.entries(kinds)) test(`that takes one record of ${name} leaves it as one that takes all`, async () => {
      const undisturbed = await run(operation)
      const first: unknown[][] = []
      const taken = await run((pairs, ssc) => {
        const stream = operation(pairs)
        stream.foreachRDD(async (rdd, time) => { if (time.milliseconds % 3_000 !== 0) first.push(await rdd.take(1)) })
        // Only some batches are read whole.
        stream.foreachRDD(async (rdd, time) => { if (time.milliseconds % 4_000 === 0) assert.deepEqual(sorted([await rdd.collect()])[0], undisturbed[time.milliseconds / 1_000 - 1]) })
        return ssc.queueStream<unknown>([])
      })
      assert.equal(taken.length, batches.length)
      assert.ok(first.every((rows, i) => rows.every(row => undisturbed[i + Math.floor(i / 2)]!.some(each => JSON.stringify(each) === JSON.stringify(row)))))
    })

    const policies: Readonly<Record<string, { readonly onFailure: OnFailure; readonly seen: (all: unknown[][]) => unknown[][] }>> = {
      skip: { onFailure: 'skip', seen: all => all },
      retry: { onFailure: { retry: 1 }, seen: all => [...all.slice(0, 3), all[2]!, ...all.slice(3)] },
    }
    for (const [policy, { onFailure, seen }] of Object.entries(policies)) for (const [name, operation] of Object.entries(kinds)) test(`that fails once and is treated by ${policy}: ${name} goes on as if nothing was`, async () => {
      const rows: unknown[][] = []
      await run((pairs, ssc) => {
        let failed = false
        operation(pairs).foreachRDD(async (rdd, time) => {
          rows.push(await rdd.collect())
          if (failed || time.milliseconds !== 3_000) return
          failed = true
          throw new Error('once')
        }, { onFailure })
        return ssc.queueStream<unknown>([])
      })
      assert.deepEqual(sorted(rows), seen(await run(operation)))
    })

    for (const [name, operation] of Object.entries(kinds)) test(`that stops the program: ${name} is restored as it was before the batch, which runs again`, async () => {
      const directory = join(folder, `${master} ${name}`)
      const rows: unknown[][] = []
      const some = async (from: number, to: number, fails: boolean): Promise<void> => {
        const clock = new ManualClock(from * 1_000)
        const ssc = new StreamingContext(context(), '1 s', { clock })
        ssc.checkpoint(directory)
        const pairs = ssc.sourceStream<number, number, [string, number]>({
          initial: async () => 0, latest: async n => Math.min(n + 1, batches.length), split: (a, b) => (a === b ? [] : [a]), read: i => batches[i]!,
        })
        operation(pairs).foreachRDD(async (rdd, time) => {
          rows.push(await rdd.collect())
          if (fails && time.milliseconds === 3_000) throw new Error('for good')
        })
        const ended = ssc.awaitTermination().then(() => undefined, (error: Error) => error)
        await ssc.start()
        for (let i = from; i < to && ssc.state === 'active'; i++) await clock.advance(1_000).catch(() => {})
        await ssc.stop({ stopContext: false })
        assert.equal(await ended !== undefined, fails)
      }
      await some(0, 5, true)
      await some(3, batches.length, false)
      const all = await run(operation)
      assert.deepEqual(sorted(rows), [...all.slice(0, 3), all[2]!, ...all.slice(3)])
    })
  })

  describe('an advance that fails', () => {
    const fails = (pairs: Pairs): Pairs => pairs.map(([key, n]) => {
      if (key === '!') throw new Error('no good')
      return [key, n]
    })
    // A window over a state lacks that batch's states, where an empty batch would have them once more.
    for (const [name, operation] of Object.entries(kinds)) for (const at of name === 'a window over a state' ? [] : [0, 4, 7]) test(`in batch ${at + 1}: the batch is empty to ${name}, and to what stands beside it`, async () => {
      const bad = batches.map((batch, i) => (i === at ? [...batch, ['!', 1] as [string, number]] : batch))
      const rows: [number, unknown[]][] = []
      const beside: [number, unknown[]][] = []
      await run((pairs, ssc) => {
        operation(fails(pairs)).foreachRDD(async (rdd, time) => { rows.push([time.milliseconds, await rdd.collect()]) }, { onFailure: 'skip' })
        operation(pairs.filter(([key]) => key !== '!')).foreachRDD(async (rdd, time) => { beside.push([time.milliseconds, await rdd.collect()]) }, { onFailure: 'skip' })
        return ssc.queueStream<unknown>([])
      }, bad)
      const without = (await run(operation, batches.map((batch, i) => (i === at ? [] : batch)))).map((batch, i) => [(i + 1) * 1_000, batch] as const)
      const expected = without.filter((_, i) => i !== at)
      const inOrder = (all: [number, unknown[]][]): unknown[] => all.map(([time, batch]) => [time, sorted([batch])[0]])
      assert.deepEqual(inOrder(rows), expected)
      assert.deepEqual(inOrder(beside), expected)
    })
  })

  describe('an initial state', () => {
    class ByLength extends Partitioner {
      get numPartitions(): number { return 3 }
      getPartition(key: string): number { return key.length % 3 }
    }
    const known: [string, number][] = [['a', 10], ['long', 20], ['a', 11]] // of a key that is there twice the last one stands
    const targets = { 'a number of partitions': { numPartitions: 3 }, 'a partitioner': { partitioner: new HashPartitioner(4) }, 'a partitioner of its own': { partitioner: new ByLength() }, nothing: {} }
    for (const [target, options] of Object.entries(targets)) for (const partitioned of [false, true]) test(`with ${target}, ${partitioned ? 'partitioned' : 'not'} before`, async () => {
      const rdd = (ssc: StreamingContext) => {
        const pairs = ssc.sparkContext.parallelize(known, 1)
        return partitioned ? pairs.partitionBy('partitioner' in options ? options.partitioner : new HashPartitioner(2)) : pairs
      }
      const after = [[['a', 12], ['b', 1], ['long', 20]], [['a', 12], ['b', 2], ['long', 20]]]
      const given = letters('ab', 'b')
      assert.deepEqual(await run((pairs, ssc) => pairs.updateStateByKey<number>((ones, n) => (n ?? 0) + ones.length, { ...options, initialRDD: rdd(ssc) }), given), after)
      assert.deepEqual(await run((pairs, ssc) => pairs.mapWithState(running, { ...options, initialState: rdd(ssc) }).stateSnapshots(), given), after)
    })
  })

  test('NaN and zero of either sign are one key each in every kind of state', async () => {
    const given = [[[NaN, 1], [0, 1]], [[-0, 1], [NaN, 1]], [[-0, 1]]] as unknown as [string, number][][]
    const sums = (batch: unknown[]): string => (batch as Pair[]).map(([key, n]) => `${Number(key)}: ${String(n)}`).sort().join()
    const cases: readonly [name: string, expected: readonly string[]][] = [
      ['updateStateByKey', ['0: 1,NaN: 1', '0: 2,NaN: 2', '0: 3,NaN: 2']], ['mapWithState', ['0: 1,NaN: 1', '0: 2,NaN: 2', '0: 3']],
      ['stateSnapshots', ['0: 1,NaN: 1', '0: 2,NaN: 2', '0: 3,NaN: 2']], ['a window by key', ['0: 1,NaN: 1', '0: 2,NaN: 2', '0: 3,NaN: 2']],
      ['an inverse window', ['0: 1,NaN: 1', '0: 2,NaN: 2', '0: 3,NaN: 2']],
    ]
    for (const [name, expected] of cases) assert.deepEqual((await run(kinds[name]!, given)).map(sums), expected, name)
  })

  test('slice of streams that remember gives the batches that are kept', async () => {
    const clock = new ManualClock()
    const ssc = new StreamingContext(context(), '1 s', { clock })
    ssc.checkpoint('memory:')
    ssc.remember('3 s')
    const pairs = ssc.queueStream([...batches])
    const streams = Object.entries(kinds).map(([name, operation]) => ({ name, stream: operation(pairs) }))
    for (const { stream } of streams) stream.foreachRDD(() => {})
    await ssc.start()
    await clock.advance(8_000)
    const found = await Promise.all(streams.map(async ({ stream }) => Promise.all((await stream.slice(new Time(6_000), new Time(8_000))).map(rdd => rdd.collect()))))
    await ssc.stop({ stopContext: false })
    for (const [i, { name }] of streams.entries()) assert.deepEqual(sorted(found[i]!), (await run(kinds[name]!)).slice(5, 8), name)
  })
})

describe('refused', () => {
  const refused = async (describe: (pairs: Pairs, ssc: StreamingContext) => DStream<unknown>, code: string, message: RegExp, directory?: string): Promise<void> => {
    await using ctx = new Context({ master: 'inline' })
    const ssc = new StreamingContext(ctx, '1 s', { clock: new ManualClock() })
    if (directory !== undefined) ssc.checkpoint(directory)
    await assert.rejects(async () => {
      describe(ssc.queueStream<[string, number]>([]), ssc).foreachRDD(() => {})
      await ssc.start()
    }, (error: Error & { code: string }) => error.code === code && message.test(error.message))
    await ssc.stop()
  }
  const count = (pairs: Pairs): DStream<unknown> => kinds['updateStateByKey']!(pairs)

  for (const name of ['updateStateByKey', 'mapWithState', 'stateSnapshots', 'an inverse window', 'a state over a window', 'a join of two']) {
    test(`${name} without a checkpoint directory`, () => refused(kinds[name]!, 'RIV_NO_CHECKPOINT', /(updateStateByKey|mapWithState|reduceByKeyAndWindow) at .*rules\.test\.ts/))
  }
  test('an id that two streams have', () => refused(pairs => count(pairs.window('2 s').uid('counts') as Pairs).uid('counts'), 'RIV_UID', /'counts'/, 'memory:'))
  for (const every of ['500 ms', '1500 ms', 0] as const) test(`a checkpoint interval of ${every}`, () => refused(pairs => count(pairs).checkpoint(every), 'RIV_CHECKPOINT_INTERVAL', /updateStateByKey at .* 1000 ms/, 'memory:'))
  for (const [what, stream] of Object.entries({ 'a stream with state': count, 'any stream': (pairs: Pairs) => pairs.mapValues(n => n) })) {
    test(`a checkpoint interval of ${what} without a directory`, () => refused(pairs => stream(pairs).checkpoint('2 s'), 'RIV_NO_CHECKPOINT', /(updateStateByKey|mapValues) at .*directory.*ssc\.checkpoint/))
    test(`a checkpoint interval of ${what} that is kept nowhere`, () => refused(pairs => stream(pairs).persist(StorageLevel.NONE).checkpoint('2 s'), 'RIV_CHECKPOINT_STORAGE', /(updateStateByKey|mapValues) at .* 2000 ms.*NONE.*persist/, 'memory:'))
    test(`a checkpoint interval of ${what} that is longer than what is remembered`, async () => {
      for (const remembered of ['2 s', '4 s'] as const) await refused((pairs, ssc) => {
        ssc.remember(remembered)
        return stream(pairs).checkpoint('4 s')
      }, 'RIV_CHECKPOINT_REMEMBER', /(updateStateByKey|mapValues) at .* 4000 ms.*(2000|4000) ms.*remember/, 'memory:')
    })
  }
  test('a state that is kept nowhere', () => refused(pairs => count(pairs).persist(StorageLevel.NONE), 'RIV_CHECKPOINT_STORAGE', /updateStateByKey at .* 10000 ms.*NONE/, 'memory:'))
  test('a checkpoint interval below a longer slide', () => refused(pairs => count(pairs.window('2 s', '2 s')).checkpoint('3 s'), 'RIV_CHECKPOINT_INTERVAL', /3000 ms.*2000 ms/, 'memory:'))
})
