// Compiled stages: every pipeline on every input, in the synchronous and the asynchronous form, against the same operations on arrays.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { hashKey, partitionOfHash } from '../wire/key/hash-key.ts'
import type { Aggregator, Input, Sink, Step, StoreSlot } from '../wire/shape.ts'
import { stageText } from './compile.ts'
import { TaskCancelled, UserFailure } from './errors.ts'
import { StageHarness } from './stage.fixture.ts'
import type { Fn } from './stage.fixture.ts'

const folder = mkdtempSync(join(tmpdir(), 'rivulet-compile-'))
after(() => rmSync(folder, { recursive: true, force: true }))

/** Crosses the probes at 1 024 records. */
const n = 2_500
const numbers = Array.from({ length: n }, (_, i) => i)
const collect: Sink = { to: 'collect' }

/** A part of a stage: its input, functions and slots; functions and slots of what is around it come after. */
interface Part { readonly input: Input; readonly fns: readonly Fn[]; readonly slots: readonly unknown[] }

const textFile = join(folder, 'numbers.txt')
writeFileSync(textFile, numbers.map(i => `${i}\n`).join(''))

/** All give the numbers from 0 to n - 1, some as text. */
const inputs: Readonly<Record<string, (harness: StageHarness) => Part>> = {
  blocks: h => ({ input: { from: 'blocks', slot: 0 }, fns: [], slots: [[h.block(numbers.slice(0, 1_500)), h.block([]), h.block(numbers.slice(1_500))]] }),
  lines: h => ({ input: { from: 'lines', slot: 0 }, fns: [], slots: [[h.text(numbers.slice(0, 1_100).join('\n')), h.text(numbers.slice(1_100).join('\r\n'))]] }),
  range: () => ({ input: { from: 'range', slot: 0 }, fns: [], slots: [{ start: 0, step: 1, count: n }] }),
  'a file': () => ({ input: { from: 'fileLines', slot: 0 }, fns: [], slots: [{ path: textFile, from: 0, to: statSync(textFile).size }] }),
  'a source that gives an iterable': () => ({ input: { from: 'read', slot: 0, fn: 0 }, fns: [(to: number) => numbers.slice(0, to)], slots: [n] }),
  'a source that gives an async iterable': () => ({ input: { from: 'read', slot: 0, fn: 0 }, fns: [async function* (to: number) { yield* numbers.slice(0, to) }], slots: [n] }),
  'several inputs': h => ({
    input: { from: 'concat', inputs: [{ from: 'blocks', slot: 0 }, { from: 'pipe', input: { from: 'range', slot: 1 }, steps: [{ op: 'map', fn: 0 }] }] },
    fns: [(x: number) => x + 1_000], slots: [[h.block(numbers.slice(0, 1_000))], { start: 0, step: 1, count: n - 1_000 }],
  }),
  'several inputs, one of them asynchronous': h => ({
    input: { from: 'concat', inputs: [{ from: 'blocks', slot: 0 }, { from: 'read', slot: 1, fn: 0 }] },
    fns: [() => numbers.slice(1_000)], slots: [[h.block(numbers.slice(0, 1_000))], 0],
  }),
  'steps above': h => ({ input: { from: 'pipe', input: { from: 'blocks', slot: 0 }, steps: [{ op: 'mapPartitions', fn: 0 }] }, fns: [(rows: Iterable<unknown>) => rows], slots: [[h.block(numbers)]] }),
}

type Model = (rows: number[]) => unknown[]
/** A pipeline on numbers; functions of its steps are numbered from 0 here. */
interface Pipeline { readonly steps: readonly Step[]; readonly fns: readonly Fn[]; readonly slots?: readonly unknown[]; readonly model: Model; readonly sorted?: true }

function* twice(x: number): Generator<number> { yield x; yield -x }
const mapAsync = { op: 'mapAsync', concurrency: 4, timeoutMs: 0 } as const

