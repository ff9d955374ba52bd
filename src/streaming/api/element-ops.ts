// The rung of operations on each record, each partition or each batch as a whole. What an RDD operation does, for every batch.

import { callSite, type CallSite } from '../../base/call-site.ts'
import { duration } from '../../base/time.ts'
import type { MapAsyncOptions } from '../../rdd/api/element-ops.ts'
import { builtin, combine, pipeline, shuffle, userFunction } from '../../rdd/nodes.ts'
import type { PlanFunction } from '../../rdd/plan.ts'
import { StorageLevel } from '../../rdd/storage-level.ts'
import { partitioningOf, type PartitionsOrPartitioner } from '../../rdd/target.ts'
import type { Hint } from '../../rdd/types.ts'
import type { DStream } from '../dstream.ts'
import type { PairStream } from '../types.ts'
import { DStreamNode } from './node.ts'

type Some<T> = Iterable<T> | AsyncIterable<T>

const onePartition = { by: 'roundRobin', partitions: 1 } as const

export abstract class ElementOps<out T> extends DStreamNode<T> {
  /**
   * Gives the function's result for each record. An array literal is a tuple.
   *
   * The function is synchronous; for asynchronous ones see `mapAsync`. Semantics: `DStream.map`.
   *
   * @example
   * import { runBatches } from 'rivulet/testing'
   * await runBatches([['to', 'be'], ['or']], words => words.map(word => [word, 1]))   // [[['to', 1], ['be', 1]], [['or', 1]]]
   */
  map<U>(f: (record: T) => U | Hint): DStream<U> {
    return this.step('map', f)
  }

  /**
   * Gives every element of what the function returns for each record: an array or any other iterable.
   *
   * Semantics: `DStream.flatMap`.
   *
   * @example
   * import { runBatches } from 'rivulet/testing'
   * await runBatches([['to be', 'or']], lines => lines.flatMap(line => line.split(' ')))   // [['to', 'be', 'or']]
   */
  flatMap<K, V>(f: (record: T) => Iterable<readonly [K, V | Hint]>): PairStream<K, V>
  flatMap<U>(f: (record: T) => Iterable<U | Hint>): DStream<U>
  flatMap(f: (record: T) => Iterable<unknown>): DStream<unknown> {
    return this.step('flatMap', f)
  }

  /**
   * Keeps the records for which the function says true.
   *
   * Semantics: `DStream.filter`.
   *
   * @example
   * import { runBatches } from 'rivulet/testing'
   * await runBatches([[1, 2, 3], [4]], numbers => numbers.filter(n => n % 2 === 0))   // [[2], [4]]
   */
  filter<S extends T>(p: (record: T) => record is S): DStream<S>
  filter(p: (record: T) => boolean): DStream<T>
  filter(p: (record: T) => boolean): DStream<T> {
    return this.step('filter', p, true)
  }

  /**
   * Awaits the function's promise for each record, several at once: look-ups over a network, a database.
   *
   * The function gets the record and a signal that aborts with the batch or when the call's time is up. With a checkpoint directory what it gives
   * is written down, all of it, before any output sees it: it is called once a batch, whatever outputs there are, and a batch that runs again after
   * a restart has the same answers. Errors: RIV_ASYNC_TIMEOUT. Spark has no such operation.
   *
   * @example
   * import { runBatches } from 'rivulet/testing'
   * await runBatches([[1, 2], [3]], ids => ids.mapAsync(async id => ({ id }), { concurrency: 8 }))   // [[{ id: 1 }, { id: 2 }], [{ id: 3 }]]
   */
  mapAsync<U>(f: (record: T, signal: AbortSignal) => Promise<U | Hint>, options: MapAsyncOptions = {}): DStream<U> {
    const site = callSite()
    const timeoutMs = options.timeout === undefined ? 0 : duration(options.timeout, 'the timeout of mapAsync').milliseconds
    const { concurrency = 16, ordered = true } = options
    const steps = [{ op: 'mapAsync', fn: userFunction(f, 'mapAsync', site), concurrency, ordered, timeoutMs }] as const
    return this.apply({ op: 'mapAsync', site, functions: [steps[0].fn], varies: true, describe: plan => pipeline(plan, 'mapAsync', site, steps) })
  }

  /**
   * Gives the function all records of a partition at once, as an iterable, and takes any iterable or async iterable from it.
   *
   * `preservesPartitioning` says that keys stay as they are. Semantics: `DStream.mapPartitions`.
   *
   * @example
   * import { runBatches } from 'rivulet/testing'
   * await runBatches([[1, 2, 3], []], numbers => numbers.mapPartitions(rows => [[...rows].length]))   // [[3], [0]]
   */
  mapPartitions<K, V>(f: (records: Iterable<T>) => Some<readonly [K, V | Hint]>, preservesPartitioning?: boolean): PairStream<K, V>
  mapPartitions<U>(f: (records: Iterable<T>) => Some<U | Hint>, preservesPartitioning?: boolean): DStream<U>
  mapPartitions(f: (records: Iterable<T>) => Some<unknown>, preservesPartitioning = false): DStream<unknown> {
    return this.step('mapPartitions', f, preservesPartitioning)
  }

