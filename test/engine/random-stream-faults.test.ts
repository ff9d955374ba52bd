// Workers that die at random calls of random functions of streams, in windows and states too: results equal those of plain arrays, also
// where the program goes on from a checkpoint. Freed slabs are filled with 0xDB. Seeds are printed; RUNS and SEED in the environment make it
// longer, or repeat one.

import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { Context } from 'rivulet'
import { seededRandom } from '../../src/base/random.ts'
import { anyPlan, checkPlan } from '../../src/streaming/model.fixture.ts'

process.env['RIVULET_TEST_POISON'] = '1'
const folder = mkdtempSync(join(tmpdir(), 'rivulet-stream-faults-'))
after(() => rmSync(folder, { recursive: true, force: true }))
process.env['NODE_COMPILE_CACHE'] = join(folder, 'compiled') // most of a run is the start of a worker

const runs = Number(process.env['RUNS'] ?? 80)
const firstSeed = Number(process.env['SEED'] ?? Date.now() & 0x7fff_ffff)
/** No run begins later than this; a test file has 180 s. */
const deadlineMs = performance.now() + (process.env['RUNS'] === undefined ? 120_000 : Infinity)

/** Ends the worker at one of its calls, once a file name; a task that is unlucky every time would fail for good. */
const deadly = (at: readonly number[], path: string) => (n: number): number => {
  const worker = globalThis as { calls?: Record<string, number> }
  const calls = worker.calls ??= {}
  const call = calls[path] = (calls[path] ?? 0) + 1
  const i = at.indexOf(call)
  if (i < 0) return n
  let first = true
  try {
    process.getBuiltinModule('node:fs').closeSync(process.getBuiltinModule('node:fs').openSync(`${path}.${i}`, 'wx'))
  } catch { first = false }
  if (first) process.exit(1)
  return n
}

test(`${runs} graphs with workers that die, from seed ${firstSeed}`, async t => {
  await using ctx = new Context({ master: 'local[2]' })
  let seed = firstSeed
  let deaths = 0
  for (; seed < firstSeed + runs && performance.now() < deadlineMs; seed++) {
    const random = seededRandom(seed)
    const upTo = (n: number): number => 1 + Math.floor(random() ** 2 * n)
    const [plan] = fc.sample(anyPlan(5), { seed, numRuns: 1 })
    const at = Array.from({ length: upTo(3) }, () => upTo(60))
    const path = join(folder, String(seed))
    try {
      await checkPlan(ctx, plan!, { strike: deadly(at, path), ...(random() < 0.25 && { restartAfterBatch: upTo(8) }) })
    } catch (cause) {
      throw new Error(`seed ${seed}: ${JSON.stringify(plan)}`, { cause })
    }
    deaths += at.filter((_, i) => existsSync(`${path}.${i}`)).length
  }
  t.diagnostic(`${seed - firstSeed} runs, ${deaths} deaths`)
  assert.ok(deaths >= Math.min(runs, 10) / 2, 'workers died; a machine that is busy does fewer runs')
})