const pipelines: Readonly<Record<string, Pipeline>> = {
  'no step': { steps: [], fns: [], model: rows => rows },
  map: { steps: [{ op: 'map', fn: 0 }], fns: [(x: number) => x * 2], model: rows => rows.map(x => x * 2) },
  filter: { steps: [{ op: 'filter', fn: 0 }], fns: [(x: number) => x % 3 === 0], model: rows => rows.filter(x => x % 3 === 0) },
  'flatMap to arrays': { steps: [{ op: 'flatMap', fn: 0 }], fns: [(x: number) => new Array<number>(x % 3).fill(x)], model: rows => rows.flatMap(x => new Array<number>(x % 3).fill(x)) },
  'flatMap to text, sets and generators': {
    steps: [{ op: 'flatMap', fn: 0 }], fns: [(x: number) => x % 3 === 0 ? String(x) : x % 3 === 1 ? new Set([x, x]) : twice(x)],
    model: rows => rows.flatMap<unknown>(x => x % 3 === 0 ? [...String(x)] : x % 3 === 1 ? [x] : [x, -x]),
  },
  mapValues: {
    steps: [{ op: 'map', fn: 0 }, { op: 'mapValues', fn: 1 }], fns: [(x: number) => [x % 5, x], (x: number) => x + 1],
    model: rows => rows.map(x => [x % 5, x + 1]),
  },
  flatMapValues: {
    steps: [{ op: 'map', fn: 0 }, { op: 'flatMapValues', fn: 1 }], fns: [(x: number) => [x % 5, x], twice],
    model: rows => rows.flatMap(x => [[x % 5, x], [x % 5, -x]]),
  },
  'a chain of narrow steps': {
    steps: [{ op: 'flatMap', fn: 0 }, { op: 'filter', fn: 1 }, { op: 'flatMap', fn: 0 }, { op: 'map', fn: 2 }], fns: [twice, (x: number) => x % 2 === 0, (x: number) => ({ x })],
    model: rows => rows.flatMap(x => [x, -x]).filter(x => x % 2 === 0).flatMap(x => [{ x }, { x: -x }]),
  },
  'mapPartitions to an array': { steps: [{ op: 'mapPartitions', fn: 0 }], fns: [(rows: Iterable<number>) => [[...rows].length]], model: rows => [rows.length] },
  'mapPartitions with a generator, between narrow steps': {
    steps: [{ op: 'map', fn: 0 }, { op: 'mapPartitions', fn: 1 }, { op: 'filter', fn: 2 }],
    fns: [(x: number) => x + 1, function* (rows: Iterable<number>) { for (const x of rows) if (x % 2 === 0) yield x * 10 }, (x: number) => x % 3 === 0],
    model: rows => rows.map(x => x + 1).filter(x => x % 2 === 0).map(x => x * 10).filter(x => x % 3 === 0),
  },
  'mapPartitions of mapPartitions': {
    steps: [{ op: 'mapPartitions', fn: 0 }, { op: 'map', fn: 1 }, { op: 'mapPartitions', fn: 0 }], fns: [(rows: Iterable<number>) => [...rows].reverse(), (x: number) => x + 1],
    model: rows => rows.map(x => x + 1),
  },
  'mapPartitions with an async generator': {
    steps: [{ op: 'map', fn: 0 }, { op: 'mapPartitions', fn: 1 }, { op: 'map', fn: 0 }],
    fns: [(x: number) => x + 1, async function* (rows: Iterable<number>) { let sum = 0; for (const x of rows) { if (x % 1_000 === 0) await null; yield sum += x } }],
    model: rows => { let sum = 0; return rows.map(x => (sum += x + 1) + 1) },
  },
  'an async generator below one and above another': {
    steps: [{ op: 'mapPartitions', fn: 0 }, { op: 'mapPartitions', fn: 1 }, { op: 'mapPartitions', fn: 0 }],
    fns: [async function* (rows: Iterable<number>) { for (const x of rows) yield x + 1 }, (rows: Iterable<number>) => [...rows].reverse()],
    model: rows => rows.map(x => x + 2).reverse(),
  },
  'mapAsync in order': {
    steps: [{ ...mapAsync, fn: 0, ordered: true }, { op: 'map', fn: 1 }], fns: [async (x: number) => { if (x % 7 === 0) await null; return x * 2 }, (x: number) => x + 1],
    model: rows => rows.map(x => x * 2 + 1),
  },
  'mapAsync as it comes, after narrow steps': {
    steps: [{ op: 'filter', fn: 0 }, { ...mapAsync, fn: 1, ordered: false }], fns: [(x: number) => x % 2 === 0, async (x: number) => { if (x % 7 === 0) await null; return x * 2 }],
    model: rows => rows.filter(x => x % 2 === 0).map(x => x * 2), sorted: true,
  },
  'a stored partition, used further': {
    steps: [{ op: 'map', fn: 0 }, { op: 'store', slot: 77 }, { op: 'filter', fn: 1 }], fns: [(x: number) => x + 1, (x: number) => x % 2 === 0],
    model: rows => rows.map(x => x + 1).filter(x => x % 2 === 0),
  },
}

