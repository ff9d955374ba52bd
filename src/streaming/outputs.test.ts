// Outputs: order, failures and policies, actions that nobody awaits, what is remembered, what listeners hear.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { after, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { hangMs } from '../base/hang.fixture.ts'
import { ManualClock } from '../base/clock.ts'
import type { RivuletError } from '../base/define-errors.ts'
import { Context } from '../context/context.ts'
import type { RDD } from '../rdd/rdd.ts'
import { onEveryMaster } from '../rdd/masters.fixture.ts'
import type { DStream } from './dstream.ts'
import { InputDStream } from './input/input-dstream.ts'
import { StreamingContext } from './streaming-context.ts'

type Describe<T> = (stream: DStream<T>, ssc: StreamingContext, clock: ManualClock) => void

/** Runs batches of one second and gives the error of awaitTermination, if there is one. */
async function run<T>(ctx: Context, batches: T[][], describe: Describe<T>, extra = 0): Promise<RivuletError | undefined> {
  const clock = new ManualClock()
  const ssc = new StreamingContext(ctx, '1 s', { clock })
  const total = batches.length + extra
  const ended = ssc.awaitTermination().then(() => undefined, (error: RivuletError) => error)
  try {
    describe(ssc.queueStream(batches as (readonly T[])[]), ssc, clock)
    await ssc.start()
    for (let i = 0; i < total; i++) await clock.advance(1_000)
  } finally {
    await ssc.stop({ stopContext: false })
  }
  return ended
}

/** Collects what is written to stdout while `body` runs. */
async function stdoutOf(body: () => Promise<unknown>): Promise<string> {
  const { write } = process.stdout
  let text = ''
  process.stdout.write = ((chunk: string | Uint8Array) => { text += String(chunk); return true }) as typeof write
  try {
    await body()
  } finally {
    process.stdout.write = write
  }
  return text
}

