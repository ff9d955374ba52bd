// Stopping: from a listener, in time, on a signal; the active context.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { ManualClock } from '../base/clock.ts'
import type { RivuletError } from '../base/define-errors.ts'
import { Context } from '../context/context.ts'
import { onEveryMaster } from '../rdd/masters.fixture.ts'
import { StreamingContext } from './streaming-context.ts'

afterEach(() => StreamingContext.getActive()?.stop({ stopContext: false })) // of a test that failed

onEveryMaster(context => {
  test('a listener cannot stop the context; the program that it tells can', async () => {
    const clock = new ManualClock()
    const ssc = new StreamingContext(context(), '1 s', { clock })
    ssc.queueStream([[1]]).foreachRDD(() => {})
    const refused: unknown[] = []
    const enough = Promise.withResolvers<void>()
    ssc.addStreamingListener({
      onBatchCompleted: () => {
        ssc.stop({ stopContext: false }).catch((error: RivuletError) => { refused.push(error.code) })
        enough.resolve()
      },
    })
    await ssc.start()
    await clock.advance(1_000)
    await enough.promise
    assert.deepEqual([refused, ssc.state], [['RIV_STOP_IN_LISTENER'], 'active'])
    await ssc.stop({ stopContext: false })
    assert.equal(ssc.state, 'stopped')
  })
})

for (const [name, conf, limitMs] of [['ten batches', {}, 10_000], ['the setting', { 'spark.streaming.gracefulStopTimeout': '1500 ms' }, 1_500]] as const) {
  test(`a graceful stop is over after ${name}, whatever runs`, async () => {
    const warnings: string[] = []
    const log = { debug() {}, info() {}, error() {}, warn: (_fields: object, message: string) => { warnings.push(message) } }
    await using ctx = new Context({ master: 'inline', conf, log })
    const clock = new ManualClock()
    const ssc = new StreamingContext(ctx, '1 s', { clock })
    const begun = Promise.withResolvers<void>()
    const release = Promise.withResolvers<void>()
    ssc.queueStream([[1]]).foreachRDD(() => { begun.resolve(); return release.promise })
    await ssc.start()
    void clock.advance(1_000)
    await begun.promise
    let over = false
    const stopping = ssc.stop({ stopContext: false, graceful: true }).then(() => { over = true })
    await turn()
    const later = clock.advance(limitMs)
    for (let i = 0; i < 20; i++) await turn()
    assert.equal(over, false, 'the clock waits for the batch')
    release.resolve()
    await later
    await stopping
    assert.deepEqual(warnings, [])
  })
}

test('a graceful stop gives up what takes too long, and says so', async () => {
  const warnings: string[] = []
  const log = { debug() {}, info() {}, error() {}, warn: (_fields: object, message: string) => { warnings.push(message) } }
  await using ctx = new Context({ master: 'inline', conf: { 'spark.streaming.gracefulStopTimeout': '30 ms' }, log })
  const ssc = new StreamingContext(ctx, '20 ms')
  const begun = Promise.withResolvers<void>()
  ssc.queueStream([[1]]).foreachRDD(() => { begun.resolve(); return new Promise(() => {}) })
  await ssc.start()
  await begun.promise
  await ssc.stop({ stopContext: false, graceful: true })
  assert.equal(ssc.state, 'stopped')
  assert.match(warnings.join('\n'), /graceful stop was not over after 30 ms; \d+ batch/)
})

test('getActiveOrCreate gives the active context, or makes one', async () => {
  await using ctx = new Context({ master: 'inline' })
  let made = 0
  const create = async (): Promise<StreamingContext> => {
    made++
    const ssc = new StreamingContext(ctx, '1 s', { clock: new ManualClock() })
    ssc.queueStream([]).foreachRDD(() => {})
    return ssc
  }
  const first = await StreamingContext.getActiveOrCreate(create)
  assert.equal(first.state, 'initialized')
  await first.start()
  assert.equal(await StreamingContext.getActiveOrCreate(create), first)
  await first.stop({ stopContext: false })
  assert.notEqual(await StreamingContext.getActiveOrCreate(create), first)
  assert.equal(made, 2)
})