/** A pipeline after an input; its functions get indexes behind those of the input, and `toNumber` comes first. */
function join2(part: Part, { steps, fns }: Pipeline): { input: Input; fns: Fn[] } {
  const first = part.fns.length
  const moved = steps.map(step => 'fn' in step ? { ...step, fn: step.fn + first + 1 } : step)
  return { input: { from: 'pipe', input: part.input, steps: [{ op: 'map', fn: first }, ...moved] }, fns: [...part.fns, Number, ...fns] }
}

const inMemory: StoreSlot = { id: 1, rdd: 1, objects: false }

for (const [from, make] of Object.entries(inputs)) {
  for (const [name, pipeline] of Object.entries(pipelines)) {
    test(`${name}, on ${from}`, async () => {
      const harness = new StageHarness()
      const part = make(harness)
      const { input, fns } = join2(part, pipeline)
      const output = await harness.run(input, collect, fns, Object.assign([...part.slots], { 77: inMemory }))
      const result = harness.records(output.blocks)
      assert.deepEqual(pipeline.sorted ? result.sort((a, b) => Number(a) - Number(b)) : result, pipeline.model(numbers))
      assert.deepEqual(output.stored.map(({ slot, blocks }) => [slot, harness.records(blocks)]), name.includes('stored') ? [[77, numbers.map(x => x + 1)]] : [])
      assert.equal(harness.io!.metrics.recordsRead, n)
    })
  }
}

test('synchronous stages answer at once, others with a promise', () => {
  const harness = new StageHarness()
  const form = (part: Part, pipeline: Pipeline): boolean => {
    const { input, fns } = join2(part, pipeline)
    const output = harness.run(input, { to: 'drain' }, fns, part.slots)
    if (output instanceof Promise) output.catch(() => {})
    return output instanceof Promise
  }
  const promised = (from: string, pipeline: string): boolean => form(inputs[from]!(harness), pipelines[pipeline]!)
  for (const from of ['blocks', 'lines', 'range', 'several inputs', 'steps above']) {
    assert.equal(promised(from, 'a chain of narrow steps'), false, from)
    assert.equal(promised(from, 'mapPartitions of mapPartitions'), false, from)
    assert.equal(promised(from, 'mapPartitions with an async generator'), true, from)
    assert.equal(promised(from, 'mapAsync in order'), true, from)
  }
  assert.equal(promised('a file', 'no step'), true)
})

// Sinks

const sinks: readonly (readonly [string, Sink, readonly Fn[], count: number, records: readonly unknown[]])[] = [
  ['count', { to: 'count' }, [], n, []],
  ['drain', { to: 'drain' }, [], 0, []],
  ['collect', collect, [], 0, numbers],
  ['collect with a limit', { to: 'collect', limit: 1_500 }, [], 0, numbers.slice(0, 1_500)],
  ['collect none', { to: 'collect', limit: 0 }, [], 0, []],
  ['reduce', { to: 'reduce', fn: 1 }, [(a: number, b: number) => a + b], 0, [n * (n - 1) / 2]],
  ['reduce from the left', { to: 'reduce', fn: 1 }, [(a: number, b: number) => b > a ? b : a], 0, [n - 1]],
  ['partition', { to: 'partition', fn: 1 }, [(rows: Iterable<number>) => [...rows].length], 0, [n]],
  ['partition, asynchronous', { to: 'partition', fn: 1 }, [async (rows: Iterable<number>) => { await null; return [...rows].length }], 0, [n]],
]

for (const [name, sink, fns, count, records] of sinks) {
  for (const from of ['blocks', 'range', 'several inputs, one of them asynchronous'] as const) {
    test(`sink ${name}, on ${from}`, async () => {
      const harness = new StageHarness()
      const part = inputs[from]!(harness)
      const before = part.fns.length > 0 ? part.fns : [Number] // so that the sink's function has index 1
      const output = await harness.run(part.input, sink, [...before, ...fns], part.slots)
      assert.equal(output.count, count)
      assert.deepEqual(harness.records(output.blocks), records)
    })
  }
}

