// A state that does not change lets go of the journal that others fill: it is written again when it holds back too much, and not before.

import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { ManualClock } from '../../base/clock.ts'
import { Context } from '../../context/context.ts'
import type { DStream } from '../dstream.ts'
import { StreamingContext } from '../streaming-context.ts'

let directory: string
beforeEach(() => { directory = mkdtempSync(join(tmpdir(), 'rivulet-idle-')) })
afterEach(() => rmSync(directory, { recursive: true }))

const batches = 300
const keys = 100

/** Batches that the checkpoint goes back to at the end, its bytes, and what the idle state then is. */
async function run(pinnedBytes: number, operator: 'state' | 'window'): Promise<{ readonly reachesBack: number; readonly bytes: number; readonly idle: unknown[] }> {
  await using ctx = new Context({ master: 'inline', conf: { 'checkpoint.durability': 'process', 'checkpoint.pinnedBytes': pinnedBytes } })
  const clock = new ManualClock()
  const ssc = new StreamingContext(ctx, '1 s', { clock })
  ssc.checkpoint(directory)
  const pairs = (until: number): DStream<[string, number]> => ssc.sourceStream<number, number, [string, number]>({
    initial: async () => 0, latest: async n => n + 1, split: (from, to) => (from < to ? [from] : []),
    * read(batch) { for (let i = 0; batch < until && i < keys; i++) yield [`key ${i}`, 1] },
  })
  const once = pairs(1)
  const busy = pairs(batches)
  const count = (ones: number[], n: number | undefined): number => (n ?? 0) + ones.length
  const counts = operator === 'state' ? once.updateStateByKey<number>(count, 1) : once.reduceByKeyAndWindow((a, b) => a + b, (a, b) => a - b, '10 s', '1 s', { numPartitions: 1 })
  let idle: unknown[] = []
  counts.foreachRDD(async (rdd, time) => { if (time.milliseconds === batches * 1_000) idle = await rdd.collect() })
  busy.updateStateByKey<number>(count, 1).foreachRDD(async rdd => { await rdd.count() })
  await ssc.start()
  await clock.advance(batches * 1_000)
  const neededMs = Math.min(...ssc.graph.stateful.map(({ stateful }) => stateful.deltaOf(batches * 1_000)!.needsFromMs))
  await ssc.stop()
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter(file => file.isFile())
  return { reachesBack: batches - neededMs / 1_000, bytes: files.reduce((sum, file) => sum + statSync(join(file.parentPath, file.name)).size, 0), idle }
}

for (const operator of ['state', 'window'] as const) test(`an idle ${operator} does not hold the journal back for good`, async () => {
  const bounded = await run(20_000, operator)
  rmSync(directory, { recursive: true })
  const held = await run(1 << 30, operator)
  assert.ok(bounded.reachesBack < 60, `goes back over ${bounded.reachesBack} batches`)
  assert.ok(held.reachesBack >= batches - 20, `goes back over ${held.reachesBack} batches`)
  assert.ok(bounded.bytes < 0.8 * held.bytes, `${bounded.bytes} bytes of ${held.bytes}`)
  assert.deepEqual(bounded.idle, held.idle)
  assert.equal(held.idle.length, keys)
})
