// A program that changed: what it lacks is given up for good, windows are found by the name of their stream, sinks by their number among sinks,
// classes by their names; keys must be of the kind that they were.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { ManualClock } from '../../base/clock.ts'
import { Context } from '../../context/context.ts'
import type { DStream } from '../dstream.ts'
import type { State } from '../../kernel/state/state.ts'
import type { TwoPhaseSink } from '../output/sink.ts'
import { StreamingContext } from '../streaming-context.ts'

let directory: string
beforeEach(() => { directory = mkdtempSync(join(tmpdir(), 'rivulet-match-')) })
afterEach(() => rmSync(directory, { recursive: true }))

type Streams = Readonly<Record<string, DStream<unknown>>>
interface Life { readonly from: number; readonly to: number; readonly give?: boolean; readonly keep?: number; readonly master?: string; readonly store?: 'memory' | 'disk'; readonly describe: (ssc: StreamingContext) => Streams; readonly then?: (ssc: StreamingContext) => Promise<void> }

/** Runs batches (from, to]; gives what came out of each stream, batch by batch. */
async function live({ from, to, give = false, keep = 100, master = 'inline', store = 'memory', describe, then }: Life): Promise<Record<string, unknown[]>> {
  await using ctx = new Context({ master, conf: { 'checkpoint.durability': 'process', 'replay.keep': keep, 'checkpoint.allowNonRestoredState': give, 'state.store': store } })
  const clock = new ManualClock(from * 1000)
  const ssc = new StreamingContext(ctx, '1 s', { clock })
  ssc.checkpoint(directory)
  const out: Record<string, unknown[]> = {}
  for (const [name, stream] of Object.entries(describe(ssc))) stream.foreachRDD(async rdd => { (out[name] ??= []).push(await rdd.collect()) })
  const ended = ssc.awaitTermination()
  ended.catch(() => {}) // awaited below
  await ssc.start()
  await clock.advance((to - from) * 1000)
  await then?.(ssc)
  await ssc.stop()
  await ended
  return out
}

const counting = (ssc: StreamingContext, begins = 0): DStream<number> => ssc.sourceStream<number, number, number>({
  initial: async () => begins, latest: async n => n + 1, split: (a, b) => (a === b ? [] : [a]), * read(n) { yield n },
})
const add = (a: number, b: number): number => a + b
const pairs = (numbers: DStream<number>): DStream<[string, number]> => numbers.map((n): [string, number] => ['sum', n])
const summed = (numbers: DStream<number>): DStream<[string, number]> => pairs(numbers).updateStateByKey<number>((ns, sum) => ns.reduce(add, sum ?? 0), 1)

describe('given up by allowNonRestoredState', () => {
  test('a state begins empty when it is there again, though the journal still has it', async () => {
    const both = (ssc: StreamingContext): Streams => {
      const numbers = counting(ssc, 1)
      return { a: summed(numbers).uid('a'), b: summed(numbers).uid('b') }
    }
    const one = (ssc: StreamingContext): Streams => ({ a: summed(counting(ssc, 1)).uid('a') })
    await live({ from: 0, to: 3, describe: both })
    await assert.rejects(live({ from: 3, to: 4, describe: one }), { code: 'RIV_STATE_MATCH', message: /b \(updateStateByKey\) is in the checkpoint, but not in the program/ })
    assert.deepEqual(await live({ from: 3, to: 5, give: true, describe: one }), { a: [[['sum', 10]], [['sum', 15]]] })
    assert.deepEqual(await live({ from: 5, to: 6, describe: both }), { a: [[['sum', 21]]], b: [[['sum', 6]]] })
  })

  test('an input begins anew, though the journal still has its place', async () => {
    const both = (ssc: StreamingContext): Streams => ({ a: counting(ssc), b: counting(ssc, 10) })
    await live({ from: 0, to: 3, describe: both })
    await live({ from: 3, to: 4, give: true, describe: ssc => ({ a: counting(ssc) }) })
    assert.deepEqual(await live({ from: 4, to: 5, describe: both }), { a: [[4]], b: [[10]] })
  })
})

/** Each makes a stream over numbers that remembers three batches. */
const windows: Readonly<Record<string, (numbers: DStream<number>) => DStream<unknown>>> = {
  window: numbers => numbers.window('3 s'),
  reduceByWindow: numbers => numbers.reduceByWindow(add, '3 s'),
  'reduceByWindow with an inverse': numbers => numbers.reduceByWindow(add, (a, b) => a - b, '3 s', '1 s'),
  reduceByKeyAndWindow: numbers => pairs(numbers).reduceByKeyAndWindow(add, '3 s'),
  'reduceByKeyAndWindow with an inverse': numbers => pairs(numbers).reduceByKeyAndWindow(add, (a, b) => a - b, '3 s', '1 s'),
  countByValueAndWindow: numbers => numbers.countByValueAndWindow('3 s', '1 s'),
}

