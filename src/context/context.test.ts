// The context: masters, stop, cancelling, groups, and what it refuses.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import { hangMs } from '../base/hang.fixture.ts'
import { onEveryMaster } from '../rdd/masters.fixture.ts'
import { workerSymbol } from '../wire/closure/symbols.ts'
import { Context, type ContextOptions } from './context.ts'

const door = fileURLToPath(new URL('../index.ts', import.meta.url))

/** Runs `body` with the environment variable set. */
async function withEnvironment<R>(values: Record<string, string>, body: () => Promise<R>): Promise<R> {
  Object.assign(process.env, values)
  try {
    return await body()
  } finally {
    for (const name of Object.keys(values)) delete process.env[name]
  }
}

describe('the master', () => {
  const chosen: [options: ContextOptions, environment: Record<string, string>, master: string][] = [
    [{}, {}, 'local[*]'],
    [{ master: 'inline' }, { RIVULET_MASTER: 'local' }, 'inline'],
    [{}, { RIVULET_MASTER: 'local[3]' }, 'local[3]'],
    [{ conf: { 'spark.master': 'local' } }, {}, 'local'],
    [{ conf: { 'spark.master': 'local' } }, { RIVULET_MASTER: 'inline' }, 'inline'],
    [{}, { 'RIVULET_CONF_spark.master': 'inline' }, 'inline'],
    [{ engine: 'embedded', master: 'local[12]' }, {}, 'local[12]'],
  ]
  for (const [options, environment, master] of chosen) {
    test(`is ${master} with ${inspect({ ...options, ...environment })}`, () => withEnvironment(environment, async () => {
      await using ctx = new Context(options)
      assert.equal(ctx.master, master)
    }))
  }

  const refused: [options: ContextOptions, code: string][] = [
    ...['', 'Local', 'local[]', 'local[0]', 'local[-1]', 'local[1.5]', 'local[2] ', 'threads', 'mesos://x'].map((master): [ContextOptions, string] => [{ master }, 'RIV_MASTER']),
    ...['spark://host:7077', 'yarn', 'k8s://https://x', 'local-cluster[2,1,1024]'].map((master): [ContextOptions, string] => [{ master }, 'RIV_ENGINE_MISSING']),
    [{ master: 'local[2]', engine: 'spark' }, 'RIV_ENGINE_MISSING'],
    [{ conf: { 'spark.default.parallelism': 'many' } }, 'RIV_SETTING'],
  ]
  for (const [options, code] of refused) {
    test(`${inspect(options)} is refused with ${code}`, () => {
      assert.throws(() => new Context(options), { code, message: code === 'RIV_SETTING' ? /many/ : /'inline', 'local', 'local\[N\]'/ })
    })
  }
})

test('getOrCreate gives the context that was made last, while it runs', async () => {
  await using first = new Context({ master: 'inline' })
  const second = new Context({ master: 'inline' })
  assert.equal(Context.getOrCreate({ master: 'local' }), second)
  await second.stop()
  await using third = Context.getOrCreate({ master: 'inline', appName: 'third' })
  assert.deepEqual([third.appName, first.isStopped, third === first], ['third', false, false])
})

test('setLogLevel says what is logged', async () => {
  const lines: string[] = []
  const log = { debug: (_: object, text: string) => lines.push(text), info: (_: object, text: string) => lines.push(text), warn: (_: object, text: string) => lines.push(text), error: (_: object, text: string) => lines.push(text) }
  await using ctx = new Context({ master: 'inline', log })
  const logged = (): string[] => {
    for (const level of ['debug', 'info', 'warn', 'error'] as const) ctx.log[level]({}, level)
    return lines.splice(0)
  }
  assert.deepEqual(logged(), ['debug', 'info', 'warn', 'error'])
  for (const [level, expected] of [['ALL', 4], ['TRACE', 4], ['debug', 4], ['INFO', 3], ['warn', 2], ['ERROR', 1], ['FATAL', 0], ['OFF', 0]] as const) {
    ctx.setLogLevel(level)
    assert.deepEqual(logged(), ['debug', 'info', 'warn', 'error'].slice(4 - expected), level)
  }
  assert.throws(() => ctx.setLogLevel('LOUD' as 'WARN'), { code: 'RIV_LOG_LEVEL' })
})

test('a context cannot be made in a task', () => {
  const scope = globalThis as { [workerSymbol]?: boolean }
  scope[workerSymbol] = true
  try {
    assert.throws(() => new Context(), { code: 'RIV_CONTEXT_IN_TASK' })
  } finally {
    delete scope[workerSymbol]
  }
})

