// Inputs that are gone from a program, or that stand elsewhere: what is left of them is found by name, refused, or given up; never lost silently.

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { ManualClock } from '../../base/clock.ts'
import { Context } from '../../context/context.ts'
import type { DStream } from '../dstream.ts'
import { Receiver } from '../input/receiver.ts'
import { StreamingContext } from '../streaming-context.ts'

let root: string
before(() => {
  root = mkdtempSync(join(tmpdir(), 'rivulet-inputs-'))
  for (const name of ['a', 'b']) mkdirSync(join(root, name))
})
after(() => rmSync(root, { recursive: true }))

/** Stores what it is told to, at its start; resolves `stored` when that is durable. */
class Storing extends Receiver<string> {
  readonly stored = Promise.withResolvers<void>()
  readonly #records: readonly string[]

  constructor(...records: string[]) {
    super()
    this.#records = records
  }

  async onStart(): Promise<void> {
    if (this.#records.length > 0) await this.storeAll([...this.#records])
    this.stored.resolve()
  }

  onStop(): void {}
}

interface Life { readonly directory: string; readonly from: number; readonly to: number; readonly give?: boolean; readonly graceful?: boolean; readonly describe: (ssc: StreamingContext) => Readonly<Record<string, DStream<unknown>>>; readonly before?: () => Promise<void> }

/** Runs batches (from, to]; gives what came out of each stream that has records. */
async function live({ directory, from, to, give = false, graceful = false, describe, before: first }: Life): Promise<Record<string, unknown[]>> {
  await using ctx = new Context({ master: 'inline', conf: { 'checkpoint.durability': 'process', 'checkpoint.allowNonRestoredState': String(give) } })
  const clock = new ManualClock(from * 1000)
  const ssc = new StreamingContext(ctx, '1 s', { clock })
  ssc.checkpoint(join(root, directory))
  const out: Record<string, unknown[]> = {}
  for (const [name, stream] of Object.entries(describe(ssc))) stream.foreachRDD(async rdd => { for (const record of await rdd.collect()) (out[name] ??= []).push(record) })
  await ssc.start()
  await first?.()
  if (to > from) await clock.advance((to - from) * 1000)
  await ssc.stop({ graceful })
  await ssc.awaitTermination()
  return out
}

const counting = (ssc: StreamingContext, begins = 0): DStream<number> => ssc.sourceStream<number, number, number>({
  initial: async () => begins, latest: async n => n + 1, split: (a, b) => (a === b ? [] : [a]), * read(n) { yield n },
})
const storing = (ssc: StreamingContext, receiver = new Storing()): DStream<string> => ssc.receiverStream(receiver)

/** A file of a folder, of so many seconds. */
function file(folder: string, name: string, seconds: number): void {
  const path = join(root, folder, `.${name}`)
  writeFileSync(path, `${name}\n`)
  utimesSync(path, seconds, seconds)
  renameSync(path, join(root, folder, name))
}

describe('a receiver whose blocks no batch has processed', () => {
  const begin = async (directory: string): Promise<void> => {
    const receiver = new Storing('one', 'two')
    await live({ directory, from: 0, to: 0, describe: ssc => ({ stored: storing(ssc, receiver), numbers: counting(ssc) }), before: () => receiver.stored.promise })
  }

  test('goes on with them', async () => {
    await begin('kept')
    assert.deepEqual((await live({ directory: 'kept', from: 0, to: 1, describe: ssc => ({ numbers: counting(ssc), stored: storing(ssc) }) })).stored, ['one', 'two'])
  })

  test('that is gone is refused; put back, it goes on; given up, it has nothing any more', async () => {
    await begin('gone')
    const without = { directory: 'gone', from: 0, to: 1, describe: (ssc: StreamingContext) => ({ numbers: counting(ssc) }) }
    for (let again = 0; again < 2; again++) await assert.rejects(live(without), { code: 'RIV_INPUT_MATCH', message: /receiverStream#0 is not in the program, and 1 of its blocks are not processed .*uid\(\).*allowNonRestoredState/ })
    assert.deepEqual(await live({ ...without, give: true }), { numbers: [0] })
    assert.deepEqual(await live({ directory: 'gone', from: 1, to: 2, describe: ssc => ({ numbers: counting(ssc), stored: storing(ssc) }) }), { numbers: [1] })
  })

  test('may go when they are processed', async () => {
    await begin('processed')
    assert.deepEqual((await live({ directory: 'processed', from: 0, to: 1, graceful: true, describe: ssc => ({ numbers: counting(ssc), stored: storing(ssc) }) })).stored, ['one', 'two'])
    assert.deepEqual((await live({ directory: 'processed', from: 1, to: 2, describe: ssc => ({ numbers: counting(ssc) }) })).numbers, [1])
  })

  test('finds them by its name, where it stands', async () => {
    const named = (ssc: StreamingContext, receiver = new Storing()): DStream<string> => storing(ssc, receiver).uid('mine')
    const receiver = new Storing('one')
    await live({ directory: 'named', from: 0, to: 0, describe: ssc => ({ stored: named(ssc, receiver) }), before: () => receiver.stored.promise })
    const out = await live({ directory: 'named', from: 0, to: 1, describe: ssc => ({ other: storing(ssc, new Storing()), stored: named(ssc) }) })
    assert.deepEqual(out, { stored: ['one'] })
  })
})

describe('a source with offsets', () => {
  test('that is gone is refused; given up, it begins anew when it is there again', async () => {
    const two = (ssc: StreamingContext) => ({ numbers: counting(ssc), more: counting(ssc, 10) })
    assert.deepEqual(await live({ directory: 'source', from: 0, to: 2, describe: two }), { numbers: [0, 1], more: [10, 11] })
    const one = { directory: 'source', from: 2, to: 3, describe: (ssc: StreamingContext) => ({ numbers: counting(ssc) }) }
    await assert.rejects(live(one), { code: 'RIV_INPUT_MATCH', message: /sourceStream#1 is not in the program, and its place/ })
    assert.deepEqual(await live({ ...one, give: true }), { numbers: [2] })
    assert.deepEqual(await live({ directory: 'source', from: 3, to: 4, describe: two }), { numbers: [3], more: [10] })
  })
})

describe('streams of files', () => {
  const both = (first: string, second: string) => (ssc: StreamingContext) => ({ [first]: ssc.textFileStream(join(root, first)), [second]: ssc.textFileStream(join(root, second)) })

  test('that change places are refused, with a name they may', async () => {
    file('a', 'one', 0.5)
    file('b', 'two', 0.6)
    const named = (first: string, second: string) => (ssc: StreamingContext) => Object.fromEntries([first, second].map(name => [name, ssc.textFileStream(join(root, name)).uid(name)]))
    for (const [directory, described] of [['files', both], ['named files', named]] as const) {
      assert.deepEqual(await live({ directory, from: 0, to: 1, describe: described('a', 'b') }), { a: ['one'], b: ['two'] })
    }
    const changed = { from: 1, to: 2, describe: both('b', 'a') }
    await assert.rejects(live({ directory: 'files', ...changed }), { code: 'RIV_INPUT_MATCH', message: /textFileStream#0 \(.*a\) reads from .*b in the program/ })
    file('a', 'three', 1.5)
    assert.deepEqual(await live({ directory: 'files', from: 1, to: 2, describe: both('a', 'b') }), { a: ['three'] })
    assert.deepEqual(await live({ directory: 'named files', from: 1, to: 2, describe: named('b', 'a') }), { a: ['three'] })
  })

  test('the only one may read from elsewhere: a checkpoint can be moved', async () => {
    await live({ directory: 'moved', from: 4, to: 5, describe: ssc => ({ a: ssc.textFileStream(join(root, 'a')) }) })
    file('b', 'four', 5.5)
    assert.deepEqual(await live({ directory: 'moved', from: 5, to: 6, describe: ssc => ({ b: ssc.textFileStream(join(root, 'b')) }) }), { b: ['four'] })
  })
})