  /**
   * Makes each partition one record: the array of its records.
   *
   * Semantics: `DStream.glom`.
   *
   * @example
   * import { runBatches } from 'rivulet/testing'
   * await runBatches([[1, 2, 3]], numbers => numbers.glom())   // [[[1, 2, 3]]]
   */
  glom(): DStream<T[]> {
    return this.steps('glom', callSite(), [{ op: 'mapPartitions', fn: builtin('glom') }])
  }

  /**
   * Deals the records of each batch out over `n` partitions, for more parallelism in what follows.
   *
   * Semantics: `DStream.repartition`.
   *
   * @example
   * import { runBatches } from 'rivulet/testing'
   * await runBatches([[1, 2, 3, 4]], numbers => numbers.repartition(2).glom().map(part => part.length))   // [[2, 2]]
   */
  repartition(n: number): DStream<T> {
    const site = callSite()
    const target = { by: 'roundRobin', partitions: partitioningOf(n, 'repartition', site).partitions } as const
    return this.apply({ op: 'repartition', site, functions: [], describe: plan => shuffle(plan, 'repartition', site, target) })
  }

  /**
   * The number of records of each batch: exactly one record, 0 for an empty batch.
   *
   * Semantics: `DStream.count`.
   *
   * @example
   * import { runBatches } from 'rivulet/testing'
   * await runBatches([['a', 'b'], []], words => words.count())   // [[2], [0]]
   */
  count(): DStream<number> {
    return this.folded('count', callSite(), builtin('countRows'), builtin('sumRows'))
  }

  /**
   * Combines the records of each batch into one, two at a time; an empty batch stays empty. The function must be associative.
   *
   * Semantics: `DStream.reduce`.
   *
   * @example
   * import { runBatches } from 'rivulet/testing'
   * await runBatches([[1, 2, 3], []], numbers => numbers.reduce((a, b) => a + b))   // [[6], []]
   */
  reduce(f: (a: T, b: T) => T): DStream<T> {
    const site = callSite()
    const rows = builtin('reduceRows', [], [userFunction(f, 'reduce', site)])
    return this.folded('reduce', site, rows, rows)
  }

  /**
   * How often each record occurs in each batch, as pairs `[record, count]`.
   *
   * Semantics: `DStream.countByValue`.
   *
   * @example
   * import { runBatches } from 'rivulet/testing'
   * await runBatches([['a', 'b', 'a']], words => words.countByValue(1))   // [[['a', 2], ['b', 1]]]
   */
  countByValue(partitions?: PartitionsOrPartitioner): DStream<[T, number]> {
    const site = callSite()
    const [one, add] = [builtin('withOne'), builtin('add')]
    const target = partitions === undefined ? this.graph.defaultTarget : partitioningOf(partitions, 'countByValue', site)
    return this.apply({
      op: 'countByValue', site, functions: target.by === 'custom' ? [target.fn] : [],
      describe: plan => combine(pipeline(plan, 'countByValue', site, [{ op: 'map', fn: one }]), 'countByValue', site, target, { merge: add, mergeCombiners: add, mapSide: true }),
    })
  }

  /**
   * Keeps the RDDs of the stream while their batch runs (or a window needs them), so that several outputs compute them once.
   *
   * Semantics: `DStream.persist`.
   *
   * @example
   * import { Context, seconds, StreamingContext } from 'rivulet'
   * const ssc = new StreamingContext(new Context(), seconds(1))
   * const words = ssc.queueStream([['to', 'be']]).persist()
   * words.count().print()
   * words.print()
   */
  persist(level: StorageLevel = StorageLevel.MEMORY_ONLY_SER): this {
    this.graph.assertOpen('persist')
    this.node.storage = level
    return this
  }

  /**
   * `persist()` at the default level.
   *
   * Semantics: `DStream.cache`.
   *
   * @example
   * import { Context, seconds, StreamingContext } from 'rivulet'
   * const ssc = new StreamingContext(new Context(), seconds(1))
   * const words = ssc.queueStream([['to', 'be']]).cache()
   * words.count().print()
   * words.print()
   */
  cache(): this {
    return this.persist()
  }

  /** One record a partition, then one of those. */
  protected folded<U>(op: string, site: CallSite, each: PlanFunction, all: PlanFunction): DStream<U> {
    return this.apply({
      op, site, functions: [each, all],
      describe: plan => {
        const parts = pipeline(plan, op, site, [{ op: 'mapPartitions', fn: each }])
        return pipeline(shuffle(parts, op, site, onePartition), op, site, [{ op: 'mapPartitions', fn: all }])
      },
    })
  }
}
