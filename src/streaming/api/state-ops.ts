// The rung of keyed state: what is known of each key goes from batch to batch.
//
// A stream with state needs a checkpoint directory (`ssc.checkpoint`): RIV_NO_CHECKPOINT at start().

import { callSite, type CallSite } from '../../base/call-site.ts'
import { duration, type D, type Time } from '../../base/time.ts'
import type { Partitioner } from '../../kernel/partitioner.ts'
import { builtin, combine, moved, userFunction } from '../../rdd/nodes.ts'
import { partitionCount, type Partitioning, type Plan } from '../../rdd/plan.ts'
import type { RDD } from '../../rdd/rdd.ts'
import type { PartitionsOrPartitioner } from '../../rdd/target.ts'
import type { AnyFunction, Hint, Key, Pair, Val } from '../../rdd/types.ts'
import type { DStream, MapWithStateDStream } from '../dstream.ts'
import { StateNode } from '../state/state-node.ts'
import { StateSpec, type MapWithStateOptions, type StateFunction } from '../state/state-spec.ts'
import { grouping } from './pair-ops.ts'
import { WindowOps } from './window-ops.ts'

/** The options of `updateStateByKey`. */
export interface UpdateStateOptions<K, S> {
  readonly numPartitions?: number
  readonly partitioner?: Partitioner
  /** The states that are there before the first batch. */
  readonly initialRDD?: RDD<[K, S]>
}

/** The options of `updateStateByKey` with a function over whole partitions. */
export interface UpdatePartitionOptions<K, S> extends UpdateStateOptions<K, S> {
  readonly wholePartitions: true
  /** Whether the function keeps keys as they are, as it does by default; otherwise what it gives is brought to the partitions of its keys. */
  readonly rememberPartitioner?: boolean
}

export abstract class StateOps<out T> extends WindowOps<T> {
  /**
   * With `wholePartitions`: the function is called once a partition, gets `[key, values, state]` of every key that has a state or
   * data, and gives the pairs that are the state from then on; of equal keys the last. A key that it does not give is forgotten.
   *
   * What it gives is read to its end before anything changes. It gives keys that it was handed, unless `rememberPartitioner` is false.
   * Errors: RIV_STATE_KEY, RIV_NO_CHECKPOINT at start. Semantics: `PairDStreamFunctions.updateStateByKey` over an `Iterator`.
   *
   * @example
   * import { runBatches } from 'rivulet/testing'
   * await runBatches([['a', 'b'], ['a']], words => words.map(word => [word, 1]).updateStateByKey<number>(function* (rows) {
   *   for (const [word, ones, count = 0] of rows) if (ones.length > 0) yield [word, count + ones.length]
   * }, { wholePartitions: true, numPartitions: 1 }))   // [[['a', 1], ['b', 1]], [['a', 2]]]
   */
  updateStateByKey<S>(this: DStream<Pair>, f: (rows: Iterable<[key: Key<T>, values: Val<T>[], state: S | undefined]>, time: Time) => Iterable<readonly [Key<T>, S | Hint]>, options: UpdatePartitionOptions<Key<T>, S>): DStream<[Key<T>, S]>
  /**
   * Keeps a state for each key: in every batch the function gets the key's new values (none, where it has none) and its state, and gives the
   * next one; `undefined` forgets the key. The stream's records are all keys with their states.
   *
   * The function is called for every key that has a state or data, in every batch: a batch costs time proportional to the keys. Where few of many
   * keys have data `mapWithState` is the operation. Errors: RIV_NO_CHECKPOINT at start. Semantics: `PairDStreamFunctions.updateStateByKey`.
   *
   * @example
   * import { runBatches } from 'rivulet/testing'
   * await runBatches([['a', 'b'], ['a']], words => words.map(word => [word, 1])
   *   .updateStateByKey<number>((ones, count) => (count ?? 0) + ones.length, 1))   // [[['a', 1], ['b', 1]], [['a', 2], ['b', 1]]]
   */
  updateStateByKey<S>(this: DStream<Pair>, f: (values: Val<T>[], state: S | undefined, key: Key<T>, time: Time) => S | Hint | undefined, options?: UpdateStateOptions<Key<T>, S> | PartitionsOrPartitioner): DStream<[Key<T>, S]>
  updateStateByKey<S>(this: DStream<Pair>, f: AnyFunction, options: UpdateStateOptions<Key<T>, S> | UpdatePartitionOptions<Key<T>, S> | PartitionsOrPartitioner = {}): DStream<[Key<T>, S]> {
    const op = 'updateStateByKey'
    const site = callSite()
    const given = optionsOf<UpdateStateOptions<Key<T>, S> & Partial<UpdatePartitionOptions<Key<T>, S>>>(options)
    const target = this.targetOf(op, site, given.partitioner ?? given.numPartitions)
    const moves = given.wholePartitions === true && given.rememberPartitioner === false
    const kernel = moves ? 'updatedPairs' : given.wholePartitions === true ? 'updatePartition' : 'updateState'
    return this.derive(new StateNode({
      op, site, slideMs: this.node.slideMs, context: this.graph.context, parent: this.node, target, gives: 'state', moves,
      fn: builtin(kernel, [], [userFunction(f, op, site)]),
      rows: plan => combine(plan, op, site, target, grouping),
      initial: initialOf(given.initialRDD, op, site, target),
    }))
  }

