// Random programs against a plain model: an array of arrays, one for each partition.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { onEveryMaster } from './masters.fixture.ts'
import type { RDD } from './rdd.ts'

type Numbers = readonly (readonly number[])[]

interface Operation {
  readonly name: string
  readonly rdd: (r: RDD<number>) => RDD<number>
  readonly model: (parts: Numbers) => Numbers
}

const narrow = (name: string, rdd: Operation['rdd'], part: (records: readonly number[], i: number) => readonly number[]): Operation => ({ name, rdd, model: parts => parts.map(part) })

const operations: Operation[] = [
  narrow('map', r => r.map(n => n * 3 + 1), p => p.map(n => n * 3 + 1)),
  narrow('filter', r => r.filter(n => n % 2 === 0), p => p.filter(n => n % 2 === 0)),
  narrow('flatMap', r => r.flatMap(n => (n % 3 === 0 ? [] : [n, -n])), p => p.flatMap(n => (n % 3 === 0 ? [] : [n, -n]))),
  narrow('flatMap*', r => r.flatMap(function* (n) { if (n > 0) yield n; yield 7 }), p => p.flatMap(n => (n > 0 ? [n, 7] : [7]))),
  narrow('mapPartitions', r => r.mapPartitions(rows => [...rows].reverse()), p => [...p].reverse()),
  narrow('mapPartitionsWithIndex', r => r.mapPartitionsWithIndex((i, rows) => [...rows, i]), (p, i) => [...p, i]),
  narrow('mapPartitions async', r => r.mapPartitions(async function* (rows) { for (const n of rows) if (n !== 5) yield n }), p => p.filter(n => n !== 5)),
  narrow('mapAsync', r => r.mapAsync(async n => n - 1), p => p.map(n => n - 1)),
  narrow('glom', r => r.glom().flatMap(part => [part.length, ...part]), p => [p.length, ...p]),
  narrow('keyBy', r => r.keyBy(n => n % 4).map(([k, n]) => k * 100 + n), p => p.map(n => (n % 4) * 100 + n)),
  narrow('mapValues', r => r.map(n => [n, n]).mapValues(n => n + 1).map(([k, v]) => k + v), p => p.map(n => n + n + 1)),
  narrow('flatMapValues', r => r.map(n => [n, n]).flatMapValues(n => [n, 1]).map(([k, v]) => k - v), p => p.flatMap(n => [0, n - 1])),
  narrow('persist', r => r.map(n => n).persist(), p => p),
  { name: 'union', rdd: r => r.union(r.map(n => -n)), model: parts => [...parts, ...parts.map(p => p.map(n => -n))] },
  { name: 'coalesce', rdd: r => r.coalesce(2), model: parts => together(parts, 2) },
  { name: 'zip', rdd: r => r.zip(r.map(n => n * 2)).map(([a, b]) => a * 31 + b), model: parts => parts.map(p => p.map(n => n * 33)) },
  { name: 'zipPartitions', rdd: r => r.zipPartitions(r.filter(n => n > 0), (a, b) => [...b, ...a]), model: parts => parts.map(p => [...p.filter(n => n > 0), ...p]) },
  { name: 'cartesian', rdd: r => r.filter(n => n % 7 === 0).cartesian(r.filter(n => n % 5 === 0).coalesce(1)).map(([a, b]) => (a * 7 + b) % 1000), model: parts => crossed(parts) },
  { name: 'sortBy', rdd: r => r.sortBy(n => n, true, 1), model: parts => [parts.flat().sort((a, b) => a - b)] },
  { name: 'sortBy descending', rdd: r => r.sortBy(n => Math.abs(n), false, 1), model: parts => [parts.flat().sort((a, b) => Math.abs(b) - Math.abs(a))] },
  { name: 'reduceByKey', rdd: r => r.map(n => [Math.abs(n % 5), n]).reduceByKey((a, b) => a * 2 + b, 3).sortByKey(true, 1).map(([k, v]) => k * 1000 + v % 1000), model: parts => [byKey(parts)] },
  { name: 'groupByKey', rdd: r => r.map(n => [n % 3, n]).groupByKey(2).sortByKey(true, 1).flatMap(([k, ns]) => [k, ns.length, ...ns]), model: parts => [grouped(parts)] },
]

