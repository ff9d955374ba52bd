// The actions at the end of random pipelines: what each gives, and what it should have given.

import { compareValues } from '../../wire/key/compare.ts'
import { sameKey } from '../../wire/key/model.fixture.ts'
import type { Context } from '../../context/context.ts'
import type { BoundedNumber } from '../ops/estimates.ts'
import type { RDD } from '../rdd.ts'
import * as f from './functions.fixture.ts'
import type { Row } from './functions.fixture.ts'
import { grouped, type Pairs, type State } from './state.fixture.ts'

export interface Action {
  readonly name: string
  readonly needsOrder?: boolean
  /** What came out, and what was expected. */
  readonly run: (state: State, n: number) => Promise<readonly [unknown, unknown]>
}

const action = (name: string, got: (rdd: Pairs, n: number, rows: Row[]) => Promise<unknown>, wanted: (rows: Row[], n: number, state: State) => unknown, needsOrder = true): Action => (
  { name, needsOrder, run: async (state, n) => [await got(state.rdd, n, state.parts.flat()), wanted(state.parts.flat(), n, state)] })

const codeOf = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => (error as { code: unknown }).code)
const numbers = (rdd: Pairs): RDD<number> => rdd.map(f.digest)
const inRow = (rows: readonly unknown[]): unknown[] => [...rows].sort(compareValues)
const counts = (keys: readonly unknown[]): [unknown, number][] => grouped(keys.map((key): Row => [key, 1])).map(([key, ones]) => [key, ones.length])
const entries = (map: ReadonlyMap<unknown, unknown>): Row[] => f.normalised([...map])
const lastOf = (rows: readonly Row[]): Row[] => grouped(rows).map(([key, values]) => [key, values.at(-1)])
const isPrimitive = ([key]: Row): boolean => typeof key !== 'object' || key === null
const contextOf = (rdd: Pairs): Context => rdd.context as unknown as Context
const mostly = (x: number): number => Number(x.toPrecision(9))

