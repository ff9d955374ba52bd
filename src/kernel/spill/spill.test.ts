// What does not fit in a task's memory: the same results from files, for keys of every kind, and no file left.

import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import fc from 'fast-check'
import { encodeBlock } from '../../wire/block/encode.ts'
import { encodeKey } from '../../wire/key/key-bytes.ts'
import type { Aggregator, Input, Sink } from '../../wire/shape.ts'
import { anyKey, anyValue } from '../../wire/values.fixture.ts'
import { CombineMap } from '../combine-map.ts'
import { UserFailure } from '../errors.ts'
import { failureData } from '../failure-data.ts'
import { PairBuckets } from '../outputs.ts'
import type { TaskOutput } from '../compile-runtime.ts'
import { StageHarness } from '../stage.fixture.ts'
import type { Fn } from '../stage.fixture.ts'
import { joinRows } from './join-rows.ts'
import type { JoinKind } from './join-rows.ts'
import { sizeOf } from './size-of.ts'
import { sortedPairs } from './sorted-pairs.ts'

const folder = mkdtempSync(join(tmpdir(), 'rivulet-spill-'))
after(() => rmSync(folder, { recursive: true, force: true }))

type Pair = readonly [unknown, unknown]
const collect: Sink = { to: 'collect' }
const group: Aggregator = { create: 0, merge: 1, mergeCombiners: 2 }
const groupFns: readonly Fn[] = [
  (x: unknown) => [x],
  (all: unknown[], x: unknown) => { all.push(x); return all },
  (all: unknown[], more: unknown[]) => { all.push(...more); return all },
]

/** A task over pairs, with so much memory; tells what it wrote to files. */
function run(bytes: number, input: Input, sink: Sink, fns: readonly Fn[], blocks: readonly (readonly Pair[])[]): { harness: StageHarness; output: TaskOutput; spilled: number } {
  const harness = new StageHarness()
  harness.memory = { ...harness.memory, dir: folder, bytes }
  try {
    const output = finished(harness.run(input, sink, fns, [blocks.map(pairs => harness.block(pairs))]))
    return { harness, output, get spilled() { return harness.io!.metrics.spilledBytes } }
  } finally {
    harness.io!.memory.close()
  }
}

function finished(output: TaskOutput | Promise<TaskOutput>): TaskOutput {
  assert.ok(!(output instanceof Promise))
  return output
}

const reduce = (aggregator: Aggregator, combined: boolean): Input => ({ from: 'shuffle', slot: 0, aggregator, combined })

const identity = (key: unknown): string => Buffer.from(encodeKey(key)).toString('latin1')

/** Pairs by the bytes of their keys. */
const byKey = (pairs: readonly unknown[]): Map<string, unknown> => {
  const map = new Map((pairs as Pair[]).map(pair => [identity(pair[0]), pair]))
  assert.equal(map.size, pairs.length, 'each key once')
  return map
}

/** Whether it can be a key, and a record (classes have no name here). */
const travels = (value: unknown): boolean => {
  try {
    encodeBlock([value], 0, 1, { reserve: bytes => Buffer.allocUnsafeSlow(bytes), commit: (bytes, count) => ({ slab: 0, generation: 0, offset: 0, bytes, count }) })
    encodeKey(value)
    return true
  } catch { return false }
}

/** Blocks of pairs over few keys, so that most come more than once. */
const blocksOf = (value: fc.Arbitrary<unknown>): fc.Arbitrary<Pair[][]> => fc.uniqueArray(anyKey.filter(travels), { minLength: 1, maxLength: 20, selector: identity })
  .chain(keys => fc.array(fc.array(fc.tuple(fc.constantFrom(...keys), value), { maxLength: 40 }), { maxLength: 4 }))
/** From nothing to more than enough. */
const anyBytes = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 20_000 }))

