// The rung of windows: operations over the last batches, at every slide.
//
// - Lengths and slides are positive multiples of this stream's slide: RIV_WINDOW.
// - What enters a window is computed once, in its own batch; the window combines what the batches left.

import { callSite, type CallSite } from '../../base/call-site.ts'
import { interval, type D } from '../../base/time.ts'
import type { Partitioner } from '../../kernel/partitioner.ts'
import { builtin, userFunction } from '../../rdd/nodes.ts'
import type { PlanFunction } from '../../rdd/plan.ts'
import type { PartitionsOrPartitioner } from '../../rdd/target.ts'
import type { AnyFunction, Key, Pair, Val } from '../../rdd/types.ts'
import type { DStream } from '../dstream.ts'
import { streamingErrors } from '../errors.ts'
import { InverseWindowNode } from '../state/inverse-window-node.ts'
import { WindowNode } from '../state/window-node.ts'
import { BatchOps } from './batch-ops.ts'
import { grouping } from './pair-ops.ts'

/** The options of windows with an inverse function. */
export interface InverseWindowOptions<P> {
  /** Keeps a key while it gives true of its pair. */
  readonly filter?: (pair: P) => boolean
  readonly numPartitions?: number
  readonly partitioner?: Partitioner
}

export abstract class WindowOps<out T> extends BatchOps<T> {
  /**
   * The records of the last `length`, at every `slide` (by default this stream's), in order of time.
   *
   * Semantics: `DStream.window`.
   *
   * @example
   * import { runBatches } from 'rivulet/testing'
   * await runBatches([['a'], ['b'], ['c']], words => words.window('2 s'), { batch: '1 s' })   // [['a'], ['a', 'b'], ['b', 'c']]
   */
  window(length: D, slide?: D): DStream<T> {
    return this.#window('window', callSite(), length, slide)
  }

  /**
   * Combines the records of each window into one, two at a time; the function must be associative. A window without records stays empty.
   *
   * With an inverse function (`inverse(f(a, b), b)` is `a`) a window is made from the one before; see `reduceByKeyAndWindow`.
   *
   * Semantics: `DStream.reduceByWindow`.
   *
   * @example
   * import { runBatches } from 'rivulet/testing'
   * await runBatches([[1], [2], [3]], numbers => numbers.reduceByWindow((a, b) => a + b, '2 s', '1 s'), { batch: '1 s' })   // [[1], [3], [5]]
   */
  reduceByWindow(f: (a: T, b: T) => T, length: D, slide?: D): DStream<T>
  reduceByWindow(f: (a: T, b: T) => T, inverse: (a: T, b: T) => T, length: D, slide?: D): DStream<T>
  reduceByWindow(f: (a: T, b: T) => T, second: D | ((a: T, b: T) => T), third?: D, fourth?: D): DStream<T> {
    const site = callSite()
    const op = 'reduceByWindow'
    if (typeof second === 'function') {
      const pairs = this.steps<[number, T]>(op, site, [{ op: 'map', fn: builtin('ofOneKey') }]) as DStream<[number, T]>
      return pairs.#inverse(op, site, f, second, third!, fourth, { numPartitions: 1 }).steps(op, site, [{ op: 'map', fn: builtin('valueOf') }])
    }
    const rows = builtin('reduceRows', [], [userFunction(f, op, site)])
    return this.folded<T>(op, site, rows, rows).#window(op, site, second, third).folded(op, site, rows, rows)
  }

  /**
   * The number of records of each window: exactly one record, 0 when the window is empty.
   *
   * Semantics: `DStream.countByWindow`.
   *
   * @example
   * import { runBatches } from 'rivulet/testing'
   * await runBatches([['a', 'b'], ['c'], []], words => words.countByWindow('2 s'), { batch: '1 s' })   // [[2], [3], [1]]
   */
  countByWindow(length: D, slide?: D): DStream<number> {
    const site = callSite()
    return this.count().#window('countByWindow', site, length, slide).folded('countByWindow', site, builtin('sumRows'), builtin('sumRows'))
  }

  /**
   * How often each record occurs in each window, as pairs `[record, count]`.
   *
   * Semantics: `DStream.countByValueAndWindow`.
   *
   * @example
   * import { runBatches } from 'rivulet/testing'
   * await runBatches([['a'], ['a', 'b']], words => words.countByValueAndWindow('2 s', '1 s', 1), { batch: '1 s' })   // [[['a', 1]], [['a', 2], ['b', 1]]]
   */
  countByValueAndWindow(length: D, slide?: D, partitions?: PartitionsOrPartitioner): DStream<[T, number]> {
    const site = callSite()
    const op = 'countByValueAndWindow'
    const add = builtin('add')
    const windows = this.countByValue(partitions).#window(op, site, length, slide, add)
    return windows.combined(op, site, this.targetOf(op, site, partitions), { merge: add, mergeCombiners: add, mapSide: true })
  }

