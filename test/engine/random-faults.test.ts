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

const runs = Number(process.env['RUNS'] ?? 25)
const firstSeed = Number(process.env['SEED'] ?? 1)

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
    out.push(await pairs.groupByKey(reducers).mapValues(values => values.length).sortByKey().collect())
    out.push(await pairs.filter(([, x]) => x % 3 === round).count())
  }
  if (kept) await pairs.unpersist()
  return out
}

test(`${runs} runs with a worker that dies, from seed ${firstSeed}`, async () => {
  await using calm = new Context({ master: 'inline' })
  await using ctx = new Context({ master: 'local[2]' })
  for (let seed = firstSeed; seed < firstSeed + runs; seed++) {
    const random = seededRandom(seed)
    const upTo = (n: number): number => 1 + Math.floor(random() * n)
    const plan: Case = { records: upTo(20_000), partitions: upTo(6), reducers: upTo(5), keys: upTo(500), kept: random() < 0.5, rounds: upTo(3) }
    const at = Math.floor(random() * plan.records)
    const disturbed = results(ctx, plan, rdd => deadly(rdd, at, join(folder, String(seed))))
    // another job runs beside it, and must not notice
    const beside = ctx.range(0, 1_000, 1, 3).map(x => [x % 7, x]).reduceByKey((a, b) => a + b, 2).count()
    assert.deepEqual(await disturbed, await results(calm, plan, rdd => rdd), `seed ${seed}: ${JSON.stringify(plan)}`)
    assert.equal(await beside, 7)
    assert.ok(existsSync(join(folder, String(seed))), 'a worker died')
  }
})
