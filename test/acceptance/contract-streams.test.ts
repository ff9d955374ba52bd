// The contract of D-Streams, sentence by sentence: times, operations, state, files, as a program written from the text alone has them.

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { ConstantInputDStream, Context, Duration, HashPartitioner, InputDStream, StateSpec, StorageLevel, Time, duration, milliseconds, minutes, seconds, type DStream, type RDD, type State, type StreamingContext } from 'rivulet'
import { ManualClock, runBatches, testStream, type RunBatchesOptions } from 'rivulet/testing'
import { onMasters } from './masters.ts'
import { coded, collected, open } from './streams.ts'

const folder = mkdtempSync(join(tmpdir(), 'rivulet-contract-'))
after(() => rmSync(folder, { recursive: true }))
const add = (a: number, b: number): number => a + b
const sorted = (batches: unknown[][]): unknown[][] => batches.map(batch => batch.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)))

const values: readonly (readonly [sentence: string, got: () => unknown, expected: unknown])[] = [
  ['durations are values', () => [milliseconds(5).milliseconds, seconds(2).milliseconds, minutes(1).valueOf(), duration('10 s').milliseconds, duration('2h').milliseconds, new Duration(3).milliseconds], [5, 2_000, 60_000, 10_000, 7_200_000, 3]],
  ['durations compare as numbers', () => [seconds(1) < seconds(2), Number(seconds(1)), +minutes(1)], [true, 1_000, 60_000]],
  ['plus minus times', () => [seconds(1).plus(seconds(2)).milliseconds, seconds(1).plus('500 ms').milliseconds, seconds(3).minus(1_000).milliseconds, seconds(2).times(3).milliseconds], [3_000, 1_500, 2_000, 6_000]],
  ['div of a Duration is a number', () => seconds(5).div(seconds(2)), 2.5],
  ['less lessEq greater greaterEq', () => [seconds(1).less(seconds(2)), seconds(2).lessEq('2 s'), seconds(3).greater(2_000), seconds(1).greaterEq(seconds(2))], [true, true, true, false]],
  ['min max isMultipleOf isZero', () => [seconds(1).min(seconds(2)).milliseconds, seconds(1).max('2 s').milliseconds, seconds(4).isMultipleOf(seconds(2)), seconds(3).isMultipleOf('2 s'), milliseconds(0).isZero()], [1_000, 2_000, true, false, true]],
  ['Spark\'s texts of a duration', () => [milliseconds(5).prettyPrint(), seconds(2).prettyPrint(), seconds(90).prettyPrint(), minutes(90).prettyPrint(), seconds(2).toFormattedString()], ['5 ms', '2.0 s', '1.5 m', '1.50 h', '2000 ms']],
  ['Time: plus minus', () => [new Time(1_000).plus('1 s').milliseconds, new Time(3_000).minus(seconds(1)) instanceof Time, new Time(3_000).minus(new Time(1_000)) instanceof Duration, new Time(3_000).minus(new Time(1_000)).milliseconds], [2_000, true, true, 2_000]],
  ['Time: floor', () => [new Time(2_750).floor(1_000).milliseconds, new Time(2_750).floor(seconds(1), new Time(500)).milliseconds], [2_000, 2_500]],
  ['Time: isMultipleOf', () => [new Time(2_000).isMultipleOf(seconds(1)), new Time(2_001).isMultipleOf('1 s')], [true, false]],
  ['Time: until and to', () => [new Time(1_000).until(new Time(3_000), seconds(1)).map(t => t.milliseconds), new Time(1_000).to(new Time(3_000), '1 s').map(t => t.milliseconds)], [[1_000, 2_000], [1_000, 2_000, 3_000]]],
  ['Time: compares', () => [new Time(1) < new Time(2), new Time(1).less(new Time(2)), new Time(5).valueOf(), String(new Time(5)), new Time(1).max(new Time(4)).milliseconds], [true, true, 5, '5 ms', 4]],
  ['ManualClock', async () => { const clock = new ManualClock(); await clock.advance(5); return [clock.now(), new ManualClock(7).now()] }, [5, 7]],
]
for (const [sentence, got, expected] of values) test(sentence, async () => assert.deepEqual(await got(), expected))

