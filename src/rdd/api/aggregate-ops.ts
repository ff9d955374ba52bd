// The rung of actions that aggregate: over all records, or by key into a Map.

import { callSite } from '../../base/call-site.ts'
import { CombineMap } from '../../kernel/combine-map.ts'
import { builtin, combine, pipeline, userFunction } from '../nodes.ts'
import { foldRecords } from '../ops/fold.ts'
import { lookup } from '../ops/lookup.ts'
import { inDriver } from '../ops/reduce.ts'
import { takeSample } from '../ops/sample.ts'
import type { PlanStep } from '../plan.ts'
import type { RDD } from '../rdd.ts'
import { runAction } from '../run-job.ts'
import { targetOf } from '../target.ts'
import type { Hint, Key, Pair, Val } from '../types.ts'
import { FileOps } from './file-ops.ts'

export abstract class AggregateOps<out T> extends FileOps<T> {
  /**
   * Combines all records, beginning with a copy of `zero`: once for each partition, and once in the driver.
   *
   * The functions may change their first argument in place. Semantics: `RDD.fold`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.range(1, 5).fold(0, (a, b) => a + b)   // 10
   */
  fold(zero: T, f: (a: T, b: T) => T): Promise<T> {
    const site = callSite()
    return runAction(this, 'fold', site, async run => await foldRecords(run, 'fold', site, { zero, seq: f, comb: f }) as T)
  }

  /**
   * Combines all records into something of another type: `seq` adds a record, `comb` joins the results of partitions.
   *
   * A copy of `zero` begins each partition, and the joining. Semantics: `RDD.aggregate`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.parallelize(['to', 'be', 'not']).aggregate(0, (sum, word) => sum + word.length, (a, b) => a + b)   // 7
   */
  aggregate<C>(zero: C | Hint, seq: (result: C, record: T) => C | Hint, comb: (a: C, b: C) => C | Hint): Promise<C> {
    const site = callSite()
    return runAction(this, 'aggregate', site, async run => await foldRecords(run, 'aggregate', site, { zero, seq, comb }) as C)
  }

  /**
   * As `aggregate`. Spark joins partitions on executors, `depth` levels deep, to spare its driver; here joining is the driver's in any case.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.range(0, 10).treeAggregate(0, (sum, n) => sum + n, (a, b) => a + b, 2)   // 45
   */
  treeAggregate<C>(zero: C | Hint, seq: (result: C, record: T) => C | Hint, comb: (a: C, b: C) => C | Hint, _depth = 2): Promise<C> {
    const site = callSite()
    return runAction(this, 'treeAggregate', site, async run => await foldRecords(run, 'treeAggregate', site, { zero, seq, comb }) as C)
  }

  /**
   * As `reduce`; see `treeAggregate` for what `depth` means in Spark.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.range(1, 5).treeReduce((a, b) => a * b)   // 24
   */
  treeReduce(f: (a: T, b: T) => T, _depth = 2): Promise<T> {
    return this.reduced('treeReduce', callSite(), f)
  }

  /**
   * `n` records chosen at random, in random order; all of them where there are fewer (without replacement).
   *
   * The same seed gives the same records. Semantics: `RDD.takeSample`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.range(0, 1000).takeSample(false, 3, 42)   // three different numbers, always the same
   */
  takeSample(withReplacement: boolean, n: number, seed: number = this.id): Promise<T[]> {
    return runAction(this, 'takeSample', callSite(), async run => await takeSample(run, { withReplacement, n, seed }) as T[])
  }

  /**
   * How often each record comes. Semantics: `RDD.countByValue`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.parallelize(['to', 'be', 'to']).countByValue()   // new Map([['to', 2], ['be', 1]])
   */
  countByValue(): Promise<Map<T, number>> {
    return this.counted('countByValue', { op: 'map', fn: builtin('withOne') })
  }

  /**
   * How many pairs each key has. Semantics: `PairRDDFunctions.countByKey`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.parallelize([['a', 1], ['b', 2], ['a', 3]]).countByKey()   // new Map([['a', 2], ['b', 1]])
   */
  countByKey(this: RDD<Pair>): Promise<Map<Key<T>, number>> {
    return this.counted('countByKey', { op: 'mapValues', fn: builtin('one') })
  }

  /**
   * The pairs as a Map; of several values of a key the last one.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.parallelize([['a', 1], ['b', 2]]).collectAsMap()   // new Map([['a', 1], ['b', 2]])
   */
  collectAsMap(this: RDD<Pair>): Promise<Map<Key<T>, Val<T>>> {
    return runAction(this, 'collectAsMap', callSite(), async run => new Map((await run({ to: 'collect' })).flatMap(part => part.records as [Key<T>, Val<T>][])))
  }

  /**
   * The values of a key, in the order of the records. An RDD that is partitioned by key runs only the partition of that key.
   *
   * Semantics: `PairRDDFunctions.lookup`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.parallelize([['a', 1], ['b', 2], ['a', 3]]).lookup('a')   // [1, 3]
   */
  lookup(this: RDD<Pair>, key: Key<T>): Promise<Val<T>[]> {
    return lookup(this, callSite(), key) as Promise<Val<T>[]>
  }

  /**
   * Combines the values of each key and gives the result as a Map, without an exchange between tasks.
   *
   * Semantics: `PairRDDFunctions.reduceByKeyLocally`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.parallelize([['a', 1], ['b', 2], ['a', 3]]).reduceByKeyLocally((x, y) => x + y)   // new Map([['a', 4], ['b', 2]])
   */
  reduceByKeyLocally(this: RDD<Pair>, f: (a: Val<T>, b: Val<T>) => Val<T>): Promise<Map<Key<T>, Val<T>>> {
    const site = callSite()
    return runAction(this, 'reduceByKeyLocally', site, async run => {
      const fn = userFunction(f, 'reduceByKeyLocally', site)
      const total = new CombineMap()
      for (const part of await run({ to: 'partition', fn: builtin('combinedPairs', [], [fn]) })) {
        for (const [key, value] of part.records[0] as Pair[]) {
          const place = total.find(key)
          if (place === -1) total.add(key, value)
          else total.values[place] = inDriver(fn, [total.values[place], value], value)
        }
      }
      return new Map(total.pairs()) as Map<Key<T>, Val<T>>
    })
  }

  /** Counts what the step makes pairs of. */
  protected counted<K>(op: string, step: PlanStep): Promise<Map<K, number>> {
    const site = callSite()
    const ones = pipeline(this.plan, op, site, [step])
    const counts = combine(ones, op, site, targetOf(undefined, [ones], this.context, op, site), { merge: builtin('add'), mergeCombiners: builtin('add'), mapSide: true })
    return runAction({ plan: counts, context: this.context }, op, site, async run => new Map((await run({ to: 'collect' })).flatMap(part => part.records as [K, number][])))
  }
}
