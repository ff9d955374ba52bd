// Random graphs of streams as plain data, and two ways to run them: as D-Streams, and as arrays.
//
//   plan  =  batches of [key number, value], steps, outputs        a step makes one or two streams of those before it
//
// - Every stream has pairs of a key of any kind and a whole number, so that every operation can follow every other.
// - A plan is JSON, and any numbers make a valid one: what fails shrinks, and is kept as data.
// - The model shares nothing with the product, not even what makes two keys equal.

import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Context } from '../context/context.ts'
import { HashPartitioner } from '../kernel/partitioner.ts'
import type { State } from '../kernel/state/state.ts'
import { runBatchesOn } from '../testing/run-batches.ts'
import type { DStream } from './dstream.ts'
import type { StreamingContext } from './streaming-context.ts'

type Pair = [unknown, number]

export interface Step { readonly op: string; readonly on: number; readonly with: number; readonly p: number; readonly q: number }
export interface GraphPlan {
  readonly inputs: readonly (readonly (readonly (readonly [key: number, value: number])[])[])[]
  readonly steps: readonly Step[]
  /** Which streams are looked at, the last one besides; of some only the first record. */
  readonly outputs: readonly { readonly of: number; readonly take: boolean }[]
  /** Empty batches after the inputs. */
  readonly idle: number
}

/** A stream twice: as it is, and as arrays at each batch (from 1) that is a multiple of its slide. */
interface Both {
  readonly stream: DStream<Pair>
  readonly slide: number
  /** Whether the order of records is known. */
  readonly ordered: boolean
  at(batch: number): readonly Pair[]
}
interface Arguments {
  readonly p: number
  readonly q: number
  readonly ssc: StreamingContext
  /** Called by functions of the product with some number that they have; gives it back, if the worker lives. */
  readonly strike: (n: number) => number
}
type Operation = (a: Both, b: Both, args: Arguments) => Both | Both[]

const keys: readonly unknown[] = [
  'a', 0, -0, NaN, { a: 1, b: 2 }, { b: 2, a: 1 }, ['a', 1], ['a', 1n], 1, '1', 1n, '\ud800', '\udc00 a text that is longer than a short one',
  new Date(5), 5, null, undefined, true, [NaN], [-0], [0], -(2n ** 70n), { a: { b: [0, 'x'] } },
]

const idOf = (value: unknown): string => {
  if (value instanceof Date) return `date ${value.getTime()}`
  if (Array.isArray(value)) return `[${value.map(idOf).join()}]`
  if (typeof value === 'object' && value !== null) return `{${Object.entries(value).map(([name, inner]) => `${name}: ${idOf(inner)}`).sort().join()}}`
  return typeof value === 'string' ? JSON.stringify(value) : `${typeof value} ${String(value)}`
}

const total = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)
const initialPairs = (ssc: StreamingContext) => ssc.sparkContext.parallelize<[unknown, number]>([[-0, 7], [{ b: 2, a: 1 }, 8], [NaN, 9]], 2)
const initialStates: readonly Pair[] = [[0, 7], [{ a: 1, b: 2 }, 8], [NaN, 9]]

/** Values by key. */
function grouped(rows: Iterable<Pair>): Map<string, { readonly key: unknown; readonly values: number[] }> {
  const groups = new Map<string, { key: unknown; values: number[] }>()
  for (const [key, value] of rows) {
    const group = groups.get(idOf(key))
    if (group === undefined) groups.set(idOf(key), { key, values: [value] })
    else group.values.push(value)
  }
  return groups
}
const fold = (rows: Iterable<Pair>, f: (values: number[]) => number): Pair[] => [...grouped(rows).values()].map(({ key, values }) => [key, f(values)])

/** A stream whose batches follow from those of another. */
const derived = (stream: DStream<Pair>, { slide, ordered, at }: Both, f: (rows: readonly Pair[], batch: number) => readonly Pair[], keepsOrder = false): Both =>
  ({ stream, slide, ordered: ordered && keepsOrder, at: once(batch => f(at(batch), batch)) })

