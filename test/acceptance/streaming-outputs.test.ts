// Outputs as their users see them: what print writes, which actions a batch waits for, what a failure says and stops, what listeners hear.

import assert from 'node:assert/strict'
import { Socket } from 'node:net'
import { test } from 'node:test'
import { RivuletError, isRivuletError, type DStream, type OnFailure, type RDD, type StreamingListener } from 'rivulet'
import { onMasters } from './masters.ts'
import { coded, collected, open, program } from './streams.ts'

type Opened = ReturnType<typeof open>

onMasters((context, master) => {
  /** Runs batches of numbers; gives the failure, if there is one. */
  async function run(batches: number[][], describe: (numbers: DStream<number>, s: Opened) => void, onStarted = async (_s: Opened): Promise<void> => {}): Promise<RivuletError | undefined> {
    await using s = open(context())
    describe(s.ssc.queueStream([...batches]), s)
    const ended = s.ssc.awaitTermination().then(() => undefined, (error: RivuletError) => error)
    await s.ssc.start()
    await onStarted(s)
    for (let i = 0; i < batches.length; i++) await s.clock.advance(1_000).catch(() => {})
    await s.stop()
    return ended
  }

  test('print, as Spark has it', async () => {
    const rule = '-------------------------------------------'
    const batch = (ms: number, ...lines: unknown[]): string => [rule, `Time: ${ms} ms`, rule, ...lines, '', ''].join('\n')
    const { stdout, stderr, status } = await program(`
      const clock = new ManualClock(1415718610000)
      const ssc = new StreamingContext(new Context({ master: '${master}' }), seconds(1), { clock })
      const numbers = Array.from({ length: 12 }, (_, i) => i)
      const stream = ssc.queueStream([numbers, numbers.slice(0, 10), [], ['a b'], [['word', 3], ['nested', ['x', 1.5]]], [undefined, null, true, 10n]])
      stream.print()
      stream.print(2)
      stream.print(0)
      await ssc.start()
      await clock.advance(6000)
      await ssc.stop()`)
    assert.equal(stderr, '')
    assert.equal(status, 0)
    const ten = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    const at = (n: number): number => 1_415_718_610_000 + n * 1_000
    assert.equal(stdout, [
      batch(at(1), ...ten, '...'), batch(at(1), 0, 1, '...'), batch(at(1), '...'), batch(at(2), ...ten), batch(at(2), 0, 1, '...'), batch(at(2), '...'),
      batch(at(3)), batch(at(3)), batch(at(3)), batch(at(4), 'a b'), batch(at(4), 'a b'), batch(at(4), '...'),
      batch(at(5), '(word,3)', '(nested,(x,1.5))'), batch(at(5), '(word,3)', '(nested,(x,1.5))'), batch(at(5), '...'),
      batch(at(6), 'undefined', 'null', 'true', '10'), batch(at(6), 'undefined', 'null', '...'), batch(at(6), '...'),
    ].join(''))
  })

  test('actions that nobody awaits hold their batch', async () => {
    const did: string[] = []
    const failure = await run([[1], [2]], (numbers, { ssc }) => {
      ssc.addStreamingListener({ onBatchCompleted: ({ batchInfo }) => { did.push(`completed ${batchInfo.batchTime}`) } })
      numbers.foreachRDD((rdd, time) => {
        void rdd.mapAsync(async n => { await new Promise(resolve => { setTimeout(resolve, 30) }); return n }).count().then(n => did.push(`${time.milliseconds} counted ${n}`))
      })
      numbers.foreachRDD((_rdd, time) => { did.push(`${time.milliseconds} second output`) })
    })
    assert.equal(failure, undefined)
    assert.deepEqual(did, ['1000 counted 1', '1000 second output', 'completed 1000', '2000 counted 1', '2000 second output', 'completed 2000'])
  })

  test('actions that nobody awaits fail their batch', async () => {
    for (const inTransform of [false, true]) {
      const times: number[] = []
      const failure = await run([[1], [2], [3]], numbers => {
        const act = (rdd: RDD<number>): void => { void rdd.map(n => { if (n === 2) throw new RangeError('two') ; return n }).collect() }
        if (inTransform) numbers.transform(rdd => { act(rdd); return rdd }).foreachRDD((_rdd, time) => { times.push(time.milliseconds) })
        else numbers.foreachRDD((rdd, time) => { act(rdd); times.push(time.milliseconds) })
      })
      coded(/^RIV_/, /foreachRDD.*2000 ms.*map.*two/)(failure)
      assert.ok(failure!.cause instanceof RangeError)
      assert.deepEqual(times, [1_000, 2_000])
    }
  })

  test('what is chained to an action belongs to the batch too, awaited or not', async () => {
    const boom = (rdd: RDD<number>): RDD<number> => rdd.map(n => { if (n > 0) throw new RangeError('no') ; return n })
    const did: string[] = []
    const chains: readonly (readonly [fails: RegExp | undefined, chain: (rdd: RDD<number>) => unknown])[] = [
      [/no/, rdd => { void boom(rdd).collect().then(rows => did.push(`${rows}`)) }],
      [/no/, rdd => { void boom(rdd).count().finally(() => did.push('finally')) }],
      [/mine/, rdd => { void rdd.collect().then(() => { throw new TypeError('mine') }) }],
      [undefined, rdd => { void boom(rdd).collect().then(() => {}).catch(() => did.push('caught')) }],
      [undefined, async rdd => { try { await boom(rdd).collect() } catch { did.push('caught') } }],
      [undefined, rdd => { void rdd.count().then(async n => { await new Promise(resolve => { setTimeout(resolve, 10) }); did.push(`${n}`) }) }],
    ]
    for (const [fails, chain] of chains) {
      const failure = await run([[1]], numbers => numbers.foreachRDD(chain))
      if (fails === undefined) assert.equal(failure, undefined, String(chain))
      else coded(/^RIV_/, fails)(failure)
    }
    assert.deepEqual(did, ['finally', 'caught', 'caught', '1'])
  })

  test('a later action on a batch\'s RDD', async () => {
    const kept: RDD<number>[] = []
    await run([[1], [2], [3]], numbers => numbers.map(n => n + 1).foreachRDD(rdd => { kept.push(rdd) }), async () => {})
    for (const rdd of kept) await assert.rejects(rdd.collect(), coded(/^RIV_BATCH_FORGOTTEN$/))
    assert.deepEqual(await context().parallelize([1]).collect(), [1])
  })

  test('within remember() a later action is fine', async () => {
    await using s = open(context())
    const kept: RDD<number>[] = []
    s.ssc.remember('3 s')
    s.ssc.queueStream([[1], [2], [3], [4], [5]]).map(n => n + 1).foreachRDD(rdd => { kept.push(rdd) })
    await s.ssc.start()
    await s.clock.advance(5_000)
    assert.deepEqual(await Promise.all(kept.slice(-3).map(rdd => rdd.collect())), [[4], [5], [6]])
    await assert.rejects(kept[0]!.collect(), coded(/^RIV_BATCH_FORGOTTEN$/))
  })

  test('a failing output: the later ones of its batch run, no later batch does; the error tells all', async () => {
    class OwnError extends Error {
      override name = 'OwnError'
      detail = { retry: false }
    }
    const did: string[] = []
    const failures: (string | undefined)[] = []
    const failure = await run([[1], [2], [3]], (numbers, { ssc }) => {
      ssc.addStreamingListener({ onOutputOperationCompleted: ({ outputOperationInfo: { batchTime, id, failureReason } }) => { if (batchTime === 2_000) failures[id] = failureReason } })
      numbers.foreachRDD((_rdd, time) => { did.push(`first ${time.milliseconds}`) })
      numbers.foreachRDD(async (_rdd, time) => { await Promise.resolve(); if (time.milliseconds === 2_000) throw new OwnError('sink is down') })
      numbers.foreachRDD(async (rdd, time) => { did.push(`last ${time.milliseconds} ${await rdd.collect()}`) })
    })
    assert.deepEqual(did, ['first 1000', 'last 1000 1', 'first 2000', 'last 2000 2'])
    assert.ok(isRivuletError(failure) && failure instanceof RivuletError)
    coded(/^RIV_/, /foreachRDD at .*streaming-outputs\.test\.ts:\d+:\d+.*2000 ms.*sink is down/)(failure)
    const cause = failure.cause as OwnError
    assert.deepEqual([cause.name, cause.message, cause.detail, cause instanceof OwnError], ['OwnError', 'sink is down', { retry: false }, true])
    assert.deepEqual([failures[0], failures[2]], [undefined, undefined])
    assert.match(failures[1]!, /sink is down/)
  })

  test('a failing function of an operator: operator, place, record, batch, and the user\'s own error', async () => {
    const failure = await run([[7]], numbers => numbers.filter(n => n > 0).map(n => { if (n === 7) throw Object.assign(new TypeError('seven'), { n, list: [n] }); return n }).print())
    coded(/^RIV_/, /foreachRDD.*1000 ms.*map at .*streaming-outputs\.test\.ts.*7/)(failure)
    const cause = failure!.cause as TypeError & { n: number; list: number[] }
    assert.deepEqual([cause.name, cause.message, cause.n, cause.list], ['TypeError', 'seven', 7, [7]])
    assert.match(String(cause.stack), /streaming-outputs\.test\.ts:\d+:\d+/)
  })

  test('thrown values that are no errors', async () => {
    for (const thrown of ['text', undefined, null, 42, { code: 'E' }]) {
      // oxlint-disable-next-line only-throw-error -- users do
      const failure = await run([[1]], numbers => numbers.foreachRDD(() => { throw thrown }))
      coded(/^RIV_/, /foreachRDD.*1000 ms/)(failure)
      assert.ok(failure!.cause instanceof Error)
    }
  })

  const policies: readonly (readonly [policy: OnFailure, fails: number, attempts: number, stops: boolean])[] = [
    ['stop', 1, 1, true], ['skip', Infinity, 3, false], [{ retry: 2 }, 2, 5, false], [{ retry: 2 }, 3, 3, true], [{ retry: 0 }, 1, 1, true],
  ]
  for (const [onFailure, fails, attempts, stops] of policies) {
    test(`onFailure ${JSON.stringify(onFailure)}, ${fails} failures`, async () => {
      let tried = 0
      const done: number[] = []
      const failure = await run([[1], [2], [3]], numbers => numbers.foreachRDD((_rdd, time) => {
        if (++tried <= fails) throw new Error(`attempt ${tried}`)
        done.push(time.milliseconds)
      }, { onFailure }))
      assert.equal(tried, attempts)
      assert.equal(failure !== undefined, stops)
      assert.deepEqual(done, stops || onFailure === 'skip' ? [] : [1_000, 2_000, 3_000])
    })
  }

  test('listeners: every event, in order, with its fields; one that throws harms nothing', async () => {
    const events: string[] = []
    const infos: object[] = []
    const text = (event: object): string => {
      const { batchInfo, outputOperationInfo: out } = event as { batchInfo?: Record<string, number>; outputOperationInfo?: Record<string, unknown> }
      return batchInfo !== undefined ? `${batchInfo.batchTime} ${batchInfo.numRecords}` : out !== undefined ? `${String(out.batchTime)} ${String(out.id)}` : ''
    }
    const names = ['onStreamingStarted', 'onBatchSubmitted', 'onBatchStarted', 'onBatchCompleted', 'onOutputOperationStarted', 'onOutputOperationCompleted'] as const
    const listener = Object.fromEntries(names.map(name => [name, (event: object) => { events.push(`${name} ${text(event)}`); if ('batchInfo' in event) infos.push(event.batchInfo as object) }])) as StreamingListener
    const thrower = Object.fromEntries(names.map(name => [name, () => { throw new Error(name) }])) as StreamingListener
    const rejecter = { onBatchStarted: async () => { throw new Error('async') } } as unknown as StreamingListener
    await using s = open(context())
    const removed: StreamingListener = { onBatchStarted: () => { events.push('removed') } }
    for (const each of [thrower, removed, rejecter, listener]) s.ssc.addStreamingListener(each)
    s.ssc.removeStreamingListener(removed)
    const numbers = s.ssc.queueStream([[1, 2, 3], []])
    collected(numbers)
    numbers.window(2_000, 2_000).foreachRDD(() => {})
    await s.ssc.start()
    await s.clock.advance(2_000)
    await s.stop()
    const before = events.length
    await s.clock.advance(5_000)
    assert.equal(events.length, before, 'nothing after stop')
    assert.deepEqual(events, [
      'onStreamingStarted ', 'onBatchSubmitted 1000 3', 'onBatchStarted 1000 3', 'onOutputOperationStarted 1000 0', 'onOutputOperationCompleted 1000 0', 'onBatchCompleted 1000 3',
      'onBatchSubmitted 2000 0', 'onBatchStarted 2000 0', 'onOutputOperationStarted 2000 0', 'onOutputOperationCompleted 2000 0', 'onOutputOperationStarted 2000 1', 'onOutputOperationCompleted 2000 1', 'onBatchCompleted 2000 0',
    ])
    const submitted = { batchTime: 1_000, numRecords: 3, submissionTime: 1_000 }
    const started = { ...submitted, processingStartTime: 1_000, schedulingDelay: 0 }
    assert.deepEqual(infos.slice(0, 3), [submitted, started, { ...started, processingEndTime: 1_000, processingDelay: 0, totalDelay: 0 }])
  })

  test('a listener that is added to running streams hears the rest', async () => {
    const heard: number[] = []
    await run([[1], [2]], numbers => numbers.foreachRDD(() => {}), async ({ clock, ssc }) => {
      await clock.advance(1_000)
      ssc.addStreamingListener({ onBatchCompleted: ({ batchInfo }) => { heard.push(batchInfo.batchTime) } })
    })
    assert.deepEqual(heard, [2_000, 3_000])
  })

  test('transform functions that give no RDD fail the batch', async () => {
    for (const result of [undefined, null, [1], 5, Promise.resolve(undefined)]) {
      const broken = (() => result) as unknown as (rdd: RDD<number>) => RDD<number>
      coded(/^RIV_/, /transform at .*1000 ms/)(await run([[1]], numbers => numbers.transform(broken).foreachRDD(() => {})))
      coded(/^RIV_/, /transformWith at .*1000 ms/)(await run([[1]], numbers => numbers.transformWith(numbers, broken).foreachRDD(() => {})))
      coded(/^RIV_/, /transform at .*1000 ms/)(await run([[1]], (numbers, { ssc }) => ssc.transform([numbers, numbers], broken as never).foreachRDD(() => {})))
    }
  })

  test('transform functions that throw fail the batch; asynchronous ones are awaited', async () => {
    const failure = await run([[1]], numbers => numbers.transform(async () => { throw new RangeError('no table') }).foreachRDD(() => {}))
    coded(/^RIV_/, /foreachRDD.*1000 ms.*no table/)(failure)
    assert.ok(failure!.cause instanceof RangeError)
    let out: number[][] = []
    await run([[3, 1, 2], [5, 4]], numbers => { out = collected(numbers.transform(async rdd => { const n = await rdd.count(); return rdd.sortBy(x => x).map(x => x * n) })) })
    assert.deepEqual(out, [[3, 6, 9], [8, 10]])
  })

  if (master !== 'inline') {
    test('captured variables: frozen at start, read by transform in every batch', async () => {
      let factor = 1
      const table = { add: 0 }
      const out: Record<string, unknown[][]> = {}
      await run([[1], [1], [1]], numbers => {
        out.map = collected(numbers.map(n => n * factor + table.add))
        out.window = collected(numbers.map(n => n * factor).window(2_000).map(n => n + table.add))
        out.byKey = collected(numbers.map(n => ['k', n]).reduceByKey((a, b) => a + b * factor).mapValues(n => n * factor))
        out.transform = collected(numbers.transform(rdd => { const [f, { add }] = [factor, table]; return rdd.map(n => n * f + add) }))
        const action: number[][] = out.foreachRDD = []
        numbers.foreachRDD(async rdd => { action.push(await rdd.map(n => n * factor).collect()) })
        factor = 10
      }, async s => {
        factor = 100
        table.add = 7
        await s.clock.advance(1_000)
        factor = 1_000
      })
      assert.deepEqual(out, {
        map: [[10], [10], [10]].concat([[]]), window: [[10], [10, 10], [10, 10], [10]], byKey: [[['k', 10]], [['k', 10]], [['k', 10]], []],
        transform: [[107], [1_007], [1_007], []], foreachRDD: [[100], [1_000], [1_000], []],
      })
    })
  }

  test('a function that cannot travel is refused, by name', async () => {
    const pool = { conns: [new Socket()] }
    const failing = async (describe: (numbers: DStream<number>, s: Opened) => DStream<unknown>): Promise<unknown> => {
      await using s = open(context())
      describe(s.ssc.queueStream([[1]]), s).foreachRDD(async rdd => { await rdd.count() })
      const ended = s.ssc.awaitTermination().then(() => undefined, (error: unknown) => error)
      try {
        await s.ssc.start()
        await s.clock.advance(1_000)
      } catch (error) {
        return error
      }
      await s.stop()
      return ended
    }
    coded(/^RIV_/, /pool\.conns/)(await failing(numbers => numbers.map(n => [n, pool.conns.length, pool])))
    coded(/^RIV_/, /StreamingContext/)(await failing((numbers, { ssc }) => numbers.map(n => [n, ssc.state])))
    coded(/^RIV_/, /[Cc]ontext/)(await failing((numbers, { ctx }) => numbers.map(n => [n, ctx.appName])))
    coded(/^RIV_/, /D-?Stream/)(await failing(numbers => numbers.map(n => [n, numbers.slideDuration])))
    assert.deepEqual(await context().parallelize([1]).collect(), [1])
  })
})

test('a captured plain object that changes between batches is warned of, once, by name and with a cure', async () => {
  const results = await Promise.all(['inline', 'local[2]'].map(master => program(`
    import { runBatches } from 'rivulet/testing'
    const [table, list, seen, quiet] = [{ deep: { factor: 1 } }, [1], new Map(), { n: 1 }]
    const out = await runBatches([[1], [2], [3]], s => {
      const mapped = s.map(n => n * table.deep.factor * quiet.n + list.length + seen.size)
      return mapped.transform(rdd => { table.deep.factor++; seen.set(table.deep.factor, 1); return rdd })
    }, { master: '${master}' })
    console.log(JSON.stringify(out))`)))
  for (const { status, stderr } of results) {
    assert.equal(status, 0, stderr)
    const warnings = stderr.trimEnd().split('\n')
    assert.equal(warnings.map(line => /`(\w+)`/.exec(line)?.[1]).join(), 'table,seen')
    for (const line of warnings) assert.match(line, /map.*transform.*RIV_CLOSURE_CHANGED/)
  }
  assert.equal(results[1]!.stdout, '[[2],[3],[4]]\n')
})