describe('a window finds its panes by the name of its stream', () => {
  for (const [name, windowed] of Object.entries(windows)) test(name, async () => {
    const streams = (first: string, second: string) => (ssc: StreamingContext): Streams => {
      const numbers: Record<string, DStream<number>> = { a: counting(ssc).uid('numbers a'), b: counting(ssc, 100).uid('numbers b') }
      return Object.fromEntries([first, second].map(each => [each, windowed(numbers[each]!.map(n => n)).uid(each)]))
    }
    const before = await live({ from: 0, to: 3, describe: streams('a', 'b') })
    const after = await live({ from: 3, to: 5, describe: streams('b', 'a') })
    rmSync(directory, { recursive: true })
    const whole = await live({ from: 0, to: 5, describe: streams('a', 'b') })
    for (const each of ['a', 'b']) assert.deepEqual([...before[each]!, ...after[each]!], whole[each], each)
  })
})

/** Prepares the records, commits them to a list; fails to where it is told to. */
const sink = (committed: unknown[], fails = false): TwoPhaseSink<unknown, unknown[], unknown> => ({
  begin: () => [], write: (transaction, rows) => { transaction.push(...rows) }, prepare: transaction => transaction,
  commit(handles) {
    if (fails) throw new Error('not now')
    committed.push(...handles)
  },
  abort() {},
})

test('what was prepared is committed by the sink that prepared it, whatever other outputs there are', async () => {
  const run = async (from: number, others: number, sinks: number, fails: boolean, give = false): Promise<unknown[][]> => {
    const committed: unknown[][] = Array.from({ length: sinks }, () => [])
    await live({ from, to: from + 1, give, describe(ssc) {
      const numbers = counting(ssc)
      for (let i = 0; i < others; i++) numbers.foreachRDD(() => {})
      for (let i = 0; i < sinks; i++) numbers.map(n => `${i}: ${n}`).saveTo(sink(committed[i]!, fails))
      return {}
    } }).catch((error: Error) => { if (!fails) throw error })
    return committed
  }
  await run(0, 0, 2, true)
  await assert.rejects(run(1, 0, 1, false), { code: 'RIV_SINK_MATCH', message: /1000 ms.* 2 two-phase sinks, and the program has 1/ })
  assert.deepEqual(await run(1, 3, 2, false), [[['0: 0'], ['0: 1']], [['1: 0'], ['1: 1']]])
  await run(2, 3, 2, true)
  assert.deepEqual(await run(3, 3, 1, false, true), [[['0: 3']]])
  assert.deepEqual(await run(4, 3, 2, false), [[['0: 4']], [['1: 4']]], 'given up for good')
})

test('savepoints that are asked for at once are several', async () => {
  await live({ from: 0, to: 2, describe: ssc => ({ a: summed(counting(ssc)) }), async then(ssc) {
    const paths = await Promise.all([ssc.savepoint(), ssc.savepoint(), ssc.savepoint(join(directory, 'elsewhere'))])
    assert.equal(new Set(paths).size, 3)
    for (const path of paths) assert.deepEqual(readdirSync(path), ['journal'])
  } })
})

