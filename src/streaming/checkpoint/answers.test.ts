// What mapAsync gave is written down with its batch: a program that died and goes on puts out the same, though the answers would be others now.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ManualClock } from '../../base/clock.ts'
import { Context } from '../../context/context.ts'
import { testStream } from '../../testing/run-batches.ts'
import type { OnFailure } from '../graph/output-operation.ts'
import { StreamingContext } from '../streaming-context.ts'

const program = fileURLToPath(new URL('answers.fixture.ts', import.meta.url))
const self = new URL('../../../scripts/self.mjs', import.meta.url).href
type Row = [string, number]
interface Outcome { readonly name: string; readonly time: number; readonly rows: Row[] }

let root: string
before(() => { root = mkdtempSync(join(tmpdir(), 'rivulet-answers-')) })
after(() => rmSync(root, { recursive: true }))

/** One life; gives how it ended, and what it complained about. */
async function live(folder: string, log: string, batches: number, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const child = spawn(process.execPath, ['--import', self, program, folder, log, String(batches)], { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...env } })
  let complaints = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => { complaints += text })
  const [code, signal] = await once(child, 'close') as [number | null, string | null]
  return signal ?? (code === 0 ? 'ended' : complaints)
}

const sumsOf = (rows: readonly Row[]): Row[] => [...Map.groupBy(rows, ([key]) => key)].map(([key, of]): Row => [key, of.reduce((sum, [, n]) => sum + n, 0)])
const sorted = (rows: readonly unknown[]): string[] => rows.map(row => JSON.stringify(row)).sort()

/** Asserts that what was put out of a batch was one thing, and that all outputs and states had the same answers. */
function check(log: string): Map<string, Row[]> {
  const seen = new Map<string, Row[]>()
  const letters = new Set<number>()
  for (const { name, time, rows } of readFileSync(log, 'utf8').trim().split('\n').map(line => JSON.parse(line) as Outcome)) {
    if (name === 'letters') {
      for (const n of rows as unknown as number[]) letters.add(n)
      continue
    }
    const known = seen.get(`${name} ${time}`)
    if (known !== undefined) assert.deepEqual(rows, known, `${name} of ${time} was put out again`)
    seen.set(`${name} ${time}`, rows)
  }
  const until = Math.max(...[...seen.keys()].map(key => Number(key.split(' ')[1]))) / 1000
  assert.ok(until >= 4)
  const asked = Array.from({ length: until }, (_, i) => seen.get(`asked ${(i + 1) * 1000}`)!)
  for (const i of asked.keys()) {
    const time = (i + 1) * 1000
    assert.deepEqual(sorted(seen.get(`sums ${time}`)!), sorted(sumsOf(asked[i]!)), `sums ${time}`)
    assert.deepEqual(sorted(seen.get(`state ${time}`)!), sorted(sumsOf(asked.slice(0, i + 1).flat())), `state ${time}`)
    assert.deepEqual(sorted(seen.get(`window ${time}`)!), sorted(sumsOf(asked.slice(Math.max(0, i - 2), i + 1).flat())), `window ${time}`)
    assert.deepEqual(seen.get(`again ${time}`)!.map(([key, n]) => [key, Math.floor(n)]), asked[i])
  }
  assert.deepEqual([...letters].sort((a, b) => a - b), Array.from({ length: until * 4 }, (_, n) => n).filter(n => n % 7 === 0), 'every dead letter was told')
  return seen
}

for (const place of ['checkpoint.recorded@3', 'batch.output.after@12', 'batch.complete@3']) {
  test(`killed at ${place}`, { skip: process.platform === 'win32' }, async () => {
    const folder = join(root, place)
    const log = `${folder}.log`
    assert.equal(await live(folder, log, 5, { RIVULET_FAILPOINT: place }), 'SIGKILL')
    const before = readFileSync(log, 'utf8')
    assert.equal(await live(folder, log, 3), 'ended')
    assert.ok(readFileSync(log, 'utf8').startsWith(before))
    const seen = check(log)
    const replayed = `${folder}.replay.log`
    const settings = { 'RIVULET_CONF_replay.directory': join(folder, 'checkpoint'), 'RIVULET_CONF_replay.batch': '3000' }
    assert.equal(await live(join(root, 'unused'), replayed, 0, settings), 'ended')
    const outcomes = readFileSync(replayed, 'utf8').trim().split('\n').map(line => JSON.parse(line) as Outcome)
    assert.deepEqual(outcomes.map(({ name }) => name), ['asked', 'sums', 'state', 'window', 'again'])
    for (const { name, time, rows } of outcomes) assert.deepEqual(rows, seen.get(`${name} ${time}`), `replay: ${name}`)
  })
}

const asks = globalThis as { askedSoFar?: number }

/** Asks for each letter, for two outputs; a letter of which `fails` says so at its nth call is not answered. Gives what came out, and how often it was asked. */
async function ask(directory: string, onFailure: OnFailure, failing: readonly number[]): Promise<{ out: unknown[]; calls: number; error: Error | undefined }> {
  await using ctx = new Context({ master: 'inline' })
  const clock = new ManualClock()
  const ssc = new StreamingContext(ctx, '1 s', { clock })
  ssc.checkpoint(directory)
  const out: unknown[] = []
  asks.askedSoFar = 0
  const answers = testStream(ssc, [['a'], ['b']]).mapAsync(async letter => {
    const counted = globalThis as { askedSoFar?: number }
    counted.askedSoFar = counted.askedSoFar! + 1
    if (failing.includes(counted.askedSoFar)) throw new Error('away')
    return letter
  })
  for (const name of [1, 2]) answers.foreachRDD(async rdd => { out.push(...(await rdd.collect()).map(letter => `${letter}${name}`)) }, { onFailure })
  const ended = ssc.awaitTermination().then(() => undefined, (reason: Error) => reason)
  await ssc.start()
  for (let i = 0; i < 2 && ssc.state === 'active'; i++) await clock.advance(1000)
  await ssc.stop({ stopContext: false })
  return { out, calls: asks.askedSoFar, error: await ended }
}

test('with a directory it is called once a batch, whatever outputs there are; without one when it is needed, as ever', async () => {
  assert.deepEqual(await ask(join(root, 'once'), 'stop', []), { out: ['a1', 'a2', 'b1', 'b2'], calls: 2, error: undefined })
  assert.deepEqual(await ask('memory:', 'stop', []), { out: ['a1', 'a2', 'b1', 'b2'], calls: 4, error: undefined })
})

for (const directory of ['retried', 'memory:']) test(`an output that is tried again asks again: ${directory}`, async () => {
  const folder = directory === 'memory:' ? directory : join(root, directory)
  const { out, calls, error } = await ask(folder, { retry: 2 }, [1, 2])
  assert.equal(error, undefined)
  assert.deepEqual(out, ['a1', 'a2', 'b1', 'b2'])
  assert.equal(calls, directory === 'memory:' ? 6 : 4)
  const gone = await ask(folder === 'memory:' ? folder : `${folder} too often`, { retry: 1 }, [1, 2, 3, 4])
  assert.match(String(gone.error), /away/)
  assert.deepEqual(gone.out, [])
  assert.deepEqual((await ask(folder === 'memory:' ? folder : `${folder} skipped`, 'skip', directory === 'memory:' ? [1, 2] : [1])).out, ['b1', 'b2'])
})
