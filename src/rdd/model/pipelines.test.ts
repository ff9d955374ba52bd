// Random pipelines of all operations over keys of every kind, against arrays.
//
// - Each is described twice: once resolved step by step, as the model has to ask where keys belong, and once in one go, so that what is
//   left open until a job is planned is found then. Both must give the model's partitions.
// - Every pair lies where the RDD's partitioner says.
// - A failure prints seed and path; `RIVULET_SEED` runs that seed again. What failed once is in `regressions`.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { callSite } from '../../base/call-site.ts'
import { deepCopy } from '../../base/deep-copy.ts'
import type { Context } from '../../context/context.ts'
import { anyKey, Point } from '../../wire/values.fixture.ts'
import { onEveryMaster } from '../masters.fixture.ts'
import { lazySource } from '../nodes.ts'
import { RDD } from '../rdd.ts'
import { actions } from './actions.fixture.ts'
import type { Row } from './functions.fixture.ts'
import { operations } from './operations.fixture.ts'
import { inOrder, sortedRows, type Pairs, type State } from './state.fixture.ts'

interface Step { readonly op: string; readonly n: number }

interface Pipeline {
  /** Distinct keys; records name them by number, so that they meet. */
  readonly keys: readonly unknown[]
  readonly rows: readonly (readonly [key: number, value: unknown])[]
  readonly slices: number
  /** Partitions are listed when a job is planned, as those of files. */
  readonly late: boolean
  readonly steps: readonly Step[]
  readonly action: Step
}

const mostRows = 150
/** On a machine that has little time for it there are fewer pipelines; two idle cores need a minute for all of them, both masters together. */
const limitMs = 75_000
const n = fc.nat(255)
const value = fc.oneof({ weight: 3, arbitrary: fc.integer({ min: -9, max: 9 }) }, { weight: 1, arbitrary: anyKey })
const pipeline: fc.Arbitrary<Pipeline> = fc.record({
  keys: fc.array(fc.oneof(anyKey, fc.constantFrom<unknown>('a', 'b', 0, -0, 1, NaN)), { minLength: 1, maxLength: 6 }),
  rows: fc.array(fc.tuple(fc.nat(5), value), { maxLength: 25 }),
  slices: fc.integer({ min: 1, max: 4 }),
  late: fc.boolean(),
  steps: fc.array(fc.record({ op: fc.constantFrom(...operations.map(({ name }) => name)), n }), { minLength: 1, maxLength: 5 }),
  action: fc.record({ op: fc.constantFrom(...actions.map(({ name }) => name)), n }),
})

const byName = new Map(operations.map(operation => [operation.name, operation]))
const actionOf = new Map(actions.map(action => [action.name, action]))

async function check(context: Context, { keys, rows, slices, late, steps, action }: Pipeline): Promise<void> {
  const items = rows.map(([key, item]): Row => [deepCopy(keys[key % keys.length]), item])
  const border = (i: number): number => Math.floor(i * items.length / slices)
  const parts = Array.from({ length: slices }, (_, i) => items.slice(border(i), border(i + 1)))
  const source = (): Pairs => (late ? new RDD<Row>(context, lazySource('late', callSite(), async () => parts.map(records => ({ kind: 'records', records })))) : context.parallelize<Row>(items, slices))
  let state: State = { rdd: source(), parts, ordered: true }
  let atOnce = source()
  const persisted: Pairs[] = []
  for (const { op, n } of steps) {
    const operation = byName.get(op)!
    if (operation.needsOrder === true && !state.ordered) {
      state = inOrder(state)
      atOnce = sortedRows(atOnce)
    }
    const rdd = await operation.rdd(state.rdd, n, keys).resolve()
    const after = operation.model(state, rdd, n, keys)
    if (after.parts.flat().length > mostRows) continue
    atOnce = operation.rdd(atOnce, n, keys)
    state = { rdd, ...after }
    if (op.startsWith('persist')) persisted.push(rdd, atOnce)
  }
  const stepwise = await sortedRows(state.rdd).glom().collect()
  const { parts: wanted } = inOrder({ ...state, ordered: false })
  assert.deepEqual(stepwise, wanted)
  assert.deepEqual(await sortedRows(atOnce).glom().collect(), wanted)
  if (state.ordered) assert.deepEqual(await state.rdd.collect(), state.parts.flat())
  const { partitioner } = state.rdd
  if (partitioner !== undefined) for (const [i, part] of wanted.entries()) for (const [key] of part) assert.equal(partitioner.getPartition(key), i)
  const { needsOrder, run } = actionOf.get(action.op)!
  const [got, expected] = await run(needsOrder === true ? inOrder(state) : state, action.n)
  assert.deepEqual(got, expected, action.op)
  for (const rdd of persisted) await rdd.unpersist()
}

/** Pipelines that failed once. */
const regressions: readonly [name: string, pipeline: Pipeline][] = [
  ['an asynchronous function of a partition over what a program gives', { keys: [''], rows: [], slices: 1, late: false, steps: [{ op: 'pipe', n: 0 }], action: { op: 'foreachPartition', n: 0 } }],
  ['bounds of a sort that hold instances', { keys: [{ a: new Point(0, '') }, ''], rows: [[0, 0]], slices: 1, late: false, steps: [{ op: 'sortByKey', n: 146 }, { op: 'map', n: 0 }], action: { op: 'collect', n: 0 } }],
]

onEveryMaster((context, master) => {
  for (const [name, run] of regressions) test(`once failed: ${name}`, () => check(context(), run))

  test('random pipelines give what arrays give', async t => {
    const given = process.env.RIVULET_SEED
    const numRuns = master === 'inline' ? 1_700 : 400
    const until = performance.now() + limitMs // fast-check's own limit would leave a job behind that still runs
    let ran = 0
    await fc.assert(fc.asyncProperty(pipeline, async run => {
      if (performance.now() > until) return
      ran++
      await check(context(), run)
    }), {
      numRuns, ...(given !== undefined && { seed: Number(given) }),
      reporter: details => { t.diagnostic(`${ran} pipelines, seed ${details.seed}`); report(details) },
    })
  })
})

/** The seed, the smallest pipeline, and what it did. */
function report({ failed, seed, counterexamplePath, counterexample, errorInstance }: fc.RunDetails<[Pipeline]>): void {
  if (!failed) return
  const cause = errorInstance instanceof Error ? errorInstance : new Error(String(errorInstance))
  throw new Error(`seed ${seed}, path ${counterexamplePath ?? ''}\n${counterexample === null ? '' : fc.stringify(counterexample[0])}\n${cause.stack ?? cause.message}`)
}
