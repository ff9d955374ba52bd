// Faults of worker threads: real threads that exit, throw, run out of memory, hang. What they ran is tried again; the context stays usable.

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Context, isRivuletError, type RDD } from 'rivulet'

const folder = mkdtempSync(join(tmpdir(), 'rivulet-faults-'))
after(() => rmSync(folder, { recursive: true, force: true }))

let ctx: Context
before(() => { ctx = new Context({ master: 'local[2]', conf: { 'memory.worker': '192m' } }) })
after(async () => { await ctx.stop() })

const usable = async (): Promise<void> => assert.equal(await ctx.range(0, 100, 1, 4).map(x => x + 1).reduce((a, b) => a + b), 5050)

/** A file that counts attempts over threads and processes. */
function counter(name: string): { path: string; attempts: () => number } {
  const path = join(folder, name)
  writeFileSync(path, '')
  return { path, attempts: () => readFileSync(path, 'utf8').length }
}

test('a worker that exits once is replaced, and its task runs again', async () => {
  const { path, attempts } = counter('exits-once')
  const result = await ctx.range(0, 4, 1, 2).mapPartitions(async function* (rows) {
    const { appendFileSync, readFileSync: read } = await import('node:fs')
    appendFileSync(path, 'x')
    if (read(path, 'utf8').length === 1) process.exit(3)
    yield* rows
  }).collect()
  assert.deepEqual(result, [0, 1, 2, 3])
  assert.equal(attempts(), 3)
  await usable()
})

test('a worker that always exits fails the job after four attempts, with a code', async () => {
  const { path, attempts } = counter('exits-always')
  await assert.rejects(ctx.parallelize([1], 1).map(x => {
    process.getBuiltinModule('node:fs').appendFileSync(path, 'x')
    process.exit(5)
    return x
  }).collect(), error => {
    assert.ok(isRivuletError(error))
    assert.equal(error.code, 'RIV_WORKER_LOST')
    assert.match(error.message, /died \(exit code 5\).*tried 4 times/)
    return true
  })
  assert.equal(attempts(), 4)
  await usable()
})

test('an error that nobody catches in the worker loses the worker, not the program', async () => {
  const { path, attempts } = counter('uncaught')
  await assert.rejects(ctx.parallelize([1], 1).map(x => {
    process.getBuiltinModule('node:fs').appendFileSync(path, 'x')
    setTimeout(() => { throw new RangeError('out of a timer') }, 1)
    const wait = new Int32Array(new SharedArrayBuffer(4))
    Atomics.wait(wait, 0, 0, 5)
    return x
  }).mapAsync(async x => {
    await new Promise(resolve => setTimeout(resolve, 10_000, x))
    return x
  }).collect(), error => {
    assert.ok(isRivuletError(error))
    assert.equal(error.code, 'RIV_WORKER_LOST')
    assert.match(error.message, /RangeError: out of a timer/)
    return true
  })
  assert.equal(attempts(), 4)
  await usable()
})

test('a failing function is tried four times, then the job fails with the user\'s error and stack', async () => {
  const { path, attempts } = counter('fails')
  await assert.rejects(ctx.parallelize(['good', 'bad'], 1).map(word => {
    process.getBuiltinModule('node:fs').appendFileSync(path, 'x')
    if (word === 'bad') throw Object.assign(new TypeError('not this one'), { detail: { word } })
    return word
  }).collect(), error => {
    assert.ok(isRivuletError(error))
    assert.equal(error.code, 'RIV_USER_FUNCTION')
    assert.match(error.message, /^map at test\/engine\/faults\.test\.ts:\d+:\d+: the function threw TypeError: not this one, on the record 'bad'; tried 4 times/)
    const cause = error.cause as TypeError & { detail: unknown }
    assert.ok(cause instanceof TypeError)
    assert.deepEqual(cause.detail, { word: 'bad' })
    assert.match(cause.stack ?? '', /^TypeError: not this one\n +at .*faults\.test\.ts:80:\d+$/)
    return true
  })
  assert.equal(attempts(), 8) // two records an attempt
  await usable()
})