test('groups are those of unlimited memory, keys and values of every kind', () => {
  let spilled = 0
  fc.assert(fc.property(blocksOf(anyValue.filter(travels)), anyBytes, (blocks, bytes) => {
    const whole = run(Infinity, reduce(group, false), collect, groupFns, blocks)
    const cut = run(bytes, reduce(group, false), collect, groupFns, blocks)
    assert.equal(whole.spilled, 0)
    spilled += cut.spilled
    assert.deepEqual(byKey(cut.harness.records(cut.output.blocks)), byKey(whole.harness.records(whole.output.blocks)))
  }), { numRuns: 60 })
  assert.ok(spilled > 0)
})

test('what map tasks combine and pour early is merged by reducers to the same', () => {
  fc.assert(fc.property(blocksOf(fc.nat()), anyBytes, (blocks, bytes) => {
    const results = [Infinity, bytes].map(limit => {
      const map = run(limit, { from: 'blocks', slot: 0 }, { to: 'shuffle', partitions: 3, partitioning: { by: 'hash' }, aggregator: group }, groupFns, blocks)
      assert.equal(map.spilled, 0)
      return map.output.shuffle!.map(refs => {
        const reduced = run(limit, reduce(group, true), collect, groupFns, [map.harness.records(refs) as Pair[]])
        return byKey(reduced.harness.records(reduced.output.blocks))
      })
    })
    assert.deepEqual(results[1], results[0])
  }), { numRuns: 60 })
})

/** Pairs of each key in turn and the pair's number, in blocks. */
const inTurn = (keys: number, count: number): Pair[][] => {
  const blocks: Pair[][] = []
  for (let n = 0; n < count; n++) {
    if (n % 20_000 === 0) blocks.push([])
    blocks.at(-1)!.push([n % keys, n])
  }
  return blocks
}

for (const [what, keys, count, least, most] of [
  ['combine few keys', 100, 50_000, 100, 100],
  ['send as many keys as records as they are', 60_000, 120_000, 120_000, 120_000],
  ['find out that there are fewer keys than they took them for', 20_000, 300_000, 200_000, 240_000],
] as const) {
  test(`map tasks ${what}`, () => {
    const map = run(Infinity, { from: 'blocks', slot: 0 }, { to: 'shuffle', partitions: 1, partitioning: { by: 'hash' }, aggregator: group }, groupFns, inTurn(keys, count))
    const written = map.harness.records(map.output.shuffle![0]!) as Pair[]
    assert.ok(written.length >= least && written.length <= most, `${written.length} pairs`)
    const lists: number[][] = Array.from({ length: keys }, () => [])
    for (const [key, values] of written) lists[key as number]!.push(...values as number[])
    for (const [key, list] of lists.entries()) assert.deepEqual(list, Array.from({ length: Math.floor((count - 1 - key) / keys) + 1 }, (_, turn) => key + turn * keys))
  })
}

const sorted = (pairs: readonly Pair[], ascending: boolean, bytes: number): { result: Pair[]; spilled: number } => {
  const harness = new StageHarness()
  harness.memory = { ...harness.memory, dir: folder, bytes }
  const result: Pair[] = []
  void harness.run({ from: 'pipe', input: { from: 'blocks', slot: 0 }, steps: [{ op: 'mapPartitions', fn: 0 }] }, { to: 'foreach', fn: 1 },
    [(rows: Iterable<Pair>) => sortedPairs(rows, ascending, harness.io!), (pair: Pair) => { result.push(pair) }], [[harness.block(pairs)]])
  harness.io!.memory.close()
  return { result, spilled: harness.io!.metrics.spilledBytes }
}

test('sorts are those of unlimited memory, equal keys in their order', () => {
  let spilled = 0
  fc.assert(fc.property(blocksOf(fc.nat()), fc.boolean(), anyBytes, (blocks, ascending, bytes) => {
    const pairs = blocks.flat().map(([key], i): Pair => [key, i])
    const cut = sorted(pairs, ascending, bytes)
    spilled += cut.spilled
    assert.deepEqual(cut.result, sorted(pairs, ascending, Infinity).result)
  }), { numRuns: 60 })
  assert.ok(spilled > 0)
})

