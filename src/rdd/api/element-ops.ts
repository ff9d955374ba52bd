// The rung of operations on each record or each partition. All narrow: no data moves, order is kept.

import { callSite } from '../../base/call-site.ts'
import { duration, type D } from '../../base/time.ts'
import { builtin, pipeline, union, userFunction } from '../nodes.ts'
import type { PlanStep } from '../plan.ts'
import type { RDD } from '../rdd.ts'
import type { Hint, Pairs } from '../types.ts'
import { RDDNode } from './node.ts'

/** What a partition function returns. */
export type Some<T> = Iterable<T> | AsyncIterable<T>

/** How many calls of `mapAsync` run at once, in what order results come, how long one may take. */
export interface MapAsyncOptions {
  /** Calls under way at once, per task; 16 by default. */
  readonly concurrency?: number
  /** Results in the order of the records (the default), or as they come. */
  readonly ordered?: boolean
  /** A call that takes longer fails its task (and its signal aborts); none by default. */
  readonly timeout?: D
}

export abstract class ElementOps<out T> extends RDDNode<T> {
  /**
   * Gives the function's result for each record.
   *
   * The function is synchronous and gets one argument; for asynchronous ones see `mapAsync`. An array literal is a tuple.
   * Semantics: `RDD.map`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.parallelize(['to', 'be']).map(word => [word, 1]).collect()   // [['to', 1], ['be', 1]]
   */
  map<U>(f: (record: T) => U | Hint): RDD<U> {
    return this.step('map', 'map', f)
  }

  /**
   * Gives every element of what the function returns for each record: an array or any other iterable, a generator's too.
   *
   * Semantics: `RDD.flatMap`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.parallelize(['to be', 'or not']).flatMap(line => line.split(' ')).collect()   // ['to', 'be', 'or', 'not']
   */
  flatMap<K, V>(f: (record: T) => Iterable<readonly [K, V | Hint]>): Pairs<K, V>
  flatMap<U>(f: (record: T) => Iterable<U | Hint>): RDD<U>
  flatMap(f: (record: T) => Iterable<unknown>): RDD<unknown> {
    return this.step('flatMap', 'flatMap', f)
  }

  /**
   * Keeps the records for which the function says true.
   *
   * Semantics: `RDD.filter`. Keys stay where they are, so a known partitioning stays known.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.range(0, 6).filter(n => n % 2 === 0).collect()   // [0, 2, 4]
   */
  filter<S extends T>(p: (record: T) => record is S): RDD<S>
  filter(p: (record: T) => boolean): RDD<T>
  filter(p: (record: T) => boolean): RDD<T> {
    return this.step('filter', 'filter', p, true)
  }

  /**
   * Awaits the function's promise for each record, several at once: look-ups over a network, a database.
   *
   * The function gets the record and a signal that aborts when the task is cancelled or the call's time is up. Errors: RIV_ASYNC_TIMEOUT.
   * Spark has no such operation.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.parallelize([1, 2, 3]).mapAsync(async n => n * 10, { concurrency: 2 }).collect()   // [10, 20, 30]
   */
  mapAsync<U>(f: (record: T, signal: AbortSignal) => Promise<U | Hint>, options: MapAsyncOptions = {}): RDD<U> {
    const site = callSite()
    const timeoutMs = options.timeout === undefined ? 0 : duration(options.timeout, 'the timeout of mapAsync').milliseconds
    const { concurrency = 16, ordered = true } = options
    return this.derive(pipeline(this.plan, 'mapAsync', site, [{ op: 'mapAsync', fn: userFunction(f, 'mapAsync', site), concurrency, ordered, timeoutMs }]))
  }

  /**
   * Gives the function all records of a partition at once, as an iterable, and takes any iterable or async iterable from it.
   *
   * For work that is done once a partition: open a connection, look records up in batches (an async generator may await).
   * Where something is to be awaited write an async generator: another function that returns an async iterable may be called twice.
   * `preservesPartitioning` says that keys stay as they are. Semantics: `RDD.mapPartitions`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const sums = ctx.range(0, 6, 1, 2).mapPartitions(function* (numbers) {
   *   let sum = 0
   *   for (const n of numbers) sum += n
   *   yield sum
   * })
   * await sums.collect()   // [3, 12]
   */
  mapPartitions<K, V>(f: (records: Iterable<T>) => Some<readonly [K, V | Hint]>, preservesPartitioning?: boolean): Pairs<K, V>
  mapPartitions<U>(f: (records: Iterable<T>) => Some<U | Hint>, preservesPartitioning?: boolean): RDD<U>
  mapPartitions(f: (records: Iterable<T>) => Some<unknown>, preservesPartitioning = false): RDD<unknown> {
    return this.step('mapPartitions', 'mapPartitions', f, preservesPartitioning)
  }

  /**
   * As `mapPartitions`; the function gets the partition's number before the records.
   *
   * Semantics: `RDD.mapPartitionsWithIndex`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.parallelize(['a', 'b', 'c'], 2).mapPartitionsWithIndex((i, words) => [[i, [...words].join()]]).collect()   // [[0, 'a'], [1, 'b,c']]
   */
  mapPartitionsWithIndex<K, V>(f: (index: number, records: Iterable<T>) => Some<readonly [K, V | Hint]>, preservesPartitioning?: boolean): Pairs<K, V>
  mapPartitionsWithIndex<U>(f: (index: number, records: Iterable<T>) => Some<U | Hint>, preservesPartitioning?: boolean): RDD<U>
  mapPartitionsWithIndex(f: (index: number, records: Iterable<T>) => Some<unknown>, preservesPartitioning = false): RDD<unknown> {
    const site = callSite()
    const fn = builtin('withIndex', [], [userFunction(f, 'mapPartitionsWithIndex', site)])
    return this.derive(pipeline(this.plan, 'mapPartitionsWithIndex', site, [{ op: 'mapPartitions', fn }], preservesPartitioning))
  }

  /**
   * Makes each partition one record: the array of its records.
   *
   * Semantics: `RDD.glom`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.parallelize([1, 2, 3, 4, 5], 2).glom().collect()   // [[1, 2], [3, 4, 5]]
   */
  glom(): RDD<T[]> {
    return this.composed('glom', [{ op: 'mapPartitions', fn: builtin('glom') }])
  }

  /**
   * Gives each record with the key that the function makes of it: `[key, record]`.
   *
   * Semantics: `RDD.keyBy`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.parallelize(['to', 'not']).keyBy(word => word.length).collect()   // [[2, 'to'], [3, 'not']]
   */
  keyBy<K>(f: (record: T) => K | Hint): RDD<[K, T]> {
    const site = callSite()
    return this.derive(pipeline(this.plan, 'keyBy', site, [{ op: 'map', fn: builtin('withKey', [], [userFunction(f, 'keyBy', site)]) }]))
  }

  /**
   * The records of this RDD, then those of the others; duplicates stay.
   *
   * Partitions follow each other; RDDs with the same partitioning keep it. Semantics: `RDD.union`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.parallelize([1, 2]).union(ctx.parallelize([2, 3])).collect()   // [1, 2, 2, 3]
   */
  union<U>(...others: RDD<U>[]): RDD<T | U> {
    return this.derive(union([this.plan, ...others.map(other => other.plan)], 'union', callSite()))
  }

  /** A pipeline of the library's own functions. */
  protected composed<U>(op: string, steps: readonly PlanStep[], keepsKeys = false): RDD<U> {
    return this.derive(pipeline(this.plan, op, callSite(), steps, keepsKeys))
  }
}