  /**
   * Combines the values of each key of each window, two at a time; the function must be associative. Each batch is combined once, and each
   * window combines the results of its batches.
   *
   * With an inverse function (`inverse(f(a, b), b)` is `a`) a window is made from the one before: what enters is added, what leaves is taken
   * away, and a batch costs time proportional to these. Keys stay, with what is left of them, until `filter` (of the pair) gives false. Sums of
   * fractions drift by their rounding. Such a stream needs a checkpoint directory: RIV_NO_CHECKPOINT at start; RIV_INVERSE_WINDOW.
   *
   * Semantics: `PairDStreamFunctions.reduceByKeyAndWindow`.
   *
   * @example
   * import { runBatches } from 'rivulet/testing'
   * const batches = [[['a', 1]], [['a', 2], ['b', 1]], [['b', 5]]] as [string, number][][]
   * await runBatches(batches, pairs => pairs.reduceByKeyAndWindow((a, b) => a + b, '2 s', '1 s', 1), { batch: '1 s' })
   * // [[['a', 1]], [['a', 3], ['b', 1]], [['a', 2], ['b', 6]]]
   */
  reduceByKeyAndWindow(this: DStream<Pair>, f: (a: Val<T>, b: Val<T>) => Val<T>, length: D, slide?: D, partitions?: PartitionsOrPartitioner): DStream<[Key<T>, Val<T>]>
  reduceByKeyAndWindow(this: DStream<Pair>, f: (a: Val<T>, b: Val<T>) => Val<T>, inverse: (a: Val<T>, b: Val<T>) => Val<T>, length: D, slide?: D, options?: InverseWindowOptions<[Key<T>, Val<T>]>): DStream<[Key<T>, Val<T>]>
  reduceByKeyAndWindow(this: DStream<Pair>, f: (a: Val<T>, b: Val<T>) => Val<T>, second: D | ((a: Val<T>, b: Val<T>) => Val<T>), third?: D, fourth?: D | PartitionsOrPartitioner, fifth?: unknown): DStream<[Key<T>, Val<T>]> {
    const site = callSite()
    const op = 'reduceByKeyAndWindow'
    if (typeof second === 'function') return this.#inverse(op, site, f, second, third!, fourth as D | undefined, (fifth ?? {}) as InverseWindowOptions<never>)
    const fn = userFunction(f, op, site)
    const aggregator = { merge: fn, mergeCombiners: fn, mapSide: true }
    const target = this.targetOf(op, site, fourth as PartitionsOrPartitioner | undefined)
    return this.combined<Pair>(op, site, target, aggregator).#window(op, site, second, third, fn).combined(op, site, target, aggregator)
  }

  /**
   * Gathers the values of each key of each window in an array, in order of time.
   *
   * Semantics: `PairDStreamFunctions.groupByKeyAndWindow`.
   *
   * @example
   * import { runBatches } from 'rivulet/testing'
   * const batches = [[['a', 1]], [['a', 2]]] as [string, number][][]
   * await runBatches(batches, pairs => pairs.groupByKeyAndWindow('2 s'), { batch: '1 s' })   // [[['a', [1]]], [['a', [1, 2]]]]
   */
  groupByKeyAndWindow(this: DStream<Pair>, length: D, slide?: D, partitions?: PartitionsOrPartitioner): DStream<[Key<T>, Val<T>[]]> {
    const site = callSite()
    const op = 'groupByKeyAndWindow'
    const joining = { merge: builtin('appendAll'), mergeCombiners: builtin('appendAll'), mapSide: false }
    const target = this.targetOf(op, site, partitions)
    return this.combined<Pair>(op, site, target, grouping).#window(op, site, length, slide).combined(op, site, target, joining)
  }

  #inverse<V>(op: string, site: CallSite, f: AnyFunction, inverse: AnyFunction, length: D, slide: D | undefined, { filter, numPartitions, partitioner }: InverseWindowOptions<never>): DStream<V> {
    const { lengthMs, slideMs } = this.#lengths(op, site, length, slide)
    const target = this.targetOf(op, site, partitioner ?? numPartitions)
    const fn = userFunction(f, op, site)
    const batches = this.combined<Pair>(op, site, target, { merge: fn, mergeCombiners: fn, mapSide: true })
    const functions = [fn, userFunction(inverse, op, site), ...(filter === undefined ? [] : [userFunction(filter, op, site)])]
    return this.derive(new InverseWindowNode({ op, site, context: this.graph.context, parent: batches.node, slideMs, lengthMs, target, functions }))
  }

  #window(op: string, site: CallSite, length: D, slide: D | undefined, merge?: PlanFunction): DStream<T> {
    const lengths = this.#lengths(op, site, length, slide)
    this.graph.assertOpen(op, site)
    return this.derive(new WindowNode({ op, site, context: this.graph.context, parent: this.node, ...lengths, ...(merge && { merge }) }))
  }

  /** Length and slide in milliseconds, checked. */
  #lengths(op: string, site: CallSite, length: D, slide: D | undefined): { lengthMs: number; slideMs: number } {
    const multiple = (value: D, what: string): number => {
      const ms = interval(value, `the ${what} of ${op}`).milliseconds
      if (ms <= 0 || ms % this.node.slideMs !== 0) throw streamingErrors.RIV_WINDOW(op, site.place, what, ms, this.node.slideMs)
      return ms
    }
    return { lengthMs: multiple(length, 'window length'), slideMs: slide === undefined ? this.node.slideMs : multiple(slide, 'slide') }
  }
}
