// What the compiler makes of streaming programs; checked by tsc, never run.

import type { RDD } from '../rdd/rdd.ts'
import { seconds, type Time } from '../base/time.ts'
import type { State } from '../kernel/state/state.ts'
import { runBatches, testStream } from '../testing/run-batches.ts'
import type { DStream } from './dstream.ts'
import type { ConstantInputDStream } from './input/constant-input-dstream.ts'
import type { ReplayableSource } from './input/replayable-source.ts'
import { StateSpec } from './state/state-spec.ts'
import type { StreamingContext } from './streaming-context.ts'

type Eq<A, B> = (<G>() => G extends A ? 1 : 2) extends (<G>() => G extends B ? 1 : 2) ? true : false
const is = <T>() => <U>(_x: U, _ok: Eq<T, U>): void => {}

declare const ssc: StreamingContext
declare const s: DStream<string>

// Array literals are tuples.
const pairs = s.map(w => [w, 1])
is<DStream<[string, number]>>()(pairs, true)
is<DStream<[string, number]>>()(s.flatMap(l => l.split(' ').map(w => [w, 1])), true)
is<DStream<[string, number]>>()(s.flatMap(l => l.split(' ').map(w => [w, 1] as const)).reduceByKey((a, b) => a + b), true)
is<DStream<[string, number]>>()(s.mapPartitions(function* (rows) { for (const w of rows) yield [w, 1] }), true)
is<DStream<[string, number]>>()(s.mapAsync(async w => [w, 1]), true)
is<DStream<[string, [string, number]]>>()(pairs.mapValues(n => ['x', n]), true)
is<DStream<[string, string]>>()(pairs.flatMapValues(n => ['x', `${n}`]), true)
is<DStream<[string, number]>>()(ssc.queueStream([[['a', 1]], [['b', 2]]]), true)
is<DStream<number>>()(ssc.queueStream([[1], [2]]), true)
is<DStream<number>>()(ssc.queueStream([[1], {} as RDD<number>]), true)
is<DStream<[string, number]>>()(ssc.fromAsyncIterable(async function* () { yield ['a', 1] }), true)
is<DStream<number>>()(s.map(w => w ? w.length : undefined).filter(n => n !== undefined), true)

// `any` in, `any` out.
is<DStream<any>>()(s.map(l => JSON.parse(l)), true)
is<DStream<any>>()(s.flatMap(l => JSON.parse(l).items), true)
s.map(l => JSON.parse(l)).reduceByKey((a, b) => a + b)

// Pair operations, windows, whole batches.
is<DStream<[string, number[]]>>()(pairs.groupByKey(), true)
is<DStream<[string, [number, number]]>>()(pairs.combineByKey(n => [n, 1], ([t, c], n) => [t + n, c + 1], (a, b) => [a[0] + b[0], a[1] + b[1]]), true)
is<DStream<[string, number]>>()(pairs.reduceByKeyAndWindow((a, b) => a + b, '30 s', '10 s'), true)
is<DStream<[string, number[]]>>()(pairs.groupByKeyAndWindow('30 s'), true)
is<DStream<[string, number]>>()(s.countByValueAndWindow('30 s', '10 s'), true)
is<DStream<string>>()(s.window('30 s').reduceByWindow((a, b) => a + b, '60 s', '30 s'), true)
is<DStream<string | number>>()(s.union(s.count()), true)
is<DStream<[number, string]>>()(s.transform((rdd, time) => rdd.map(w => [time.milliseconds, w])), true)
is<DStream<[string, [number, string]]>>()(pairs.transformWith(pairs.mapValues(n => `${n}`), (a, b) => a.join(b)), true)
is<DStream<string>>()(ssc.transform([s, pairs], ([words, counts]) => { is<RDD<string>>()(words, true); is<RDD<[string, number]>>()(counts, true); return words }), true)
is<DStream<number>>()(ssc.sourceStream({} as ReplayableSource<{ offset: number }, { from: number }, number>), true)
is<DStream<number>>()(ssc.sourceStream({ initial: async () => 0, latest: async (from: number) => from, split: (from, to) => [{ from, to }], * read({ from }: { from: number }) { yield from } }), true)
s.foreachRDD(async (rdd, time) => { is<RDD<string>>()(rdd, true); is<number>()(time.milliseconds, true) })

// The test kit.
is<Promise<[string, number][][]>>()(runBatches([['a'], ['b']], words => words.map(w => [w, 1])), true)
is<Promise<[string, [number, string]][][]>>()(runBatches({ l: [[['a', 1]]], r: [[['a', 'x']]] }, ({ l, r }) => l.transformWith(r, (a, b) => a.join(b))), true)

// Refused.
// @ts-expect-error not pairs
s.reduceByKey((a, b) => a)
// @ts-expect-error a triple is not a pair
s.map(w => [w, 1, 2]).reduceByKeyAndWindow((a, b) => a, '2 s')
// @ts-expect-error wrong result type
pairs.reduceByKey((a, b) => `${a}${b}`)
// @ts-expect-error a Promise is not a verdict
s.filter(async w => w !== '')
// @ts-expect-error no duration
s.window('soon')
// @ts-expect-error no RDD
s.transform(rdd => rdd.collect())
// @ts-expect-error covariant, one way only
const wrong: DStream<string> = s.map((w): string | number => w)