/** A stream whose batches follow from what went before: `step` sees one after the other. */
function scanned(stream: DStream<Pair>, slide: number, step: (batch: number) => readonly Pair[]): Both {
  let last = 0
  const seen = new Map<number, readonly Pair[]>()
  const at = (batch: number): readonly Pair[] => {
    while (last < batch) seen.set(last += slide, step(last))
    return seen.get(batch)!
  }
  return { stream, slide, ordered: false, at }
}
function once(at: Both['at']): Both['at'] {
  const known = new Map<number, readonly Pair[]>()
  return batch => {
    let rows = known.get(batch)
    if (rows === undefined) known.set(batch, rows = at(batch))
    return rows
  }
}

/** Length and slide of a window, in batches and as durations. */
const lengths = ({ slide }: Both, p: number, q: number) => {
  const [length, next] = [slide * [1, 2, 3, 4, 10, 21][p % 6]!, slide * (1 + q % 3 % 2 + Number(q % 7 === 6) * 3)]
  return { length, slide: next, lengthMs: length * 1_000, slideMs: next * 1_000 }
}
/** The rows of a window, in order of time. */
const rowsOf = ({ slide, at }: Both, batch: number, length: number): Pair[] => {
  const rows: Pair[] = []
  for (let b = batch - length + slide; b <= batch; b += slide) if (b > 0) rows.push(...at(b))
  return rows
}
function windowed(a: Both, { p, q }: Pick<Arguments, 'p' | 'q'>, describe: (lengthMs: number, slideMs: number) => DStream<Pair>, f: (rows: Pair[]) => readonly Pair[], keepsOrder = false): Both {
  const { length, slide, lengthMs, slideMs } = lengths(a, p, q)
  return { stream: describe(lengthMs, slideMs), slide, ordered: keepsOrder && a.ordered, at: once(batch => f(rowsOf(a, batch, length))) }
}

/** The stream that fits: the other one where the slides are equal, else the stream itself. */
const fitting = (a: Both, b: Both): Both => (a.slide === b.slide ? b : a)
const summed = ({ stream, slide, at }: Both, parts: number): Both => ({ stream: stream.reduceByKey((x, y) => x + y, parts), slide, ordered: false, at: once(batch => fold(at(batch), total)) })