test('console.log of a context is one line', async () => {
  const ctx = new Context({ master: 'inline', appName: 'words' })
  assert.equal(inspect(ctx), 'Context words on inline')
  await ctx.stop()
  assert.equal(inspect(ctx), 'Context words on inline (stopped)')
})

/** An action whose function waits until it is cancelled. */
const endless = (ctx: Context): Promise<number> => ctx.range(0, 2, 1, 2).mapAsync((_, signal) => new Promise<number>((_resolve, reject) => {
  signal.addEventListener('abort', () => reject(signal.reason as Error))
})).count()

const outcome = (action: Promise<unknown>): Promise<Error & { code: string }> => action.then(() => assert.fail('it was not cancelled'), e => e)
const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

onEveryMaster((context, master) => {
  test('stop: rejects what runs, refuses what follows, may be called twice', async () => {
    const ctx = new Context({ master })
    const old = ctx.range(0, 3).map(n => n)
    assert.equal(await old.count(), 3)
    const running = outcome(endless(ctx))
    await turn()
    await Promise.all([ctx.stop(), ctx.stop()])
    const error = await running
    assert.equal(error.code, 'RIV_CONTEXT_STOPPED')
    assert.match(error.message, /count at src\/context\/context\.test\.ts:\d+:\d+ was still running; was an await forgotten\?/)
    await ctx.stop()
    for (const [operation, call] of Object.entries({
      parallelize: () => ctx.parallelize([1]), range: () => ctx.range(0, 1), textFile: () => ctx.textFile('x'), emptyRDD: () => ctx.emptyRDD(), union: () => ctx.union(),
    })) assert.throws(call, { code: 'RIV_CONTEXT_STOPPED', message: new RegExp(`^${operation} at src/context/context\\.test\\.ts:\\d+:\\d+ was called, but the context has been stopped`) })
    await assert.rejects(old.collect(), { code: 'RIV_CONTEXT_STOPPED', message: /^collect at/ })
    await assert.rejects(old.first(), { code: 'RIV_CONTEXT_STOPPED', message: /^first at/ })
    await assert.rejects(async () => { for await (const n of old) assert.fail(`${n}`) }, { code: 'RIV_CONTEXT_STOPPED' })
  })

  test('stop waits until what a save began is removed', async () => {
    const root = await mkdtemp(join(tmpdir(), 'rivulet-stop-'))
    const ctx = new Context({ master })
    const saving = outcome(ctx.range(0, 4, 1, 2).mapAsync((n, signal) => new Promise<number>((resolve, reject) => {
      if (n < 2) resolve(n)
      else signal.addEventListener('abort', () => reject(signal.reason as Error))
    })).saveAsTextFile(`${root}/out`))
    while ((await readdir(root)).length === 0) await turn()
    await ctx.stop()
    assert.deepEqual([(await saving).code, await readdir(root)], ['RIV_CONTEXT_STOPPED', []])
    await rm(root, { recursive: true })
  })

  test('an action that nobody awaits is an unhandled rejection that says so', () => {
    const program = `const { Context } = await import(${JSON.stringify(door)}); const ctx = new Context({ master: ${JSON.stringify(master)} })
      ctx.range(0, 2).mapAsync(n => new Promise(() => {})).count(); await ctx.stop()`
    const { stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8', timeout: hangMs })
    assert.equal(status, 1)
    assert.match(stderr, /RIV_CONTEXT_STOPPED|count at .* was still running; was an await forgotten\?/)
  })

  test('await using stops', async () => {
    let kept: Context
    {
      await using ctx = new Context({ master })
      kept = ctx
      assert.equal(await ctx.range(0, 3).count(), 3)
    }
    assert.ok(kept.isStopped)
  })

  test('cancelJobGroup cancels the actions of the group in force when they were called', async () => {
    const ctx = context()
    const begin = async (group: string): Promise<Error & { code: string }> => {
      ctx.setJobGroup(group, 'a test')
      await turn()
      return outcome(endless(ctx))
    }
    const mine = begin('mine')
    const other = begin('other')
    await turn()
    await turn()
    ctx.cancelJobGroup('mine')
    const error = await mine
    assert.equal(error.code, 'RIV_JOB_CANCELLED')
    assert.match(error.message, /^count at src\/context\/context\.test\.ts:\d+:\d+ was cancelled/)
    assert.match(String((error.cause as Error).message), /cancelJobGroup\("mine"\)/)
    assert.equal(await Promise.race([other, turn().then(() => 'runs')]), 'runs')
    ctx.cancelAllJobs()
    assert.equal((await other).code, 'RIV_JOB_CANCELLED')
    assert.equal(await ctx.range(0, 3).count(), 3, 'the context stays usable')
  })

  test('clearJobGroup takes actions out of the group', async () => {
    const ctx = context()
    ctx.setJobGroup('g')
    ctx.clearJobGroup()
    const running = outcome(endless(ctx))
    await turn()
    ctx.cancelJobGroup('g')
    assert.equal(await Promise.race([running, turn().then(() => 'runs')]), 'runs')
    ctx.cancelAllJobs()
    await running
  })

  test('withJob: the signal cancels what was begun inside, across awaits; the reason is the cause', async () => {
    const ctx = context()
    const abort = new AbortController()
    const begun = Promise.withResolvers<void>()
    const inside = outcome(ctx.withJob({ signal: abort.signal }, async () => {
      assert.equal(await ctx.range(0, 3).count(), 3)
      const running = endless(ctx)
      begun.resolve()
      return running
    }))
    await begun.promise
    const outside = outcome(endless(ctx))
    const reason = new Error('the request was closed')
    abort.abort(reason)
    const error = await inside
    assert.deepEqual([error.code, error.cause], ['RIV_JOB_CANCELLED', reason])
    assert.equal(await Promise.race([outside, turn().then(() => 'runs')]), 'runs')
    ctx.cancelAllJobs()
    await outside
    await assert.rejects(ctx.withJob({ signal: abort.signal }, () => ctx.range(0, 1).count()), { code: 'RIV_JOB_CANCELLED', cause: reason })
  })

  test('withJob: an inner signal and an outer one both cancel', async () => {
    const ctx = context()
    for (const which of [0, 1]) {
      const aborts = [new AbortController(), new AbortController()]
      const running = outcome(ctx.withJob({ signal: aborts[0]!.signal }, () => ctx.withJob({ signal: aborts[1]!.signal, group: 'inner' }, () => endless(ctx))))
      await turn()
      aborts[which]!.abort('enough')
      assert.equal((await running).cause, 'enough')
    }
  })

  test('trackActions tells of every action begun inside, awaited or not', async () => {
    const ctx = context()
    const tracked: Promise<unknown>[] = []
    const tracker = <R>(action: Promise<R>): Promise<R> => { tracked.push(action); action.catch(() => {}); return action }
    await ctx.trackActions({ tracker }, async () => {
      await ctx.range(0, 3).count()
      void ctx.emptyRDD().first()
      void ctx.range(0, 2).collect()
    })
    await ctx.range(0, 3).count()
    const settled = await Promise.allSettled(tracked)
    assert.deepEqual(settled.map(s => (s.status === 'fulfilled' ? s.value : (s.reason as { code: string }).code)), [3, 'RIV_EMPTY_RDD', [0, 1]])
  })

  test('user code that never looks up is ended too', { skip: master === 'inline' ? 'it runs in the thread that would have to cancel it' : false }, async () => {
    const ctx = context()
    const running = outcome(ctx.range(0, 1e12, 1, 2).map(n => n + 1).count())
    const looping = outcome(ctx.range(0, 1, 1, 1).map(() => { for (;;); }).count())
    await turn()
    ctx.cancelAllJobs()
    assert.deepEqual([(await running).code, (await looping).code], ['RIV_JOB_CANCELLED', 'RIV_JOB_CANCELLED'])
    assert.equal(await ctx.range(0, 3).count(), 3, 'the context stays usable')
  })

  test('a context or an RDD inside a function is refused by name', async () => {
    const ctx = context()
    const inner = ctx.range(0, 3)
    await assert.rejects(inner.map(n => n + (ctx.isStopped ? 1 : 0)).count(), { message: /ctx.*it is Context rivulet on/s })
    await assert.rejects(inner.map(async n => n + await inner.count()).count(), { message: /inner.*it is RDD\[\d+\] range at src\/context\/context\.test\.ts/s })
    assert.equal(await inner.count(), 3, 'the context stays usable')
  })

  test('a program that does not stop its context ends by itself', () => {
    const program = `const { Context } = await import(${JSON.stringify(door)}); const ctx = new Context({ master: ${JSON.stringify(master)} }); console.log(await ctx.range(0, 10).map(n => n * 2).reduce((a, b) => a + b))`
    const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8', timeout: hangMs })
    assert.deepEqual({ stdout, stderr, status }, { stdout: '90\n', stderr: '', status: 0 })
  })
})
