// An older driver that goes on behind a newer one: nothing of it becomes visible, and it ends with the error that says so.

import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Outcome, Plan } from './plan.fixture.ts'

const program = fileURLToPath(new URL('driver.fixture.ts', import.meta.url))
const self = new URL('../../scripts/self.mjs', import.meta.url).href

class Driver {
  readonly process: ChildProcess
  complaints = ''
  readonly #ended: Promise<unknown>

  constructor(plan: Plan) {
    this.process = spawn(process.execPath, ['--import', self, program, JSON.stringify(plan)], { stdio: ['ignore', 'pipe', 'pipe'] })
    this.process.stderr!.setEncoding('utf8').on('data', (text: string) => { this.complaints += text })
    this.#ended = once(this.process, 'close') // only then all complaints are here
  }

  async started(): Promise<void> {
    await once(this.process.stdout!, 'data')
    this.process.stdout!.resume()
  }

  async ended(): Promise<number | null> {
    await this.#ended
    return this.process.exitCode
  }
}

/** Everything below a folder: names, and the times of files. */
const seen = (folder: string): string[] => (readdirSync(folder, { recursive: true }) as string[]).sort().map(name => {
  const status = statSync(join(folder, name))
  return `${name} ${status.isFile() ? `${status.mtimeMs} ${status.ino}` : ''}`
})

/** What the source was told to be done. */
const commitsIn = (folder: string): number[] => readFileSync(join(folder, 'acknowledged'), 'utf8').split('\n').filter(line => line.endsWith('.')).map(Number)

for (const stoppedAfterMs of [0, 7, 13, 31]) {
  test(`a driver that is stopped ${stoppedAfterMs} ms after a batch and continued behind another`, { skip: process.platform === 'win32' }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'rivulet-fencing-'))
    const plan: Plan = { folder, source: 'replay', operations: ['state', 'mapped'], master: 'inline', durability: 'process', stateStore: 'memory', keep: 0, clock: 'system', batches: 100_000, graceful: false, port: 0 }
    const log = join(folder, 'outputs.jsonl')
    const old = new Driver(plan)
    const drivers = [old]
    try {
      await old.started()
      while (!existsSync(log)) await sleep(5)
      await sleep(stoppedAfterMs)
      old.process.kill('SIGSTOP')
      const linesOf = (): number => readFileSync(log, 'utf8').split('\n').length
      const stoppedAt = linesOf()
      const young = new Driver(plan)
      drivers.push(young)
      while (linesOf() < stoppedAt + 30) {
        assert.equal(young.process.exitCode, null, young.complaints)
        await sleep(5)
      }
      young.process.kill('SIGKILL')
      await young.ended()
      const before = seen(folder)
      const committed = commitsIn(folder)
      old.process.kill('SIGCONT')
      assert.equal(await old.ended(), 1)
      assert.match(old.complaints, /RIV_JOURNAL_FENCED/)
      assert.match(old.complaints, /opened again by another program/)
      // The older driver may end an append or a write that it had begun; its journal is its own, and is not read. It may tell the source
      // of a batch that was complete before it was stopped, and the younger one has gone on from there.
      const late = commitsIn(folder).slice(committed.length)
      assert.ok(late.length <= 1 && late.every(to => to < Math.max(...committed)), `${late.join()} after ${committed.join()}`)
      const visible = (names: readonly string[]): string[] => names.filter(name => !/checkpoint\/journal|\/\.|outputs\.jsonl|acknowledged/.test(name))
      assert.deepEqual(visible(seen(folder)), visible(before))
      const outcomes = readFileSync(log, 'utf8').split('\n').filter(line => line.endsWith('}')).map(line => JSON.parse(line) as Outcome)
      const first = new Map<string, string>()
      for (const { name, time, rows } of outcomes) {
        const text = JSON.stringify(rows)
        assert.equal(first.get(`${name} ${time}`) ?? text, text, `${name} of ${time} is one thing`)
        first.set(`${name} ${time}`, text)
      }
    } finally {
      for (const { process } of drivers) process.kill('SIGKILL')
      await rm(folder, { recursive: true })
    }
  })
}