describe('keys of another kind', () => {
  const programs = {
    texts: (numbers: DStream<number>) => numbers.map((n): [unknown, number] => [`key ${n % 3}`, n]),
    numbers: (numbers: DStream<number>) => numbers.map((n): [unknown, number] => [n % 3, n]),
    both: (numbers: DStream<number>) => numbers.map((n): [unknown, number] => [n % 2 === 0 ? n % 3 : `key ${n % 3}`, n]),
    none: (numbers: DStream<number>) => numbers.filter(() => false).map((n): [unknown, number] => [n % 3, n]),
    transformed: (numbers: DStream<number>) => numbers.transform(rdd => rdd.map((n): [unknown, number] => [[n % 3], n])),
  }
  type Keys = keyof typeof programs
  const keyed = (ssc: StreamingContext, keys: Keys): DStream<[unknown, number]> => programs[keys](counting(ssc))
  const operators: Readonly<Record<string, (pairs: DStream<[unknown, number]>) => DStream<unknown>>> = {
    updateStateByKey: pairs => pairs.updateStateByKey<number>((ns, sum) => ns.reduce(add, sum ?? 0), 2),
    mapWithState: pairs => pairs.mapWithState((key, n, state: State<number>) => { state.update((state.getOption() ?? 0) + n!); return [key, state.get()] }, { numPartitions: 2 }),
    reduceByKeyAndWindow: pairs => pairs.reduceByKeyAndWindow(add, (a, b) => a - b, '4 s', '1 s', { numPartitions: 2 }),
  }
  for (const [operator, describe] of Object.entries(operators)) {
    const life = (keys: Keys, from: number, to: number, uid?: string, give = false): Promise<Record<string, unknown[]>> => live({ from, to, give, describe: ssc => {
      const stream = describe(keyed(ssc, keys))
      return { out: uid === undefined ? stream : stream.uid(uid) }
    } })
    test(`are refused, and nothing is lost: ${operator}`, async () => {
      await life('texts', 0, 2)
      const refusal = { code: 'RIV_STATE_KEY_KIND', message: new RegExp(`the keys of ${operator}#0 are texts in the checkpoint, and numbers in the program`) }
      await assert.rejects(life('numbers', 2, 4), refusal)
      await life('none', 2, 3) // the batch stays undone: it runs again, and brings nothing
      await assert.rejects(life('numbers', 3, 4), refusal)
      await life('both', 3, 5) // one kind in common may be what the program always had
      await life('numbers', 5, 6)
      await assert.rejects(life('transformed', 6, 7), { code: 'RIV_STATE_KEY_KIND', message: /are texts and numbers in the checkpoint, and arrays in the program/ })
    })

    test(`are taken from the program that always made both: ${operator}`, async () => {
      for (let from = 1; from < 5; from++) await life('both', from, from + 1)
    })

    test(`are taken where it is said that some state may be lost: ${operator}`, async () => {
      await life('texts', 0, 2)
      await life('numbers', 2, 3, undefined, true)
      await life('texts', 3, 4)
    })

    test(`begin a state of another name: ${operator}`, async () => {
      await life('texts', 0, 2, 'old')
      await life('numbers', 2, 4, 'new', true)
      await assert.rejects(life('texts', 4, 5, 'new'), { code: 'RIV_STATE_KEY_KIND' })
    })
  }

  test('are seen also after the partitions of a state changed', async () => {
    const summed = (keys: Keys, partitions: number) => (ssc: StreamingContext): Streams => ({ out: keyed(ssc, keys).updateStateByKey<number>((ns, sum) => ns.reduce(add, sum ?? 0), partitions) })
    await live({ from: 0, to: 2, describe: summed('texts', 2) })
    await live({ from: 2, to: 3, describe: summed('none', 3) })
    await assert.rejects(live({ from: 3, to: 4, describe: summed('numbers', 3) }), { code: 'RIV_STATE_KEY_KIND' })
  })

  test('are refused by threads with states on disk', async () => {
    const life = (keys: Keys, from: number): Promise<unknown> => live({ from, to: from + 1, master: 'local[2]', store: 'disk', describe: ssc => ({ out: operators['mapWithState']!(keyed(ssc, keys)) }) })
    await life('texts', 0)
    await assert.rejects(life('numbers', 1), { code: 'RIV_STATE_KEY_KIND' })
    await life('texts', 1)
  })

  test('stop the streams also where outputs skip failures', async () => {
    const skipping = (keys: Keys) => (ssc: StreamingContext): Streams => {
      keyed(ssc, keys).updateStateByKey<number>((ns, sum) => ns.reduce(add, sum ?? 0), 1).foreachRDD(async rdd => { await rdd.count() }, { onFailure: 'skip' })
      return {}
    }
    await live({ from: 0, to: 1, describe: skipping('texts') })
    await assert.rejects(live({ from: 1, to: 2, describe: skipping('numbers') }), { code: 'RIV_STATE_KEY_KIND' })
  })
})

/** A program whose state is instances of a class; the class is gone, or has another method, where `how` says so. */
const classes = (how: 'there' | 'gone' | 'changed'): string => `
  import { Context, StreamingContext } from 'rivulet'
  import { ManualClock } from 'rivulet/testing'
  const [directory, from, master] = process.argv.slice(2)
  ${how === 'gone' ? 'class Coins' : 'class Money'} { cents = 0; ${how === 'changed' ? 'plus(n) { this.cents += 10 * n; return this }' : 'plus(n) { this.cents += n; return this }'} }
  const clock = new ManualClock(Number(from) * 1000)
  const ssc = new StreamingContext(new Context({ master, conf: { 'checkpoint.durability': 'process' } }), '1 s', { clock })
  ssc.checkpoint(directory)
  ssc.sourceStream({ initial: async () => 0, latest: async n => n + 1, split: (a, b) => [a], * read(n) { yield ['sum', n] } })
    .updateStateByKey((ns, sum) => (sum ?? new ${how === 'gone' ? 'Coins' : 'Money'}()).plus(ns[0] ?? 0), 1)
    .foreachRDD(async rdd => { for (const [, sum] of await rdd.collect()) console.log(sum) })
  await ssc.start()
  await clock.advance(3000)
  await ssc.stop()
`
for (const master of ['inline', 'local[1]']) test(`instances of a class of the program are of it after a restart: ${master}`, () => {
  const life = (how: 'there' | 'gone' | 'changed', from: number): { out: string; err: string } => {
    const program = join(directory, `${how}.mjs`)
    writeFileSync(program, classes(how))
    const self = new URL('../../../scripts/self.mjs', import.meta.url).href
    const { stdout, stderr } = spawnSync(process.execPath, ['--import', self, program, join(directory, 'checkpoint'), String(from), master], { encoding: 'utf8' })
    return { out: stdout, err: stderr }
  }
  assert.equal(life('there', 0).out, 'Money { cents: 0 }\nMoney { cents: 1 }\nMoney { cents: 3 }\n')
  assert.equal(life('there', 3).out, 'Money { cents: 6 }\nMoney { cents: 10 }\nMoney { cents: 15 }\n')
  assert.match(life('gone', 6).err, /the state of updateStateByKey#0 has instances of the class Money, .*RIV_STATE_CLASS/s)
  assert.equal(life('changed', 6).out, 'Money { cents: 75 }\nMoney { cents: 145 }\nMoney { cents: 225 }\n')
})