test('sink foreach calls its function with each record and nothing else', async () => {
  for (const from of ['blocks', 'a file']) {
    const harness = new StageHarness()
    const part = inputs[from]!(harness)
    const seen: unknown[][] = []
    await harness.run(part.input, { to: 'foreach', fn: 0 }, [((...args: unknown[]) => { seen.push(args) }) as Fn], part.slots)
    assert.deepEqual(seen.map(args => [args.length, Number(args[0])]), numbers.map(x => [1, x]))
  }
})

test('reduce of nothing gives nothing', async () => {
  const harness = new StageHarness()
  const output = await harness.run({ from: 'blocks', slot: 0 }, { to: 'reduce', fn: 0 }, [(a: number) => a], [[]])
  assert.deepEqual(output.blocks, [])
})

test('a limit ends a generator above it, and closes it', async () => {
  const harness = new StageHarness()
  let closed = 0
  const endless = function* (): Generator<number> { try { for (let i = 0; ; i++) yield i } finally { closed++ } }
  const output = await harness.run({ from: 'pipe', input: { from: 'blocks', slot: 0 }, steps: [{ op: 'mapPartitions', fn: 0 }] }, { to: 'collect', limit: 3 }, [endless], [[]])
  assert.deepEqual(harness.records(output.blocks), [0, 1, 2])
  assert.equal(closed, 1)
})

// Shuffles

const keyed = numbers.map(x => [x % 10 === 0 ? { id: x % 50 } : `k${x % 7}`, x])
const sum: Aggregator = { merge: 0, mergeCombiners: 0 }
const add = (a: number, b: number): number => a + b
const list: Aggregator = { create: 0, merge: 1, mergeCombiners: 2 }
const lists: readonly Fn[] = [(x: number) => [x], (all: number[], x: number) => { all.push(x); return all }, (all: number[], more: number[]) => [...all, ...more]]

const groups = (pairs: readonly unknown[]): Map<string, unknown[]> => {
  const map = new Map<string, unknown[]>()
  for (const [key, value] of pairs as [unknown, unknown][]) map.set(JSON.stringify(key), [...map.get(JSON.stringify(key)) ?? [], value])
  return map
}

test('shuffle by hash: every pair is in the partition of its key, in order', async () => {
  const harness = new StageHarness()
  const output = await harness.run({ from: 'blocks', slot: 0 }, { to: 'shuffle', partitions: 4, partitioning: { by: 'hash' } }, [], [[harness.block(keyed)]])
  const buckets = output.shuffle!.map(blocks => harness.records(blocks))
  assert.deepEqual(buckets, [0, 1, 2, 3].map(p => keyed.filter(([key]) => partitionOfHash(hashKey(key), 4) === p)))
})

test('shuffle with an aggregator, both sides: one combiner for each key, values in order', async () => {
  const harness = new StageHarness()
  for (const [aggregator, fns, expected] of [
    [sum, [add], (values: unknown[]) => (values as number[]).reduce(add)], [list, lists, (values: unknown[]) => values],
  ] as const) {
    const map = await harness.run({ from: 'blocks', slot: 0 }, { to: 'shuffle', partitions: 2, partitioning: { by: 'hash' }, aggregator }, fns, [[harness.block(keyed)]])
    const [left, right] = map.shuffle!.map(blocks => harness.records(blocks))
    const combined = await harness.run({ from: 'shuffle', slot: 0, aggregator, combined: true }, collect, fns, [[harness.block(left!), harness.block(right!)]])
    const raw = await harness.run({ from: 'shuffle', slot: 0, aggregator, combined: false }, collect, fns, [[harness.block(keyed.slice(0, 700)), harness.block(keyed.slice(700))]])
    const wanted = [...groups(keyed)].map(([key, values]) => [key, [expected(values)]])
    for (const pairs of [[...left!, ...right!], harness.records(raw.blocks)]) assert.deepEqual(groups(pairs), new Map(wanted as [string, unknown[]][]))
    assert.equal(harness.records(combined.blocks).length, wanted.length)
  }
})

test('shuffle input without an aggregator gives the pairs', async () => {
  const harness = new StageHarness()
  const output = await harness.run({ from: 'shuffle', slot: 0, combined: false }, collect, [], [[harness.block(keyed.slice(0, 5)), harness.block(keyed.slice(5, 8))]])
  assert.deepEqual(harness.records(output.blocks), keyed.slice(0, 8))
})