type Pairs = DStream<[string, number]>
const pairs: [string, number][][] = [[['a', 1], ['b', 2]], [], [['a', 3]], []]
const running = (key: string, value: number | undefined, state: State<number>): [string, number] | undefined => {
  if (state.isTimingOut()) return [`${key} is gone`, state.get()]
  state.update((state.getOption() ?? 0) + (value ?? 0))
  return [key, state.get()]
}
const sum = (values: number[], state: number | undefined): number => values.reduce(add, state ?? 0)

type Case = readonly [sentence: string, operation: (s: Pairs, ssc: StreamingContext) => DStream<unknown>, expected: unknown[][], options?: RunBatchesOptions]
const cases: readonly Case[] = [
  ['updateStateByKey: every key, every batch', s => s.updateStateByKey(sum), [[['a', 1], ['b', 2]], [['a', 1], ['b', 2]], [['a', 4], ['b', 2]], [['a', 4], ['b', 2]]]],
  ['updateStateByKey: only undefined removes', s => s.updateStateByKey<number | null>((values, state, key) => (key === 'b' && values.length === 0 ? undefined : values[0] ?? state ?? null)).mapValues(n => n ?? -1), [[['a', 1], ['b', 2]], [['a', 1]], [['a', 3]], [['a', 3]]]],
  ['updateStateByKey: null, 0 and false are states', s => s.updateStateByKey<null>(() => null), [[['a', null], ['b', null]], [['a', null], ['b', null]], [['a', null], ['b', null]], [['a', null], ['b', null]]]],
  ['updateStateByKey: key and time', s => s.updateStateByKey<string>((_values, state, key, time) => state ?? `${key}${time.milliseconds}`), [[['a', 'a1000'], ['b', 'b1000']], [['a', 'a1000'], ['b', 'b1000']], [['a', 'a1000'], ['b', 'b1000']], [['a', 'a1000'], ['b', 'b1000']]]],
  ['updateStateByKey: numPartitions, partitioner, initialRDD', (s, ssc) => s.updateStateByKey(sum, { numPartitions: 3, initialRDD: ssc.sparkContext.parallelize([['z', 9], ['a', 10]]) }).union(s.updateStateByKey(sum, { partitioner: new HashPartitioner(2) }).filter(() => false)),
    [[['a', 11], ['b', 2], ['z', 9]], [['a', 11], ['b', 2], ['z', 9]], [['a', 14], ['b', 2], ['z', 9]], [['a', 14], ['b', 2], ['z', 9]]]],
  ['updateStateByKey: a state changed in place is a new version', s => s.updateStateByKey<{ n: number }>((values, state = { n: 0 }) => { state.n += values.length; return state }).mapValues(state => state.n).window(2_000).filter(([k]) => k === 'a'),
    [[['a', 1]], [['a', 1], ['a', 1]], [['a', 1], ['a', 2]], [['a', 2], ['a', 2]]]],
  ['mapWithState: once a record', s => s.mapWithState(running), [[['a', 1], ['b', 2]], [], [['a', 4]], []]],
  ['mapWithState: StateSpec', s => s.mapWithState(StateSpec.function(running)), [[['a', 1], ['b', 2]], [], [['a', 4]], []]],
  ['mapWithState: undefined emits nothing', s => s.mapWithState((key, _value, state: State<number>) => { state.update(1); return key === 'a' ? 'A' : undefined }), [['A'], [], ['A'], []]],
  ['mapWithState: null, 0 and false are emitted', s => s.mapWithState((key, _value, state: State<number>) => { state.update(1); return key === 'a' ? null : false }), [[false, null], [], [null], []]],
  ['mapWithState: initialState', (s, ssc) => s.mapWithState(StateSpec.function(running).initialState(ssc.sparkContext.parallelize([['a', 100]])).numPartitions(2)), [[['a', 101], ['b', 2]], [], [['a', 104]], []]],
  ['mapWithState: the options form', (s, ssc) => s.mapWithState(running, { timeout: '1 min', initialState: ssc.sparkContext.parallelize([['a', 100]]), partitioner: new HashPartitioner(3) }), [[['a', 101], ['b', 2]], [], [['a', 104]], []]],
  ['stateSnapshots: all keys, after the batch', s => s.mapWithState(running).stateSnapshots(), [[['a', 1], ['b', 2]], [['a', 1], ['b', 2]], [['a', 4], ['b', 2]], [['a', 4], ['b', 2]]]],
  ['state.remove', s => s.mapWithState((key, value, state: State<number>) => { const had = state.exists(); if (value === 3) state.remove(); else state.update(value ?? 0); return [key, had, state.exists()] }).union(s.count().filter(() => false)),
    [[['a', false, true], ['b', false, true]], [], [['a', true, false]], []]],
  ['reduceByKeyAndWindow with an inverse function: keys stay at 0', s => s.reduceByKeyAndWindow(add, (a, b) => a - b, 2_000, 1_000), [[['a', 1], ['b', 2]], [['a', 1], ['b', 2]], [['a', 3], ['b', 0]], [['a', 3], ['b', 0]], [['a', 0], ['b', 0]]], { extraBatches: 1 }],
  ['reduceByKeyAndWindow with an inverse function and a filter of pairs', s => s.reduceByKeyAndWindow(add, (a, b) => a - b, seconds(2), seconds(1), { filter: ([, n]) => n !== 0, numPartitions: 3 }), [[['a', 1], ['b', 2]], [['a', 1], ['b', 2]], [['a', 3]], [['a', 3]], []], { extraBatches: 1 }],
  ['reduceByWindow with an inverse function', s => s.map(([, n]) => n).reduceByWindow(add, (a, b) => a - b, '2 s', '1 s'), [[3], [3], [3], [3]]],
  ['joins', s => s.join(s.mapValues(n => `${n}`)), [[['a', [1, '1']], ['b', [2, '2']]], [], [['a', [3, '3']]], []]],
  ['outer joins: undefined for None', s => s.fullOuterJoin(s.filter(([k]) => k === 'a').mapValues(() => true)), [[['a', [1, true]], ['b', [2, undefined]]], [], [['a', [3, true]]], []]],
  ['left and right outer joins', s => s.leftOuterJoin(s.filter(([k]) => k === 'a')).union(s.filter(([k]) => k === 'a').rightOuterJoin(s)) as DStream<unknown>, [[['a', [1, 1]], ['a', [1, 1]], ['b', [2, undefined]], ['b', [undefined, 2]]], [], [['a', [3, 3]], ['a', [3, 3]]], []]],
  ['cogroup', s => s.cogroup(s.filter(([k]) => k === 'a')), [[['a', [[1], [1]]], ['b', [[2], []]]], [], [['a', [[3], [3]]]], []]],
  ['combineByKey', s => s.combineByKey(n => Array.of(n), (l, n) => [...l, n], (a, b) => [...a, ...b]), [[['a', [1]], ['b', [2]]], [], [['a', [3]]], []]],
  ['flatMapValues with a generator', s => s.flatMapValues(function* (n) { yield n; yield -n }), [[['a', 1], ['a', -1], ['b', 2], ['b', -2]], [], [['a', 3], ['a', -3]], []]],
  ['mapPartitions with a generator', s => s.repartition(1).mapPartitions(function* (rows) { yield [...rows].length }), [[2], [0], [1], [0]]],
  ['glom', s => s.repartition(1).glom().map(rows => rows.length), [[2], [0], [1], [0]]],
  ['mapAsync', s => s.mapAsync(async ([k, n], signal) => [k, signal.aborted ? 0 : n * 10], { concurrency: 2, ordered: true, timeout: '5 s' }), [[['a', 10], ['b', 20]], [], [['a', 30]], []]],
  ['transform with the time', s => s.transform((rdd, time) => rdd.map(([k]) => [k, time.milliseconds])), [[['a', 1_000], ['b', 1_000]], [], [['a', 3_000]], []]],
  ['transform of streams with the time', (s, ssc) => ssc.transform([s, s.count()], ([rows, count], time) => rows.cartesian(count).map(([[k], n]) => [k, n, time.milliseconds])), [[['a', 2, 1_000], ['b', 2, 1_000]], [], [['a', 1, 3_000]], []]],
  ['transformWith with the time', s => s.transformWith(s.count(), (rows, count, time) => rows.cartesian(count).map(([[k], n]) => [k, n, time.milliseconds])), [[['a', 2, 1_000], ['b', 2, 1_000]], [], [['a', 1, 3_000]], []]],
  ['deadLetter: records whose function throws go there', s => { const dead: unknown[] = []; return s.map(([k, n]) => { if (k === 'b') throw new Error('b'); return n }).deadLetter((record, error, time) => { dead.push([record, error.message, time.milliseconds]) }).transform(async rdd => { await rdd.count(); return rdd }) }, [[1], [], [3], []]],
  ['persist, cache and checkpoint give the stream', s => s.map(p => p).persist(StorageLevel.MEMORY_ONLY).updateStateByKey(sum).checkpoint('5 s').cache(), [[['a', 1], ['b', 2]], [['a', 1], ['b', 2]], [['a', 4], ['b', 2]], [['a', 4], ['b', 2]]]],
  ['uid gives the stream', s => s.updateStateByKey(sum).uid('sums').filter(([k]) => k === 'a'), [[['a', 1]], [['a', 1]], [['a', 4]], [['a', 4]]]],
  ['testStream', (s, ssc) => s.map(([k]) => k).union(testStream(ssc, [['x'], [], ['y']])), [['a', 'b', 'x'], [], ['a', 'y'], []]],
]

