// Warnings of streams that fall behind: when, how often, and what they say.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { SteadyClock } from '../../base/clock.ts'
import type { BatchInfo } from '../events/streaming-listener.ts'
import type { OutputOperation } from '../graph/output-operation.ts'
import { Lateness } from './lateness.ts'

function open(batchMs: number) {
  const warnings: string[] = []
  const log = { debug() {}, info() {}, error() {}, warn: (fields: object, message: string) => { warnings.push(`${(fields as { code: string }).code} ${message}`) } }
  return { lateness: new Lateness(batchMs, log, new SteadyClock()), warnings }
}

const tables: readonly (readonly [batchMs: number, delays: readonly number[], warned: readonly number[]])[] = [
  [1_000, [0, 500, 1_999, 2_000, 2_500, 3_999, 4_000, 7_000, 8_100, 3_000, 999, 1_500, 2_100], [2_000, 4_000, 8_100, 2_100]],
  [10, [20, 100, 999, 1_000, 1_500, 2_000, 5, 1_200], [1_000, 2_000, 1_200]],
]

for (const [batchMs, delays, warned] of tables) {
  test(`batches of ${batchMs} ms that begin late`, () => {
    const { lateness, warnings } = open(batchMs)
    for (const [i, schedulingDelay] of delays.entries()) lateness.completed({ batchTime: i, schedulingDelay, processingDelay: 7 } as BatchInfo)
    assert.deepEqual(warnings.map(text => Number(/waited for (\d+) ms/.exec(text)![1])), warned)
    assert.match(warnings[0]!, new RegExp(`^RIV_BATCHES_LATE .* took 7 ms of an interval of ${batchMs} ms .*backpressure`))
  })
}

const busy = (ms: number): void => { for (const end = performance.now() + ms; performance.now() < end;); }

test('an output that keeps the event loop is named, once; one that awaits is not', async () => {
  const { lateness, warnings } = open(500)
  const output = { op: 'foreachRDD', site: { place: 'app.ts:3:1' } } as OutputOperation
  const run = async (body: () => unknown): Promise<void> => {
    const done = lateness.watch(output)
    await body()
    done()
  }
  await run(() => busy(20))
  await run(async () => { for (let i = 0; i < 20; i++) { busy(20); await new Promise(resolve => { setTimeout(resolve, 1) }) } })
  assert.deepEqual(warnings, [])
  await run(() => busy(300))
  await run(async () => { await turn(); busy(310); await turn() })
  assert.equal(warnings.length, 1, warnings.join('\n'))
  assert.match(warnings[0]!, /^RIV_OUTPUT_BLOCKS foreachRDD at app\.ts:3:1 kept the program from everything else for 3\d\d ms, of a batch interval of 500 ms/)
})
