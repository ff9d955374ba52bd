// Workers that die at random points: results equal those of the undisturbed run. Freed slabs are filled with 0xDB, so that a block read
// too late is found out. Seeds are printed; RUNS and SEED in the environment make it longer, or repeat one.

import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Context } from 'rivulet'
import type { RDD } from 'rivulet'
import { seededRandom } from '../../src/base/random.ts'

process.env['RIVULET_TEST_POISON'] = '1'
const folder = mkdtempSync(join(tmpdir(), 'rivulet-random-faults-'))
after(() => rmSync(folder, { recursive: true, force: true }))

process.env['NODE_COMPILE_CACHE'] = join(folder, 'compiled') // most of a run is the start of a worker

const runs = Number(process.env['RUNS'] ?? 500)
const firstSeed = Number(process.env['SEED'] ?? 1)
/** No run begins later than this; a test file has 180 s. */
const deadlineMs = performance.now() + (process.env['RUNS'] === undefined ? 130_000 : Infinity)
/** Runs at once: a death among them must be felt by one only. */
const atOnce = 3

/** Ends the worker when it meets the record, once a file name. */
const deadly = (rdd: RDD<number>, at: number, path: string): RDD<number> => rdd.map(x => {
  if (x === at) {
    let first = true
    try {
      process.getBuiltinModule('node:fs').closeSync(process.getBuiltinModule('node:fs').openSync(path, 'wx'))
    } catch { first = false }
    if (first) process.exit(1)
  }
  return x
})

interface Case { readonly records: number; readonly partitions: number; readonly reducers: number; readonly keys: number; readonly kept: boolean; readonly rounds: number }

async function results(ctx: Context, { records, partitions, reducers, keys, kept, rounds }: Case, disturb: (rdd: RDD<number>) => RDD<number>): Promise<unknown[]> {
  const numbers = disturb(ctx.range(0, records, 1, partitions))
  const pairs = numbers.map(x => [`key ${x % keys}`, x])
  if (kept) pairs.persist()
  const sums = pairs.reduceByKey((a, b) => a + b, reducers)
  const out: unknown[] = []
  for (let round = 0; round < rounds; round++) {
    out.push(await sums.mapValues(v => v + round).sortByKey().collect())
    out.push(await pairs.groupByKey(reducers).mapValues(values => values.length).collectAsMap())
    out.push(await pairs.filter(([, x]) => x % 3 === round).count())
  }
  if (kept) await pairs.unpersist()
  return out
}

/** What they must be. */
function expected({ records, keys, rounds }: Case): unknown[] {
  const sums = new Map<string, number>()
  const counts = new Map<string, number>()
  for (let x = 0; x < records; x++) {
    const key = `key ${x % keys}`
    sums.set(key, (sums.get(key) ?? 0) + x)
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  const sorted = [...sums].sort(([a], [b]) => (a < b ? -1 : 1))
  return Array.from({ length: rounds }, (_, round) => [sorted.map(([key, sum]) => [key, sum + round]), counts, Math.ceil((records - round) / 3)]).flat(1)
}

test(`${runs} runs with a worker that dies, from seed ${firstSeed}`, async t => {
  await using ctx = new Context({ master: 'local[2]' })
  let next = firstSeed
  const run = async (): Promise<void> => {
    while (next < firstSeed + runs && performance.now() < deadlineMs) {
      const seed = next++
      const random = seededRandom(seed)
      const upTo = (n: number): number => 1 + Math.floor(random() * n)
      const plan: Case = { records: 2 + upTo(seed % 20 === 0 ? 20_000 : 1_000), partitions: upTo(6), reducers: upTo(5), keys: upTo(200), kept: random() < 0.5, rounds: upTo(2) }
      const at = Math.floor(random() * plan.records)
      const path = join(folder, String(seed))
      assert.deepEqual(await results(ctx, plan, rdd => deadly(rdd, at, path)), expected(plan), `seed ${seed}: ${JSON.stringify(plan)}`)
      assert.ok(existsSync(path), 'a worker died')
    }
  }
  await Promise.all(Array.from({ length: atOnce }, run))
  t.diagnostic(`${next - firstSeed} runs`)
  assert.ok(next - firstSeed >= Math.min(runs, 20), 'a machine that is busy does fewer')
})