const refused: readonly (readonly [sentence: string, describe: (s: ReturnType<typeof open>) => unknown, message: RegExp])[] = [
  ['a stateful stream without a checkpoint directory', ({ ssc }) => ssc.queueStream([[['a', 1]]]).updateStateByKey(sum).print(), /updateStateByKey.*checkpoint/s],
  ['mapWithState without one', ({ ssc }) => ssc.queueStream([[['a', 1]]]).mapWithState(running).print(), /mapWithState.*checkpoint/s],
  ['an inverse window without one', ({ ssc }) => ssc.queueStream([[['a', 1]]]).reduceByKeyAndWindow(add, (a, b) => a - b, 2_000, 1_000).print(), /reduceByKeyAndWindow.*checkpoint/s],
  ['two equal uids', ({ ssc }) => { const s = ssc.queueStream([[['a', 1]]]); s.uid('twins').print(); s.map(p => p).uid('twins').print() }, /twins/],
  ['a checkpoint interval that is no multiple', ({ ssc }) => { ssc.checkpoint('memory:'); ssc.queueStream([[['a', 1]]]).updateStateByKey(sum).checkpoint(1_500).print() }, /1500 ms/],
  ['no records in a file of none', ({ ssc }) => ssc.binaryRecordsStream(folder, 0), /0/],
  ['union of no streams', ({ ssc }) => ssc.union(), /union/],
]

