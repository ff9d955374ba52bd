// What the contract writes compiles as it is written; checked by tsc, never run.

import { setInterval } from 'node:timers/promises'
import {
  Context, Duration, HashPartitioner, InputDStream, Partitioner, Receiver, StateSpec, StorageLevel, StreamingContext, Time, duration, isRivuletError, milliseconds, minutes, seconds,
  type D, type DStream, type RDD, type ReplayableSource, type RivuletError, type State, type StreamingListener,
} from 'rivulet'
import { ManualClock, runBatches, testStream } from 'rivulet/testing'

type Eq<A, B> = (<G>() => G extends A ? 1 : 2) extends (<G>() => G extends B ? 1 : 2) ? true : false
const is = <T>() => <U>(_x: U, _ok: Eq<T, U>): void => {}

declare const items: number[]
declare const dir: string
declare const path: string

async function batch(): Promise<void> {
  new Context()
  new Context({ master: 'local[2]', appName: 'x', engine: 'embedded', conf: { 'spark.speculation': true, 'spark.speculation.interval': '50ms' } })
  const ctx = new Context({ appName: 'wordcount' })
  is<RDD<number>>()(ctx.parallelize(items), true)
  is<RDD<number>>()(ctx.parallelize(items, 3), true)
  is<RDD<number>>()(ctx.range(0, 10), true)
  is<RDD<number>>()(ctx.range(10, 0, -1, 4), true)
  is<RDD<string>>()(ctx.textFile(path, 2), true)
  is<RDD<[string, string]>>()(ctx.wholeTextFiles(path), true)
  is<RDD<[string, Uint8Array]>>()(ctx.binaryFiles(path), true)
  ctx.objectFile(path)
  is<RDD<number>>()(ctx.union(ctx.range(0, 1), ctx.emptyRDD()), true)
  is<RDD<string>>()(ctx.emptyRDD<string>(), true)
  is<{ a: number }>()(ctx.broadcast({ a: 1 }).value, true)
  const acc = ctx.accumulator(0, (a, b) => a + b)
  acc.add(1)
  is<number>()(acc.value, true)
  const longs = ctx.longAccumulator()
  longs.add(1)
  is<number>()(longs.value, true)
  ctx.longAccumulator('name')
  ctx.setCheckpointDir(dir)
  ctx.setJobGroup('g')
  ctx.setJobGroup('g', 'described')
  ctx.clearJobGroup()
  ctx.cancelJobGroup('g')
  ctx.cancelAllJobs()
  ctx.addListener({ onJobEnd() {} })
  const persistent: Map<number, RDD> = ctx.getPersistentRDDs()
  is<number>()(await ctx.withJob({ group: 'g', description: 'd', signal: AbortSignal.timeout(1) }, async () => ctx.range(0, 1).count()), true)
  const rdd = ctx.parallelize(['a b'])
  for await (const x of rdd) is<string>()(x, true)
  is<string>()(rdd.toDebugString(), true)
  is<number>()(rdd.getNumPartitions(), true)
  is<boolean>()(rdd.isCheckpointed(), true)
  await rdd.resolve()
  is<RDD<string>>()(rdd.persist(StorageLevel.MEMORY_AND_DISK_2), true)
  await rdd.unpersist()
  rdd.mapPartitionsWithIndex((i, rows) => [...rows].map(row => [i, row]))
  rdd.zipPartitions(rdd, (a, b) => [...a, ...b])
  await rdd.foreachPartition(async rows => { for (const row of rows) is<string>()(row, true) })
  rdd.sortBy(x => x.length, true, 2)
  is<string[]>()(await rdd.takeOrdered(2, (a, b) => a.length - b.length), true)
  is<string[]>()(await rdd.top(2, { by: x => x.length }), true)
  is<string>()(await rdd.min(), true)
  rdd.repartition(2).coalesce(1).coalesce(2, false).distinct().distinct(3)
  const pairs = rdd.map(w => [w, 1])
  is<RDD<[string, number]>>()(pairs.partitionBy(new HashPartitioner(2)), true)
  is<RDD<[string, number]>>()(pairs.reduceByKey((a, b) => a + b, new HashPartitioner(2)), true)
  is<RDD<[string, number]>>()(pairs.reduceByKey((a, b) => a + b, 3), true)
  is<RDD<[string, number[]]>>()(pairs.groupByKey(4), true)
  is<RDD<[string, number]>>()(pairs.foldByKey(0, (a, b) => a + b), true)
  pairs.repartitionAndSortWithinPartitions(new HashPartitioner(2)).filterByRange('a', 'b').sortByKey(false, 2)
  is<Map<string, number>>()(await pairs.countByKey(), true)
  is<Map<string, number>>()(await pairs.reduceByKeyLocally((a, b) => a + b), true)
  is<Map<string, number>>()(await rdd.countByValue(), true)
  const stats = await ctx.range(0, 3).stats()
  is<number>()(stats.count + stats.sum + stats.mean + stats.min + stats.max + stats.variance + stats.stdev + stats.sampleVariance + stats.sampleStdev, true)
  is<[number[], number[]]>()(await ctx.range(0, 3).histogram(2), true)
  is<number[]>()(await ctx.range(0, 3).histogram([0, 1]), true)
  rdd.pipe('cat').pipe(['cat', '-n'])
  await rdd.saveAsTextFile(dir)
  await rdd.saveAsObjectFile(dir)
  is<number>()(await rdd.treeAggregate(0, (n, s) => n + s.length, (a, b) => a + b, 2), true)
  is<string[]>()(await rdd.takeSample(false, 3, 7), true)
  const [left, right] = rdd.randomSplit([1, 2], 3)
  left?.sample(false, 0.5, 1).union(right ?? rdd)
  rdd.mapAsync(async (x, signal) => [x, signal.aborted], { concurrency: 4, ordered: false, timeout: '1 s' })
  for await (const x of rdd.toLocalIterator()) is<string>()(x, true)
  persistent.get(1)?.id.toFixed()
  await ctx.stop()
}

