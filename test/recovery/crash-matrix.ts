// The crash matrix: drivers of every source and operation are killed again and again, and started anew, until they may end.
//
// - A case is one checkpoint directory through several lives. Each life is killed at a failpoint (its first hit, its second, or a later one)
//   or after some time, or ends by itself. After each, the rules of the journal are asserted; at the end everything that was put out.
// - A seed decides it all, apart from what real time does; a failing case says its seed and its lives.

import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { seededRandom } from '../../src/base/random.ts'
import { checkOutputs } from './check-outputs.fixture.ts'
import { checkJournal } from './journal-rules.fixture.ts'
import { batchMs, operations, sources, stores, type Outcome, type Plan } from './plan.fixture.ts'

const program = fileURLToPath(new URL('driver.fixture.ts', import.meta.url))
const self = new URL('../../scripts/self.mjs', import.meta.url).href
const livesACase = 6
const keepsAll = 100_000

/** Runs cases, also several at a time. */
export class CrashMatrix {
  readonly #root: string
  kills = 0
  readonly killsBy = new Map<string, number>()
  #server: Server | undefined
  readonly #children = new Set<ChildProcess>()
  /** By source, master, store and clock, the places that a driver passes, and how often. */
  readonly #places = new Map<string, readonly (readonly [name: string, hits: number])[]>()

  constructor(root: string) {
    this.#root = root
  }

