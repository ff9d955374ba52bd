// A program through several lives in a simulated world; a seed decides everything. What comes out must be as if nothing had happened.
//
// - A life ends by itself, is killed at some write, loses its power, is stopped and goes on behind a newer one, or finds the disk full.
//   Meanwhile tasks fail, workers die, messages are lost, and some of it is slow.
// - After each life the rules of the journal are asserted, at the end everything that was put out (test/recovery), and that nothing leaks.
// - Then, for some, a bit of the journal flips: the program goes on as it would have, or is refused.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as macrotask } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { isRivuletError } from '../../src/base/define-errors.ts'
import { Conf } from '../../src/base/define-settings.ts'
import { openLocalDir } from '../../src/storage/local-dir.ts'
import { seededRandom } from '../../src/base/random.ts'
import { SimulatedDisk, type SimulatedProcess } from '../../src/storage/simulated-disk.fixture.ts'
import { checkOutputs } from '../recovery/check-outputs.fixture.ts'
import { checkRules } from '../recovery/journal-rules.fixture.ts'
import { batchMs, operations, sorted, type Plan } from '../recovery/plan.fixture.ts'
import { onCall } from '../recovery/program.fixture.ts'
import { forgetLives, isLost, Life, type SimulatedPlan } from './driver.fixture.ts'
import { Outside } from './outside.fixture.ts'
import type { TaskFaults } from './task-backend.fixture.ts'
import { Process, startMs, World } from './world.fixture.ts'

const fates = ['ends', 'is killed', 'loses power', 'is stopped', 'finds the disk full'] as const
type Fate = typeof fates[number]
const sources = ['replay', 'receiver', 'files'] as const
const calm: TaskFaults = { lost: 0, death: 0, memory: 0, slow: 0, astray: 0 }
/** Longer than any life takes, in simulated time. */
const patienceMs = 20_000
const keepsAll = 100_000
const journal = '/checkpoint/journal'

/** What happened. */
export interface Story {
  readonly plan: SimulatedPlan
  readonly lines: readonly string[]
  /** Names of events, for a look at what a set of seeds covers. */
  readonly events: ReadonlySet<string>
  readonly hash: number
  readonly batches: number
}

export interface SimulateOptions {
  /** Is given every event, when the seed has ended or failed. */
  readonly trace?: (lines: readonly string[]) => void
}

/** Slabs of lives that are over are garbage, which the engine of JavaScript is slow to find. */
setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void
const seedsACollection = 60
/** Of so many seeds one has its states on disk. */
const seedsADisk = 16
let seeds = 0

/** Folders of other processes are removed from the real disk before the first context can end. */
const swept = openLocalDir(new Conf()).close()

/** Runs the lives of a seed. Throws where the program broke a promise. */
export async function simulate(seed: number, { trace }: SimulateOptions = {}): Promise<Story> {
  await swept
  const simulation = new Simulation(seed)
  if (trace !== undefined) simulation.world.lines = []
  try {
    await simulation.run()
  } catch (error) {
    throw new Error(`seed ${seed}: ${JSON.stringify(simulation.plan)}\n  ${simulation.lines.join('\n  ')}\n  ${String(error)}`, { cause: error })
  } finally {
    trace?.(simulation.world.lines!)
    const { stateFolder } = simulation.plan
    if (stateFolder !== undefined) rmSync(stateFolder, { recursive: true })
    onCall(() => {})
    forgetLives()
    await macrotask() // weak references hold until one
    if (++seeds % seedsACollection === 0) collectGarbage()
  }
  return simulation.story
}

class Simulation {
  readonly world: World
  readonly lines: string[] = []
  readonly plan: SimulatedPlan
  readonly #events = new Set<string>()
  readonly #disk: SimulatedDisk
  readonly #outside = new Outside()
  readonly #journalled = new Map<string, Uint8Array>()
  /** Moves files in. */
  readonly #uploader: Process
  readonly #uploaderDisk: SimulatedProcess
  #files = 0
  #lives = 0
  #lastMs = -Infinity
  /** A driver that was stopped, and goes on when the next one has its epoch. */
  #stopped: Life | undefined

  constructor(seed: number) {
    const world = (this.world = new World(seed))
    this.#disk = new SimulatedDisk(world.random, () => Math.floor(world.nowMs))
    this.#uploader = new Process(world, 'uploader')
    this.#uploaderDisk = this.#disk.process({ pause: () => undefined })
    const plan = planOf(world)
    this.plan = { ...plan, ...moreOf(seed, plan), ...(seed % seedsADisk === 3 && { stateFolder: mkdtempSync(join(tmpdir(), 'rivulet-simulation-')) }) }
  }