onMasters((context, master) => {
  for (const [sentence, operation, expected, options] of cases) {
    if (master === 'inline') test(sentence, async () => assert.deepEqual(sorted(await runBatches(pairs, operation, options)), sorted(expected)))
  }
  for (const [sentence, describe, message] of refused) {
    test(`refused: ${sentence}`, async () => {
      await using s = open(context())
      await assert.rejects(async () => { describe(s); await s.ssc.start() }, coded(/^RIV_/, message))
    })
  }

  test('all of them at once', async () => {
    await using s = open(context())
    s.ssc.checkpoint('memory:')
    const chosen = cases.filter(([, , , options]) => options === undefined).filter(([sentence]) => !/uid|deadLetter/.test(sentence))
    const outs = chosen.map(([, operation]) => collected(operation(testStream(s.ssc, pairs) as Pairs, s.ssc)))
    await s.ssc.start()
    await s.clock.advance(4_000)
    for (const [i, [sentence, , expected]] of chosen.entries()) assert.deepEqual(sorted(outs[i]!), sorted(expected), sentence)
  })

  test('state is called in batches without an RDD too; union and transform over them fail', async () => {
    class Seldom extends InputDStream<[string, number]> {
      override start(): void {}
      override stop(): void {}
      compute(time: Time): RDD<[string, number]> | undefined { return time.milliseconds === 2_000 ? undefined : context().parallelize([['k', 1]]) }
    }
    await using s = open(context())
    s.ssc.checkpoint('memory:')
    const input = new Seldom(s.ssc)
    const [plain, stateful] = [collected(input), collected(input.updateStateByKey(sum))]
    await s.ssc.start()
    await s.clock.advance(3_000)
    assert.deepEqual([plain, stateful], [[[['k', 1]], [['k', 1]]], [[['k', 1]], [['k', 1]], [['k', 2]]]])
  })

  test('a key that is idle longer than its timeout is handed over once, then forgotten', async () => {
    await using s = open(context())
    s.ssc.checkpoint('memory:')
    const seen: unknown[] = []
    const mapped = testStream(s.ssc, [[['a', 1]], [['b', 1]], [], [['b', 1]]]).mapWithState((key, value, state: State<number>, time) => {
      if (value !== undefined) {
        state.update((state.getOption() ?? 0) + value)
        return undefined
      }
      const refused = [() => state.update(1), () => state.remove()].map(f => { try { f(); return 'fine' } catch (error) { return (error as { code: string }).code } })
      return [key, state.isTimingOut(), state.get(), time instanceof Time, refused]
    }, { timeout: seconds(2) })
    mapped.foreachRDD(async (rdd, time) => { for (const row of await rdd.collect()) seen.push([time.milliseconds, row]) })
    const snapshots: unknown[] = []
    mapped.stateSnapshots().foreachRDD(async rdd => { snapshots.push(await rdd.keys().collect()) })
    await s.ssc.start()
    await s.clock.advance(30_000)
    assert.equal(seen.length, 2)
    for (const [i, [key, total, earliest]] of ([['a', 1, 3_000], ['b', 2, 6_000]] as const).entries()) {
      const [time, [k, timingOut, n, isTime, refused]] = seen[i] as [number, [string, boolean, number, boolean, string[]]]
      assert.deepEqual([k, timingOut, n, isTime, new Set(refused).size], [key, true, total, true, 1])
      assert.match(refused[0]!, /^RIV_/)
      assert.ok(time > earliest && time <= earliest + 10_000, `${key} at ${time}`)
    }
    assert.deepEqual(snapshots.at(-1), [])
  })

  test('get() without a value throws; update after remove too', async () => {
    for (const use of [(state: State<number>) => state.get(), (state: State<number>) => { state.update(1); state.remove(); state.update(2) }, (state: State<number>) => { state.update(1); state.remove(); state.remove() }]) {
      await assert.rejects(runBatches([[['a', 1]]], s => s.mapWithState((_key, _value, state: State<number>) => { use(state) }), { master }), coded(/^RIV_/, /mapWithState/))
    }
  })

  test('slice: the RDDs of the times asked for, refused before start', async () => {
    await using s = open(context())
    s.ssc.remember('10 s')
    const stream = s.ssc.queueStream([[1], [2], [3], [4]]).map(n => n * 10)
    collected(stream)
    await assert.rejects(async () => stream.slice(new Time(1_000), new Time(2_000)), coded(/^RIV_/))
    await s.ssc.start()
    await s.clock.advance(4_000)
    const rdds = await stream.slice(new Time(2_000), new Time(3_000))
    assert.deepEqual(await Promise.all(rdds.map(rdd => rdd.collect())), [[20], [30]])
    assert.equal((await stream.slice(new Time(1_500), new Time(2_500))).length, 2) // aligned as Spark has it: 1500 is 1000 of the slide
  })

  test('listeners find the batch and the output of a job in its local properties', async () => {
    await using ctx = new Context({ master })
    await using s = open(ctx)
    const jobs: unknown[] = []
    ctx.addListener({ onJobStart: ({ properties: { local } }) => { if (local['spark.streaming.internal.outputOpId'] !== undefined) jobs.push(['batchTime', 'outputOpId'].map(key => local[`spark.streaming.internal.${key}`])) } })
    const stream = s.ssc.queueStream([[1], [2]])
    stream.foreachRDD(async rdd => { await rdd.count() })
    stream.foreachRDD(async rdd => { await rdd.count() })
    await s.ssc.start()
    await s.clock.advance(2_000)
    await s.stop()
    assert.deepEqual(jobs, [['1000', '0'], ['1000', '1'], ['2000', '0'], ['2000', '1']])
  })

  test('checkpointed RDDs go to the checkpoint directory of the streams', async () => {
    await using ctx = new Context({ master })
    await using s = open(ctx)
    const directory = join(folder, `state-${master}`)
    s.ssc.checkpoint(directory)
    assert.ok(ctx.getCheckpointDir()!.startsWith(directory))
    const table = ctx.parallelize([['a', 'x']], 1).map(pair => pair)
    table.checkpoint()
    const out = collected(testStream(s.ssc, [[['a', 1]]]).transform(rdd => rdd.join(table)))
    await s.ssc.start()
    await s.clock.advance(1_000)
    assert.deepEqual([out, table.isCheckpointed()], [[[['a', [1, 'x']]]], true])
  })

  test('a constant input', async () => {
    await using s = open(context())
    const out = collected(new ConstantInputDStream(s.ssc, context().parallelize([1, 2])))
    await s.ssc.start()
    await s.clock.advance(2_000)
    assert.deepEqual(out, [[1, 2], [1, 2]])
  })

  test('a queue cannot be recovered', async () => {
    await using s = open(context())
    s.ssc.checkpoint(join(folder, `queue-${master}`))
    s.ssc.queueStream([[1]]).print()
    await assert.rejects(async () => { await s.ssc.start(); await s.clock.advance(1_000); await s.ssc.awaitTermination() }, coded(/^RIV_/, /queue/))
  })

  test('saveAsTextFiles, saveAsObjectFiles and saveAsHadoopFiles: prefix-<ms>[.suffix]', async () => {
    await using s = open(context())
    const prefix = join(folder, `saved-${master}`)
    const stream = s.ssc.queueStream([['x', 'y'], []])
    stream.saveAsTextFiles(prefix, 'txt')
    stream.saveAsTextFiles(`${prefix}-bare`)
    stream.saveAsObjectFiles(`${prefix}-o`, 'bin')
    stream.map((word): [string | null, unknown] => (word === 'x' ? [word, [1, 'a']] : [null, 2])).saveAsHadoopFiles(`${prefix}-pairs`)
    await s.ssc.start()
    await s.clock.advance(2_000)
    assert.deepEqual(readdirSync(folder).filter(name => name.startsWith(`saved-${master}`)).toSorted(), ['-1000.txt', '-2000.txt', '-bare-1000', '-bare-2000', '-o-1000.bin', '-o-2000.bin', '-pairs-1000', '-pairs-2000'].map(end => `saved-${master}${end}`).toSorted())
    const parts = readdirSync(`${prefix}-1000.txt`).toSorted()
    assert.ok(parts[0] === '_SUCCESS' && parts[1] === 'part-00000')
    assert.equal(parts.slice(1).map(part => readFileSync(join(`${prefix}-1000.txt`, part), 'utf8')).join(''), 'x\ny\n')
    assert.deepEqual(await context().textFile(`${prefix}-pairs-1000`).collect(), ['x\t(1,a)', '2'])
    assert.deepEqual(await context().objectFile(`${prefix}-o-1000.bin`).collect(), ['x', 'y'])
  })

  test('textFileStream: which files, in which batch', async () => {
    const safe = master.replace(/\W/g, '')
    const dir = join(folder, `in-${safe}`)
    await using s = open(context(), seconds(1), 100_000)
    const put = (name: string, text: string, ms: number): void => {
      const temporary = join(folder, `tmp-${master}`)
      writeFileSync(temporary, text)
      utimesSync(temporary, ms / 1_000, ms / 1_000)
      renameSync(temporary, join(dir, name))
    }
    const [fresh, all] = [collected(s.ssc.textFileStream(dir, { filter: path => !path.endsWith('.no') })), collected(s.ssc.textFileStream(join(folder, `in-${safe}*`), { newFilesOnly: false }))]
    const records = collected(s.ssc.binaryRecordsStream(dir, 2).map(bytes => [...bytes].join()))
    await s.ssc.start()
    await s.clock.advance(1_000)
    mkdirSync(join(dir, 'sub.dir'), { recursive: true })
    put('old', 'o1', 90_000)
    put('ancient', 'a1', 30_000)
    put('at-start', 's1', 100_000)
    put('new', 'n1', 101_500)
    put('future', 'f1', 103_500)
    for (const [name, ms] of [['.hidden', 101_000], ['_hidden', 101_000], ['half._COPYING_', 101_000]] as const) put(name, 'hh', ms)
    writeFileSync(join(dir, 'sub.dir', 'x'), 'xx')
    await s.clock.advance(1_000)
    put('a.no', 'zz', 102_500)
    await s.clock.advance(2_000)
    assert.deepEqual(fresh, [[], ['n1'], [], ['f1']])
    assert.deepEqual(all.map(rows => rows.toSorted()), [[], ['n1', 'o1', 's1'], ['zz'], ['f1']])
    assert.deepEqual(records, [[], ['110,49'], ['122,122'], ['102,49']])
  })
})

test('the class of every input is exported, and the streams it gives have all operations', async () => {
  await using s = open(new Context({ master: 'inline' }))
  const word: DStream<string> = s.ssc.socketTextStream('localhost', 9, StorageLevel.MEMORY_AND_DISK)
  const bytes: DStream<Uint8Array> = s.ssc.binaryRecordsStream(folder, 4)
  const pair: DStream<[string, Uint8Array]> = s.ssc.fileStream(folder, { newFilesOnly: false })
  assert.ok([word, bytes, pair].every(stream => stream.slideDuration.milliseconds === 1_000))
  assert.equal(s.ssc.state, 'initialized')
})