  /** Runs the case of a seed, through all its lives. Throws where an output is not what it must be. */
  async run(seed: number): Promise<void> {
    const random = seededRandom(seed)
    const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!
    const folder = join(this.#root, `case ${seed}`)
    const source = sources[seed % sources.length]!
    const operation = operations[Math.floor(seed / sources.length) % operations.length]!
    const others = operations.filter(other => other !== operation && random() < 0.25)
    const plan: Plan = {
      folder, source, operations: [operation, ...others], master: random() < 0.7 ? 'inline' : 'local[2]', durability: random() < 0.8 ? 'process' : 'power', stateStore: pick(stores),
      keep: random() < 0.5 ? 0 : keepsAll, clock: random() < 0.75 ? 'manual' : 'system', batches: 8, graceful: random() < 0.5, port: source === 'socket' ? await this.#feed() : 0,
    }
    const story = [`seed ${seed}: ${JSON.stringify(plan)}`]
    try {
      const places = await this.#placesOf(plan)
      const journalled = new Map<string, Uint8Array>()
      for (let life = 0; life < livesACase; life++) {
        const killed = random() < 0.85
        const [name, hits] = pick(places)
        const hit = pick([1, 2, 1 + Math.floor(random() * Math.min(hits, 60))])
        const afterMs = killed ? undefined : 100 + Math.floor(random() * 400)
        const ended = await this.#live(plan, killed ? { RIVULET_FAILPOINT: `${name}@${hit}` } : {}, afterMs)
        story.push(`${killed ? `${name}@${hit}` : `${afterMs} ms`}: ${ended}`)
        assert.match(ended, /^(SIGKILL|ended)$/)
        if (ended === 'SIGKILL') this.#count(killed ? name : 'any time')
        await this.#checkJournal(plan, journalled)
      }
      const ended = await this.#live(plan, {})
      story.push(ended)
      assert.equal(ended, 'ended')
      checkOutputs(plan, {
        outcomes: outcomesOf(folder), saved: time => savedIn(join(folder, 'text', `numbers-${time}`)), acknowledged: acknowledgedOf(folder),
        journalled, keepsAll: plan.keep === keepsAll, lastMs: await this.#checkJournal(plan, journalled),
      })
      await rm(folder, { recursive: true })
    } catch (error) {
      throw new Error(story.join('\n'), { cause: error })
    }
  }

  /** Kills the drivers that run. */
  killAll(): void {
    for (const child of this.#children) child.kill('SIGKILL')
  }

  async close(): Promise<void> {
    this.#server?.close()
    if (this.#server !== undefined) await once(this.#server, 'close')
  }

  #count(name: string): void {
    this.kills++
    this.killsBy.set(name, (this.killsBy.get(name) ?? 0) + 1)
  }

  /** What a life passes that nobody kills. */
  async #placesOf(plan: Plan): Promise<readonly (readonly [string, number])[]> {
    const kind = `${plan.source} ${plan.master} ${plan.stateStore} ${plan.clock}`
    let places = this.#places.get(kind)
    if (places === undefined) {
      const folder = join(this.#root, kind)
      const log = join(this.#root, `${kind}.log`)
      assert.equal(await this.#live({ ...plan, folder }, { RIVULET_FAILPOINT_LOG: log }), 'ended')
      const passed = readFileSync(log, 'utf8').trim().split('\n').filter(name => !/\.(status|list|read)\./.test(name))
      places = [...Map.groupBy(passed, name => name)].map(([name, hits]) => [name, hits.length] as const)
      this.#places.set(kind, places)
      await rm(folder, { recursive: true })
    }
    return places
  }

  /** One life; gives how it ended. */
  async #live(plan: Plan, env: NodeJS.ProcessEnv, killAfterMs?: number): Promise<string> {
    const child = spawn(process.execPath, ['--import', self, program, JSON.stringify(plan)], {
      stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env },
    })
    this.#children.add(child)
    let timer: NodeJS.Timeout | undefined
    child.stdout.once('data', () => { if (killAfterMs !== undefined) timer = setTimeout(() => child.kill('SIGKILL'), killAfterMs - 100) })
    child.stdout.resume()
    let complaints = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => { complaints += text })
    const [code, signal] = await once(child, 'close') as [number | null, string | null]
    clearTimeout(timer)
    this.#children.delete(child)
    return signal ?? (code === 0 ? 'ended' : `code ${code}: ${complaints}`)
  }

  /** A server that counts, a line a number, for whoever connects. */
  async #feed(): Promise<number> {
    let next = 0
    this.#server ??= createServer(socket => {
      const timer = setInterval(() => { if (socket.writableLength < 1000) socket.write(`${next++}\n${next++}\n`) }, 2)
      socket.on('error', () => {}).on('close', () => clearInterval(timer))
    }).listen(0, '127.0.0.1')
    if (!this.#server.listening) await once(this.#server, 'listening')
    return (this.#server.address() as { port: number }).port
  }

  /** Gives the last batch that is complete. */
  async #checkJournal({ folder, source }: Plan, journalled: Map<string, Uint8Array>): Promise<number> {
    if (!existsSync(join(folder, 'checkpoint', 'journal'))) return -Infinity
    const times = outcomesOf(folder).map(({ time }) => time)
    const seen = { ...(times.length > 0 && { lastOutputMs: Math.max(...times) }), ...(source === 'replay' && { lastCommitted: Math.max(-Infinity, ...acknowledgedOf(folder)) }) }
    const { blocks, completed } = await checkJournal(join(folder, 'checkpoint'), batchMs, seen)
    for (const [name, bytes] of blocks) {
      assert.ok(journalled.get(name) === undefined || Buffer.from(bytes).equals(journalled.get(name)!), `the block ${name} is another one`)
      journalled.set(name, bytes)
    }
    return Math.max(...completed)
  }
}

function outcomesOf(folder: string): Outcome[] {
  const log = join(folder, 'outputs.jsonl')
  return existsSync(log) ? readFileSync(log, 'utf8').split('\n').filter(line => line.endsWith('}')).map(line => JSON.parse(line) as Outcome) : []
}

function acknowledgedOf(folder: string): number[] {
  const file = join(folder, 'acknowledged')
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(line => line.endsWith('.')).map(Number) : []
}

/** The records in a folder of files, if it is whole. */
function savedIn(folder: string): number[] | undefined {
  if (!existsSync(join(folder, '_SUCCESS'))) return undefined
  const parts = readdirSync(folder).filter(part => part.startsWith('part-')).sort()
  return parts.flatMap(part => readFileSync(join(folder, part), 'utf8').split('\n').slice(0, -1)).map(Number)
}