export function countBy<T, K>(stream: DStream<T>, f: (x: T) => K): DStream<[K, number]> { return stream.map((x): [K, number] => [f(x), 1]).reduceByKey((a, b) => a + b) }

// State: the function of the options form infers; the chain form is written.
is<DStream<[string, number]>>()(pairs.updateStateByKey<number>((ones, n) => (n ?? 0) + ones.length), true)
is<DStream<[string, number]>>()(pairs.updateStateByKey((ones, n: number | undefined) => (n ?? 0) + ones.length, 2), true)
is<DStream<[string, [number, number]]>>()(pairs.updateStateByKey<[number, number]>((ones, s) => [ones.length, s?.[0] ?? 0], { numPartitions: 2 }), true)
is<DStream<[string, number]>>()(pairs.updateStateByKey<number>((rows, time) => { is<Time>()(time, true); return Array.from(rows, ([word, ones, n]) => { is<string>()(word, true); is<number[]>()(ones, true); is<number | undefined>()(n, true); return [word, (n ?? 0) + ones.length] }) }, { wholePartitions: true }), true)
is<DStream<[string, [number, string]]>>()(pairs.updateStateByKey<[number, string]>(function* (rows) { for (const [word, ones] of rows) yield [word, [ones.length, word]] }, { wholePartitions: true, rememberPartitioner: false, numPartitions: 2 }), true)
// @ts-expect-error -- a function of a key, where one over partitions is announced
pairs.updateStateByKey<number>((ones, n) => (n ?? 0) + ones.length, { wholePartitions: true })
// @ts-expect-error -- the other way about
pairs.updateStateByKey<number>(function* (rows) { for (const [word, ones] of rows) yield [word, ones.length] })
const mapped = pairs.mapWithState((word, one, state: State<number>, time) => {
  is<string>()(word, true)
  is<number | undefined>()(one, true)
  is<Time>()(time, true)
  state.update((state.getOption() ?? 0) + (one ?? 0))
  return [word, state.get()]
}, { timeout: '10 s', initialState: {} as RDD<[string, number]> })
is<DStream<[string, number]>>()(mapped.map(pair => pair), true)
is<DStream<[string, number]>>()(mapped.stateSnapshots(), true)
const spec = StateSpec.function((key: string, value: number | undefined, state: State<string>) => (state.exists() ? undefined : { key, value })).timeout(seconds(1))
is<DStream<{ key: string; value: number | undefined }>>()(pairs.mapWithState(spec).filter(x => x.key !== ''), true)
is<DStream<[string, string]>>()(pairs.mapWithState(spec).stateSnapshots(), true)

// Own inputs, and what mapWithState gives, are streams with all operations.
declare const own: ConstantInputDStream<[string, number]>
is<DStream<[string, number]>>()(own.reduceByKey((a, b) => a + b), true)
is<DStream<[string, number]>>()(own.updateStateByKey<number>((ones, n) => (n ?? 0) + ones.length), true)
is<DStream<[string, number]>>()(mapped.reduceByKey((a, b) => a + b), true)
is<DStream<[string, number]>>()(own.join(mapped).mapValues(([a, b]) => a + b), true)

// Windows with inverse functions.
is<DStream<[string, number]>>()(pairs.reduceByKeyAndWindow((a, b) => a + b, (a, b) => a - b, '30 s', '10 s', { filter: ([word, n]) => n > 0 && word !== '' }), true)
is<DStream<number>>()(s.map(w => w.length).reduceByWindow((a, b) => a + b, (a, b) => a - b, '30 s'), true)

// Joins.
is<DStream<[string, [number, string]]>>()(pairs.join(s.map(w => [w, w])), true)
is<DStream<[string, [number, string | undefined]]>>()(pairs.leftOuterJoin(s.map(w => [w, w])), true)
is<DStream<[string, [number | undefined, string | undefined]]>>()(pairs.fullOuterJoin(s.map(w => [w, w])), true)
is<DStream<[string, [number[], string[]]]>>()(pairs.cogroup(s.map(w => [w, w])), true)
// @ts-expect-error -- keys of another type
pairs.join(s.map(w => [w.length, w]))
// @ts-expect-error -- no pairs
s.updateStateByKey<number>(() => 1)

// Sinks.
s.saveTo({ write: (rows, { time, partition }) => { is<Iterable<string>>()(rows, true); is<Time>()(time, true); is<number>()(partition, true) } })
pairs.saveTo({ begin: () => ({ n: 0 }), write: (transaction, rows) => { for (const [, n] of rows) transaction.n += n }, prepare: transaction => transaction.n, commit: handles => { is<readonly number[]>()(handles, true) }, abort: () => {} })
is<DStream<[string, number]>>()(testStream(ssc, [[['a', 1]]]), true)