async function streaming(ctx: Context): Promise<void> {
  const clock = new ManualClock()
  const ssc = new StreamingContext(ctx, seconds(1), { clock: new ManualClock() })
  new StreamingContext(ctx, '500 ms')
  new StreamingContext(ctx, 1_000, {})
  ssc.checkpoint(dir)
  ssc.remember(minutes(1))
  ssc.remember('1 min')
  is<DStream<string>>()(ssc.socketTextStream('h', 1, StorageLevel.MEMORY_ONLY), true)
  is<DStream<string>>()(ssc.textFileStream(dir, { newFilesOnly: true, filter: (p: string) => p !== '' }), true)
  ssc.fileStream(dir)
  is<DStream<Uint8Array>>()(ssc.binaryRecordsStream(dir, 8), true)
  is<DStream<number>>()(ssc.queueStream([[1], ctx.parallelize([2])], { oneAtATime: true, defaultRDD: ctx.emptyRDD<number>() }), true)
  const stream = ssc.queueStream([['a b']])
  is<DStream<string>>()(ssc.union(stream, stream), true)
  is<DStream<string>>()(ssc.transform([stream, stream], ([a, b], time) => (time.milliseconds > 0 ? a.union(b) : a)), true)
  is<DStream<string>>()(ssc.transform([stream, stream], (rdds, time) => { is<Time>()(time, true); return rdds[0] }), true)
  const listener: StreamingListener = {
    onStreamingStarted() {}, onBatchSubmitted({ batchInfo }) { is<number>()(batchInfo.batchTime, true) }, onBatchStarted() {},
    onBatchCompleted({ batchInfo: { numRecords, submissionTime, processingStartTime, processingEndTime, schedulingDelay, processingDelay, totalDelay } }) {
      is<number>()(numRecords + submissionTime + (processingStartTime ?? 0) + (processingEndTime ?? 0) + (schedulingDelay ?? 0) + (processingDelay ?? 0) + (totalDelay ?? 0), true)
    },
    onOutputOperationStarted() {}, onOutputOperationCompleted({ outputOperationInfo: { batchTime, id, failureReason } }) { is<number>()(batchTime + id, true); is<string | undefined>()(failureReason, true) },
    onReceiverStarted() {}, onReceiverError({ receiverInfo: { streamId, lastErrorMessage, lastError } }) { is<number>()(streamId, true); is<string | undefined>()(lastErrorMessage ?? lastError, true) }, onReceiverStopped() {},
  }
  ssc.addStreamingListener(listener)
  ssc.removeStreamingListener(listener)
  await ssc.start()
  await ssc.awaitTermination()
  is<boolean>()(await ssc.awaitTerminationOrTimeout(100), true)
  await ssc.stop({ stopContext: true, graceful: false })
  await ssc.stop()
  is<'initialized' | 'active' | 'stopped'>()(ssc.state, true)
  is<StreamingContext>()(await StreamingContext.getOrCreate(dir, () => ssc), true)
  is<StreamingContext>()(await StreamingContext.getOrCreate(dir, async () => ssc, { createOnError: false }), true)
  is<StreamingContext | undefined>()(StreamingContext.getActive(), true)
  is<StreamingContext>()(await StreamingContext.getActiveOrCreate(dir, () => ssc), true)

  const pairs = stream.map(w => [w, 1])
  is<DStream<[string, number]>>()(pairs.reduceByKeyAndWindow((a, b) => a + b, seconds(10)), true)
  is<DStream<[string, number]>>()(pairs.reduceByKeyAndWindow((a, b) => a + b, seconds(10), seconds(2), 4), true)
  is<DStream<[string, number]>>()(pairs.reduceByKeyAndWindow((a, b) => a + b, (a, b) => a - b, 10_000, 2_000, { filter: ([, n]) => n > 0, numPartitions: 2 }), true)
  is<DStream<number>>()(stream.map(w => w.length).reduceByWindow((a, b) => a + b, '10 s', '1 s'), true)
  is<DStream<number>>()(stream.map(w => w.length).reduceByWindow((a, b) => a + b, (a, b) => a - b, '10 s', '1 s'), true)
  is<DStream<[string, number[]]>>()(pairs.groupByKeyAndWindow('10 s', '1 s'), true)
  is<DStream<number>>()(stream.countByWindow('10 s', '1 s'), true)
  is<DStream<[string, number]>>()(stream.countByValueAndWindow('10 s', '1 s'), true)
  is<DStream<[string, number]>>()(pairs.updateStateByKey((values, state: number | undefined) => (values.length > 0 ? (state ?? 0) + values.length : undefined)), true)
  is<DStream<[string, number]>>()(pairs.updateStateByKey<number>((values, state, key, time) => (key === '' ? time.milliseconds : state), { numPartitions: 2, initialRDD: ctx.parallelize([['a', 1]]) }), true)
  is<DStream<[string, number]>>()(pairs.updateStateByKey<number>((_values, state) => state, { partitioner: new HashPartitioner(3) }), true)
  const f = (key: string, value: number | undefined, state: State<number>, time: Time): string | undefined => (state.isTimingOut() ? undefined : `${key}${value ?? time.milliseconds}${state.getOption()}`)
  const mapped = stream.map(w => [w, 1]).mapWithState(StateSpec.function(f).timeout(minutes(1)).initialState(ctx.parallelize([['a', 1]])).numPartitions(2))
  is<DStream<[string, number]>>()(mapped.stateSnapshots(), true)
  mapped.checkpoint(seconds(10))
  is<DStream<string>>()(stream.transform((rdd, time) => rdd.filter(w => w !== `${time.milliseconds}`)), true)
  is<DStream<string>>()(stream.transform(async rdd => { await rdd.count(); return rdd }), true)
  is<DStream<string>>()(stream.transformWith(pairs, (a, b, time) => a.union(b.keys()).filter(() => time.milliseconds > 0)), true)
  stream.foreachRDD(async (rdd, time) => { is<RDD<string>>()(rdd, true); is<Time>()(time, true); await rdd.count() })
  stream.foreachRDD(rdd => rdd.count(), { onFailure: { retry: 3 } })
  stream.foreachRDD(() => {}, { onFailure: 'skip' })
  stream.deadLetter((record, error, time) => { is<unknown>()(record, true); is<Error>()(error, true); is<Time>()(time, true) })
  stream.print()
  stream.print(20)
  stream.saveAsTextFiles('prefix')
  stream.saveAsTextFiles('prefix', 'txt')
  stream.map(x => [x, 1]).saveAsHadoopFiles('prefix')
  stream.saveAsObjectFiles('prefix', 'bin')
  const slices: RDD[] = await stream.slice(new Time(0), new Time(1))
  is<RDD<string>[]>()(await stream.slice(new Time(0), new Time(1)), true)
  slices.at(0)?.toDebugString()
  stream.mapAsync(async (x, signal) => fetch(x, { signal }), { concurrency: 8, ordered: true, timeout: seconds(5) })
  stream.checkpoint('10 s').persist().uid('id')
  is<DStream<number>>()(ssc.sourceStream(new Counting()), true)
  is<DStream<string>>()(ssc.fromAsyncIterable(signal => setInterval(100, 'tick', { signal }), { level: StorageLevel.MEMORY_ONLY }), true)
  is<DStream<number>>()(ssc.receiverStream(new Feed(StorageLevel.MEMORY_ONLY)), true)
  ssc.receiverStream(new Untyped())
  new Own(ssc).print()
  new OwnUntyped(ssc).print()
  await clock.advance(1_000)
  is<number>()(clock.now(), true)
  is<Promise<[string, number][][]>>()(runBatches([['a']], (s, inner) => s.union(testStream(inner, [['b']])).map(w => [w, 1]), { batch: '1 s', master: 'inline', extraBatches: 1, restartAfterBatch: 1 }), true)
  is<Promise<[string, [number, string]][][]>>()(runBatches({ l: [[['a', 1]]], r: [[['a', 'x']]] }, ({ l, r }) => l.join(r)), true)
}