test('more runs than are merged at once', () => {
  const pairs = Array.from({ length: 10_000 }, (_, i): Pair => [(i * 7_919) % 1_009, i])
  const expected = pairs.toSorted((a, b) => Number(a[0]) - Number(b[0]))
  for (const bytes of [0, 10_000]) { // as many runs as pairs: three levels of them
    const { result, spilled } = sorted(pairs, true, bytes)
    assert.deepEqual(result, expected)
    assert.ok(spilled > 0)
  }
})

const many = Array.from({ length: 50_000 }, (_, i): Pair => [`key ${(i * 7_919) % 20_011}`, 1])
const sum: Aggregator = { merge: 0, mergeCombiners: 0 }
const add = (a: number, b: number): number => a + b

test('buckets that are too large again are cut further', () => {
  const { harness, output, spilled } = run(2_000, reduce(sum, true), collect, [add], [many])
  assert.equal(harness.records(output.blocks).length, 20_011)
  assert.equal((harness.records(output.blocks) as [string, number][]).reduce((total, [, n]) => total + n, 0), 50_000)
  const once = run(1_000_000, reduce(sum, true), collect, [add], [many]).spilled
  assert.ok(once > 0 && spilled > 2 * once, `${once} and ${spilled} bytes`)
})

test('one key that is larger than the memory', () => {
  const pairs = Array.from({ length: 5_000 }, (_, i): Pair => [i % 10 === 0 ? i : 'hot', `value ${i}`])
  const { harness, output, spilled } = run(10_000, reduce(group, false), collect, groupFns, [pairs])
  const groups = new Map(harness.records(output.blocks) as [unknown, string[]][])
  assert.equal(groups.size, 501)
  assert.deepEqual(groups.get('hot'), pairs.filter(([key]) => key === 'hot').map(([, value]) => value))
  assert.ok(spilled > 0)
})

test('a list that has to be in memory ends the task before it fills the heap', () => {
  const most = 400_000
  const grow = (count: number): unknown => {
    const harness = new StageHarness()
    harness.memory = { ...harness.memory, dir: folder, bytes: 10_000, groupBytes: most }
    const block = harness.block(Array.from({ length: count }, (_, i): Pair => [i % 10 === 0 ? i : 'hot', `value ${i}`]))
    try {
      return finished(harness.run(reduce(group, false), { to: 'count' }, groupFns, [[block]])).count
    } finally {
      harness.io!.finish()
    }
  }
  assert.equal(grow(5_000), 501)
  assert.throws(() => grow(50_000), error => {
    const { data, cause } = failureData(error)
    return data.kind === 'memory' && /the key 'hot' .* MiB/.test(cause.message)
  })
})

test('a join holds no list of a key that is larger than the memory, on either side', () => {
  const large = Array.from({ length: 20_000 }, (_, i): Pair => [i % 10 === 0 ? i : 'hot', `value ${i}`])
  const small: Pair[] = [['hot', 1], ['cold', 2], ['hot', 3]]
  for (const [left, right] of [[small, large], [large, small]] as const) {
    const harness = new StageHarness()
    harness.memory = { ...harness.memory, dir: folder, bytes: 10_000, groupBytes: 50_000 }
    const results: Pair[] = []
    const sides = (a: Iterable<Pair>, b: Iterable<Pair>): Iterable<Pair> => joinRows(a, b, { gives: 'pairs', leftOuter: true, rightOuter: true }, harness.io!)
    void harness.run({ from: 'zip', inputs: [{ from: 'blocks', slot: 0 }, { from: 'blocks', slot: 1 }], fn: 0 }, { to: 'foreach', fn: 1 }, [sides, (pair: Pair) => { results.push(pair) }], [[harness.block(left)], [harness.block(right)]])
    harness.io!.finish()
    const hot = (pairs: readonly Pair[]): unknown[] => pairs.filter(([key]) => key === 'hot').map(([, value]) => value)
    assert.deepEqual(hot(results), hot(left).flatMap(a => hot(right).map(b => [a, b])))
    assert.equal(results.length, 2 * 18_000 + 2_000 + 1)
    assert.equal(openFiles().length, 0)
  }
})