function together(parts: Numbers, most: number): number[][] {
  const count = Math.min(parts.length, most)
  const border = (i: number): number => Math.floor(i * parts.length / count)
  return Array.from({ length: count }, (_, i) => parts.slice(border(i), border(i + 1)).flat())
}

function crossed(parts: Numbers): number[][] {
  const rights = parts.flat().filter(n => n % 5 === 0)
  return parts.map(part => part.filter(n => n % 7 === 0).flatMap(a => rights.map(b => (a * 7 + b) % 1000)))
}

/** As the engine combines: within each partition, then over the partitions in order. */
function byKey(parts: Numbers): number[] {
  const total = new Map<number, number>()
  for (const part of parts) {
    const own = new Map<number, number>()
    for (const n of part) { const k = Math.abs(n % 5); own.set(k, own.has(k) ? own.get(k)! * 2 + n : n) }
    for (const [k, v] of own) total.set(k, total.has(k) ? total.get(k)! * 2 + v : v)
  }
  return [...total].sort(([a], [b]) => a - b).map(([k, v]) => k * 1000 + v % 1000)
}

function grouped(parts: Numbers): number[] {
  const groups = new Map<number, number[]>()
  for (const n of parts.flat()) groups.set(n % 3, [...groups.get(n % 3) ?? [], n])
  return [...groups].sort(([a], [b]) => a - b).flatMap(([k, ns]) => [k, ns.length, ...ns])
}

onEveryMaster((context, master) => {
  const numRuns = master === 'inline' ? 150 : 25

  test('a chain of operations gives what the model gives', async () => {
    const input = fc.record({ items: fc.array(fc.integer({ min: -20, max: 20 }), { maxLength: 30 }), slices: fc.integer({ min: 1, max: 5 }), chain: fc.array(fc.constantFrom(...operations), { minLength: 1, maxLength: 5 }) })
    await fc.assert(fc.asyncProperty(input, async ({ items, slices, chain }) => {
      const border = (i: number): number => Math.floor(i * items.length / slices)
      const start: Numbers = Array.from({ length: slices }, (_, i) => items.slice(border(i), border(i + 1)))
      const model = chain.reduce((parts, { model }) => model(parts), start)
      const rdd = chain.reduce((r, operation) => operation.rdd(r), context().parallelize(items, slices))
      const bare = (parts: Numbers): number[][] => parts.map(part => part.map(n => n + 0)) // -0 is 0 here
      assert.deepEqual(bare(await rdd.glom().collect()), bare(model), chain.map(({ name }) => name).join(' · '))
      const flat = model.flat()
      assert.equal(await rdd.count(), flat.length)
      assert.deepEqual((await rdd.take(4)).map(n => n + 0), flat.slice(0, 4).map(n => n + 0))
      assert.deepEqual((await rdd.top(3)).map(n => n + 0), flat.toSorted((a, b) => b - a).slice(0, 3).map(n => n + 0))
    }), { numRuns })
  })

  test('every kind of value comes back through a shuffle, a sort and a store', async () => {
    const value = fc.oneof(fc.constant(undefined), fc.constant(null), fc.boolean(), fc.double(), fc.bigInt(), fc.string({ unit: 'binary' }), fc.date(), fc.uint8Array({ maxLength: 4 }), fc.array(fc.integer(), { maxLength: 3 }), fc.dictionary(fc.string(), fc.integer(), { maxKeys: 3, noNullPrototype: true }),
      fc.array(fc.tuple(fc.string(), fc.integer()), { maxLength: 3 }).map(entries => new Map(entries)), fc.array(fc.integer(), { maxLength: 3 }).map(items => new Set(items)))
    await fc.assert(fc.asyncProperty(fc.array(value, { maxLength: 12 }), fc.integer({ min: 1, max: 3 }), async (values, slices) => {
      const rdd = context().parallelize(values.map((v, i): [number, unknown] => [i, v]), slices).persist()
      const sorted = await rdd.partitionBy(3).sortByKey().values().collect()
      assert.deepEqual(sorted, values)
      assert.deepEqual(await rdd.values().collect(), values)
      await rdd.unpersist()
    }), { numRuns })
  })
})