onEveryMaster((context, master) => {
  describe('print', () => {
    test('has Spark\'s format', async () => {
      const text = await stdoutOf(() => run(context(), [['to', 'be'], []], stream => stream.print()))
      const rule = '-------------------------------------------'
      assert.equal(text, `${rule}\nTime: 1000 ms\n${rule}\nto\nbe\n\n${rule}\nTime: 2000 ms\n${rule}\n\n`)
    })

    test('shows the first n, and that there are more', async () => {
      const numbers = Array.from({ length: 11 }, (_, i) => i)
      const text = await stdoutOf(() => run(context(), [numbers, numbers.slice(1)], stream => { stream.print(); stream.print(2) }))
      assert.deepEqual(text.match(/^(\d|10|\.\.\.)$/gm), [...numbers.slice(0, 10), '...', 0, 1, '...', ...numbers.slice(1), 1, 2, '...'].map(String))
    })

    test('one line a record', async () => {
      const text = await stdoutOf(() => run<unknown>(context(), [[['word', 3], { a: [1] }, undefined, null, 1n]], stream => stream.print()))
      assert.deepEqual(text.split('\n').slice(3, 8), ['(word,3)', '{ a: [ 1 ] }', 'undefined', 'null', '1'])
    })
  })

  test('outputs run in the order of registration, one after another, batch by batch', async () => {
    const log: string[] = []
    const note = (name: string, turns: number) => async (_: RDD<number>, time: { milliseconds: number }): Promise<void> => {
      log.push(`${name} begins ${time.milliseconds}`)
      for (let i = 0; i < turns; i++) await new Promise(resolve => { setImmediate(resolve) })
      log.push(`${name} ends`)
    }
    await run(context(), [[1], [2]], stream => {
      stream.foreachRDD(note('a', 3))
      stream.map(n => n).foreachRDD(note('b', 0))
    })
    assert.deepEqual(log, ['a begins 1000', 'a ends', 'b begins 1000', 'b ends', 'a begins 2000', 'a ends', 'b begins 2000', 'b ends'])
  })

  test('outputs of one stream share its RDD; transform runs once a batch', async () => {
    let calls = 0
    const rdds: unknown[] = []
    await run(context(), [[1], [2]], stream => {
      const shared = stream.transform(rdd => { calls++; return rdd.map(n => n) })
      shared.foreachRDD(rdd => { rdds.push(rdd.id) })
      shared.foreachRDD(rdd => { rdds.push(rdd.id) })
    })
    assert.equal(calls, 2)
    assert.deepEqual([rdds[0] === rdds[1], rdds[2] === rdds[3], rdds[0] === rdds[2]], [true, true, false])
  })

  describe('failures', () => {
    test('of a user function: operator, place, record, output, batch, and the cause as it was', async () => {
      const error = await run(context(), [[1], [2]], stream => {
        stream.map(n => { if (n === 2) throw Object.assign(new TypeError('boom'), { n }); return n }).foreachRDD(async rdd => { await rdd.collect() })
      })
      assert.match(error!.message, /^foreachRDD at .*outputs\.test\.ts:\d+:\d+ in the batch 2000 ms: map at .*outputs\.test\.ts:\d+:\d+: the function threw TypeError: boom, on the record 2/)
      assert.equal(error!.code, 'RIV_USER_FUNCTION')
      const cause = error!.cause as TypeError & { n: number }
      assert.deepEqual([cause.name, cause.message, cause.n], ['TypeError', 'boom', 2])
      assert.match(cause.stack!, /outputs\.test\.ts:\d+/)
      if (master !== 'inline') assert.match(error!.message, /tried 4 times/)
    })

    test('of the function of foreachRDD itself', async () => {
      for (const f of [() => { throw new RangeError('mine') }, async () => { throw new RangeError('mine') }]) {
        const error = await run(context(), [[1]], stream => stream.foreachRDD(f))
        assert.match(error!.message, /^foreachRDD at .* in the batch 1000 ms: the function threw RangeError: mine/)
        assert.deepEqual([error!.code, (error!.cause as Error).name], ['RIV_OUTPUT', 'RangeError'])
      }
      const wrapped = await run(context(), [[1]], stream => stream.foreachRDD(() => { throw 'text' })) // oxlint-disable-line only-throw-error -- users do
      assert.ok(wrapped!.cause instanceof Error)
      assert.match(wrapped!.message, /threw text/)
    })

    test('of print and of transform', async () => {
      const printed = await run(context(), [[1]], stream => stream.filter(() => { throw new Error('f') }).print())
      assert.match(printed!.message, /^print \(foreachRDD\) at .* batch 1000 ms: filter at/)
      const transformed = await run(context(), [[1]], stream => stream.transform(() => { throw new Error('t') }).print())
      assert.match(transformed!.message, /batch 1000 ms: the function threw Error: t/)
      const nothing = await run(context(), [[1]], stream => stream.transform((() => undefined) as never).print())
      assert.equal(nothing!.code, 'RIV_TRANSFORM_RESULT')
      assert.match(nothing!.message, /transform at .* returned undefined for the batch 1000 ms/)
    })

    test('the other outputs of the batch run, later batches do not', async () => {
      const log: string[] = []
      const error = await run(context(), [[1], [2], [3]], stream => {
        stream.foreachRDD((_, time) => { log.push(`a ${time.milliseconds}`); if (time.milliseconds === 2_000) throw new Error('no') })
        stream.foreachRDD((_, time) => { log.push(`b ${time.milliseconds}`) })
      })
      assert.match(error!.message, /no/)
      assert.deepEqual(log, ['a 1000', 'b 1000', 'a 2000', 'b 2000'])
    })

    test('skip reports and goes on, retry tries again', async () => {
      const log: string[] = []
      const reasons: unknown[] = []
      let tries = 0
      const error = await run(context(), [[1], [2]], (stream, ssc) => {
        ssc.addStreamingListener({ onOutputOperationCompleted: ({ outputOperationInfo: info }) => { reasons.push([info.id, info.batchTime, info.failureReason !== undefined]) } })
        stream.foreachRDD((_, time) => { log.push(`a ${time.milliseconds}`); throw new Error('no') }, { onFailure: 'skip' })
        stream.foreachRDD(() => { if (++tries < 3) throw new Error('not yet') }, { onFailure: { retry: 2 } })
      })
      assert.equal(error, undefined)
      assert.deepEqual([log, tries], [['a 1000', 'a 2000'], 4])
      assert.deepEqual(reasons, [[0, 1_000, true], [1, 1_000, false], [0, 2_000, true], [1, 2_000, false]])
    })

    test('retry ends', async () => {
      let tries = 0
      const error = await run(context(), [[1], [2]], stream => stream.foreachRDD(() => { tries++; throw new Error('never') }, { onFailure: { retry: 2 } }))
      assert.deepEqual([tries, error!.code], [3, 'RIV_OUTPUT'])
    })

    test('below a window: in the batch in which they happen, also when the window is not due', async () => {
      const times: number[] = []
      const error = await run(context(), [[1], [2], [3], [4]], stream => {
        stream.foreachRDD((_, time) => { times.push(time.milliseconds) })
        stream.map(n => { if (n === 3) throw new Error('three'); return n }).window('2 s', '2 s').foreachRDD(async rdd => { await rdd.collect() })
      })
      assert.match(error!.message, /^foreachRDD at .* in the batch 3000 ms: map at .* on the record 3/)
      assert.deepEqual(times, [1_000, 2_000, 3_000])
    })

    test('a batch that is skipped is empty to the windows that follow', async () => {
      const seen: number[][] = []
      const error = await run(context(), [[1], [2], [3]], stream => {
        stream.map(n => { if (n === 2) throw new Error('two'); return n }).window('3 s').foreachRDD(async rdd => { seen.push(await rdd.collect()) }, { onFailure: 'skip' })
      })
      assert.equal(error, undefined)
      assert.deepEqual(seen, [[1], [1, 3]])
    })
  })

  describe('actions that nobody awaits', () => {
    test('hold the batch', async () => {
      let counted = 0
      const completed: number[] = []
      await run(context(), [[1, 2], [3]], (stream, ssc) => {
        ssc.addStreamingListener({ onBatchCompleted: () => { completed.push(counted) } })
        stream.foreachRDD(rdd => { void rdd.mapAsync(async n => n).count().then(n => { counted += n }) })
      })
      assert.deepEqual(completed, [2, 3])
    })

    test('fail the batch with their error', async () => {
      const error = await run(context(), [[1]], stream => stream.foreachRDD(rdd => { void rdd.map(() => { throw new Error('unseen') }).count() }))
      assert.match(error!.message, /foreachRDD at .* batch 1000 ms: map at .*unseen/)
    })

    test('one that is caught fails nothing', async () => {
      let caught = 0
      const error = await run(context(), [[1]], stream => stream.foreachRDD(async rdd => {
        try { await rdd.map(() => { throw new Error('seen') }).count() } catch { caught++ }
      }))
      assert.deepEqual([error, caught], [undefined, 1])
    })

    test('begun in transform, too', async () => {
      const error = await run(context(), [[1]], stream => stream.transform(rdd => { void rdd.map(() => { throw new Error('in transform') }).count(); return rdd }).print(0))
      assert.match(error!.message, /in transform/)
    })
  })

  describe('what is remembered', () => {
    test('nothing of a batch that is over, without remember', async () => {
      let kept: RDD<number> | undefined
      let outcome: unknown
      await run(context(), [[1], [2]], stream => stream.foreachRDD(async (rdd, time) => {
        if (time.milliseconds === 1_000) kept = rdd.map(n => n)
        else outcome = await kept!.collect().catch((error: RivuletError) => error)
      }))
      assert.equal((outcome as RivuletError).code, 'RIV_BATCH_FORGOTTEN')
    })

    test('with remember for as long as it says', async () => {
      const kept = new Map<number, RDD<number>>()
      const sums: unknown[] = []
      await run(context(), [[1], [2], [3], [4]], (stream, ssc) => {
        ssc.remember('2 s')
        stream.map(n => n * 10).foreachRDD(async (rdd, time) => {
          kept.set(time.milliseconds, rdd)
          if (time.milliseconds === 4_000) for (const t of [1_000, 2_000, 3_000]) sums.push(await kept.get(t)!.collect().catch((error: RivuletError) => error.code))
        })
      })
      assert.deepEqual(sums, ['RIV_BATCH_FORGOTTEN', [20], [30]])
    })

    test('an RDD that the program persisted', async () => {
      let table: RDD<number> | undefined
      const seen: number[][] = []
      await run(context(), [[1], [2]], stream => stream.foreachRDD(async rdd => {
        if (table === undefined) await (table = rdd.map(n => n + 100).persist()).count()
        seen.push(await table.collect())
      }))
      assert.deepEqual(seen, [[101], [101]])
      await table!.unpersist()
    })
  })

  test('what a batch leaves behind runs on its own later', async () => {
    const later = Promise.withResolvers<() => void>()
    const done = Promise.withResolvers<unknown>()
    const clock = new ManualClock()
    const ssc = new StreamingContext(context(), '1 s', { clock })
    ssc.queueStream([[1]]).foreachRDD(rdd => {
      void new Promise<void>(resolve => { later.resolve(resolve) }).then(async () => {
        const own = await context().range(0, 3).count()
        const failure = await context().range(0, 3).map(() => { throw new Error('own') }).count().catch((error: Error) => error.message)
        const forgotten = await rdd.count().catch((error: RivuletError) => error.code)
        await clock.advance(1_000)
        done.resolve([own, /own/.test(String(failure)), forgotten])
      })
    })
    await ssc.start()
    await clock.advance(1_000)
    const go = await later.promise
    go()
    assert.deepEqual(await done.promise, [3, true, 'RIV_BATCH_FORGOTTEN'])
    await ssc.stop({ stopContext: false })
  })

  test('advance inside a batch is refused', async () => {
    const error = await run(context(), [[1]], (stream, _ssc, clock) => stream.foreachRDD(async () => { await clock.advance(1_000) }))
    assert.equal(error!.code, 'RIV_ADVANCE_INSIDE_BATCH')
    assert.match(error!.message, /batch 1000 ms/)
  })

  test('a batch without an RDD: outputs skip it, union and transform fail it', async () => {
    class EverySecond extends InputDStream<number> {
      compute(time: { milliseconds: number }): RDD<number> | undefined { return time.milliseconds % 2_000 === 0 ? context().parallelize([time.milliseconds], 1) : undefined }
    }
    const times: number[] = []
    assert.equal(await run(context(), [[], [], [], []], (_, ssc) => new EverySecond(ssc).map(n => n).foreachRDD((_rdd, time) => { times.push(time.milliseconds) })), undefined)
    assert.deepEqual(times, [2_000, 4_000])
    const windows: number[][] = []
    await run(context(), [[], [], [], []], (_, ssc) => new EverySecond(ssc).window('3 s').foreachRDD(async rdd => { windows.push(await rdd.collect()) }))
    assert.deepEqual(windows, [[], [2_000], [2_000], [2_000, 4_000]])
    for (const combine of [
      (a: DStream<number>, b: DStream<number>) => a.union(b), (a: DStream<number>, b: DStream<number>) => b.transformWith(a, x => x), (a: DStream<number>) => a.transform(x => x),
    ]) {
      const error = await run(context(), [[1]], (stream, ssc) => combine(new EverySecond(ssc), stream as DStream<number>).print(0))
      assert.equal(error!.code, 'RIV_NO_RDD')
      assert.match(error!.message, /EverySecond.* has no RDD in the batch 1000 ms/)
    }
  })

  test('listeners hear of batches and outputs, with times of the stream clock', async () => {
    const events: string[] = []
    let info: object | undefined
    const note = (name: string) => ({ batchInfo: { batchTime, numRecords } }: { batchInfo: { batchTime: number; numRecords: number } }): void => { events.push(`${name} ${batchTime} ${numRecords}`) }
    await run(context(), [['a', 'b'], []], (stream, ssc) => {
      ssc.addStreamingListener({
        onBatchSubmitted: note('submitted'), onBatchStarted: note('started'),
        onBatchCompleted: event => { note('completed')(event); info = event.batchInfo },
        onOutputOperationStarted: ({ outputOperationInfo: { id, batchTime } }) => { events.push(`output ${id} ${batchTime}`) },
        onOutputOperationCompleted: ({ outputOperationInfo: { id, name } }) => { events.push(`done ${id} ${name}`) },
      })
      stream.foreachRDD(() => {})
      stream.window('2 s', '2 s').foreachRDD(() => {})
    })
    assert.deepEqual(events, [
      'submitted 1000 2', 'started 1000 2', 'output 0 1000', 'done 0 foreachRDD', 'completed 1000 2',
      'submitted 2000 0', 'started 2000 0', 'output 0 2000', 'done 0 foreachRDD', 'output 1 2000', 'done 1 foreachRDD', 'completed 2000 0',
    ])
    assert.deepEqual(info, { batchTime: 2_000, numRecords: 0, submissionTime: 2_000, processingStartTime: 2_000, processingEndTime: 2_000, schedulingDelay: 0, processingDelay: 0, totalDelay: 0 })
  })
})