  get story(): Story {
    return { plan: this.plan, lines: this.lines, events: this.#events, hash: this.world.hash, batches: (this.#lastMs - startMs) / batchMs }
  }

  async run(): Promise<void> {
    const { world, plan } = this
    for (const folder of ['/checkpoint', '/text', '/incoming']) await this.#uploaderDisk.makeDirectory(folder)
    this.#disk.syncFolder('')
    for (let lives = world.between(1, 4); lives > 0; lives--) {
      const fate = world.pick(fates.filter(each => each !== 'loses power' || plan.durability === 'power'))
      await this.#live(fate)
      world.nowMs += world.random() ** 3 * 6 * batchMs
    }
    for (let tries = 0; !await this.#lastLife(); tries++) assert.ok(tries < 3, 'it does not come to an end')
    this.#checkEnd()
    if (plan.source === 'replay' && plan.steady && !plan.asks && world.chance(0.3)) await this.#damaged()
    else if (plan.savepoints) await this.#restored()
  }

  /** One life, and what is left of it. */
  async #live(fate: Fate): Promise<void> {
    const { world } = this
    const at = Math.floor(world.random() ** 2 * 250)
    const faults = world.chance(0.3) ? calm : { lost: 0.02 * world.random(), death: 0.1 * world.random() ** 2, memory: 0.01 * world.random(), slow: (this.plan.speculation ? 0.3 : 0.05) * world.random(), astray: 0.3 * world.random() }
    const life = this.#begin({ diesAt: fate === 'is killed' || fate === 'loses power' ? at : undefined, fullFrom: fate === 'finds the disk full' ? at : undefined, faults })
    const epochs = this.#epochs
    if (fate === 'is stopped') world.at(life.process, world.nowMs + world.random() * 6 * batchMs, 'is stopped', () => life.process.stop())
    const behind = this.#stopped
    if (behind !== undefined) world.at(this.#uploader, world.nowMs + world.random() * 3 * batchMs, 'lets it go on', () => behind.process.resume())
    if (this.plan.sets) this.#setClock(life)
    void life.run(world.between(1, 5), world.chance(0.5))
    const isOver = (): boolean => life.state !== 'runs' || life.process.isDead || life.process.isStopped
    assert.ok(await world.run(isOver, world.nowMs + patienceMs), `${this.#lives} stands still`)
    this.#note(fate, life)
    if (behind !== undefined) await this.#outlived(behind)
    if (life.process.isStopped) {
      if (this.#epochs > epochs) this.#stopped = life
      else life.kill()
    } else life.kill()
    if (fate === 'loses power') {
      this.#stopped?.kill()
      this.#stopped = undefined
      this.#disk.cutPower()
      this.#uploaderDisk.revive()
      this.#journalled.clear() // what nobody was told of may be gone, and its numbers are given again
      this.#lastMs = -Infinity
    }
    await this.#check()
  }

  /** A life in which nothing goes wrong; says whether it came to its end. */
  async #lastLife(): Promise<boolean> {
    const { world } = this
    const life = this.#begin({ diesAt: undefined, fullFrom: undefined, faults: calm }, true)
    const behind = this.#stopped
    behind?.process.resume()
    void life.run(3, true)
    assert.ok(await world.run(() => life.state !== 'runs', world.nowMs + patienceMs), 'the last life stands still')
    this.#note('ends', life)
    if (behind !== undefined) await this.#outlived(behind)
    if (life.state === 'failed') throw life.error!
    assert.equal(life.leaked, 0, 'blocks are live when everything has ended')
    await this.#check()
    return this.#lastMs > -Infinity
  }

  /** One that was stopped has gone on behind a newer one. */
  async #outlived(behind: Life): Promise<void> {
    const { world } = this
    behind.process.resume()
    await world.run(() => behind.state !== 'runs', world.nowMs + 10 * batchMs)
    if (behind.state === 'failed') {
      const code = isRivuletError(behind.error) ? behind.error.code : String(behind.error)
      this.lines.push(`the one that was stopped fails: ${code}`)
      this.#events.add(code)
    }
    behind.kill()
    this.#stopped = undefined
  }

  #begin(options: Pick<ConstructorParameters<typeof Life>[0], 'diesAt' | 'fullFrom' | 'faults' | 'savepoint'>, patient = false): Life {
    const { world } = this
    const failing = options.faults === calm ? 0 : 0.01 * world.random()
    onCall(() => {
      if (!world.chance(failing)) return
      this.#events.add('a function failed')
      throw new Error('a function failed')
    })
    const life = new Life({ name: String(++this.#lives), world, disk: this.#disk, outside: this.#outside, plan: this.plan, patient, event: what => this.#events.add(what), ...options })
    if (this.plan.source === 'files' && this.#lives === 1) this.#upload(3)
    return life
  }

  /** A file of four numbers comes after some batches. */
  #upload(batches: number): void {
    const { world } = this
    world.at(this.#uploader, world.nowMs + batches * batchMs, 'uploads', async () => {
      this.#upload(0.2 + world.random())
      if (this.#lastMs === -Infinity && this.#outside.outcomes.length === 0) return // not before it has started
      const n = this.#files++
      await this.#uploaderDisk.writeAtomic(`/incoming/file-${String(n).padStart(6, '0')}`, [0, 1, 2, 3].map(i => `${4 * n + i}\n`).join(''))
    })
  }

  /** Somebody sets the clock while a driver lives. */
  #setClock(life: Life): void {
    const { world } = this
    world.at(life.process, world.nowMs + world.random() * 8 * batchMs, 'has its clock set', () => {
      world.clockErrorMs += (world.random() - 0.5) * 10 * batchMs
      this.#events.add('the clock was set')
      this.#setClock(life)
    })
  }

  #note(fate: Fate, life: Life): void {
    const { error, state } = life
    const code = error === undefined ? '' : isRivuletError(error) ? error.code : String(error)
    this.lines.push(`${fate}: ${life.process.isStopped ? 'stopped' : state}${code === '' ? '' : ` with ${code}`} at ${this.world.nowMs.toFixed(1)}`)
    this.#events.add(fate)
    if (error === undefined) return
    this.#events.add(code)
    if (code !== 'RIV_FILE_FULL' && !injected.test(error.message)) throw error
  }

  get #epochs(): number {
    return this.#disk.paths().filter(path => path.includes('/epoch-')).length
  }