const pairs = [5, 1, 9, 3, 7, NaN].map(x => [x, String(x)])
const partitionings: readonly (readonly [string, Extract<Sink, { to: 'shuffle' }>, readonly Fn[], readonly number[][]])[] = [
  ['range', { to: 'shuffle', partitions: 3, partitioning: { by: 'range', bounds: 1, ascending: true } }, [], [[1, 3], [5, 7], [9, NaN]]],
  ['range, descending', { to: 'shuffle', partitions: 3, partitioning: { by: 'range', bounds: 1, ascending: false } }, [], [[9, NaN], [5, 7], [1, 3]]],
  ['custom', { to: 'shuffle', partitions: 3, partitioning: { by: 'custom', fn: 0 } }, [(x: number) => x > 5 ? 2 : 0], [[5, 1, 3, NaN], [], [9, 7]]],
  ['one after the other', { to: 'shuffle', partitions: 3, partitioning: { by: 'roundRobin' } }, [], [[1, 7], [9, NaN], [5, 3]]], // the task is partition 2
]

for (const [name, sink, fns, expected] of partitionings) {
  test(`shuffle by ${name}`, async () => {
    const harness = new StageHarness()
    const output = await harness.run({ from: 'blocks', slot: 0 }, sink, fns, [[harness.block(pairs)], [harness.block([3, 7])]])
    const keys = output.shuffle!.map(blocks => harness.records(blocks).map(pair => (pair as [number, string])[0]))
    assert.deepEqual(sink.partitioning.by === 'range' ? keys.map(list => list.sort((a, b) => (a < b ? -1 : 1))) : keys, expected)
  })
}

// Failures

const boom = (x: number): number => { if (x === 2_000) throw new Error('boom'); return x }
const over = (steps: readonly Step[]): Input => ({ from: 'pipe', input: { from: 'range', slot: 0 }, steps })
const rethrow = function* (rows: Iterable<number>): Generator<number> { for (const x of rows) yield boom(x) }

