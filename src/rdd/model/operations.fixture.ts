// The operations of random pipelines, each beside what it means for arrays.

import { compareValues } from '../../wire/key/compare.ts'
import { sameKey } from '../../wire/key/model.fixture.ts'
import { HashPartitioner, Partitioner, RangePartitioner } from '../../kernel/partitioner.ts'
import * as f from './functions.fixture.ts'
import type { Row } from './functions.fixture.ts'
import { cogrouped, grouped, placed, sortedByKey, type Operation, type Pairs, type Rows, type State } from './state.fixture.ts'

export class ByDigest extends Partitioner {
  readonly numPartitions: number
  constructor(numPartitions: number) { super(); this.numPartitions = numPartitions }
  getPartition(key: unknown): number { return f.digest(key) % this.numPartitions }
  override equals(other: object): boolean { return other instanceof ByDigest && other.numPartitions === this.numPartitions }
}

/** Where a shuffle operation sends its keys: by default, a number, or a partitioner. */
export function target(n: number, keys: readonly unknown[]): number | Partitioner | undefined {
  switch (n % 6) {
    case 0: case 1: return undefined
    case 2: return 1 + (n >> 3) % 4
    case 3: return new HashPartitioner(1 + (n >> 3) % 4)
    case 4: return new ByDigest(1 + (n >> 3) % 3)
    default: return new RangePartitioner(bounds(keys, 1 + (n >> 3) % 2), n % 2 === 0)
  }
}

function bounds(keys: readonly unknown[], most: number): unknown[] {
  const sorted = keys.slice(0, most).sort(compareValues)
  return sorted.filter((key, i) => i === 0 || compareValues(key, sorted[i - 1]) > 0)
}

const all = (state: State): Row[] => state.parts.flat()

const narrow = (name: string, rdd: (rdd: Pairs, n: number) => Pairs, part: (rows: Rows, i: number) => Rows, needsOrder = false): Operation => (
  { name, needsOrder, rdd, model: state => ({ parts: state.parts.map(part), ordered: state.ordered }) })

/** Moves keys; then `rows` are what there is, where the partitioner says. */
const moved = (name: string, rdd: Operation['rdd'], rows: (rows: Row[], n: number, keys: readonly unknown[]) => Rows, ordered = false): Operation => (
  { name, needsOrder: true, rdd, model: (state, after, n, keys) => ({ parts: placed(after, rows(all(state), n, keys)), ordered }) })

/** Gives one partition, of which only the records are promised. */
const single = (name: string, rdd: Operation['rdd'], rows: (rows: Row[], n: number, keys: readonly unknown[]) => Rows, ordered = false): Operation => (
  { name, needsOrder: true, rdd, model: (state, _after, n, keys) => ({ parts: [rows(all(state), n, keys)], ordered }) })

const grouping = (name: string, rdd: Operation['rdd'], value: (values: unknown[]) => unknown): Operation => moved(name, rdd, rows => grouped(rows).map(([key, values]): Row => [key, value(values)]))

const aligned = (a: Pairs, b: Pairs): boolean => a.partitioner !== undefined && b.partitioner !== undefined && a.partitioner.equals(b.partitioner)
/** The other side of a join: part of the same, still where it was, or with other keys. */
const other = (rdd: Pairs, n: number): Pairs => ((n >> 2) % 2 === 0 ? rdd.filter(f.isOdd).mapValues(f.boxed) : rdd.map<Row>(f.swap))
const otherRows = (rows: Rows, n: number): Row[] => ((n >> 2) % 2 === 0 ? rows.filter(f.isOdd).map(([key, value]) => [key, [value]]) : rows.map(f.swap))

/** The rows whose key the others lack. */
const without = (rows: Rows, others: Rows): Row[] => rows.filter(([key]) => !others.some(each => sameKey(each[0], key)))

const joining = (name: 'join' | 'leftOuterJoin' | 'rightOuterJoin' | 'fullOuterJoin', left: boolean, right: boolean): Operation => moved(
  name, (rdd, n, keys) => (rdd.mapValues(f.label)[name](other(rdd, n), target(n, keys)) as Pairs),
  (rows, n) => {
    const others = otherRows(rows, n)
    const both = rows.flatMap(([key, value]): Row[] => {
      const found = others.filter(each => sameKey(each[0], key))
      return found.length === 0 && left ? [[key, [f.label(value), undefined]]] : found.map(([, y]) => [key, [f.label(value), y]])
    })
    return right ? [...both, ...grouped(without(others, rows)).flatMap(([key, values]) => values.map((y): Row => [key, [undefined, y]]))] : both
  })