  /** Asserts the rules of what is on the disk. */
  async #check(): Promise<void> {
    const { outcomes, committed } = this.#outside
    const files = this.#disk.paths().filter(path => path.startsWith(`${journal}/`))
    if (!files.some(path => path.startsWith(`${journal}/segment-`))) return
    for (const path of files) this.world.note(`${path} has ${(this.#disk.get(path) as { bytes: Buffer }).bytes.length} bytes`)
    const copy = this.#disk.copy(() => 0).process({ pause: () => undefined })
    const times = outcomes.map(({ time }) => time)
    const { blocks, completed } = await checkRules(copy, journal, batchMs, { ...(times.length > 0 && { lastOutputMs: Math.max(...times) }), ...(committed.length > 0 && { lastCommitted: Math.max(...committed) }) })
    for (const [name, bytes] of blocks) {
      assert.ok(this.#journalled.get(name) === undefined || Buffer.from(bytes).equals(this.#journalled.get(name)!), `the block ${name} is another one`)
      this.#journalled.set(name, bytes)
    }
    const lastMs = Math.max(...completed)
    assert.ok(lastMs >= this.#lastMs || completed.size === 0, 'a batch that was complete is so no more')
    if (completed.size > 0) this.#lastMs = lastMs
  }

  #checkEnd(): void {
    const { plan } = this
    const { outcomes, acknowledged } = this.#outside
    const whole: Plan = { folder: '', master: '', stateStore: 'memory', clock: 'system', batches: 0, graceful: true, port: 0, ...plan }
    const saved = (timeMs: number): readonly number[] | undefined => this.#saved(`/text/numbers-${timeMs}`)
    const batches = checkOutputs(whole, { outcomes, saved: plan.saves ? saved : undefined, acknowledged, journalled: this.#journalled, keepsAll: plan.keep === keepsAll, lastMs: this.#lastMs })
    assert.ok(batches.has(this.#lastMs), 'the last batch that is complete was put out')
    if (plan.store) for (const [time, rows] of batches) assert.deepEqual(this.#outside.rowsOf(time), sorted(rows), `the store shows batch ${time}`)
    if (plan.asks) this.#checkAnswers(batches)
    if (plan.letters) this.#checkLetters(batches)
    if (plan.source === 'receiver') {
      const there = new Set([...batches.values()].flat())
      for (const n of acknowledged) assert.ok(there.has(n), `R1: ${n} was acknowledged, and is in no batch`)
    }
  }

  /** Every record went one way or the other. */
  #checkLetters(batches: ReadonlyMap<number, readonly number[]>): void {
    const { outcomes, lost } = this.#outside
    for (const [timeMs, numbers] of batches) {
      assert.deepEqual(outcomes.findLast(({ name, time }) => name === 'good' && time === timeMs)?.rows, numbers.filter(n => !isLost(n)), `the good ones of ${timeMs}`)
      assert.deepEqual([...lost.get(timeMs) ?? []].sort((a, b) => a - b), [...new Set(numbers.filter(isLost))].sort((a, b) => a - b), `the lost ones of ${timeMs}`)
    }
  }

  /** Each record was asked for once, as far as anybody can see. */
  #checkAnswers(batches: ReadonlyMap<number, readonly number[]>): void {
    const rowsOf = (name: string, timeMs: number): readonly unknown[] => this.#outside.outcomes.findLast(each => each.name === name && each.time === timeMs)?.rows ?? []
    let total = 0
    for (const [timeMs, numbers] of batches) {
      const asked = rowsOf('asked', timeMs) as [number, number][]
      assert.deepEqual(asked.map(([n]) => n), numbers, `who was asked in ${timeMs}`)
      for (const [, answer] of asked) total += answer
      const sums = rowsOf('answers', timeMs) as [string, number][]
      assert.equal(sums[0]?.[1] ?? 0, total, `the sum of answers at ${timeMs}`)
    }
  }

  /** The records in a folder of files, if it is whole. */
  #saved(folder: string): number[] | undefined {
    if (this.#disk.get(`${folder}/_SUCCESS`) === undefined) return undefined
    const parts = this.#disk.paths().filter(path => path.startsWith(`${folder}/part-`))
    return parts.flatMap(path => {
      const entry = this.#disk.get(path)
      return typeof entry === 'object' ? entry.bytes.toString().split('\n').slice(0, -1).map(Number) : []
    })
  }

  /** A program begins from the newest savepoint that is there, and puts out again what was put out after it. */
  async #restored(): Promise<void> {
    const { world } = this
    const savepoint = this.#outside.savepoints.findLast(path => this.#disk.get(path) !== undefined)
    if (savepoint === undefined) return
    const life = this.#begin({ diesAt: undefined, fullFrom: undefined, faults: calm, savepoint }, true)
    void life.run(3, true)
    assert.ok(await world.run(() => life.state !== 'runs', world.nowMs + patienceMs), 'the life after the savepoint stands still')
    if (life.state === 'failed') throw life.error!
    this.#events.add('begins from a savepoint')
    this.#checkEnd()
  }

  /** A bit of the journal flips: it goes on, with the same outputs, or is refused. (Answers that were only there would be asked for again.) */
  async #damaged(): Promise<void> {
    const { world } = this
    const files = this.#disk.paths().filter(path => path.startsWith(`${journal}/segment-`))
    const path = world.pick(files)
    const entry = this.#disk.get(path)
    if (typeof entry !== 'object' || entry.bytes.length === 0) return
    this.#disk.flipBit(path, world.between(0, entry.bytes.length * 8))
    const life = this.#begin({ diesAt: undefined, fullFrom: undefined, faults: calm })
    void life.run(2, true)
    assert.ok(await world.run(() => life.state !== 'runs', world.nowMs + patienceMs), 'the life after the damage stands still')
    const code = isRivuletError(life.error) ? life.error.code : String(life.error)
    this.lines.push(`a bit of ${path} flips: ${life.state} ${life.error === undefined ? '' : code}`)
    this.#events.add(life.error === undefined ? 'goes on with damage' : code)
    if (life.state === 'failed') {
      if (/^RIV_JOURNAL_(CORRUPT|UNUSABLE|VERSION)$/.test(code)) return
      throw life.error!
    }
    this.#lastMs = -Infinity
    await this.#check()
    this.#checkEnd()
  }
}

/** What may fail an output for good: too many of these in one task. */
const injected = /a function failed|it died|it does not answer/

type FirstPlan = Omit<SimulatedPlan, 'letters' | 'retries' | 'pressed' | 'savepoints'>

function planOf(world: World): FirstPlan {
  const source = world.pick(sources)
  const first = world.pick(operations)
  return {
    source, operations: [first, ...operations.filter(each => each !== first && world.chance(0.12))], durability: world.chance(0.7) ? 'power' : 'process', keep: world.chance(0.5) ? 0 : keepsAll,
    workers: world.between(1, 4), steady: world.chance(0.5), saves: world.chance(0.3), store: world.chance(0.4), speculation: world.chance(0.3), outputsAtOnce: world.chance(0.8) ? 1 : 2,
    moves: world.chance(0.3), asks: world.chance(0.2), sets: source !== 'files' && world.chance(0.2),
  }
}

/** What came later, by a generator of its own, so that older seeds stay what they were. */
function moreOf(seed: number, { source, steady, asks }: FirstPlan): Pick<SimulatedPlan, 'letters' | 'retries' | 'pressed' | 'savepoints'> {
  const random = seededRandom(seed + 10_158_235)
  const chance = (probability: number): boolean => random() < probability
  return { letters: chance(0.15), retries: chance(0.15), pressed: chance(0.2) && source === 'replay' && !steady, savepoints: chance(0.4) && source === 'replay' && steady && !asks }
}