const growth: readonly { readonly what: string; readonly grow: (x: number) => number }[] = [
  { what: 'a Map that grows', grow: x => { const map = new Map<number, number>(); for (let i = 0; ; i++) map.set(i, i + x) } },
  { what: 'big arrays', grow: x => { const all: number[][] = []; for (;;) { all.push(new Array<number>(100_000).fill(x + all.length)); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1) } } },
  { what: 'small objects', grow: x => { const all: object[] = []; for (let i = 0; ; i++) all.push({ i, x, text: `record ${i}` }) } },
]
for (const { what, grow } of growth) {
  test(`growth out of memory is survived: ${what}`, async () => {
    await assert.rejects(ctx.parallelize([1], 1).map(grow).collect(), error => {
      assert.ok(isRivuletError(error))
      assert.equal(error.code, 'RIV_TASK_MEMORY')
      assert.match(error.message, /memory.*tried 2 times/)
      return true
    })
    await usable()
  })
}

for (const [op, group] of Object.entries<(pairs: RDD<[string, string]>) => RDD<unknown>>({ groupByKey: pairs => pairs.groupByKey(4), cogroup: pairs => pairs.cogroup(ctx.parallelize([['rare', 1]])) })) {
  test(`the values of one key are more than memory, ${op}: the error says what needs no list of them`, async () => {
    const pairs: RDD<[string, string]> = ctx.range(0, 2_000_000, 1, 4).map(n => [n % 3 === 0 ? `key ${n}` : 'common', `value ${n} of a length that counts`])
    await assert.rejects(group(pairs).count(), error => {
      assert.ok(isRivuletError(error))
      assert.deepEqual([error.code, /groupByKey, cogroup.*reduceByKey/.test(error.message)], ['RIV_TASK_MEMORY', true])
      return true
    })
    await usable()
  })
}

test('an endless loop is ended by its signal; the action rejects with the reason as cause', async () => {
  const abort = new AbortController()
  const reason = new Error('enough')
  const running = ctx.withJob({ signal: abort.signal }, async () => ctx.parallelize([1], 1).map(() => { for (;;); }).count())
  setTimeout(() => abort.abort(reason), 100)
  await assert.rejects(running, { code: 'RIV_JOB_CANCELLED', cause: reason })
  await usable()
})

test('the fused loop heeds the cancel flag: no worker is lost', async () => {
  const before = await ctx.range(0, 2, 1, 2).map(() => process.pid * 1000 + (process.getBuiltinModule('node:worker_threads').threadId)).collect()
  const abort = new AbortController()
  const running = ctx.withJob({ signal: abort.signal }, async () => ctx.range(0, 1e12, 1, 2).filter(x => x < 0).count())
  setTimeout(() => abort.abort(), 100)
  await assert.rejects(running, { code: 'RIV_JOB_CANCELLED' })
  const threads = new Set<number>(before)
  await usable()
  for (let i = 0; i < 4; i++) for (const thread of await ctx.range(0, 2, 1, 2).map(() => process.pid * 1000 + (process.getBuiltinModule('node:worker_threads').threadId)).collect()) threads.add(thread)
  assert.ok(threads.size <= 2, `threads ${[...threads].join()}`)
})

test('jobs that run while a worker dies give their results', async () => {
  const { path } = counter('among others')
  const jobs = Array.from({ length: 6 }, (_, job) => ctx.range(0, 1000, 1, 4).map(x => {
    const fs = process.getBuiltinModule('node:fs')
    if (job === 2 && x === 500 && fs.readFileSync(path, 'utf8') === '') {
      fs.appendFileSync(path, 'x')
      process.exit(1)
    }
    return [x % 10, job]
  }).reduceByKey((a, b) => a + b).collect())
  for (const [job, result] of (await Promise.all(jobs)).entries()) {
    assert.deepEqual(result.sort((a, b) => a[0]! - b[0]!), Array.from({ length: 10 }, (_, key) => [key, job * 100]))
  }
})
