// What the compiler makes of RDD programs; checked by tsc, never run.

import type { Context } from '../context/context.ts'
import { HashPartitioner, Partitioner } from '../kernel/partitioner.ts'
import type { RDD } from './rdd.ts'
import type { Accumulator } from './shared/accumulator.ts'
import type { Broadcast } from './shared/broadcast.ts'

type Eq<A, B> = (<G>() => G extends A ? 1 : 2) extends (<G>() => G extends B ? 1 : 2) ? true : false
const is = <T>() => <U>(_x: U, _ok: Eq<T, U>): void => {}

declare const ctx: Context
declare const r: RDD<string>

// Array literals are tuples.
const pairs = r.map(w => [w, 1])
is<RDD<[string, number]>>()(pairs, true)
is<RDD<[string, number]>>()(ctx.parallelize([['a', 1], ['b', 2]]), true)
is<RDD<[string, number]>>()(r.flatMap(l => l.split(' ').map(w => [w, 1])), true)
is<RDD<[string, number]>>()(r.flatMap(l => l.split(' ').map(w => [w, 1] as const)).reduceByKey((a, b) => a + b), true)
is<RDD<[string, number]>>()(r.flatMap(function* (l) { yield [l, 1] }), true)
is<RDD<[string, [string, number]]>>()(r.map(w => [w, [w, 1]]), true)
is<RDD<[string, number, boolean]>>()(r.map(w => [w, 1, true]), true)
is<RDD<{ w: string; n: number[] }>>()(r.map(w => ({ w, n: [1] })), true)
is<RDD<string[]>>()(r.map(w => w.split(' ')), true)
is<RDD<number>>()(r.map(w => w ? w.length : undefined).filter(n => n !== undefined), true)
is<RDD<[string, number]>>()(r.mapPartitions(function* (rows) { for (const w of rows) yield [w, 1] }), true)
is<RDD<[string, number]>>()(r.mapPartitions(async function* (rows) { for (const w of rows) yield [w, 1] }), true)
is<RDD<number>>()(r.mapPartitions(rows => [[...rows].length]), true)
is<RDD<any>>()(r.mapPartitions(rows => JSON.parse([...rows].join())), true)
is<RDD<{ n: number }>>()(r.mapPartitions(function* () { yield { n: 1 } }), true)
is<RDD<[string, number]>>()(r.mapPartitions(rows => [...rows].map(w => [w, 1])), true)
is<RDD<[number, string]>>()(r.mapPartitionsWithIndex((i, rows) => [...rows].map(w => [i, w])), true)
is<RDD<[string, number]>>()(r.mapAsync(async w => [w, 1]), true)
is<RDD<[[string, number], string]>>()(r.keyBy(w => [w, 1]), true)
is<RDD<[string, [string, number]]>>()(pairs.mapValues(n => ['x', n]), true)
is<RDD<[string, string]>>()(pairs.flatMapValues(n => ['x', `${n}`]), true)

// `any` in, `any` out.
is<RDD<any>>()(r.map(l => JSON.parse(l)), true)
is<RDD<any>>()(r.flatMap(l => JSON.parse(l).items), true)
r.map(l => JSON.parse(l)).reduceByKey((a, b) => a + b)

// Pair operations.
is<RDD<[string, number[]]>>()(pairs.groupByKey(), true)
is<RDD<string>>()(pairs.keys(), true)
is<RDD<number>>()(pairs.values(), true)
is<RDD<[string, [number, number]]>>()(pairs.combineByKey(n => [n, 1], ([s, c], n) => [s + n, c + 1], (a, b) => [a[0] + b[0], a[1] + b[1]]), true)
is<RDD<[string, number]>>()(pairs.sortByKey(), true)
is<RDD<[string, number]>>()(pairs.partitionBy(new HashPartitioner(2)), true)
is<RDD<[string, number]>>()(ctx.parallelize([['a', 1]] as readonly (readonly [string, number])[]).reduceByKey((a, b) => a + b), true)
pairs.partitionBy(new class extends Partitioner { numPartitions = 2; getPartition(key: string) { return key.length % 2 } }())

