// Random graphs of operations over random batches, against a model of plain arrays: as they are, and going on from a checkpoint.
//
// Seeds are printed; RUNS and SEED in the environment make it longer, or repeat one. What failed once is below as data.

import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { Context } from '../context/context.ts'
import { onEveryMaster } from '../rdd/masters.fixture.ts'
import { anyPlan, checkPlan, type GraphPlan } from './model.fixture.ts'

const runs = Number(process.env['RUNS'] ?? 1_000)
const seed = Number(process.env['SEED'] ?? Date.now() & 0x7fff_ffff)
/** A machine that is busy does fewer; a test file has 180 s. */
const limitMs = process.env['RUNS'] === undefined ? 140_000 : 2 ** 31 - 1
/** Of all runs, those that are interrupted; the others are not. */
const shares = { inline: { whole: 0.6, restarted: 0.15 }, 'local[2]': { whole: 0.1, restarted: 0.05 }, 'inline, state on disk': { whole: 0.04, restarted: 0.06 } }

const failedOnce: Readonly<Record<string, GraphPlan & { readonly restartAfterBatch?: number }>> = {
  'an initial state that no batch touched, after a restart': {
    inputs: [[[]]], outputs: [], idle: 3, restartAfterBatch: 1,
    steps: [{ op: 'mapWithState', on: 0, with: 0, p: 0, q: 3 }, { op: 'mapValues', on: 0, with: 0, p: 0, q: 0 }],
  },
  'pairs sorted by their value meet others by key': {
    inputs: [[[[0, 3]]]], outputs: [], idle: 3,
    steps: [{ op: 'distinct', on: 0, with: 0, p: 0, q: 0 }, { op: 'mapValues', on: 0, with: 0, p: 0, q: 0 }, { op: 'transform', on: 1, with: 0, p: 0, q: 0 }, { op: 'transformWith', on: 1, with: 3, p: 0, q: 0 }],
  },
}

onEveryMaster((context, master) => suite(context, master as keyof typeof shares))
describe('inline, state on disk', () => {
  let context: Context
  before(() => { context = new Context({ master: 'inline', conf: { 'state.store': 'disk', 'state.behindBytes': 200, 'state.cacheBytes': 1_000 } }) })
  after(() => context.stop())
  suite(() => context, 'inline, state on disk')
})

function suite(context: () => Context, kind: keyof typeof shares): void {
  const share = shares[kind]
  const options = (part: number): fc.Parameters<unknown> => ({ seed, numRuns: Math.round(runs * part) })
  /** Runs what it is given until its part of the time is over: fast-check's own limit would leave a context behind that is still active. */
  const inTime = (part: number): ((check: () => Promise<void>) => Promise<void>) => {
    const until = performance.now() + limitMs * part
    return async check => { if (performance.now() < until) await check() }
  }

  test(`what comes out is what the model says, from seed ${seed}`, () => {
    const soon = inTime(share.whole)
    return fc.assert(fc.asyncProperty(anyPlan(6), plan => soon(() => checkPlan(context(), plan))), options(share.whole))
  })

  test(`also where the program dies after any batch and goes on, from seed ${seed}`, () => {
    const soon = inTime(share.restarted)
    return fc.assert(fc.asyncProperty(anyPlan(6), fc.nat({ max: 40 }), (plan, restartAfterBatch) => soon(() => checkPlan(context(), plan, { restartAfterBatch }))), options(share.restarted))
  })

  describe('what failed once', () => {
    for (const [name, { restartAfterBatch, ...plan }] of Object.entries(failedOnce)) test(name, () => checkPlan(context(), plan, restartAfterBatch === undefined ? {} : { restartAfterBatch }))
  })
}