test('a function that fails when spilled parts are merged is named', () => {
  const fns = [groupFns[0]!, groupFns[1]!, () => { throw new Error('boom') }]
  assert.throws(() => run(0, reduce(group, false), collect, fns, [many]), (error: unknown) => error instanceof UserFailure && error.fn === 2 && /boom/.test(String(error.cause)))
})

test('a spilled combiner that cannot be encoded is refused as in a shuffle', () => {
  assert.throws(() => run(0, reduce({ create: 0, merge: 1, mergeCombiners: 1 }, false), collect, [() => () => 1, (a: unknown) => a], [many]), { code: 'RIV_RECORD_NOT_ENCODABLE' })
})

const kinds: Readonly<Record<string, JoinKind>> = {
  join: { gives: 'pairs', leftOuter: false, rightOuter: false }, 'left outer': { gives: 'pairs', leftOuter: true, rightOuter: false },
  'right outer': { gives: 'pairs', leftOuter: false, rightOuter: true }, 'full outer': { gives: 'pairs', leftOuter: true, rightOuter: true },
  'left only': { gives: 'leftOnly' }, common: { gives: 'common' },
}

/** What comes out, by loops over loops. */
function joinModel(left: readonly Pair[], right: readonly Pair[], kind: JoinKind): Pair[] {
  const same = (a: Pair, b: Pair): boolean => identity(a[0]) === identity(b[0])
  if (kind.gives === 'leftOnly') return left.filter(pair => !right.some(other => same(pair, other)))
  if (kind.gives === 'common') return left.filter((pair, i) => right.some(other => same(pair, other)) && left.findIndex(other => same(pair, other)) === i).map(([key]) => [key, undefined])
  const both = left.flatMap(pair => {
    const found = right.filter(other => same(pair, other))
    return found.length === 0 && kind.leftOuter ? [[pair[0], [pair[1], undefined]]] : found.map(other => [pair[0], [pair[1], other[1]]])
  }) as Pair[]
  return kind.rightOuter ? [...both, ...right.filter(pair => !left.some(other => same(pair, other))).map(([key, value]): Pair => [key, [undefined, value]])] : both
}

/** Values by the bytes of their keys, in order. */
const grouped = (pairs: readonly Pair[]): Map<string, unknown[]> => {
  const map = new Map<string, unknown[]>()
  for (const [key, value] of pairs) map.set(identity(key), [...map.get(identity(key)) ?? [], value])
  return map
}

for (const [name, kind] of Object.entries(kinds)) {
  test(`joins are those of loops over loops: ${name}`, () => {
    let spilled = 0
    fc.assert(fc.property(blocksOf(anyValue.filter(travels)), anyBytes, (blocks, bytes) => {
      const [left = [], ...rest] = blocks
      const right = rest.flat()
      const harness = new StageHarness()
      harness.memory = { ...harness.memory, dir: folder, bytes }
      const sides = (a: Iterable<Pair>, b: Iterable<Pair>): Iterable<Pair> => joinRows(a, b, kind, harness.io!)
      const output = finished(harness.run({ from: 'zip', inputs: [{ from: 'blocks', slot: 0 }, { from: 'blocks', slot: 1 }], fn: 0 }, collect, [sides], [[harness.block(left)], [harness.block(right)]]))
      spilled += harness.io!.metrics.spilledBytes
      assert.deepEqual(grouped(harness.records(output.blocks) as Pair[]), grouped(joinModel(left, right, kind)))
      harness.io!.finish()
    }), { numRuns: 40 })
    assert.ok(spilled > 0)
    assert.equal(openFiles().length, 0)
  })
}

const openFiles = (): string[] => (process.platform !== 'linux' ? [] : readdirSync('/proc/self/fd')).flatMap(fd => {
  try {
    const path = readlinkSync(`/proc/self/fd/${fd}`)
    return path.startsWith(folder) ? [path] : []
  } catch { return [] }
})

