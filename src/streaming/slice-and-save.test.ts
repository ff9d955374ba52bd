// What outlives a batch: slices of remembered RDDs, and folders of saved batches; and streams that have the same RDD in every batch.

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, test } from 'node:test'
import { ManualClock } from '../base/clock.ts'
import type { RivuletError } from '../base/define-errors.ts'
import { Time } from '../base/time.ts'
import { onEveryMaster } from '../rdd/masters.fixture.ts'
import type { DStream } from './dstream.ts'
import { ConstantInputDStream } from './input/constant-input-dstream.ts'
import { StreamingContext } from './streaming-context.ts'

const scratch = mkdtempSync(join(tmpdir(), 'rivulet-saved-'))
after(() => rmSync(scratch, { recursive: true, force: true }))

afterEach(() => StreamingContext.getActive()?.stop({ stopContext: false })) // of a test that failed

const sliceOf = async (stream: DStream<number>, from: number, to: number): Promise<number[][]> => Promise.all((await stream.slice(new Time(from), new Time(to))).map(rdd => rdd.collect()))

onEveryMaster((context, master) => {
  test('slice gives what is remembered, in order', async () => {
    const clock = new ManualClock()
    const ssc = new StreamingContext(context(), '1 s', { clock })
    ssc.remember('3 s')
    const numbers = ssc.queueStream([[1], [2], [3], [4], [5], [6]])
    const pairs = numbers.window('2 s', '2 s')
    const unused = numbers.map(n => n * 10)
    numbers.print(0)
    pairs.print(0)
    await assert.rejects(numbers.slice(new Time(0), new Time(1)), { code: 'RIV_STREAMING_NOT_STARTED' })
    const { write } = process.stdout
    process.stdout.write = () => true
    await ssc.start()
    await clock.advance(6_000)
    process.stdout.write = write
    const cases: [stream: DStream<number>, from: number, to: number, expected: number[][]][] = [
      [numbers, 5_000, 6_000, [[5], [6]]],
      [numbers, 5_000, 5_000, [[5]]],
      [numbers, 4_500, 5_900, [[4], [5]]],
      [numbers, 0, 60_000_000_000_000, [[3], [4], [5], [6]]] /* the window needs it longer */,
      [numbers, 6_000, 5_000, []],
      [numbers, -5_000, 0, []],
      [pairs, 3_000, 6_000, [[3, 4], [5, 6]]],
      [unused, 5_000, 6_000, [[50], [60]]],
    ]
    for (const [stream, from, to, expected] of cases) assert.deepEqual(await sliceOf(stream, from, to), expected, `${from} to ${to}`)
    await clock.advance(1_000)
    assert.deepEqual(await sliceOf(unused, 0, 9_000), [[40], [50], [60], []])
    await ssc.stop({ stopContext: false })
    assert.deepEqual(await sliceOf(numbers, 0, 9_000), [])
  })

  test('a slice inside a batch has that batch', async () => {
    const clock = new ManualClock()
    const ssc = new StreamingContext(context(), '1 s', { clock })
    const numbers = ssc.queueStream([[1], [2]])
    const seen: number[][][] = []
    numbers.foreachRDD(async (_rdd, time) => { seen.push(await sliceOf(numbers, 0, time.milliseconds)) })
    await ssc.start()
    await clock.advance(2_000)
    await ssc.stop({ stopContext: false })
    assert.deepEqual(seen, [[[1]], [[2]]])
  })

  test('the same RDD in every batch', async () => {
    const clock = new ManualClock()
    const ssc = new StreamingContext(context(), '1 s', { clock })
    const out: number[][] = []
    new ConstantInputDStream(ssc, context().parallelize([1, 2], 2)).map(n => n + 1).foreachRDD(async rdd => { out.push(await rdd.collect()) })
    await ssc.start()
    await clock.advance(2_000)
    await ssc.stop({ stopContext: false })
    assert.deepEqual(out, [[2, 3], [2, 3]])
  })

  test('batches are saved under their times; a folder of an earlier run is replaced', async () => {
    const prefix = join(scratch, master.slice(0, 5), 'out')
    mkdirSync(`${prefix}-1000.txt`, { recursive: true })
    writeFileSync(`${prefix}-1000.txt/part-00007`, 'old')
    const clock = new ManualClock()
    const ssc = new StreamingContext(context(), '1 s', { clock })
    const words = ssc.queueStream([['to', 'be'], []])
    words.repartition(1).saveAsTextFiles(prefix, 'txt')
    words.saveAsObjectFiles(prefix)
    await ssc.start()
    await clock.advance(2_000)
    await ssc.stop({ stopContext: false })
    assert.deepEqual(readdirSync(join(scratch, master.slice(0, 5))).toSorted(), ['out-1000', 'out-1000.txt', 'out-2000', 'out-2000.txt'])
    assert.deepEqual(readdirSync(`${prefix}-1000.txt`).toSorted(), ['_SUCCESS', 'part-00000'])
    assert.equal(readFileSync(`${prefix}-1000.txt/part-00000`, 'utf8'), 'to\nbe\n')
    assert.deepEqual((await context().objectFile<string>(`${prefix}-1000`).collect()).toSorted(), ['be', 'to'])
    assert.ok(readdirSync(`${prefix}-2000`).includes('_SUCCESS'))
    assert.equal((await context().textFile(`${prefix}-2000.txt`).collect()).length, 0)
  })

  test('a batch that cannot be saved fails, and says where', async () => {
    writeFileSync(join(scratch, `file-${master}`), '')
    const clock = new ManualClock()
    const ssc = new StreamingContext(context(), '1 s', { clock })
    ssc.queueStream([['a']]).saveAsTextFiles(join(scratch, `file-${master}`, 'out'))
    const ended = ssc.awaitTermination().then(() => undefined, (error: RivuletError) => error)
    await ssc.start()
    await clock.advance(1_000)
    await ssc.stop({ stopContext: false })
    assert.match((await ended)!.message, /saveAsTextFiles \(foreachRDD\) at .*slice-and-save.* in the batch 1000 ms: .*file-/)
  })
})