is<RDD<[string, [number, number]]>>()(pairs.aggregateByKey([0, 0], ([s, n], v) => [s + v, n + 1], (a, b) => [a[0] + b[0], a[1] + b[1]]), true)
is<RDD<[string, number]>>()(pairs.aggregateByKey(0, (s, v) => s + v, (a, b) => a + b), true)
is<RDD<[string, [number[], Date[], string[]]]>>()(pairs.cogroup(r.map(w => [w, new Date()]), r.map(w => [w, w])), true)
is<RDD<[string, [number, string]]>>()(pairs.join(r.map(w => [w, w])), true)
is<RDD<[string, [number | undefined, string | undefined]]>>()(pairs.fullOuterJoin(r.map(w => [w, w])), true)
is<Promise<Map<string, number>>>()(pairs.collectAsMap(), true)
is<Promise<number[]>>()(pairs.lookup('a'), true)
is<RDD<[number, string[]]>>()(r.groupBy(w => w.length), true)

// Other operations and actions.
is<Promise<number>>()(r.map(w => w.length).sum(), true)
is<Promise<[number[], number[]]>>()(r.map(w => w.length).histogram(3), true)
is<Promise<[number, string]>>()(r.aggregate([0, ''], ([n, t], w) => [n + 1, t + w], (a, b) => [a[0] + b[0], a[1] + b[1]]), true)
is<RDD<[string, number]>>()(r.zipWithIndex(), true)
is<RDD<[string, number]>>()(r.zip(pairs.values()), true)
is<RDD<[string, [string, number]]>>()(r.cartesian(pairs), true)
is<RDD<[string, number]>>()(r.zipPartitions(pairs, (a, b) => [...a].map((w, i) => [w, [...b][i]![1]])), true)
is<RDD<number>>()(r.zipPartitions(pairs, r, (a, b, c) => [[...a, ...b, ...c].length]), true)
is<RDD<string>>()(r.coalesce(2, true), true)
is<RDD<string | number>>()(r.union(pairs.values()), true)
is<RDD<string[]>>()(r.glom(), true)
is<RDD<string>>()(r.sortBy(w => [w.length, w]), true)
is<Promise<string[]>>()(r.collect(), true)
is<Promise<[string, number][]>>()(pairs.top(1, { by: ([, n]) => n }), true)
is<Promise<string>>()(r.max((a, b) => a.length - b.length), true)
async () => { for await (const w of r) is<string>()(w, true) }

// Shared variables.
is<Broadcast<Map<string, number>>>()(ctx.broadcast(new Map([['a', 1]])), true)
is<Accumulator<number, number>>()(ctx.accumulator(0, (a, b) => a + b), true)
is<Accumulator<number, string>>()(ctx.accumulator(0, (n, w: string) => n + w.length, (a, b) => a + b), true)
is<Accumulator<string[], string>>()(ctx.collectionAccumulator<string>(), true)

// Refusals.
// @ts-expect-error not pairs
r.reduceByKey((a, b) => a)
// @ts-expect-error a triple is not a pair
r.map(w => [w, 1, 2]).reduceByKey((a, b) => a)
// @ts-expect-error wrong result type
pairs.reduceByKey((a, b) => `${a}${b}`)
// @ts-expect-error other key type
pairs.join(ctx.parallelize([[1, 2]]))
// @ts-expect-error not numbers
r.sum()
// @ts-expect-error a Promise is not a verdict
r.filter(async l => true)
// @ts-expect-error covariant, one way only
const wrong: RDD<string> = ctx.parallelize([1, 'a'])
// @ts-expect-error keys of what are no pairs
r.keys()

// Generic helpers.
export function countBy<T, K>(s: RDD<T>, f: (x: T) => K): RDD<[K, number]> { return s.map((x): [K, number] => [f(x), 1]).reduceByKey((a, b) => a + b) }
export function last<K, V>(s: RDD<readonly [K, V]>): RDD<[K, V]> { return s.reduceByKey((a, b) => b) }
export function ones<K>(s: RDD<K>): RDD<[K, number]> { return s.flatMap(k => [[k, 1]]) }
export const wide: RDD<string | number> = r