  /**
   * Calls the function for each record with its key's state, which it may read, update and remove; what it gives (but `undefined`) are the
   * stream's records. A batch costs time proportional to its records, whatever the number of keys.
   *
   * With a timeout a key that had no records for longer is handed over once more, with `undefined` as its value, and then forgotten.
   * `stateSnapshots()` of the result gives all keys after each batch. Errors: RIV_NO_CHECKPOINT at start, RIV_STATE_ABSENT, RIV_STATE_ENDED.
   * Semantics: `PairDStreamFunctions.mapWithState`, but that keys time out in the batch that is due.
   *
   * @example
   * import type { State } from 'rivulet'
   * import { runBatches } from 'rivulet/testing'
   * await runBatches([['a', 'b'], ['a']], words => words.map(word => [word, 1]).mapWithState((word, one, state: State<number>) => {
   *   state.update((state.getOption() ?? 0) + (one ?? 0))
   *   return [word, state.get()]
   * }, { numPartitions: 1 }))   // [[['a', 1], ['b', 1]], [['a', 2]]]
   */
  mapWithState<S, E>(this: DStream<Pair>, f: StateFunction<Key<T>, Val<T>, S, E | Hint>, options?: MapWithStateOptions<Key<T>, S>): MapWithStateDStream<E, Key<T>, S>
  mapWithState<S, E>(this: DStream<Pair>, spec: StateSpec<Key<T>, Val<T>, S, E>): MapWithStateDStream<E, Key<T>, S>
  mapWithState<S, E>(this: DStream<Pair>, spec: StateSpec<Key<T>, Val<T>, S, E> | StateFunction<Key<T>, Val<T>, S, E>, options: MapWithStateOptions<Key<T>, S> = {}): MapWithStateDStream<E, Key<T>, S> {
    const op = 'mapWithState'
    const site = callSite()
    const { f, options: { timeout, initialState, numPartitions, partitioner } } = spec instanceof StateSpec ? spec : { f: spec, options }
    const target = this.targetOf(op, site, partitioner ?? numPartitions)
    return this.deriveState(new StateNode({
      op, site, slideMs: this.node.slideMs, context: this.graph.context, parent: this.node, target, gives: 'emitted',
      fn: builtin('mapState', [], [userFunction(f, op, site)]),
      rows: plan => (isOne(plan, target) ? plan : moved(plan, op, site, target)),
      initial: initialOf(initialState, op, site, target),
      ...(timeout !== undefined && { idleMs: duration(timeout, 'the timeout').milliseconds }),
    }))
  }

  /** A stream of what a mapWithState gives. */
  protected abstract deriveState<E, K, S>(node: StateNode): MapWithStateDStream<E, K, S>

  /**
   * The name under which a checkpoint finds what this stream remembers; a changed program finds it again by it. Two equal names are refused.
   *
   * Errors: RIV_UID. Semantics: Flink's `uid`.
   *
   * @example
   * import { runBatches } from 'rivulet/testing'
   * await runBatches([['a']], words => words.map(word => [word, 1]).updateStateByKey<number>((ones, n) => (n ?? 0) + ones.length, 1).uid('word counts'))
   */
  uid(id: string): this {
    this.graph.nameState(this.node, id, callSite())
    return this
  }

  /**
   * How often a checkpoint is begun from which on this stream can be recovered by itself, a multiple of its slide; by default its slide times as
   * often as 10 s need, where it keeps state.
   *
   * State is journalled with every batch, whatever the interval: it says how many batches the newest file of the journal may hold, which is what
   * damage to that file can cost. The shortest interval of all streams holds, and 512 batches at most. Refused at start:
   * RIV_CHECKPOINT_INTERVAL, RIV_CHECKPOINT_STORAGE (of a stream with `persist(StorageLevel.NONE)`), RIV_CHECKPOINT_REMEMBER (where
   * `ssc.remember` says less), RIV_NO_CHECKPOINT. Semantics: `DStream.checkpoint`.
   *
   * @example
   * import { runBatches } from 'rivulet/testing'
   * await runBatches([['a']], words => words.map(word => [word, 1]).updateStateByKey<number>((ones, n) => (n ?? 0) + ones.length, 1).checkpoint('10 s'))
   */
  checkpoint(every: D): this {
    this.graph.assertOpen('checkpoint')
    this.node.checkpointMs = duration(every, 'the checkpoint interval').milliseconds
    return this
  }
}

const optionsOf = <O extends object>(options: O | PartitionsOrPartitioner): O =>
  (typeof options === 'number' ? { numPartitions: options } : 'getPartition' in options ? { partitioner: options } : options) as O

/** Whether all records are in one partition, where they belong. */
const isOne = (plan: Plan, { by, partitions }: Partitioning): boolean => by === 'hash' && partitions === 1 && partitionCount(plan) === 1

/** The pairs before the first batch, brought to the partitions of their keys. */
function initialOf(rdd: RDD<Pair> | undefined, op: string, site: CallSite, target: Partitioning): (() => Plan) | undefined {
  return rdd && (() => moved(rdd.plan, op, site, target))
}