test('with concurrentJobs outputs of a batch run at once, batches do not; each fails for itself', async () => {
  await using ctx = new Context({ master: 'inline', conf: { 'spark.streaming.concurrentJobs': 2 } })
  const clock = new ManualClock()
  const ssc = new StreamingContext(ctx, '1 s', { clock })
  const log: string[] = []
  const failures: (string | undefined)[] = []
  ssc.addStreamingListener({ onOutputOperationCompleted: ({ outputOperationInfo: { id, failureReason } }) => { failures[id] = failureReason } })
  const stream = ssc.queueStream([[1], [2]])
  const meet = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  for (const i of [0, 1]) {
    stream.foreachRDD(async (_rdd, time) => {
      log.push(`${time.milliseconds} ${i}`)
      meet[i]!.resolve()
      await meet[1 - i]!.promise // neither ends before the other has begun
    })
  }
  stream.map(n => { if (n === 2) throw new Error('two'); return n }).foreachRDD((rdd, time) => { log.push(`${time.milliseconds} 2`); void rdd.count() })
  const ended = ssc.awaitTermination().then(() => undefined, (error: Error) => error)
  await ssc.start()
  await clock.advance(2_000)
  await ssc.stop({ stopContext: false })
  assert.deepEqual(log, ['1000 0', '1000 1', '1000 2', '2000 0', '2000 1', '2000 2'])
  assert.match((await ended)!.message, /two/)
  assert.deepEqual(failures.map(reason => reason !== undefined), [false, false, true])
})

describe('a program', () => {
  const hooks = new URL('../../scripts/self.mjs', import.meta.url).href
  const programs = fileURLToPath(new URL('.', import.meta.url))
  const program = (name: string): ReturnType<typeof spawnSync> => spawnSync(process.execPath, ['--import', hooks, `${programs}${name}`], { encoding: 'utf8', timeout: hangMs })

  test('whose batch fails, and which does not wait, ends with an unhandled rejection', () => {
    const { status, stderr } = program('fails-unwatched.fixture.ts')
    assert.notEqual(status, 0)
    assert.match(String(stderr), /foreachRDD at .*fails-unwatched\.fixture\.ts:\d+:\d+ in the batch \d+ ms: map at .* on the record 1/)
  })

  test('whose contexts are stopped ends by itself; one that runs is held', () => {
    const { status, stdout, stderr } = program('stops-itself.fixture.ts')
    assert.deepEqual([status, stdout, stderr], [0, 'three batches\n', ''])
  })
})

after(() => assert.equal(StreamingContext.getActive(), undefined))
