// Errors as the contract has them: what went wrong, where, on which record, the user's own error behind it; and a context that goes on.

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { inspect } from 'node:util'
import { Context, isRivuletError, Partitioner, RivuletError, StreamingContext, type RDD } from 'rivulet'
import { onMasters } from './masters.ts'

const folder = mkdtempSync(join(tmpdir(), 'rivulet-errors-'))
after(() => rmSync(folder, { recursive: true }))

class QuotaExceeded extends Error {
  override name = 'QuotaExceeded'
  limit = 7
  readonly detail = { user: 'ann', tries: [1, 2] }
}
class Wrong extends Partitioner {
  numPartitions = 2
  getPartition(): number { return 5 }
}

/** The error of an action; that there is one, that it is ours, and that the context goes on. */
async function failing(ctx: Context, run: (c: Context) => unknown): Promise<RivuletError> {
  let caught: unknown
  try {
    await run(ctx)
  } catch (error) {
    caught = error
  }
  assert.ok(caught instanceof RivuletError, `${inspect(caught)} is no error of ours`)
  assert.ok(isRivuletError(caught))
  assert.match(caught.code, /^RIV_[A-Z0-9_]+$/)
  assert.ok(caught.hint.length > 0 && caught.docs.length > 0)
  assert.deepEqual(await ctx.range(0, 3).map(n => n + 1).collect(), [1, 2, 3], 'the context goes on')
  return caught
}

const boom = (): never => { throw new QuotaExceeded('no more') }
const place = String.raw`test/acceptance/errors\.test\.ts:\d+:\d+`

type Action = readonly [op: string, run: (ctx: Context) => unknown, record: RegExp]
const throwing: readonly Action[] = [
  ['map', c => c.parallelize(['good', 'bad'], 1).map(w => (w === 'bad' ? boom() : w)).collect(), /'bad'/],
  ['filter', c => c.parallelize([{ id: 7 }], 1).filter(boom).count(), /\{ id: 7 \}/],
  ['flatMap', c => c.parallelize([3], 1).flatMap(boom).count(), /3/],
  ['mapValues', c => c.parallelize([['k', 'v']], 1).mapValues(boom).count(), /\[ 'k', 'v' \]/],
  ['flatMapValues', c => c.parallelize([['k', 'v']], 1).flatMapValues(boom).count(), /\[ 'k', 'v' \]/],
  ['keyBy', c => c.parallelize([3], 1).keyBy(boom).count(), /3/],
  ['groupBy', c => c.parallelize([3], 1).groupBy(boom).count(), /3/],
  ['sortBy', c => c.parallelize([3, 4], 1).sortBy(boom).collect(), /3/],
  ['mapAsync', c => c.parallelize([3], 1).mapAsync(async () => boom()).count(), /3/],
  ['mapPartitions', c => c.parallelize([3], 1).mapPartitions(boom).count(), /(?:)/],
  ['mapPartitions', c => c.parallelize([3], 1).mapPartitions(async function* () { yield await boom() }).count(), /(?:)/],
  ['mapPartitionsWithIndex', c => c.parallelize([3], 1).mapPartitionsWithIndex(boom).count(), /(?:)/],
  ['reduceByKey', c => c.parallelize([['k', 1], ['k', 2]], 1).reduceByKey(boom).count(), /2/],
  ['reduceByKey', c => c.parallelize([['k', 1], ['k', 2]], 2).reduceByKey(boom, 1).count(), /2/],
  ['combineByKey', c => c.parallelize([['k', 1]], 1).combineByKey(boom, boom, boom).count(), /1/],
  ['aggregateByKey', c => c.parallelize([['k', 1]], 1).aggregateByKey(0, boom, boom).count(), /1/],
  ['foldByKey', c => c.parallelize([['k', 1]], 1).foldByKey(0, boom).count(), /1/],
  ['foreach', c => c.parallelize([3], 1).foreach(boom), /3/],
  ['foreachPartition', c => c.parallelize([3], 1).foreachPartition(boom), /(?:)/],
  ['reduce', c => c.parallelize([3, 4], 1).reduce(boom), /4/],
  ['fold', c => c.parallelize([3, 4], 1).fold(0, boom), /(?:)/],
  ['aggregate', c => c.parallelize([3, 4], 1).aggregate(0, boom, boom), /(?:)/],
  ['takeOrdered', c => c.parallelize([3, 4], 1).takeOrdered(1, (_a, _b) => boom()), /(?:)/],
  ['top', c => c.parallelize([3, 4], 1).top(1, { by: boom }), /(?:)/],
]