export const operations: Readonly<Record<string, Operation>> = {
  mapValues: (a, _b, { p, strike }) => derived(a.stream.mapValues(n => strike(n) * 2 + p), a, rows => rows.map(([key, n]) => [key, n * 2 + p]), true),
  filter: (a, _b, { p }) => derived(a.stream.filter(([, n]) => n % (p + 2) !== 0), a, rows => rows.filter(([, n]) => n % (p + 2) !== 0), true),
  flatMap: a => derived(a.stream.flatMap(([key, n]) => (n % 2 === 0 ? [[key, n], [key, n + 1]] : [])), a, rows => rows.flatMap(([key, n]): Pair[] => (n % 2 === 0 ? [[key, n], [key, n + 1]] : [])), true),
  rekey: (a, _b, { p }) => derived(a.stream.map(([key, n]) => [p === 0 ? [key, n % 2] : n % (p + 1), n]), a, rows => rows.map(([key, n]) => [p === 0 ? [key, n % 2] : n % (p + 1), n]), true),
  mapPartitions: a => derived(a.stream.mapPartitions(function* (rows) { for (const [key, n] of rows) if (n > 2) yield [key, n - 1] }), a, rows => rows.filter(([, n]) => n > 2).map(([key, n]) => [key, n - 1]), true),
  persist: a => derived(a.stream.persist(), a, rows => rows, true),
  repartition: (a, _b, { q }) => derived(a.stream.repartition(1 + q % 4), a, rows => rows),
  count: a => derived(a.stream.count().map(n => ['count', n]), a, rows => [['count', rows.length]]),
  reduce: a => derived(a.stream.map(([, n]) => n).reduce((x, y) => x + y).map(n => ['sum', n]), a, rows => (rows.length === 0 ? [] : [['sum', total(rows.map(([, n]) => n))]])),
  countByValue: a => derived(a.stream.countByValue(2).map(([[key, n], times]) => [key, n * 10 + times]), a, rows => [...grouped(rows.map(row => [row, 1])).values()].map(({ key, values }) => [(key as Pair)[0], (key as Pair)[1] * 10 + values.length])),
  reduceByKey: (a, _b, { q }) => summed(a, 1 + q % 3),
  groupByKey: (a, _b, { q }) => derived(a.stream.groupByKey(1 + q % 3).mapValues(values => values.reduce((x, y) => x + y, values.length)), a, rows => fold(rows, values => total(values) + values.length)),
  transform: a => derived(a.stream.transform((rdd, time) => rdd.sortBy(([, n]) => n).mapValues(n => n + time.milliseconds / 1_000)), a, (rows, batch) => rows.map(([key, n]) => [key, n + batch])),
  distinct: a => derived(a.stream.transform(rdd => rdd.distinct(2)), a, rows => [...grouped(rows.map(row => [row, 1])).values()].map(({ key }) => key as Pair)),
  transformWith: (a, other) => {
    const b = fitting(a, other)
    return derived(a.stream.transformWith(b.stream, (x, y) => x.subtractByKey(y.filter(([, n]) => n % 2 === 0))), a, (rows, batch) => {
      const gone = grouped(b.at(batch).filter(([, n]) => n % 2 === 0))
      return rows.filter(([key]) => !gone.has(idOf(key)))
    })
  },
  union: (a, other) => {
    const b = fitting(a, other)
    return { stream: a.stream.union(b.stream), slide: a.slide, ordered: a.ordered && b.ordered, at: once(batch => [...a.at(batch), ...b.at(batch)]) }
  },
  join: (a, other, { p, q }) => {
    const b = summed(fitting(a, other), 1 + p % 3)
    return derived(a.stream.join(b.stream, 1 + q % 3).mapValues(([x, y]) => x * 7 + y), a, (rows, batch) => {
      const right = grouped(b.at(batch))
      return rows.flatMap(([key, n]): Pair[] => right.get(idOf(key))?.values.map(m => [key, n * 7 + m]) ?? [])
    })
  },
  leftOuterJoin: (a, other, { p }) => {
    const b = summed(fitting(a, other), 1 + p % 3)
    return derived(a.stream.leftOuterJoin(b.stream).mapValues(([x, y]) => x * 7 + (y ?? -1)), a, (rows, batch) => {
      const right = grouped(b.at(batch))
      return rows.flatMap(([key, n]): Pair[] => (right.get(idOf(key))?.values ?? [-1]).map(m => [key, n * 7 + m]))
    })
  },
  cogroup: (a, other, { q }) => {
    const b = fitting(a, other)
    return derived(a.stream.cogroup(b.stream, 1 + q % 3).mapValues(([xs, ys]) => xs.reduce((x, y) => x + y, 0) * 3 - ys.reduce((x, y) => x + y, ys.length)), a, (rows, batch) => {
      const [left, right] = [grouped(rows), grouped(b.at(batch))]
      return [...new Map([...left, ...right])].map(([id, { key }]) => [key, total(left.get(id)?.values ?? []) * 3 - total(right.get(id)?.values ?? []) - (right.get(id)?.values.length ?? 0)])
    })
  },

  window: (a, _b, args) => windowed(a, args, (length, slide) => a.stream.window(length, slide), rows => rows, true),
  countByWindow: (a, _b, args) => windowed(a, args, (length, slide) => a.stream.countByWindow(length, slide).map(n => ['count', n]), rows => [['count', rows.length]]),
  reduceByWindow: (a, _b, args) => windowed(a, args, (length, slide) => a.stream.map(([, n]) => n).reduceByWindow((x, y) => x + y, length, slide).map(n => ['sum', n]), rows => (rows.length === 0 ? [] : [['sum', total(rows.map(([, n]) => n))]])),
  groupByKeyAndWindow: (a, _b, args) => windowed(a, args, (length, slide) => a.stream.groupByKeyAndWindow(length, slide, 2).mapValues(values => values.reduce((x, y) => x + y, values.length)), rows => fold(rows, values => total(values) + values.length)),
  reduceByKeyAndWindow: (a, _b, { p, q, strike }) => windowed(a, { p, q }, (length, slide) => a.stream.reduceByKeyAndWindow((x, y) => x + strike(y), length, slide, 1 + p % 3), rows => fold(rows, total)),
  filteredInverse: (a, _b, { p, q, strike }) => windowed(a, { p, q }, (length, slide) => a.stream.mapValues(n => [n, 1])
    .reduceByKeyAndWindow(([x, i], [y, k]) => [x + y, i + k], ([x, i], [y, k]) => [strike(x) - y, i - k], length, slide, { filter: ([, [, times]]) => times > 0, numPartitions: 1 + q % 3 })
    .mapValues(([n, times]) => n * 10 + times), rows => fold(rows, values => total(values) * 10 + values.length)),
  inverse: (a, _b, { p, q, strike }) => {
    const { length, slide, lengthMs, slideMs } = lengths(a, p, q)
    const seen = new Map<string, unknown>() // without a filter keys stay
    return scanned(a.stream.reduceByKeyAndWindow((x, y) => x + strike(y), (x, y) => x - strike(y), lengthMs, slideMs, { numPartitions: 1 + p % 3 }), slide, batch => {
      const groups = grouped(rowsOf(a, batch, length))
      for (const [id, { key }] of groups) if (!seen.has(id)) seen.set(id, key)
      return [...seen].map(([id, key]) => [key, total(groups.get(id)?.values ?? [])])
    })
  },

  updateStateByKey: (a, _b, { p, q, ssc, strike }) => {
    const states = new Map<string, { readonly key: unknown; sum: number; idle: number }>()
    const initial = q % 2 === 0 ? {} : { initialRDD: initialPairs(ssc).mapValues(sum => ({ sum, idle: 0 })) }
    if (q % 2 === 1) for (const [key, sum] of initialStates) states.set(idOf(key), { key, sum, idle: 0 })
    const stream = a.stream.updateStateByKey<{ sum: number; idle: number }>((values, state = { sum: 0, idle: 0 }) => {
      state.idle = values.length === 0 ? strike(state.idle) + 1 : 0
      for (const n of values) state.sum += strike(n)
      return state.idle > p ? undefined : state
    }, { ...initial, numPartitions: 1 + q % 3 }).mapValues(({ sum, idle }) => sum * 10 + idle)
    return scanned(stream, a.slide, batch => {
      const groups = grouped(a.at(batch))
      for (const [id, state] of states) if (!groups.has(id) && ++state.idle > p) states.delete(id)
      for (const [id, { key, values }] of groups) states.set(id, { key, sum: (states.get(id)?.sum ?? 0) + total(values), idle: 0 })
      return [...states.values()].map(({ key, sum, idle }) => [key, sum * 10 + idle])
    })
  },
  mapWithState: (given, _b, { p, q, ssc, strike }) => {
    const a = given.ordered ? given : summed(given, 2) // what the function gives depends on the order
    const timeout = p % 2 === 0 ? Infinity : a.slide * (q % 3)
    const partitioner = new HashPartitioner(1 + p % 3)
    const stream = a.stream.mapWithState((key, n, state: State<number>) => {
      if (state.isTimingOut()) return [key, -1 - state.get()]
      if (n! % 5 === 4) {
        if (state.exists()) state.remove()
        return undefined
      }
      if (n! % 5 !== 3) state.update((state.getOption() ?? 0) + strike(n!))
      return [key, state.getOption() ?? -1]
    }, { partitioner, ...(timeout !== Infinity && { timeout: timeout * 1_000 }), ...(q % 2 === 1 && { initialState: p === 0 ? initialPairs(ssc).partitionBy(partitioner) : initialPairs(ssc) }) })
    const states = new Map<string, { readonly key: unknown; sum: number; at: number }>()
    if (q % 2 === 1) for (const [key, sum] of initialStates) states.set(idOf(key), { key, sum, at: 0 })
    const snapshots = new Map<number, readonly Pair[]>()
    const emitted = scanned(stream as DStream<Pair>, a.slide, batch => {
      const out: Pair[] = []
      for (const [key, n] of a.at(batch)) {
        const id = idOf(key)
        const state = states.get(id)
        if (n % 5 === 4) {
          states.delete(id)
          continue
        }
        if (n % 5 !== 3) states.set(id, { key, sum: (state?.sum ?? 0) + n, at: batch })
        else if (state !== undefined) state.at = batch
        out.push([key, states.get(id)?.sum ?? -1])
      }
      for (const [id, { key, sum, at }] of states) if (batch - at > timeout) {
        out.push([key, -1 - sum])
        states.delete(id)
      }
      snapshots.set(batch, [...states.values()].map(({ key, sum }) => [key, sum]))
      return out
    })
    const all: Both = { ...emitted, stream: stream.stateSnapshots() as DStream<Pair>, at: batch => (emitted.at(batch), snapshots.get(batch)!) }
    return [emitted, all]
  },
}