export const actions: readonly Action[] = [
  action('collect', rdd => rdd.collect(), rows => rows),
  action('count', rdd => rdd.count(), rows => rows.length, false),
  action('take', (rdd, n) => rdd.take(n % 7), (rows, n) => rows.slice(0, n % 7)),
  action('first', rdd => codeOf(rdd.first()), rows => (rows.length === 0 ? 'RIV_EMPTY_RDD' : rows[0])),
  action('isEmpty', rdd => rdd.isEmpty(), rows => rows.length === 0, false),
  action('reduce', rdd => codeOf(rdd.map(f.label).reduce(f.concat)), rows => (rows.length === 0 ? 'RIV_EMPTY_RDD' : rows.map(f.label).join(''))),
  action('treeReduce', rdd => codeOf(rdd.map(f.label).treeReduce(f.concat)), rows => (rows.length === 0 ? 'RIV_EMPTY_RDD' : rows.map(f.label).join(''))),
  action('fold', rdd => rdd.map(f.label).fold('', f.concat), rows => rows.map(f.label).join('')),
  action('aggregate', rdd => rdd.aggregate([] as unknown[], f.push, f.pushAll), rows => rows),
  action('treeAggregate', rdd => rdd.treeAggregate([] as unknown[], f.push, f.pushAll), rows => rows),
  action('toLocalIterator', async rdd => { const all: Row[] = []; for await (const row of rdd) all.push(row); return all }, rows => rows),
  action('takeOrdered', (rdd, n) => rdd.takeOrdered(n % 5), (rows, n) => inRow(rows).slice(0, n % 5)),
  action('top', (rdd, n) => rdd.top(n % 5, { by: f.digestOf }), (rows, n) => [...rows].sort((a, b) => f.digestOf(b) - f.digestOf(a)).slice(0, n % 5)),
  action('min and max', async rdd => [await codeOf(numbers(rdd).min()), await codeOf(numbers(rdd).max((a, b) => a - b))], rows => (rows.length === 0 ? ['RIV_EMPTY_RDD', 'RIV_EMPTY_RDD'] : [Math.min(...rows.map(f.digest)), Math.max(...rows.map(f.digest))])),
  action('countByValue', async rdd => entries(await rdd.countByValue()), rows => f.normalised(counts(rows))),
  action('countByKey', async rdd => entries(await rdd.countByKey()), rows => f.normalised(counts(rows.map(([key]) => key)))),
  action('collectAsMap', async rdd => entries(await rdd.filter(isPrimitive).collectAsMap()).map(([key]) => f.text(key)), rows => f.normalised(lastOf(rows.filter(isPrimitive))).map(([key]) => f.text(key))),
  action('lookup', (rdd, n, rows) => rdd.lookup(rows[n % rows.length]?.[0]), (rows, n) => (rows.length === 0 ? [] : grouped(rows).find(([key]) => sameKey(key, rows[n % rows.length]![0]))![1])),
  action('reduceByKeyLocally', async rdd => entries(await rdd.mapValues(f.label).reduceByKeyLocally(f.concat)), rows => f.normalised(grouped(rows).map(([key, values]): Row => [key, values.map(f.label).join('')]))),
  action('countApproxDistinct', async rdd => { const wanted = counts(await rdd.collect()).length; return Math.abs(await rdd.countApproxDistinct(0.02) - wanted) <= 1 + wanted * 0.1 }, () => true, false),
  action('countApproxDistinctByKey', async rdd => (await rdd.map<Row>(([key, value]) => [f.digest(key), value]).countApproxDistinctByKey(0.05).collect()).map(([key]) => key).sort(compareValues), rows => counts(rows.map(([key]) => f.digest(key))).map(([key]) => key).sort(compareValues), false),
  action('countApprox', async rdd => (await rdd.countApprox('30 s')).low, rows => rows.length, false),
  action('sumApprox', async rdd => (await numbers(rdd).sumApprox('30 s')).high, rows => rows.map(f.digest).reduce(f.add, 0), false),
  action('meanApprox', async rdd => mostly((await numbers(rdd).meanApprox('30 s')).mean), rows => mostly(rows.map(f.digest).reduce(f.add, 0) / rows.length), false),
  action('countByKeyApprox', async rdd => entries(await rdd.countByKeyApprox('30 s')).map(([, count]) => (count as BoundedNumber).mean), rows => f.normalised(counts(rows.map(([key]) => key))).map(([, n]) => n)),
  action('countByValueApprox', async rdd => (await rdd.countByValueApprox('30 s')).size, rows => counts(rows).length),
  action('stats', async rdd => { const { count, sum, min, max, mean } = await numbers(rdd).stats(); return [count, sum, min, max, mostly(mean)] }, rows => {
    const digests = rows.map(f.digest)
    const sum = digests.reduce(f.add, 0)
    return [rows.length, sum, Math.min(...digests), Math.max(...digests), mostly(sum / rows.length)]
  }, false),
  action('histogram', rdd => numbers(rdd).histogram([0, 100, 5_000, 9_000]), rows => [[0, 99], [100, 4_999], [5_000, 9_000]].map(([low, high]) => rows.map(f.digest).filter(x => x >= low! && x <= high!).length), false),
  action('takeSample', async (rdd, n) => { const rows = (await rdd.takeSample(false, n % 9, n)).map(f.text); const all = (await rdd.collect()).map(f.text); return [rows.length, rows.every(row => all.includes(row))] }, (rows, n) => [Math.min(n % 9, rows.length), true], false),
  action('foreach', async rdd => { const sum = contextOf(rdd).longAccumulator(); await rdd.foreach(row => { sum.add(f.digest(row)) }); return sum.value }, rows => rows.map(f.digest).reduce(f.add, 0), false),
  action('foreachPartition', async rdd => { const sum = contextOf(rdd).longAccumulator(); await rdd.foreachPartition(async rows => { for (const _ of rows) sum.add(1) }); return sum.value }, rows => rows.length, false),
  action('pipe', (rdd, n) => (n % 8 === 0 ? rdd.map(f.shown).pipe(['cat']) : rdd.map(f.shown)).collect(), rows => rows.map(f.shown)),
]
