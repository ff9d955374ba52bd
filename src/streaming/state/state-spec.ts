// StateSpec: what mapWithState is told, in Spark's chain form.

import { duration, type D, type Time } from '../../base/time.ts'
import type { State } from '../../kernel/state/state.ts'
import type { Partitioner } from '../../kernel/partitioner.ts'
import type { RDD } from '../../rdd/rdd.ts'

/** The function of `mapWithState`: called once a record, and once for a key that times out, with `undefined` as its value. */
export type StateFunction<K, V, S, E> = (key: K, value: V | undefined, state: State<S>, time: Time) => E | undefined

/** The options of `mapWithState`. */
export interface MapWithStateOptions<K, S> {
  /** How long a key may be without records before it is handed over a last time and forgotten. */
  readonly timeout?: D
  /** The states that are there before the first batch. */
  readonly initialState?: RDD<[K, S]>
  readonly numPartitions?: number
  readonly partitioner?: Partitioner
}

/**
 * What `mapWithState` is told: the function, and whatever is chained to it.
 *
 * TypeScript infers the types of a function that stands alone; with something chained to it write them. Semantics:
 * `org.apache.spark.streaming.StateSpec`.
 *
 * @example
 * import { StateSpec, type State } from 'rivulet'
 * import { runBatches } from 'rivulet/testing'
 * const spec = StateSpec.function((word: string, one: number | undefined, state: State<number>) => {
 *   if (state.isTimingOut()) return
 *   state.update((state.getOption() ?? 0) + (one ?? 0))
 *   return [word, state.get()]
 * }).timeout('10 min').numPartitions(1)
 * await runBatches([[['a', 1]], [['a', 1]]], pairs => pairs.mapWithState(spec))   // [[['a', 1]], [['a', 2]]]
 */
export class StateSpec<K, V, S, E> {
  /** The function. Not for programs. */
  readonly f: StateFunction<K, V, S, E>
  /** What was chained to it; of unknown keys, or a spec could not stand in for one of more keys. Not for programs. */
  readonly options: MapWithStateOptions<unknown, unknown>

  private constructor(f: StateFunction<K, V, S, E>, options: MapWithStateOptions<unknown, unknown>) {
    this.f = f
    this.options = options
  }

  /**
   * A spec of a function; the other methods give new specs.
   *
   * Semantics: `StateSpec.function`.
   *
   * @example
   * import { StateSpec, type State } from 'rivulet'
   * import { runBatches } from 'rivulet/testing'
   * const longest = StateSpec.function((_word: string, length: number | undefined, state: State<number>) => {
   *   state.update(Math.max(length ?? 0, state.getOption() ?? 0))
   *   return state.get()
   * })
   * await runBatches([[['a', 3]], [['a', 2]]], pairs => pairs.mapWithState(longest))   // [[3], [3]]
   */
  static function<K, V, S, E>(f: StateFunction<K, V, S, E>): StateSpec<K, V, S, E> {
    return new StateSpec(f, {})
  }

  /**
   * Pairs of keys and their states before the first batch. A program that goes on from a checkpoint has no use for them.
   *
   * Semantics: `StateSpec.initialState`.
   *
   * @example
   * import { StateSpec, type State } from 'rivulet'
   * import { runBatches } from 'rivulet/testing'
   * const sums = (_key: string, n: number | undefined, state: State<number>) => {
   *   state.update(state.get() + (n ?? 0))
   *   return state.get()
   * }
   * await runBatches([[['a', 1]]], (pairs, ssc) => pairs.mapWithState(
   *   StateSpec.function(sums).initialState(ssc.sparkContext.parallelize([['a', 100]]))))   // [[101]]
   */
  initialState(rdd: RDD<[K, S]>): StateSpec<K, V, S, E> {
    return new StateSpec(this.f, { ...this.options, initialState: rdd })
  }

  /**
   * How long a key may be without records before it is handed over a last time, with `undefined` as its value, and forgotten.
   *
   * It is handed over in the first batch that is later than its last record by more than this. Semantics: `StateSpec.timeout`.
   *
   * @example
   * import { StateSpec, type State } from 'rivulet'
   * import { runBatches } from 'rivulet/testing'
   * const visits = StateSpec.function((user: string, page: string | undefined, state: State<number>) => {
   *   if (page === undefined) return `${user} left after ${state.get()}`
   *   state.update((state.getOption() ?? 0) + 1)
   * }).timeout('1 s')
   * await runBatches([[['ann', '/']], [['ann', '/a']], [], []], pages => pages.mapWithState(visits))   // [[], [], [], ['ann left after 2']]
   */
  timeout(idle: D): StateSpec<K, V, S, E> {
    return new StateSpec(this.f, { ...this.options, timeout: duration(idle, 'the timeout') })
  }

  /**
   * In how many partitions the states are kept; by default the context's parallelism.
   *
   * Semantics: `StateSpec.numPartitions`.
   *
   * @example
   * import { StateSpec, type State } from 'rivulet'
   * const spec = StateSpec.function((_key: string, n: number | undefined, state: State<number>) => { state.update(n ?? 0) }).numPartitions(4)
   */
  numPartitions(n: number): StateSpec<K, V, S, E> {
    return new StateSpec(this.f, { ...this.options, numPartitions: n })
  }

  /**
   * By which partitioner the states are kept.
   *
   * Semantics: `StateSpec.partitioner`.
   *
   * @example
   * import { HashPartitioner, StateSpec, type State } from 'rivulet'
   * const spec = StateSpec.function((_key: string, n: number | undefined, state: State<number>) => { state.update(n ?? 0) }).partitioner(new HashPartitioner(4))
   */
  partitioner(partitioner: Partitioner): StateSpec<K, V, S, E> {
    return new StateSpec(this.f, { ...this.options, partitioner })
  }
}