const failures: readonly (readonly [string, Input, Sink, readonly Fn[], fn: number, record: unknown])[] = [
  ['map', over([{ op: 'map', fn: 0 }, { op: 'map', fn: 1 }]), collect, [Number, boom], 1, 2_000],
  ['filter, after another record', over([{ op: 'map', fn: 0 }, { op: 'filter', fn: 1 }]), collect, [(x: number) => x + 1, boom], 1, 2_000],
  ['flatMap', over([{ op: 'flatMap', fn: 0 }]), collect, [(x: number) => [boom(x)]], 0, 2_000],
  ['a generator given to flatMap', over([{ op: 'flatMap', fn: 0 }, { op: 'map', fn: 1 }]), collect, [function* (x: number) { yield x; yield boom(x) }, Number], 0, 2_000],
  ['flatMap to something else', over([{ op: 'flatMap', fn: 0 }]), collect, [(x: number) => x], 0, 0],
  ['mapValues', over([{ op: 'map', fn: 0 }, { op: 'mapValues', fn: 1 }]), collect, [(x: number) => ['k', x], boom], 1, ['k', 2_000]],
  ['mapPartitions', over([{ op: 'mapPartitions', fn: 0 }, { op: 'map', fn: 1 }]), collect, [rethrow, Number], 0, undefined],
  ['mapPartitions, asynchronous', over([{ op: 'mapPartitions', fn: 0 }, { op: 'map', fn: 1 }]), collect, [async function* (rows: Iterable<number>) { yield* rethrow(rows) }, Number], 0, undefined],
  ['mapPartitions that gives no iterable', over([{ op: 'mapPartitions', fn: 0 }]), collect, [() => 5], 0, undefined],
  ['a step above mapPartitions', over([{ op: 'map', fn: 0 }, { op: 'mapPartitions', fn: 1 }]), collect, [boom, (rows: Iterable<number>) => rows], 0, 2_000],
  ['a step below mapPartitions', over([{ op: 'mapPartitions', fn: 0 }, { op: 'map', fn: 1 }]), collect, [(rows: Iterable<number>) => rows, boom], 1, 2_000],
  ['mapAsync', over([{ ...mapAsync, fn: 0, ordered: true }]), collect, [async (x: number) => boom(x)], 0, 2_000],
  ['a source', { from: 'read', slot: 0, fn: 0 }, collect, [() => { throw new Error('boom') }], 0, undefined],
  ['a source, between its records', { from: 'pipe', input: { from: 'read', slot: 0, fn: 1 }, steps: [{ op: 'map', fn: 0 }] }, collect, [Number, () => rethrow(numbers)], 1, undefined],
  ['a step over a source', { from: 'pipe', input: { from: 'read', slot: 0, fn: 1 }, steps: [{ op: 'map', fn: 0 }] }, collect, [boom, () => numbers], 0, 2_000],
  ['reduce', over([]), { to: 'reduce', fn: 0 }, [(a: number, x: number) => a + boom(x)], 0, 2_000],
  ['foreach', over([]), { to: 'foreach', fn: 0 }, [boom], 0, 2_000],
  ['foreachPartition', over([]), { to: 'partition', fn: 0 }, [(rows: Iterable<number>) => [...rethrow(rows)]], 0, undefined],
  ['foreachPartition, asynchronous', over([]), { to: 'partition', fn: 0 }, [async () => { await null; throw new Error('boom') }], 0, undefined],
  ['a combiner', over([{ op: 'map', fn: 0 }]), { to: 'shuffle', partitions: 2, partitioning: { by: 'hash' }, aggregator: { create: 1, merge: 2, mergeCombiners: 2 } }, [(x: number) => [x % 2, x], Number, (a: number, x: number) => a + boom(x)], 2, 2_000],
  ['the beginning of a combiner', over([{ op: 'map', fn: 0 }]), { to: 'shuffle', partitions: 2, partitioning: { by: 'hash' }, aggregator: { create: 1, merge: 2, mergeCombiners: 2 } }, [(x: number) => [x, x], boom, add], 1, 2_000],
  ['a thenable out of map', over([{ op: 'map', fn: 0 }]), collect, [async (x: number) => x], 0, 0],
  ['a thenable out of filter', over([{ op: 'filter', fn: 0 }]), collect, [async () => true], 0, 0],
  ['a thenable out of flatMap', over([{ op: 'flatMap', fn: 0 }]), collect, [async (x: number) => [x]], 0, 0],
  ['a thenable out of foreach', over([]), { to: 'foreach', fn: 0 }, [async () => {}], 0, 0],
  ['a thenable out of reduce', over([]), { to: 'reduce', fn: 0 }, [async (a: number) => a], 0, 1],
  ['a rejecting thenable', over([{ op: 'map', fn: 0 }]), collect, [async () => { throw new Error('nobody reads this') }], 0, 0],
]

const failureOf = async (run: () => unknown): Promise<unknown> => {
  try {
    await run()
  } catch (error) {
    return error
  }
  throw new assert.AssertionError({ message: 'it did not fail' })
}

for (const [name, input, sink, fns, fn, record] of failures) {
  test(`the failing function and its record are known: ${name}`, async () => {
    const harness = new StageHarness()
    const error = await failureOf(() => harness.run(input, sink, fns, [{ start: 0, step: 1, count: n }]))
    assert.ok(error instanceof UserFailure, String(error))
    assert.deepEqual([error.fn, error.record], [fn, record])
    if (name.includes('thenable')) assert.equal((error.cause as { code?: unknown }).code, 'RIV_ASYNC_FUNCTION')
    else assert.match(String(error.cause), /boom|iterable/)
  })
}

test('what is no failure of a function is not taken for one', async () => {
  for (const [input, sink, fns] of [
    [over([{ op: 'map', fn: 0 }]), collect, [() => () => 1]],
    [over([{ op: 'mapPartitions', fn: 0 }]), collect, [() => [() => 1]]],
    [over([]), { to: 'partition', fn: 0 }, [() => () => 1]],
    [{ from: 'read', slot: 0, fn: 0 }, { to: 'collect' }, [() => new Array(40_000).fill(() => 1)]],
  ] as [Input, Sink, Fn[]][]) {
    const error = await failureOf(() => new StageHarness().run(input, sink, fns, [{ start: 0, step: 1, count: n }]))
    assert.equal((error as { code?: unknown }).code, 'RIV_RECORD_NOT_ENCODABLE', String(error))
  }
})

// Cancelling

const cancelling = (harness: StageHarness) => (x: number): number => { if (x === 100) harness.cancelled = true; return x }

