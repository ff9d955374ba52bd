// A checkpoint whose files are damaged: a program goes on from what was there before, and says so, or is refused; never does it go on wrongly.

import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ManualClock } from '../../base/clock.ts'
import { isRivuletError } from '../../base/define-errors.ts'
import type { Logger } from '../../base/log.ts'
import { Context } from '../../context/context.ts'
import { StreamingContext } from '../streaming-context.ts'

let root: string
before(() => { root = mkdtempSync(join(tmpdir(), 'rivulet-damage-')) })
after(() => rmSync(root, { recursive: true }))

const batches = 40
/** The batch that is the last before the damage. */
const damagedAfter = 23

interface Run { readonly directory: string; readonly from: number; readonly to: number; readonly durability?: string; readonly createOnError?: boolean; readonly killed?: () => void }

/** Sums up one number a batch; gives what came out by time, and the warnings. */
async function run({ directory, from, to, durability = 'process', createOnError = false, killed }: Run): Promise<{ out: Map<number, string>; warnings: string[] }> {
  const warnings: string[] = []
  const log: Logger = { debug() {}, info() {}, warn: (_, message) => warnings.push(message), error() {} }
  await using ctx = new Context({ master: 'inline', log, conf: { 'checkpoint.durability': durability } })
  const clock = new ManualClock(from * 1000)
  const out = new Map<number, string>()
  const ssc = await StreamingContext.getOrCreate(directory, () => {
    const ssc = new StreamingContext(ctx, '1 s', { clock })
    const numbers = ssc.sourceStream<number, number, number>({
      initial: async () => 0, latest: async n => n + 1, split: (a, b) => (a === b ? [] : [a]), * read(n) { yield n },
    })
    const pairs = numbers.map((n): [string, number] => [`key ${n % 3}`, n])
    const sums = pairs.updateStateByKey<number>((ns, sum) => ns.reduce((a, b) => a + b, sum ?? 0))
    sums.join(pairs.reduceByKeyAndWindow((a, b) => a + b, '4 s')).foreachRDD(async (rdd, time) => { out.set(time.milliseconds, JSON.stringify((await rdd.sortByKey().collect()))) })
    return ssc
  }, { createOnError })
  await ssc.start()
  await clock.advance((to - from) * 1000)
  killed?.()
  await ssc.stop()
  await ssc.awaitTermination()
  return { out, warnings }
}

const segments = (directory: string): string[] => readdirSync(join(directory, 'journal')).filter(name => name.startsWith('segment')).sort().map(name => join(directory, 'journal', name))
const change = (file: string, body: (bytes: Buffer) => void): void => { const bytes = readFileSync(file); body(bytes); writeFileSync(file, bytes) }

/** As where a program died when it began the file: then there is nothing to say. */
const isCutAtItsBeginning = (what: string): boolean => /in its header|empty/.test(what)

type Outcome = 'goes on' | 'goes on or is refused' | 'is refused'
const damages: [what: string, damage: (files: string[]) => void, outcome: Outcome][] = [
  ['a newest file that was cut in the middle', files => { const file = files.at(-1)!; truncateSync(file, readFileSync(file).length >> 1) }, 'goes on'],
  ['a newest file that was cut in its header', files => truncateSync(files.at(-1)!, 10), 'goes on'],
  ['an empty newest file', files => truncateSync(files.at(-1)!, 0), 'goes on'],
  ['a newest file of rubbish', files => change(files.at(-1)!, bytes => bytes.fill('rubbish')), 'goes on'],
  ['a newest file of zeros', files => change(files.at(-1)!, bytes => bytes.fill(0)), 'goes on'],
  ...[0.001, 0.2, 0.5, 0.8, 0.999].map((where): [string, (files: string[]) => void, Outcome] =>
    [`a bit that flipped at ${where} of the newest file`, files => change(files.at(-1)!, bytes => { bytes[Math.floor(where * bytes.length)]! ^= 4 }), 'goes on or is refused']),
  ['a bit that flipped in an older file', files => change(files.at(-2)!, bytes => { bytes[bytes.length >> 1]! ^= 4 }), 'goes on or is refused'],
  ['an older file that is gone', files => rmSync(files.at(-2)!), 'is refused'],
  ['rubbish in all files', files => { for (const file of files) change(file, bytes => bytes.fill('rubbish')) }, 'is refused'],
]

for (const durability of ['process', 'power']) for (const ended of ['killed', 'stopped']) {
  test(`a checkpoint of a ${ended} program, durability ${durability}`, async t => {
    const folder = join(root, `${durability} ${ended}`)
    const whole = await run({ directory: join(folder, 'whole'), from: 0, to: batches })
    const left = join(folder, 'left')
    const copy = (): void => cpSync(join(folder, 'a'), left, { recursive: true })
    await run({ directory: join(folder, 'a'), from: 0, to: damagedAfter, durability, ...(ended === 'killed' && { killed: copy }) })
    if (ended === 'stopped') copy()
    cpSync(left, join(folder, 'undamaged'), { recursive: true })
    const [first] = (await run({ directory: join(folder, 'undamaged'), from: damagedAfter, to: batches, durability })).out.keys()
    for (const [what, damage, outcome] of damages) await t.test(what, async () => {
      const directory = join(folder, 'damaged')
      rmSync(directory, { recursive: true, force: true })
      cpSync(left, directory, { recursive: true })
      assert.ok(segments(directory).length >= 2)
      damage(segments(directory))
      const result = await run({ directory, from: damagedAfter, to: batches, durability }).catch((error: unknown) => error)
      if (result instanceof Error) {
        assert.ok(isRivuletError(result), String(result))
        assert.match(result.code, /^RIV_JOURNAL_(CORRUPT|UNUSABLE|VERSION)$/)
        assert.notEqual(outcome, 'goes on')
        if (result.code === 'RIV_JOURNAL_VERSION') return // the bit is one of the version
        assert.match(`${result.message} ${result.hint}`, /checkpoint/)
        const anew = await run({ directory, from: damagedAfter, to: batches, durability, createOnError: true })
        assert.match(anew.warnings.join(), /put aside/)
        assert.equal(anew.out.size, batches - damagedAfter)
        return
      }
      assert.notEqual(outcome, 'is refused')
      const { out, warnings } = result as Awaited<ReturnType<typeof run>>
      const times = [...out.keys()]
      assert.deepEqual(times, times.map((_, i) => (batches - times.length + 1 + i) * 1000), 'from where it fell back to on, every batch')
      assert.ok(times[0]! <= (damagedAfter + 1) * 1000)
      for (const [time, rows] of out) assert.equal(rows, whole.out.get(time), `batch ${time}`)
      if (times[0]! < first! && !isCutAtItsBeginning(what)) assert.match(warnings.join(), /damaged|not written whole/)
    })
  })
}

test('a newer format is refused, also with createOnError', async () => {
  const directory = join(root, 'a')
  await run({ directory, from: 0, to: 3 })
  change(segments(directory).at(-1)!, bytes => { bytes.writeUInt32LE(99, 4) })
  for (const createOnError of [false, true]) await assert.rejects(run({ directory, from: 3, to: 4, createOnError }), { code: 'RIV_JOURNAL_VERSION' })
})
