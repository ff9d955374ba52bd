// Random graphs of operations over random batches, against a model of plain arrays.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { Context } from '../context/context.ts'
import { runBatchesOn } from '../testing/run-batches.ts'
import type { DStream } from './dstream.ts'

/** A stream as arrays: records at each batch (from 1) that is a multiple of the slide. */
interface Model { readonly slide: number; at(batch: number): number[] }
interface Both { readonly stream: DStream<number>; readonly model: Model }

/** An operation, from the stream so far and the input. */
type Operation = (now: Both, input: Both) => Both
const derived = (stream: DStream<number>, { slide }: Model, at: Model['at']): Both => ({ stream, model: { slide, at } })

/** The batches that a window of `length` batches over a stream sees at a batch. */
function panes({ slide, at }: Model, batch: number, length: number): number[][] {
  const seen: number[][] = []
  for (let b = batch - length + slide; b <= batch; b += slide) if (b > 0) seen.push(at(b))
  return seen
}
const sum = (numbers: number[]): number[] => (numbers.length === 0 ? [] : [numbers.reduce((a, b) => a + b)])
const batches = (n: number): number => n * 1_000

const times = (k: number): Operation => ({ stream, model }) => derived(stream.map(n => n * k), model, b => model.at(b).map(n => n * k))
const keep = (k: number): Operation => ({ stream, model }) => derived(stream.filter(n => n % k === 0), model, b => model.at(b).filter(n => n % k === 0))
const twice: Operation = ({ stream, model }) => derived(stream.flatMap(n => [n, n + 1]), model, b => model.at(b).flatMap(n => [n, n + 1]))
const count: Operation = ({ stream, model }) => derived(stream.count(), model, b => [model.at(b).length])
const reduce: Operation = ({ stream, model }) => derived(stream.reduce((a, b) => a + b), model, b => sum(model.at(b)))
const kept: Operation = ({ stream, model }) => derived(stream.persist(), model, b => model.at(b))
const sorted: Operation = ({ stream, model }) => derived(stream.transform(rdd => rdd.sortBy(n => n)), model, b => model.at(b).toSorted((x, y) => x - y))
const withInput: Operation = (now, input) => (now.model.slide === 1 ? derived(now.stream.union(input.stream), now.model, b => [...now.model.at(b), ...input.model.at(b)]) : now)
const window = (length: number, slide: number): Operation => ({ stream, model }) => ({
  stream: stream.window(batches(length * model.slide), batches(slide * model.slide)),
  model: { slide: slide * model.slide, at: b => panes(model, b, length * model.slide).flat() },
})
const sumOfWindow = (length: number, slide: number): Operation => ({ stream, model }) => ({
  stream: stream.reduceByWindow((a, b) => a + b, batches(length * model.slide), batches(slide * model.slide)),
  model: { slide: slide * model.slide, at: b => sum(panes(model, b, length * model.slide).flat()) },
})
const sumByKey = (length: number, slide: number): Operation => ({ stream, model }) => ({
  stream: stream.map(n => [n % 3, n]).reduceByKeyAndWindow((a, b) => a + b, batches(length * model.slide), batches(slide * model.slide), 2).transform(rdd => rdd.sortByKey()).map(([key, n]) => key * 100_000 + n),
  model: {
    slide: slide * model.slide,
    at: b => {
      const sums = new Map<number, number>()
      for (const n of panes(model, b, length * model.slide).flat()) sums.set(n % 3, (sums.get(n % 3) ?? 0) + n)
      return [...sums].sort(([x], [y]) => x - y).map(([key, n]) => key * 100_000 + n)
    },
  },
})

const small = fc.integer({ min: 1, max: 4 })
const anyOperation: fc.Arbitrary<Operation> = fc.oneof(
  small.map(times), small.map(keep), fc.constantFrom(twice, count, reduce, kept, sorted, withInput),
  fc.tuple(small, fc.integer({ min: 1, max: 2 })).chain(([length, slide]) => fc.constantFrom(window(length, slide), sumOfWindow(length, slide), sumByKey(length, slide))),
)

const context = new Context({ master: 'inline', conf: { 'spark.default.parallelism': 2 } })
after(() => context.stop())

test('what comes out is what the model says', async () => {
  const input = fc.array(fc.array(fc.nat({ max: 50 }), { maxLength: 5 }), { minLength: 1, maxLength: 8 })
  await fc.assert(fc.asyncProperty(input, fc.array(anyOperation, { maxLength: 5 }), async (given, operations) => {
    const models: Model[] = []
    const out = await runBatchesOn(context, given, (stream: never) => {
      const first: Both = { stream, model: { slide: 1, at: b => given[b - 1] ?? [] } }
      const last = operations.reduce((now, operation) => operation(now, first), first)
      models.push(last.model)
      return last.stream
    }, { extraBatches: 3 })
    const { slide, at } = models[0]!
    const due = Array.from({ length: given.length + 3 }, (_, i) => i + 1).filter(batch => batch % slide === 0)
    assert.deepEqual(out, due.map(at))
  }), { numRuns: 150 })
})
