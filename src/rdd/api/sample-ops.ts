// The rung of operations that choose or number records.
//
// - The same seed gives the same records; without one the seed is the RDD's own, so that a partition computed again is the same.

import { callSite, type CallSite } from '../../base/call-site.ts'
import { builtin, pipeline, userFunction } from '../nodes.ts'
import { checkedFraction, zipWithIndex, zipWithUniqueId } from '../ops/sample.ts'
import { sampleByKey, sampleByKeyExact } from '../ops/sample-by-key.ts'
import type { RDD } from '../rdd.ts'
import type { Key, Pair, Val } from '../types.ts'
import { ZipOps } from './zip-ops.ts'

/** How a program that records are piped through is run. */
export interface PipeOptions<T> {
  /** Variables that are added to the environment. */
  readonly env?: Readonly<Record<string, string>> | undefined
  /** The folder it runs in; that of this program by default. */
  readonly cwd?: string | undefined
  /** Lines that it reads before the records of each partition. */
  readonly header?: readonly string[] | undefined
  /** The lines of a record; by default one, as `saveAsTextFile` writes it. */
  readonly lines?: ((record: T) => Iterable<unknown>) | undefined
}

export abstract class SampleOps<out T> extends ZipOps<T> {
  /**
   * A random part of the records: each is kept with the probability `fraction`, or, with replacement, comes `fraction` times on average.
   *
   * Errors: RIV_FRACTION. Semantics: `RDD.sample`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.range(0, 1000).sample(false, 0.1, 42).count()   // about 100, always the same
   */
  sample(withReplacement: boolean, fraction: number, seed?: number): RDD<T> {
    checkedFraction('sample', fraction, withReplacement ? Infinity : 1)
    return this.#chosen('sample', callSite(), builtin(withReplacement ? 'sampledWithReplacement' : 'sampled', [fraction, seed ?? this.id]))
  }

  /**
   * Splits the records at random into parts of about the given weights. Every record is in exactly one part.
   *
   * Errors: RIV_FRACTION. Semantics: `RDD.randomSplit`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const [training, test] = ctx.range(0, 1000).randomSplit([0.8, 0.2], 7)
   * await training!.count() + await test!.count()   // 1000
   */
  randomSplit(weights: readonly number[], seed?: number): RDD<T>[] {
    const site = callSite()
    const total = weights.reduce((sum, weight) => sum + checkedFraction('randomSplit', weight, Infinity), 0)
    let passed = 0
    return weights.map((weight, i) => {
      const from = passed / total
      passed += weight
      return this.#chosen('randomSplit', site, builtin('inCell', [from, i === weights.length - 1 ? 1 : passed / total, seed ?? this.id]))
    })
  }

  /**
   * A random part of the pairs, each key by its own fraction (stratified sampling): each pair is kept with that probability, or, with
   * replacement, comes so often on average.
   *
   * Errors: RIV_FRACTION; RIV_NO_FRACTION, out of the action, where a key has none. Semantics: `PairRDDFunctions.sampleByKey`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const visits = ctx.range(0, 1000).map(n => [n % 2 === 0 ? 'guest' : 'member', n])
   * await visits.sampleByKey(false, new Map([['guest', 0.1], ['member', 1]]), 42).countByKey()   // about 50 guests, all 500 members
   */
  sampleByKey(this: RDD<Pair>, withReplacement: boolean, fractions: ReadonlyMap<Key<T>, number>, seed: number = this.id): RDD<[Key<T>, Val<T>]> {
    return this.derive(sampleByKey(this.plan, callSite(), { withReplacement, fractions, seed }))
  }

  /**
   * As `sampleByKey`, but of the n pairs of a key with the fraction f there are exactly ⌈n·f⌉: the pairs of each key are counted first, inside the action.
   *
   * Errors: RIV_FRACTION; RIV_NO_FRACTION, out of the action. Semantics: `PairRDDFunctions.sampleByKeyExact`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const visits = ctx.range(0, 1000).map(n => [n % 2 === 0 ? 'guest' : 'member', n])
   * await visits.sampleByKeyExact(false, new Map([['guest', 0.1], ['member', 1]])).keys().countByValue()   // new Map([['guest', 50], ['member', 500]])
   */
  sampleByKeyExact(this: RDD<Pair>, withReplacement: boolean, fractions: ReadonlyMap<Key<T>, number>, seed: number = this.id): RDD<[Key<T>, Val<T>]> {
    return this.derive(sampleByKeyExact(this, callSite(), { withReplacement, fractions, seed }))
  }

  /**
   * Each record with its number: `[record, index]`, counted over all partitions.
   *
   * With more than one partition the records are counted first, inside the action. Semantics: `RDD.zipWithIndex`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.parallelize(['a', 'b', 'c'], 2).zipWithIndex().collect()   // [['a', 0], ['b', 1], ['c', 2]]
   */
  zipWithIndex(): RDD<[T, number]> {
    return this.derive(zipWithIndex(this, 'zipWithIndex', callSite()))
  }

  /**
   * Each record with a number that no other record has: record k of partition i of p gets `k·p + i`. Needs no counting.
   *
   * Semantics: `RDD.zipWithUniqueId`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.parallelize(['a', 'b', 'c'], 2).zipWithUniqueId().collect()   // [['a', 0], ['b', 1], ['c', 3]]
   */
  zipWithUniqueId(): RDD<[T, number]> {
    return this.derive(zipWithUniqueId(this.plan, 'zipWithUniqueId', callSite()))
  }

  /**
   * Pipes the records of each partition through a program: one line in each, one record out of each line.
   *
   * A string runs in the system's shell, an array without one. A program that ends with another code than 0 fails the action with RIV_PIPE.
   * Options: environment and folder of the program, lines that it reads first, and how a record becomes lines. Semantics: `RDD.pipe`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.parallelize(['to', 'be']).pipe(['tr', 'a-z', 'A-Z']).collect()   // ['TO', 'BE']
   * await ctx.range(0, 3).pipe('sed "s/^/$PREFIX/"', { env: { PREFIX: 'n' }, lines: n => [n * 2] }).collect()   // ['n0', 'n2', 'n4']
   */
  pipe(command: string | readonly string[], { env, cwd, header, lines }: PipeOptions<T> = {}): RDD<string> {
    const site = callSite()
    const fns = lines === undefined ? [] : [userFunction(lines, 'pipe', site)]
    return this.derive(pipeline(this.plan, 'pipe', site, [{ op: 'mapPartitions', fn: builtin('piped', [command, { env, cwd, header }], fns) }]))
  }

  #chosen(op: string, site: CallSite, fn: ReturnType<typeof builtin>): RDD<T> {
    return this.derive(pipeline(this.plan, op, site, [{ op: 'mapPartitions', fn }], true))
  }
}