class Counting implements ReplayableSource<number, { from: number; to: number }, number> {
  async initial(_signal: AbortSignal): Promise<number> { return 0 }
  async latest(from: number, limit: number, _signal: AbortSignal): Promise<number> { return from + Math.min(limit, 10) }
  split(from: number, to: number): { from: number; to: number }[] { return [{ from, to }] }
  async* read({ from, to }: { from: number; to: number }, signal: AbortSignal): AsyncIterable<number> { for (let n = from; n < to && !signal.aborted; n++) yield n }
  committed(_to: number): void {}
}

class Feed extends Receiver<number> {
  async onStart(): Promise<void> {
    this.store(1)
    await this.storeAll([2, 3])
    this.reportError('message', new Error('x'))
    this.reportError('message')
    if (!this.isStopped()) this.restart('again')
    this.stop('enough')
  }
  async onStop(): Promise<void> {}
}
class Untyped extends Receiver {
  onStart(): void { this.store('anything'); this.store(7) }
  onStop(): void {}
}
class Own extends InputDStream<number> {
  override start(): void {}
  override stop(): void {}
  compute(time: Time): RDD<number> | undefined { return time.milliseconds > 0 ? undefined : new Context().range(0, 1) }
}
class OwnUntyped extends InputDStream {
  compute(_time: Time): RDD | undefined { return undefined }
}
class OwnPartitioner extends Partitioner {
  numPartitions = 2
  getPartition(key: string): number { return key.length % 2 }
}

const durations: D[] = [seconds(1), 1_000, '10 s', '10 ms', '1 min', '2 h', new Duration(5), milliseconds(3), duration('5 s')]
is<number>()(seconds(3).div(seconds(2)), true)
is<Duration>()(new Time(3).minus(new Time(2)), true)
is<Time>()(new Time(3).minus('1 s'), true)
is<Time[]>()(new Time(3).until(new Time(9), '1 s'), true)
const failure = (error: unknown): RivuletError | undefined => (isRivuletError(error) ? error : undefined)
is<[string, string, string] | undefined>()(((e: RivuletError | undefined): [string, string, string] | undefined => e && [e.code, e.hint, e.docs])(failure(1)), true)
export { batch, streaming, durations, OwnPartitioner }