test('files have no names, and are closed when they are read, or with the task', { skip: process.platform !== 'linux' }, () => {
  let during = 0
  const seen = (x: unknown): void => {
    assert.deepEqual(readdirSync(folder), [])
    during = Math.max(during, openFiles().length)
    if ((x as Pair)[0] === 'key 7919') throw new Error('enough')
  }
  const harness = new StageHarness()
  harness.memory = { ...harness.memory, dir: folder, bytes: 2_000_000 }
  assert.throws(() => harness.run(reduce(sum, true), { to: 'foreach', fn: 1 }, [add, seen], [[harness.block(many)]]))
  assert.ok(during > 0)
  assert.equal(openFiles().length, during)
  harness.io!.finish()
  assert.equal(openFiles().length, 0)
  run(2_000_000, reduce(sum, true), { to: 'count' }, [add], [many])
  assert.equal(openFiles().length, 0)
})

test('buckets write blocks as they fill, however large and uneven the records', () => {
  for (const [name, sizes] of Object.entries({ small: Array<number>(50_000).fill(5), large: Array<number>(200).fill(100_000), 'large after small': [...Array<number>(50_000).fill(5), ...Array<number>(200).fill(100_000)] })) {
    let held = 0
    let most = 0
    let largest = 0
    const buckets = new PairBuckets(4, key => (key as number) % 4, (keys, values) => {
      const bytes = (values as string[]).reduce((total, value) => total + value.length + 8, 0)
      held -= bytes
      largest = Math.max(largest, bytes)
      return { bytes, count: keys.length }
    })
    sizes.forEach((length, i) => {
      held += length + 8
      most = Math.max(most, held)
      buckets.add(i, 'x'.repeat(length))
    })
    const blocks = buckets.finish()
    assert.equal(blocks.flat().reduce((count, block) => count + block.count, 0), sizes.length)
    assert.ok(most < 40 << 20 && largest < 30 << 20, `${name}: ${most} bytes held, ${largest} in one block`)
    assert.ok(blocks[0]!.length > 1, name)
  }
})

test('what one key gathered is written at once, and the block size of others is as before', () => {
  const written: (readonly unknown[])[] = []
  const buckets = new PairBuckets(4, key => (key as number) % 4, (keys, values) => {
    written.push(keys)
    return { bytes: (values as (number | number[])[]).reduce<number>((total, value) => total + (typeof value === 'number' ? 8 : 8 * value.length), 0), count: keys.length }
  })
  for (let round = 1; round <= 5; round++) {
    const map = new CombineMap()
    for (let key = 0; key < 5_000; key++) map.add(key, key === 77 ? Array<number>(1_000_000).fill(0.5) : key)
    buckets.addAll(map)
    assert.equal(written.filter(keys => keys.includes(77)).length, round)
  }
  assert.ok(written.length < 20, `${written.length} blocks`)
})

const sizes: readonly (readonly [string, () => unknown, number])[] = [
  ['short strings', () => Array.from({ length: 100_000 }, (_, i) => `a string ${i}`), 5_000_000],
  ['numbers in arrays', () => Array.from({ length: 50_000 }, (_, i) => [i, i + 0.5]), 4_400_000],
  ['a map', () => new Map(Array.from({ length: 100_000 }, (_, i) => [i, i])), 5_200_000],
  ['bytes', () => Array.from({ length: 1_000 }, () => new Uint8Array(5_000)), 5_200_000],
  ['objects', () => Array.from({ length: 50_000 }, (_, i) => ({ name: `n${i}`, at: i + 0.5, tags: ['a', 'b'] })), 8_000_000],
]
for (const [name, make, expected] of sizes) {
  test(`the size of ${name}`, () => {
    const size = sizeOf(make())
    assert.ok(size > expected / 2 && size < expected * 2, `${size}, about ${expected} expected`)
  })
}