const several = (rdd: Pairs, n: number): [Pairs, Pairs] => [other(rdd, n), rdd.mapValues(f.label)]
const severalRows = (rows: Rows, n: number): Rows[] => [rows, otherRows(rows, n), rows.map(([key, value]) => [key, f.label(value)])]
const zero: readonly unknown[] = []

export const operations: readonly Operation[] = [
  narrow('map', rdd => rdd.map<Row>(f.swap), rows => rows.map(f.swap)),
  narrow('filter', rdd => rdd.filter(f.isKept), rows => rows.filter(f.isKept)),
  narrow('flatMap', rdd => rdd.flatMap<Row>(f.twiceOrNot), rows => rows.flatMap(f.twiceOrNot)),
  narrow('flatMap of a generator', rdd => rdd.flatMap<Row>(f.generated), rows => rows.flatMap(row => [...f.generated(row)])),
  narrow('mapValues', rdd => rdd.mapValues(f.boxed), rows => rows.map(([key, value]) => [key, [value]])),
  narrow('flatMapValues', rdd => rdd.flatMapValues(f.both), rows => rows.flatMap(([key, value]): Row[] => [[key, value], [key, f.digest(value)]])),
  narrow('mapPartitions', rdd => rdd.mapPartitions<Row>(f.reversed), rows => f.reversed(rows), true),
  narrow('mapPartitions that stops', rdd => rdd.mapPartitions<Row>(f.firstFew, true), rows => rows.slice(0, 4), true),
  narrow('mapPartitions that preserves', rdd => rdd.mapPartitions<Row>(f.same, true), rows => rows),
  narrow('mapPartitions, asynchronous', rdd => rdd.mapPartitions<Row>(f.later), rows => rows.filter(f.isOdd)),
  narrow('mapPartitionsWithIndex', rdd => rdd.mapPartitionsWithIndex<Row>(f.numbered), (rows, i) => f.numbered(i, rows)),
  narrow('mapAsync', rdd => rdd.mapAsync<Row>(f.awaited), rows => rows.map(([key, value]) => [key, f.digest(value)])),
  narrow('glom', rdd => rdd.glom().flatMap<Row>(f.sized), f.sized),
  narrow('keyBy', rdd => rdd.keyBy(f.digestOf).map<Row>(f.keyAndRow), rows => rows.map(row => [f.digestOf(row), row[1]])),
  narrow('keys', rdd => rdd.keys().map<Row>(f.asKey), rows => rows.map(([key]) => [key, 0])),
  narrow('values', rdd => rdd.values().map<Row>(f.asKey), rows => rows.map(([, value]) => [value, 0])),
  narrow('persist', rdd => rdd.map<Row>(f.swap).persist(), rows => rows.map(f.swap)),
  narrow('persist in place', rdd => rdd.filter(f.isKept).persist(), rows => rows.filter(f.isKept)),
  narrow('localCheckpoint', rdd => rdd.mapValues(f.boxed).localCheckpoint(), rows => rows.map(([key, value]) => [key, [value]])),
  narrow('zip', rdd => rdd.zip(rdd.map<Row>(f.swap)).map<Row>(f.beside), rows => rows.map(([key, value]) => [key, [value, value]]), true),
  narrow('zipPartitions', rdd => rdd.zipPartitions<Row, Row>(rdd.filter(f.isOdd), f.together), rows => f.together(rows, rows.filter(f.isOdd)), true),
  narrow('randomSplit', rdd => { const [a, b] = rdd.randomSplit([1, 2], 3); return a!.zipPartitions<Row, Row>(b!, f.together).mapPartitions<Row>(f.normalised) }, rows => f.normalised(rows), true),
  narrow('sample of everything', rdd => rdd.sample(false, 1), rows => rows),
  narrow('sample of nothing', (rdd, n) => rdd.sample(n % 2 === 0, 0), () => []),
  { // programs are dear to start
    name: 'pipe', needsOrder: true, rdd: (rdd, n) => (n % 8 === 0 ? rdd.map(f.shown).pipe(['cat']).map<Row>(f.fromLine) : rdd.map(f.shown).map<Row>(f.fromLine)),
    model: ({ parts }) => ({ parts: parts.map(part => part.map(row => f.fromLine(f.shown(row)))), ordered: true }),
  },
  {
    name: 'sampleByKey',
    rdd: (rdd, _n, keys) => rdd.map<Row>(([key, value]) => [f.digest(key) % 4, [key, value]]).sampleByKey(keys.length % 2 === 0, new Map([[0, 0], [1, 0], [2, 0], [3, 0]])),
    model: state => ({ parts: state.parts.map(() => []), ordered: true }),
  },
  narrow('sampleByKey of some', rdd => rdd.keyBy(f.digestOf).sampleByKey(false, new Map([[0, 1], [1, 0], [2, 1], [3, 0], [4, 1]])).map<Row>(f.keyAndRow),
    rows => rows.map((row): Row => [f.digestOf(row), row[1]]).filter(([key]) => (key as number) % 2 === 0)),
  single('sampleByKeyExact', (rdd, n) => rdd.keyBy(f.digestOf).sampleByKeyExact(false, new Map([0, 1, 2, 3, 4].map(key => [key, (n % 5) / 4])), n).map<Row>(([key]) => [key, 1]).coalesce(1), (rows, n) => (
    grouped(rows.map(row => [f.digestOf(row), 1])).flatMap(([key, ones]) => Array.from({ length: Math.ceil(ones.length * (n % 5) / 4) }, (): Row => [key, 1])))),
  {
    name: 'coalesce', rdd: (rdd, n) => rdd.coalesce(1 + n % 4),
    model: ({ parts, ordered }, _after, n) => {
      const count = Math.min(parts.length, 1 + n % 4)
      const border = (i: number): number => Math.floor(i * parts.length / count)
      return { parts: Array.from({ length: count }, (_, i) => parts.slice(border(i), border(i + 1)).flat()), ordered }
    },
  },
  {
    name: 'union', rdd: (rdd, n) => rdd.union(other(rdd, n)),
    model: ({ rdd, parts, ordered }, _after, n) => {
      const others = parts.map(part => otherRows(part, n))
      return { parts: aligned(rdd, other(rdd, n)) ? parts.map((part, i) => [...part, ...others[i]!]) : [...parts, ...others], ordered }
    },
  },
  {
    name: 'cartesian', needsOrder: true, rdd: rdd => rdd.mapPartitions<Row>(f.firstFew).coalesce(3).cartesian(rdd.mapPartitions<Row>(f.firstFew).coalesce(2)).map<Row>(f.pairOfKeys),
    model: ({ parts }) => {
      const few = (most: number): Row[][] => {
        const count = Math.min(parts.length, most)
        const border = (i: number): number => Math.floor(i * parts.length / count)
        return Array.from({ length: count }, (_, i) => parts.slice(border(i), border(i + 1)).flatMap(part => part.slice(0, 4)))
      }
      return { parts: few(3).flatMap(left => few(2).map(right => left.flatMap(([a]) => right.map(([b]): Row => [a, b])))), ordered: true }
    },
  },
  {
    name: 'zipWithIndex', needsOrder: true, rdd: rdd => rdd.zipWithIndex().map<Row>(f.withNumber),
    model: ({ parts }) => { let i = 0; return { parts: parts.map(part => part.map(([key, value]) => [key, [i++, value]])), ordered: true } },
  },
  {
    name: 'zipWithUniqueId', needsOrder: true, rdd: rdd => rdd.zipWithUniqueId().map<Row>(f.withNumber),
    model: ({ parts }) => ({ parts: parts.map((part, p) => part.map(([key, value], k) => [key, [k * parts.length + p, value]])), ordered: true }),
  },
  {
    name: 'filterByRange', rdd: (rdd, n, keys) => rdd.filterByRange(keys[n % keys.length], keys[(n >> 2) % keys.length]),
    model: ({ parts, ordered }, _after, n, keys) => {
      const [low, high] = [keys[n % keys.length], keys[(n >> 2) % keys.length]]
      return { parts: parts.map(part => part.filter(([key]) => compareValues(key, low) >= 0 && compareValues(key, high) <= 0)), ordered }
    },
  },
  single('repartition', (rdd, n) => rdd.repartition(1 + n % 5).coalesce(1), rows => rows),
  single('coalesce with a shuffle', (rdd, n) => rdd.coalesce(1 + n % 5, true).coalesce(1), rows => rows),
  moved('partitionBy', (rdd, n, keys) => rdd.partitionBy(target(n, keys) ?? 3), rows => rows, true),
  grouping('reduceByKey', (rdd, n, keys) => rdd.mapValues(f.label).reduceByKey(f.concat, target(n, keys)), values => values.map(f.label).join('')),
  grouping('groupByKey', (rdd, n, keys) => rdd.groupByKey(target(n, keys)), values => values),
  grouping('combineByKey', (rdd, n, keys) => rdd.combineByKey(f.begun, f.push, f.pushAll, target(n, keys), n % 2 === 0), values => values),
  grouping('aggregateByKey', (rdd, n, keys) => rdd.aggregateByKey(zero as unknown[], f.push, f.pushAll, target(n, keys)), values => values),
  grouping('foldByKey', (rdd, n, keys) => rdd.mapValues(f.label).foldByKey('', f.concat, target(n, keys)), values => values.map(f.label).join('')),
  moved('cogroup', (rdd, n, keys) => rdd.cogroup(other(rdd, n), target(n, keys)), (rows, n) => cogrouped([rows, otherRows(rows, n)])),
  moved('cogroup of three', (rdd, n, keys) => rdd.cogroup(...several(rdd, n), target(n, keys)), (rows, n) => cogrouped(severalRows(rows, n))),
  moved('groupWith', (rdd, n) => rdd.groupWith(...several(rdd, n)), (rows, n) => cogrouped(severalRows(rows, n))),
  joining('join', false, false),
  joining('leftOuterJoin', true, false),
  joining('rightOuterJoin', false, true),
  joining('fullOuterJoin', true, true),
  moved('subtractByKey', (rdd, n, keys) => rdd.subtractByKey(other(rdd, n), target(n, keys)), (rows, n) => without(rows, otherRows(rows, n))),
  single('distinct', (rdd, n) => rdd.distinct(n % 2 === 0 ? undefined : 1 + n % 4).coalesce(1), rows => grouped(rows.map((row): Row => [row, 0])).map(([row]) => row as Row)),
  single('groupBy', (rdd, n) => (rdd.groupBy(f.digestOf, n % 2 === 0 ? undefined : 2) as Pairs).coalesce(1), rows => grouped(rows.map(row => [f.digestOf(row), row]))),
  single('intersection', (rdd, n) => rdd.intersection(other(rdd, n)).coalesce(1), (rows, n) => {
    const others = otherRows(rows, n)
    return grouped(rows.map((row): Row => [row, 0])).map(([row]) => row as Row).filter(row => others.some(each => sameKey(each, row)))
  }),
  single('subtract', (rdd, n) => rdd.subtract(other(rdd, n), n % 3 === 0 ? 2 : undefined).coalesce(1), (rows, n) => {
    const others = otherRows(rows, n)
    return rows.filter(row => !others.some(each => sameKey(each, row)))
  }),
  { ...moved('sortByKey', (rdd, n) => rdd.sortByKey(n % 2 === 0, (n >> 1) % 3 === 0 ? undefined : 1 + n % 4), rows => rows, true), model: (state, after, n) => ({ parts: placed(after, all(state)).map(part => sortedByKey(part, n % 2 === 0)), ordered: true }) },
  single('sortBy', (rdd, n) => rdd.sortBy(f.digestOf, n % 2 === 0, 1 + n % 3).coalesce(1), (rows, n) => [...rows].sort((a, b) => (n % 2 === 0 ? f.digestOf(a) - f.digestOf(b) : f.digestOf(b) - f.digestOf(a))), true),
  {
    name: 'repartitionAndSortWithinPartitions', needsOrder: true, rdd: (rdd, n) => rdd.repartitionAndSortWithinPartitions(new HashPartitioner(1 + n % 3)),
    model: (state, after) => ({ parts: placed(after, all(state)).map(part => sortedByKey(part)), ordered: true }),
  },
]