/** Plans; `most` steps at most. */
export function anyPlan(most: number): fc.Arbitrary<GraphPlan> {
  const small = fc.nat({ max: 6 })
  const batches = fc.array(fc.array(fc.tuple(fc.nat({ max: keys.length - 1 }).map(n => (n % 3 === 0 ? n : n % 7)), fc.nat({ max: 9 })), { maxLength: 5 }), { minLength: 1, maxLength: 8 })
  return fc.record({
    inputs: fc.array(batches, { minLength: 1, maxLength: 2 }),
    steps: fc.array(fc.record({ op: fc.constantFrom(...Object.keys(operations)), on: small, with: small, p: fc.nat({ max: 5 }), q: small }), { minLength: 1, maxLength: most }),
    outputs: fc.array(fc.record({ of: small, take: fc.boolean() }), { maxLength: 2 }),
    idle: fc.oneof({ weight: 5, arbitrary: fc.constant(3) }, fc.nat({ max: 30 })),
  })
}

export interface RunPlanOptions {
  readonly restartAfterBatch?: number
  /** Called with numbers that functions on workers have; gives them back, or ends the worker. */
  readonly strike?: (n: number) => number
}

/** Runs a plan both ways; they must agree. */
export async function checkPlan(context: Context, { inputs, steps, outputs, idle: extraBatches }: GraphPlan, { restartAfterBatch, strike = n => n }: RunPlanOptions = {}): Promise<void> {
  const given = inputs.map(batches => batches.map(batch => batch.map(([key, n]): Pair => [keys[key], n])))
  const count = Math.max(...given.map(batches => batches.length)) + extraBatches
  const extra = outputs.map((): Pair[][] => [])
  let looked: readonly Both[] = []
  const last = await runBatchesOn(context, Object.fromEntries(given.map((batches, i) => [`input ${i}`, batches])), (streams: Readonly<Record<string, DStream<Pair>>>, ssc: StreamingContext) => {
    const all: Both[] = Object.values(streams).map((stream, i) => ({ stream: stream.mapValues(strike), slide: 1, ordered: true, at: batch => given[i]![batch - 1] ?? [] }))
    for (const { op, on, with: other, p, q } of steps) all.push(...[operations[op]!(all.at(-1 - on % Math.min(3, all.length))!, all[other % all.length]!, { p, q, ssc, strike })].flat())
    looked = [...outputs.map(({ of }) => all[of % all.length]!), all.at(-1)!]
    for (const [i, { take }] of outputs.entries()) looked[i]!.stream.foreachRDD(async rdd => { extra[i]!.push(take ? await rdd.take(1) : await rdd.collect()) })
    return all.at(-1)!.stream
  }, { extraBatches, ...(restartAfterBatch !== undefined && { restartAfterBatch: restartAfterBatch % (count + 1) }) }) as Pair[][]
  for (const [i, { slide, ordered, at }] of looked.entries()) {
    const take = outputs[i]?.take === true
    const due = Array.from({ length: count }, (_, b) => b + 1).filter(batch => batch % slide === 0)
    const out = extra[i] ?? last
    assert.equal(out.length, due.length, `batches of output ${i}`)
    for (const [b, batch] of due.entries()) {
      const [is, should] = [out[b]!.map(idOf), at(batch).map(idOf)]
      if (!take) assert.deepEqual(ordered ? is : is.toSorted(), ordered ? should : should.toSorted(), `output ${i} at batch ${batch}`)
      else assert.ok(is.length === Math.min(1, should.length) && is.every(row => should.includes(row)), `the first of output ${i} at batch ${batch}`)
    }
  }
}
