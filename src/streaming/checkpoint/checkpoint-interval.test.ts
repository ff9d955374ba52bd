// The checkpoint interval: how many batches a file of the journal holds at most.

import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ManualClock } from '../../base/clock.ts'
import { Context } from '../../context/context.ts'
import type { DStream } from '../dstream.ts'
import { StreamingContext } from '../streaming-context.ts'

type Pairs = DStream<[string, number]>
const count = (pairs: Pairs): Pairs => pairs.updateStateByKey<number>((ones, n) => (n ?? 0) + ones.length, 1)

const cases: readonly (readonly [what: string, batch: `${number} s`, describe: (pairs: Pairs) => DStream<unknown>, begins: readonly number[]])[] = [
  ['without state there is none', '1 s', pairs => pairs, [1, 3, 7, 15, 31]],
  ['with state it is ten seconds', '1 s', count, [1, 3, 7, 15, 25, 35]],
  ['… rounded up to slides', '3 s', count, [1, 3, 7, 11, 15, 19, 23, 27, 31, 35, 39]],
  ['… and a slide where that is longer', '20 s', count, Array.from({ length: 40 }, (_, i) => i + 1)],
  ['… of the stream, not of the batch', '1 s', pairs => count(pairs.window('4 s', '4 s')), [1, 3, 7, 15, 27, 39]],
  ['one that the program says', '1 s', pairs => count(pairs).checkpoint('3 s'), [1, ...Array.from({ length: 13 }, (_, i) => 3 * (i + 1))]],
  ['the shortest holds', '1 s', pairs => count(pairs.map((pair): [string, number] => pair).checkpoint('4 s')).checkpoint('20 s'), [1, 3, 7, 11, 15, 19, 23, 27, 31, 35, 39]],
]

for (const [what, batch, describe, expected] of cases) test(what, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'rivulet-interval-'))
  try {
    await using ctx = new Context({ master: 'inline', conf: { 'checkpoint.durability': 'process', 'replay.keep': 1000 } })
    const clock = new ManualClock(0)
    const ssc = new StreamingContext(ctx, batch, { clock })
    ssc.checkpoint(directory)
    describe(ssc.sourceStream<number, number, [string, number]>({ initial: async () => 0, latest: async n => n + 1, split: (a, b) => (a === b ? [] : [a]), * read(n) { yield ['a', n] } })).foreachRDD(() => {})
    await ssc.start()
    const begins: number[] = []
    const files = async (): Promise<number> => {
      rmSync(await ssc.savepoint(), { recursive: true }) // waits until all is written
      return readdirSync(join(directory, 'journal')).filter(name => name.startsWith('segment')).length
    }
    let before = await files()
    for (let i = 1; i <= 40; i++) {
      await clock.advance(Number.parseInt(batch, 10) * 1000)
      const now = await files()
      if (now > before) begins.push(i)
      before = now
    }
    assert.deepEqual(begins, expected)
    await ssc.stop()
  } finally {
    rmSync(directory, { recursive: true })
  }
})
