// The contract of recovery, as a program finds it that is started again on its checkpoint directory: what runs, what it sees, what is refused.

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Context, StreamingContext, seconds, type DStream, type State } from 'rivulet'
import { ManualClock } from 'rivulet/testing'
import { coded } from './streams.ts'

const folder = mkdtempSync(join(tmpdir(), 'rivulet-recovery-'))
after(() => rmSync(folder, { recursive: true }))

type Row = readonly [timeMs: number, ...unknown[]]
interface Start {
  readonly directory: string
  readonly master?: string
  /** The clock at the start. */
  readonly at: number
  readonly advance: number
  readonly graceful?: boolean
  readonly fails?: number
  readonly createOnError?: boolean
  readonly describe?: (numbers: DStream<number>, out: Row[]) => void
}

const totals = (numbers: DStream<number>, out: Row[], fails?: number): void => {
  const counts = numbers.map(n => [n % 2 === 0 ? 'even' : 'odd', n]).updateStateByKey<number>((values, sum = 0) => values.reduce((a, b) => a + b, sum))
  counts.foreachRDD(async (rdd, time) => {
    if (time.milliseconds === fails) throw new Error('the output is down')
    out.push([time.milliseconds, ...(await rdd.sortByKey().collect()).flat()])
  })
}

let created = 0
/** Starts the program, lets it run, and ends it. Each batch has the one number of its place. */
async function run({ directory, master = 'inline', at, advance, graceful = false, fails, createOnError = false, describe = totals }: Start): Promise<Row[]> {
  const out: Row[] = []
  const clock = new ManualClock(at)
  await using ctx = new Context({ master, log: { debug() {}, info() {}, warn() {}, error() {} } })
  const ssc = await StreamingContext.getOrCreate(directory, async () => {
    created++
    const ssc = new StreamingContext(ctx, seconds(1), { clock })
    const numbers = ssc.sourceStream({
      initial: async () => 1, latest: async (from: number) => from + 1, split: (from, to) => [{ from, to }],
      * read({ from, to }: { from: number; to: number }) { for (let n = from; n < to; n++) yield n },
    })
    if (describe === totals) totals(numbers, out, fails)
    else describe(numbers, out)
    return ssc
  }, { createOnError })
  const ended = ssc.awaitTermination()
  ended.catch(() => {})
  await ssc.start()
  await clock.advance(advance).catch(() => {})
  await ssc.stop({ graceful, stopContext: false })
  if (fails === undefined) await ended
  else await assert.rejects(ended, coded(/^RIV_/, /the output is down/))
  return out
}

const sums = (n: number): [string, number, string, number] => {
  let [even, odd] = [0, 0]
  for (let i = 1; i <= n; i++) if (i % 2 === 0) even += i; else odd += i
  return ['even', even, 'odd', odd]
}
/** What batch n puts out. */
const row = (n: number): Row => (n === 1 ? [1_000, 'odd', 1] : [n * 1_000, ...sums(n)])
const rows = (from: number, to: number): Row[] => Array.from({ length: to - from + 1 }, (_, i) => row(from + i))
let directories = 0
const fresh = (): string => join(folder, `d${directories++}`, 'checkpoint')

test('a directory that does not exist, or is empty, is a fresh start; create runs on every start', async () => {
  const directory = fresh()
  created = 0
  assert.deepEqual(await run({ directory, at: 0, advance: 2_000 }), rows(1, 2))
  assert.deepEqual(await run({ directory, at: 2_000, advance: 1_000 }), rows(3, 3))
  assert.equal(created, 2)
  const empty = fresh()
  mkdirSync(empty, { recursive: true })
  assert.deepEqual(await run({ directory: empty, at: 0, advance: 1_000 }), rows(1, 1))
})

test('a create function that forgets to return is told so', async () => {
  await assert.rejects(StreamingContext.getOrCreate(fresh(), (() => undefined) as never), coded(/^RIV_CREATE_RESULT$/, /undefined/))
})

test('the batches that fell due meanwhile run, in order, each with its time and inputs; after a graceful stop nothing twice', async () => {
  for (const graceful of [true, false]) {
    const directory = fresh()
    assert.deepEqual((await run({ directory, at: 0, advance: 3_000, graceful })).slice(0, 3), rows(1, 3))
    const done = graceful ? 4 : 3
    const again = await run({ directory, at: 7_500, advance: 500 })
    assert.deepEqual(again, rows(again[0]![0] / 1_000, 8))
    assert.ok(again[0]![0] / 1_000 <= done + 1 && again[0]![0] / 1_000 >= 4, `begins at ${again[0]![0]}`)
  }
})