onMasters((context, master) => {
  const attempts = master === 'inline' ? '' : '; tried 4 times'

  for (const [i, [op, run, record]] of throwing.entries()) {
    test(`thrown in ${op} (${i})`, async () => {
      const error = await failing(context(), run)
      const message = error.message.split('\n    at ')[0]!
      assert.match(message, new RegExp(`^${op} at ${place}: the function threw QuotaExceeded: no more.*${attempts}`))
      if (record.source !== '(?:)') assert.match(/, on the record (.*?)(?:; tried| \()/.exec(message)?.[1] ?? '', record)
      const cause = error.cause as QuotaExceeded
      assert.deepEqual([cause instanceof Error, cause.name, cause.message, cause.limit, cause.detail], [true, 'QuotaExceeded', 'no more', 7, { user: 'ann', tries: [1, 2] }])
      assert.match(cause.stack ?? '', /errors\.test\.ts:42:\d+/) // where boom throws
      assert.match(inspect(error), /errors\.test\.ts:42:\d+/)
    })
  }

  test('a huge record is shortened', async () => {
    const huge = [{ text: 'x'.repeat(1_000_000) }, 'y'.repeat(3_000_000), Array.from({ length: 200_000 }, (_, i) => `item ${i}`), new Map(Array.from({ length: 50_000 }, (_, i) => [`${i}`, { i }])), Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`key${i}`, i]))]
    for (const record of huge) {
      const error = await failing(context(), c => c.parallelize<unknown>([record], 1).map(boom).count())
      assert.ok(error.message.length < 20_000, `${error.message.length}`)
      assert.match(error.message, /^map at/)
    }
    const long = await failing(context(), c => c.range(0, 1).map(() => { throw new Error('z'.repeat(1_000_000)) }).count())
    assert.ok(long.message.length < 20_000, `${long.message.length}`)
  })

  test('a record that cannot be shown does not hide the error', async () => {
    class Shy { a = 1; get [Symbol.toStringTag](): string { throw new Error('shy') } [inspect.custom](): string { throw new Error('shy') } }
    assert.match((await failing(context(), c => c.range(0, 1, 1, 1).map(() => new Shy()).map(boom).count())).message, /QuotaExceeded: no more/)
  })

  const nonErrors: readonly unknown[] = ['text', 42, undefined, null, 5n, { code: 'E_TEXT', nested: [1] }, Symbol('s')]
  for (const thrown of nonErrors) {
    test(`thrown: ${inspect(thrown)}`, async () => {
      const error = await failing(context(), c => c.range(0, 2, 1, 1).map(thrown === null ? () => { throw null } // oxlint-disable-line only-throw-error
        : typeof thrown === 'symbol' ? () => { throw Symbol('s') } // oxlint-disable-line only-throw-error
        : () => { throw thrown }).collect()) // oxlint-disable-line only-throw-error
      assert.ok(error.message.startsWith('map at') && error.message.includes(inspect(thrown)), error.message)
      assert.ok(error.cause instanceof Error)
    })
  }

  test('an error that a function throws twice, with a cause, getters, cycles and functions in it', async () => {
    const error = await failing(context(), c => c.range(0, 1, 1, 1).map(() => {
      const strange = new RangeError('strange', { cause: new TypeError('inner', { cause: 'innermost' }) }) as RangeError & Record<string, unknown>
      strange.self = strange
      strange.save = () => 1
      strange.kept = { a: [1] }
      Object.defineProperty(strange, 'lazy', { get() { throw new Error('do not look') }, enumerable: true })
      throw strange
    }).collect())
    const cause = error.cause as RangeError & Record<string, unknown>
    assert.ok(cause instanceof RangeError)
    assert.deepEqual([cause.message, (cause.cause as Error).message, (cause.cause as Error) instanceof TypeError, cause.kept], ['strange', 'inner', true, { a: [1] }])
  })

  const asynchronous: readonly Action[] = [
    ['map', c => c.range(0, 3).map(async n => n).collect(), /0/],
    ['map', c => c.range(0, 3).map(n => ({ then: (done: (n: number) => void) => done(n) })).collect(), /0/],
    ['filter', c => c.range(0, 3).filter((async () => true) as never).collect(), /0/],
    ['flatMap', c => c.range(0, 3).flatMap((async (n: number) => [n]) as never).collect(), /0/],
    ['mapValues', c => c.parallelize([['k', 1]]).mapValues(async n => n).collect(), /1/],
    ['keyBy', c => c.range(0, 3).keyBy(async n => n).collect(), /0/],
    ['foreach', c => c.range(0, 3).foreach((async () => {}) as never), /0/],
    ['reduce', c => c.range(0, 3, 1, 1).reduce((async (a: number) => a) as never), /1/],
    ['reduceByKey', c => c.parallelize([['k', 1], ['k', 2]], 1).reduceByKey((async (a: number) => a) as never).collect(), /2/],
    ['reduceByKey', c => c.parallelize([['k', 1], ['k', 2]], 2).reduceByKey((async (a: number) => a) as never, 1).collect(), /2/],
    ['combineByKey', c => c.parallelize([['k', 1]], 1).combineByKey(async n => n, ((a: unknown) => a) as never, ((a: unknown) => a) as never).collect(), /1/],
    ['aggregateByKey', c => c.parallelize([['k', 1]], 1).aggregateByKey(0, (async (a: number) => a) as never, (a, b) => a + b).collect(), /1/],
    ['foldByKey', c => c.parallelize([['k', 1]], 1).foldByKey(0, (async (a: number) => a) as never).collect(), /1/],
    ['fold', c => c.range(0, 3, 1, 1).fold(0, (async (a: number) => a) as never), /(?:)/],
    ['aggregate', c => c.range(0, 3, 1, 1).aggregate(0, (async (a: number) => a) as never, (a, b) => a + b), /(?:)/],
    ['sortBy', c => c.range(0, 3).sortBy(async n => n).collect(), /0/],
    ['groupBy', c => c.range(0, 3).groupBy(async n => n).collect(), /0/],
    ['mapPartitions', c => c.range(0, 3).mapPartitions((async () => [1]) as never).collect(), /(?:)/],
  ]
  for (const [i, [op, run]] of asynchronous.entries()) {
    test(`asynchronous in ${op} (${i}): the error names mapAsync`, async () => {
      const error = await failing(context(), run)
      assert.match(error.message, new RegExp(`^${op} at ${place}: .*mapAsync`))
      assert.equal((error.cause as RivuletError).code, 'RIV_ASYNC_FUNCTION')
    })
  }

  test('a Promise among plain results is refused too', async () => {
    const error = await failing(context(), c => c.range(0, 5_000, 1, 1).map(n => (n === 3_333 ? Promise.resolve(n) : n)).collect())
    assert.match(error.message, /mapAsync/)
  })

  test('captured values that cannot travel: the path to them and the cure', async t => {
    const server = createServer().listen(0)
    await new Promise(resolve => server.once('listening', resolve))
    const socket = connect((server.address() as AddressInfo).port)
    const accepted = await new Promise<{ destroy: () => void }>(resolve => server.once('connection', resolve))
    t.after(() => { accepted.destroy(); socket.destroy(); server.close() })
    const db = { pool: { conns: [socket] }, name: 'db' }
    const lookUp = (n: number): number => n + db.pool.conns.length
    class Job {
      socket = socket
      offset = 1
      run(c: Context): Promise<number[]> { return c.range(0, 3).map(n => n + this.offset).collect() }
    }
    const refused: readonly (readonly [RegExp, (c: Context) => unknown])[] = [
      [/db\.pool\.conns.*Socket/s, c => c.range(0, 3).map(n => n + db.pool.conns.length).collect()],
      [/lookUp.*db\.pool\.conns/s, c => c.range(0, 3).map(n => lookUp(n)).collect()],
      [/`this`.*const \{ factor \} = this/, c => new Job().run(c)],
    ]
    for (const [message, run] of refused) {
      const error = await failing(context(), run)
      assert.match(error.message, message)
      assert.match(error.message, /map at test\/acceptance\/errors\.test\.ts:\d+/)
      assert.match(error.code, /^RIV_CLOSURE_/)
    }
  })

  test('an RDD, a context, a streaming context inside a function are refused by name', async () => {
    const c = context()
    const other: RDD<number> = c.range(0, 3)
    const ssc = new StreamingContext(c, 1_000)
    assert.match((await failing(c, () => c.range(0, 3).map(n => String(other) + n).collect())).message, /other.*RDD\[\d+\] range at test\/acceptance/s)
    assert.match((await failing(c, () => c.range(0, 3).map(n => c.appName + n).collect())).message, /\bc\b.*Context/s)
    assert.match((await failing(c, () => c.range(0, 3).map(n => ssc.state + n).collect())).message, /ssc.*StreamingContext/s)
    assert.match((await failing(c, () => c.range(0, 3).mapPartitions(rows => [new Context({ master: 'inline' }).appName, ...rows].slice(0, 0)).count().then(() => { if (master === 'inline') throw new RivuletError('RIV_CONTEXT_IN_TASK', 'Context in task', 'x') }))).message, /Context/)
  })

  const refusals: readonly (readonly [what: string, run: (c: Context) => unknown, message: RegExp])[] = [
    ['first of nothing', c => c.emptyRDD().first(), /^first at .*empty/],
    ['first of what was filtered out', c => c.range(0, 10, 1, 5).filter(() => false).first(), /empty/],
    ['reduce of nothing', c => c.emptyRDD<number>().reduce((a, b) => a + b), /^reduce at .*empty/],
    ['a comparison of one parameter: top', c => c.range(0, 3).top(1, ((n: number) => -n) as never), /top.*1 parameter.*by/],
    ['a comparison of one parameter: takeOrdered', c => c.range(0, 3).takeOrdered(1, ((n: number) => -n) as never), /takeOrdered/],
    ['a comparison of none: min', c => c.range(0, 3).min((() => 0) as never), /min/],
    ['a comparison of one parameter: max', c => c.range(0, 3).max(((n: number) => n) as never), /max/],
    ['a partitioner that misses', c => c.parallelize([['k', 1]]).partitionBy(new Wrong()).collect(), /getPartition gave 5 .*0 to 1/],
    ['a file that is missing', c => c.textFile(join(folder, 'missing.txt')).count(), /missing\.txt.*/],
    ['a glob that finds nothing', c => c.textFile(join(folder, 'no*.txt')).count(), /no\*\.txt/],
    ['one of a list that is missing', c => c.textFile(`${join(folder)},${join(folder, 'gone')}`).count(), /gone/],
    ['a folder that exists', c => { mkdirSync(join(folder, 'there'), { recursive: true }); return c.range(0, 3).saveAsTextFile(join(folder, 'there')) }, /there.*exists|exists.*there/],
    ['a bad number of partitions', c => c.range(0, 3, 1, -1), /-1/],
  ]
  for (const [what, run, message] of refusals) {
    test(`refused: ${what}`, async () => assert.match((await failing(context(), run)).message, message))
  }

  test('a missing file is told with the place of textFile', async () => {
    const error = await failing(context(), c => c.textFile(join(folder, 'missing.txt')).map(line => line.length).reduce((a, b) => a + b))
    assert.match(error.message, new RegExp(`textFile at ${place}`))
  })

  test('records that are no pairs', async () => {
    const words = (c: Context): RDD<[string, number]> => c.parallelize(['to', 7, null, undefined, { a: 1 }] as never, 1)
    for (const run of [
      (c: Context) => words(c).reduceByKey((a, b) => a + b).collect(), (c: Context) => words(c).groupByKey().collect(), (c: Context) => words(c).mapValues(n => n).collect(),
      (c: Context) => words(c).keys().collect(), (c: Context) => words(c).partitionBy(2).collect(), (c: Context) => words(c).sortByKey().collect(),
    ]) {
      const error = await failing(context(), run)
      assert.equal(error.code, 'RIV_NOT_A_PAIR')
      assert.match(error.message, /\[key, value\].*'to'/)
    }
  })

  test('saveAsTextFile that fails leaves nothing; one that succeeds leaves parts and _SUCCESS', async () => {
    const path = join(folder, `saved-${master}`)
    await failing(context(), c => c.range(0, 4, 1, 2).map(n => (n === 3 ? boom() : n)).saveAsTextFile(path))
    assert.deepEqual(readdirSync(folder).filter(name => name.includes('saved')).filter(name => name.includes(master)), [])
    await context().parallelize([1, 'a b', [1, 'x'], { a: 1 }, undefined, null], 3).saveAsTextFile(path)
    assert.deepEqual(readdirSync(path).sort(), ['_SUCCESS', 'part-00000', 'part-00001', 'part-00002'])
    assert.equal(readFileSync(join(path, '_SUCCESS'), 'utf8'), '')
    assert.equal(readFileSync(join(path, 'part-00000'), 'utf8'), '1\na b\n')
    assert.match((await failing(context(), c => c.range(0, 1).saveAsTextFile(path))).message, /exists/)
    assert.deepEqual((await context().textFile(path).collect()).length, 6)
  })

  test('bytes that are no UTF-8 are read with U+FFFD, and counted', async () => {
    const path = join(folder, `bad-${master}.txt`)
    writeFileSync(path, Buffer.from([0x61, 0xff, 0x0a, 0xe2, 0x82, 0x0a, 0x62]))
    const warned: unknown[] = []
    const log = { debug() {}, info() {}, error() {}, warn(data: unknown) { warned.push(data) } }
    await using ctx = new Context({ master, log: log as never })
    assert.deepEqual(await ctx.textFile(path, 1).collect(), ['a\uFFFD', '\uFFFD', 'b'])
    assert.deepEqual(warned, [{ lines: 2 }])
  })
})
