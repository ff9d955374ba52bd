// A driver is killed again and again, at failpoints and at any time, and started anew: its outputs are those of one that nobody killed.
//
// RIVULET_KILLS sets how many kills there are, RIVULET_SEED which.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after, before } from 'node:test'
import { fileURLToPath } from 'node:url'
import { seededRandom } from '../../src/base/random.ts'

const program = fileURLToPath(new URL('driver.fixture.ts', import.meta.url))
const self = new URL('../../scripts/self.mjs', import.meta.url).href
const outputs = ['raw', 'state', 'mapped', 'window', 'inverse']
const batches = 14
const killsALife = 4
const kills = Number(process.env.RIVULET_KILLS ?? 8)
const seed = Number(process.env.RIVULET_SEED ?? 1)

let root = ''
before(async () => { root = await mkdtemp(join(tmpdir(), 'rivulet-crashes-')) })
after(() => rm(root, { recursive: true }))

/** Runs the driver until it ends, or for so long; gives how it ended. */
async function drive(folder: string, master: string, env: NodeJS.ProcessEnv, killAfterMs?: number): Promise<string> {
  const child = spawn(process.execPath, ['--import', self, program, folder, String(batches), master], { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...env } })
  const timer = killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs)
  let complaints = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => { complaints += text })
  const [code, signal] = await once(child, 'close') as [number | null, string | null]
  clearTimeout(timer)
  return signal ?? (code === 0 ? 'ended' : `code ${code}: ${complaints}`)
}

/** What each output had, batch by batch. The times of batches follow one another. */
async function outputsOf(folder: string): Promise<Record<string, string[]>> {
  const all: Record<string, string[]> = {}
  for (const output of outputs) {
    const times = (await readdir(join(folder, output))).filter(name => !name.startsWith('.')).map(Number).sort((a, b) => a - b).slice(0, batches)
    assert.deepEqual(times, times.map((_, i) => times[0]! + 20 * i))
    all[output] = await Promise.all(times.map(async time => readFile(join(folder, output, String(time)), 'utf8')))
  }
  return all
}

test(`${kills} kills (seed ${seed}) change no output and no state`, { skip: process.platform === 'win32' }, async () => {
  const log = join(root, 'failpoints')
  const whole = join(root, 'whole')
  assert.equal(await drive(whole, 'inline', { RIVULET_FAILPOINT_LOG: log }), 'ended')
  const undisturbed = await outputsOf(whole)
  assert.deepEqual(undisturbed.raw!.flatMap(text => JSON.parse(text) as string[]).map(Number), Array.from({ length: 40 }, (_, n) => n))
  const places = [...Map.groupBy((await readFile(log, 'utf8')).trim().split('\n').filter(name => !/\.(status|list|read)\./.test(name)), name => name)]
  assert.ok(places.length > 15)

  const random = seededRandom(seed)
  let killed = 0
  for (let life = 0; killed < kills && life < kills; life++) {
    const folder = join(root, `life ${life}`)
    const master = life % 2 === 0 ? 'inline' : 'local[2]'
    const story: string[] = [master]
    for (let i = 0; i < killsALife; i++) {
      const [name, hits] = places[Math.floor(random() * places.length)]!
      const place = `${name}@${1 + Math.floor(random() * hits.length / 2)}`
      const ms = random() < 0.25 ? 100 + Math.floor(random() * 500) : undefined
      const ended = await (ms === undefined ? drive(folder, master, { RIVULET_FAILPOINT: place }) : drive(folder, master, {}, ms))
      story.push(`${ms === undefined ? place : `${ms} ms`}: ${ended}`)
      assert.match(ended, /^(SIGKILL|ended)$/, story.join('\n'))
      if (ended === 'SIGKILL') killed++
    }
    const ended = await drive(folder, master, {})
    assert.equal(ended, 'ended', story.join('\n'))
    assert.deepEqual(await outputsOf(folder), undisturbed, story.join('\n'))
    await rm(folder, { recursive: true })
  }
  assert.ok(killed >= kills, `${killed} kills`)
})