test('an unfinished batch is put out again, with the same time and inputs', async () => {
  const directory = fresh()
  assert.deepEqual(await run({ directory, at: 0, advance: 4_000, fails: 3_000 }), rows(1, 2))
  assert.deepEqual(await run({ directory, at: 3_000, advance: 2_000 }), rows(3, 5))
})

test('state does not depend on the master, nor on the number of threads', async () => {
  const directory = fresh()
  assert.deepEqual(await run({ directory, at: 0, advance: 2_000, master: 'local[2]' }), rows(1, 2))
  assert.deepEqual(await run({ directory, at: 2_000, advance: 1_000, master: 'inline' }), rows(3, 3))
  assert.deepEqual(await run({ directory, at: 3_000, advance: 1_000, master: 'local[3]' }), rows(4, 4))
})

test('a state is found by its uid, wherever it stands', async () => {
  const directory = fresh()
  const by = (swapped: boolean) => (numbers: DStream<number>, out: Row[]): void => {
    const count = (key: string, id: string): DStream<[string, number]> => numbers.map(() => [key, 1]).mapWithState((k, one, state: State<number>) => {
      state.update((state.getOption() ?? 0) + (one ?? 0))
      return [k, state.get()]
    }).uid(id)
    const made = swapped ? [count('y', 'second'), count('x', 'first')] : [count('x', 'first'), count('y', 'second')]
    made[0]!.union(made[1]!).foreachRDD(async (rdd, time) => { out.push([time.milliseconds, ...(await rdd.collect()).flat()]) })
  }
  assert.deepEqual(await run({ directory, at: 0, advance: 2_000, describe: by(false) }), [[1_000, 'x', 1, 'y', 1], [2_000, 'x', 2, 'y', 2]])
  assert.deepEqual(await run({ directory, at: 2_000, advance: 1_000, describe: by(true) }), [[3_000, 'y', 3, 'x', 3]])
})

const filesIn = (directory: string): string[] => readdirSync(directory, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))

test('a directory of damaged checkpoints only rejects, unless createOnError', async () => {
  for (const damage of [(file: string) => writeFileSync(file, 'not a checkpoint at all'), (file: string) => writeFileSync(file, Buffer.alloc(statSync(file).size, 0xff))]) {
    const directory = fresh()
    await run({ directory, at: 0, advance: 3_000 })
    for (const file of filesIn(directory)) damage(file)
    await assert.rejects(run({ directory, at: 3_000, advance: 1_000 }), coded(/^RIV_/, /checkpoint/))
    assert.deepEqual(await run({ directory, at: 3_000, advance: 1_000, createOnError: true }), [[4_000, 'odd', 1]])
  }
})

test('a damaged newest file: an older version, and what follows it', async () => {
  for (const damage of [(file: string) => writeFileSync(file, 'rubbish'), (file: string) => writeFileSync(file, ''), (file: string) => writeFileSync(file, Buffer.alloc(statSync(file).size, 7))]) {
    const directory = fresh()
    await run({ directory, at: 0, advance: 12_000 })
    await run({ directory, at: 12_000, advance: 12_000 })
    const newest = filesIn(directory).toSorted((a, b) => statSync(a).mtimeMs - statSync(b).mtimeMs || (a < b ? -1 : 1)).at(-1)!
    damage(newest)
    const again = await run({ directory, at: 24_000, advance: 1_000 })
    assert.deepEqual(again, rows(again[0]![0] / 1_000, 25), `behind ${newest.slice(directory.length)}`)
  }
})

test('files: each is counted once across a start; the start that counts is the first', async () => {
  const directory = fresh()
  const input = join(folder, `files${directories}`)
  mkdirSync(input)
  const put = (name: string, seconds: number): void => {
    writeFileSync(join(input, `.${name}`), name)
    process.getBuiltinModule('node:fs').utimesSync(join(input, `.${name}`), seconds, seconds)
    process.getBuiltinModule('node:fs').renameSync(join(input, `.${name}`), join(input, name))
  }
  const start = async (at: number, advance: number): Promise<Row[]> => {
    const out: Row[] = []
    const clock = new ManualClock(at)
    await using ctx = new Context({ master: 'inline' })
    const ssc = await StreamingContext.getOrCreate(directory, () => {
      const ssc = new StreamingContext(ctx, seconds(1), { clock })
      ssc.textFileStream(input).foreachRDD(async (rdd, time) => { out.push([time.milliseconds, ...(await rdd.collect()).toSorted()]) })
      return ssc
    })
    await ssc.start()
    await clock.advance(advance)
    await ssc.stop({ stopContext: false })
    return out
  }
  put('before', 99)
  const begun = start(100_000, 1_000)
  put('one', 100.5)
  assert.deepEqual(await begun, [[101_000, 'one']])
  put('meanwhile', 101.5)
  assert.deepEqual(await start(103_000, 1_000), [[102_000, 'meanwhile'], [103_000], [104_000]])
})