for (const [name, steps] of Object.entries({ 'a narrow chain': [{ op: 'map', fn: 0 }], 'below mapPartitions': [{ op: 'mapPartitions', fn: 1 }, { op: 'map', fn: 0 }], 'above mapPartitions': [{ op: 'map', fn: 0 }, { op: 'mapPartitions', fn: 1 }] } satisfies Record<string, Step[]>)) {
  for (const from of ['blocks', 'range', 'lines', 'a source that gives an iterable']) {
    test(`a cancelled task ends within 1 024 records: ${name}, on ${from}`, async () => {
      const harness = new StageHarness()
      const part = inputs[from]!(harness)
      let calls = 0
      const cancel = cancelling(harness)
      const { input, fns } = join2(part, { steps, fns: [(x: number) => { calls++; return cancel(x) }, (rows: Iterable<unknown>) => rows], model: rows => rows })
      assert.ok(await failureOf(() => harness.run(input, collect, fns, part.slots)) instanceof TaskCancelled)
      assert.ok(calls > 100 && calls <= 1_124, `${calls} calls`)
    })
  }
}

test('the signal of a source is aborted when its task is', async () => {
  const harness = new StageHarness()
  const read = async function* (_part: unknown, signal: AbortSignal): AsyncGenerator<number> {
    yield 1
    harness.cancelled = true
    harness.io!.cancel()
    yield signal.aborted ? 2 : 3
  }
  const seen: number[] = []
  const error = await failureOf(() => harness.run({ from: 'pipe', input: { from: 'read', slot: 0, fn: 0 }, steps: [{ op: 'map', fn: 1 }] }, collect, [read, (x: number) => { seen.push(x) }], [0]))
  assert.ok(error instanceof TaskCancelled)
  assert.deepEqual(seen, [1])
})

// Sizes of blocks

test('blocks are cut by bytes: wide records make more of them', async () => {
  for (const [width, most] of [[2_000, 450], [1, 32_768]] as const) {
    const harness = new StageHarness()
    const widen = (x: number): [number, string] => [x % 5, 'x'.repeat(width) + x]
    const sinksAndSteps: readonly (readonly [Sink, readonly Step[]])[] = [
      [collect, []], [{ to: 'shuffle', partitions: 1, partitioning: { by: 'hash' } }, []], [{ to: 'shuffle', partitions: 1, partitioning: { by: 'roundRobin' } }, []], [{ to: 'drain' }, [{ op: 'store', slot: 1 }]],
    ]
    for (const [sink, steps] of sinksAndSteps) {
      const output = await harness.run(over([{ op: 'map', fn: 0 }, ...steps]), sink, [widen], Object.assign([{ start: 0, step: 1, count: 4_000 }], { 1: inMemory }))
      const blocks = [...output.blocks, ...output.shuffle?.flat() ?? [], ...output.stored.flatMap(stored => stored.blocks)]
      assert.deepEqual(harness.records(blocks), Array.from({ length: 4_000 }, (_, i) => widen(i)))
      assert.equal(blocks[0]!.count, 1_024)
      assert.equal(blocks[1]!.count < most, true, `${blocks[1]!.count} records`)
      assert.equal(blocks.length, width === 1 ? 2 : 13)
      for (const block of blocks.slice(1)) assert.ok(block.bytes < 600 << 10, `${block.bytes} bytes`)
    }
  }
})

// The text

test('word count is one loop over the records: no iterator protocol over its records', () => {
  const text = stageText({
    input: { from: 'pipe', input: { from: 'lines', slot: 0 }, steps: [{ op: 'flatMap', fn: 0 }, { op: 'map', fn: 1 }] },
    sink: { to: 'shuffle', partitions: 2, partitioning: { by: 'hash' }, aggregator: { merge: 2, mergeCombiners: 2 } },
    fns: [0, 1, 2].map(() => ({ kind: 'user', code: '' })),
  }, 'sync')
  const loops = text.match(/for .*\{/g)!.map(loop => loop.replace(/\b([a-z])\d+\b/g, '$1'))
  assert.deepEqual(loops, ['for (const ref of slots[0]) for (const chunk of (io.metrics.bytesRead += ref.bytes, io.lines(ref))) {', 'for (let i = 0; i < a.length; i++) {', 'for (const x of y) {'])
  assert.doesNotMatch(text, /function\s*\*|yield|await|iterator|next\(/)
})
