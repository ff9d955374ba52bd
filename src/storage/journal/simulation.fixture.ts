// A few lives of a journal on a simulated disk: opened, written, killed, stopped and continued behind a newer writer, cut from power,
// out of room, a bit flipped. A seed decides everything; what is read must be what the contract of journal.ts promises.

import assert from 'node:assert/strict'
import { isRivuletError } from '../../base/define-errors.ts'
import type { Logger } from '../../base/log.ts'
import { seededRandom } from '../../base/random.ts'
import { SimulatedDisk } from '../simulated-disk.fixture.ts'
import type { SimulatedProcess } from '../simulated-disk.fixture.ts'
import { FileJournal } from './file-journal.ts'
import type { StoredRecord } from './journal.ts'

const directory = '/checkpoint'
const fates = ['ends', 'is killed', 'loses power', 'is stopped', 'finds the disk full'] as const
type Fate = typeof fates[number]

/** What happened: a line for each life, and names of events, for a look at what a set of seeds covers. */
export interface Story {
  readonly lines: string[]
  readonly events: Set<string>
}

interface Record { readonly id: number; readonly position: number }

/** One opening of the journal, up to its end. */
class Life {
  /** What opening read; undefined until it is done. */
  read: Record[] | undefined
  readonly appended: Record[] = []
  /** So many of those appended are acknowledged. */
  acknowledged = 0
  failure: string | undefined
  epoch = 0
  readonly durability: 'power' | 'process'
  readonly process: SimulatedProcess
  readonly #world: World
  readonly #random: () => number

  constructor(world: World, process: SimulatedProcess, durability: 'power' | 'process') {
    this.#world = world
    this.#random = world.disk.random
    this.process = process
    this.durability = durability
  }

  async run(): Promise<void> {
    try {
      const found: StoredRecord[] = []
      const journal = await FileJournal.open({ fs: this.process, directory, durability: this.durability, log: this.#world.log, segmentBytes: 4_000, onRecord: record => found.push(record) })
      this.read = found.map(({ data, position }) => ({ id: data as number, position }))
      this.epoch = journal.epoch
      await this.#world.opened(this, found, journal.fellBack.length > 0)
      await this.#work(journal)
      await this.#durable(journal, this.#append(journal))
      await journal.close()
    } catch (error) {
      if (!isRivuletError(error)) throw error
      this.failure = error.code
    }
  }

  async #work(journal: FileJournal): Promise<void> {
    for (let i = Math.floor(this.#random() * 16); i > 0; i--) {
      const choice = this.#random()
      if (choice < 0.55) this.#append(journal)
      else if (choice < 0.7) await this.#durable(journal, this.#pick(this.appended))
      else if (choice < 0.8) journal.roll()
      else if (choice < 0.9) await this.#prune(journal)
      else for (let turns = Math.floor(this.#random() * 30); turns > 0; turns--) await Promise.resolve()
    }
  }

  #append(journal: FileJournal): Record {
    const id = this.#world.nextId++
    const record = { id, position: journal.append({ kind: 'test', data: id, blocks: blocksOf(id) }) }
    this.appended.push(record)
    return record
  }

  async #durable(journal: FileJournal, record: Record | undefined): Promise<void> {
    if (record === undefined) return
    await journal.durable(record.position)
    this.acknowledged = Math.max(this.acknowledged, this.appended.indexOf(record) + 1)
    this.#world.acknowledges(this)
  }

  async #prune(journal: FileJournal): Promise<void> {
    const record = this.#pick([...this.read!, ...this.appended])
    if (record === undefined) return
    this.#world.prunes(this, record.id)
    await journal.prune(record.position)
  }

  #pick<T>(items: readonly T[]): T | undefined {
    return items[Math.floor(this.#random() * items.length)]
  }
}

/** The disk and what must be on it. */
class World {
  readonly disk: SimulatedDisk
  readonly story: Story = { lines: [], events: new Set() }
  readonly log: Logger = { debug() {}, info() {}, warn: (_, message) => { this.warnings++; this.story.events.add(message.includes('newest file') ? 'fell back' : 'cut a tail') }, error() {} }
  warnings = 0
  nextId = 0
  /** The newest life that read the journal, and what was in it then, from the first record that was ever written. */
  writer: Life | undefined
  readonly #order: number[] = []
  /** The last record that nobody has allowed to remove. */
  #keeps = 0
  /** Of what the writer acknowledged something may be gone. */
  forgives = false
  damaged = false
  /** An older writer that goes on when the newer one has opened the journal. */
  resumes: SimulatedProcess | undefined

  constructor(seed: number) {
    this.disk = new SimulatedDisk(seededRandom(seed))
  }

  prunes(life: Life, id: number): void {
    if (life === this.writer) this.#keeps = Math.max(this.#keeps, [...this.#order, ...life.appended.map(r => r.id)].indexOf(id))
  }

  acknowledges(life: Life): void {
    if (life !== this.writer) assert.ok(life.appended.slice(0, life.acknowledged).every(r => this.#order.includes(r.id)), 'an older writer acknowledged what the newer one did not read')
  }

  async opened(life: Life, found: readonly StoredRecord[], fellBack: boolean): Promise<void> {
    if (life.epoch < (this.writer?.epoch ?? 0)) return
    const before = this.#order.length
    const all = [...this.#order, ...this.writer?.appended.map(r => r.id) ?? []]
    const late = fellBack ? life.read!.findIndex(r => !all.includes(r.id)) : -1 // where the file is gone that says where a fenced writer's log ends
    const ids = life.read!.map(r => r.id).slice(0, late === -1 ? undefined : late)
    const first = ids.length === 0 ? all.length : all.indexOf(ids[0]!)
    assert.ok(this.damaged || ids.length > 0 || this.#promised() === 0, 'there is nothing left')
    if (ids.length > 0) {
      assert.deepEqual(ids, all.slice(first, first + ids.length), 'what is read is a part of what was appended')
      assert.ok(first <= this.#keeps, 'nothing was removed that is needed')
      const end = first + ids.length
      if (!(this.damaged && this.warnings > 0)) assert.ok(end >= this.#promised(), `${end} records are read, ${this.#promised()} are promised`)
      if (first > 0) this.story.events.add('pruned')
      if (end > before && end > this.#promised()) this.story.events.add('read what was not acknowledged')
      if (end < all.length) this.story.events.add('lost what was not acknowledged')
    }
    this.#order.splice(0, Infinity, ...all.slice(0, ids.length === 0 ? 0 : first + ids.length))
    this.writer = life
    this.forgives = false
    this.resumes?.resume()
    for (const record of found) await this.#check(life, record)
  }

  #promised(): number {
    return this.#order.length + (this.forgives ? 0 : this.writer?.acknowledged ?? 0)
  }

  async #check(life: Life, record: StoredRecord): Promise<void> {
    const expected = blocksOf(record.data as number)
    assert.equal(record.blocks.length, expected.length)
    for (const [i, block] of record.blocks.entries()) {
      const bytes = await block.read().catch((error: unknown) => {
        if (life !== this.writer) return undefined // pruned by the newer one
        if (isRivuletError(error) && error.code === 'RIV_FILE_NOT_FOUND' && this.#order.indexOf(record.data as number) < this.#keeps) return undefined // pruned before
        if (!this.damaged || !isRivuletError(error) || error.code !== 'RIV_JOURNAL_CORRUPT') throw error
        this.story.events.add('found a damaged block')
        return undefined
      })
      if (bytes !== undefined) assert.ok(expected[i]!.equals(bytes), 'a block is what was appended')
    }
  }
}

/** Runs the lives of a seed. Throws where the journal broke a promise. */
export async function simulate(seed: number): Promise<Story> {
  const world = new World(seed)
  try {
    await live(world)
  } catch (error) {
    throw new Error(`seed ${seed}: ${world.story.lines.join('; ')}`, { cause: error })
  }
  return world.story
}

async function live(world: World): Promise<void> {
  const { disk, story } = world
  const { random } = disk
  await disk.process().makeDirectory(directory, { sync: true })
  let stopped: { life: Life; running: Promise<void> } | undefined
  for (let lives = 2 + Math.floor(random() * 4); lives > 0; lives--) {
    const fate: Fate = fates[Math.floor(random() * fates.length)]!
    const durability = random() < 0.7 ? 'power' : 'process'
    const at = Math.floor(random() ** 2 * 160)
    const claims = countOfClaims(disk)
    const process = disk.process({
      slowness: random() < 0.3 ? 20 : 3,
      ...(fate === 'is killed' || fate === 'loses power' ? { diesAt: at } : fate === 'is stopped' ? { stopsAt: at } : fate === 'finds the disk full' ? { fullFrom: at } : {}),
    })
    const life = new Life(world, process, durability)
    const behind = stopped !== undefined
    const races = random() < 0.3
    world.resumes = races ? undefined : stopped?.life.process
    const running = life.run()
    if (races) stopped?.life.process.resume()
    await Promise.race([running, process.halted])
    if (stopped !== undefined && !stopped.life.process.stopped) {
      await stopped.running
      const { failure, acknowledged, appended } = stopped.life
      if (!races) assert.ok(failure === 'RIV_JOURNAL_FENCED' || acknowledged === appended.length, 'an older writer is fenced, unless it was done')
      if (failure === 'RIV_JOURNAL_FENCED') story.events.add('fenced')
      assert.ok(life.failure !== 'RIV_JOURNAL_FENCED', 'the newer writer is not fenced')
    }
    stopped?.life.process.kill()
    stopped = undefined
    if (process.stopped && countOfClaims(disk) > claims) stopped = { life, running }
    else process.kill()
    if (fate === 'loses power') {
      disk.cutPower()
      if (world.writer?.durability === 'process') world.forgives = true
    }
    if (life.failure === 'RIV_FILE_NOT_FOUND' && life.read === undefined && behind) story.events.add('an older writer removed what it had pruned')
    else if (life.failure !== undefined) {
      assert.equal(life.failure, 'RIV_FILE_FULL')
      story.events.add('disk full')
    }
    story.lines.push(`${fate} (${durability}): read ${life.read?.length}, appended ${life.appended.length}, acknowledged ${life.acknowledged}`)
  }
  stopped?.life.process.kill()
  if (random() < 0.5) flip(world)
  const last = new Life(world, disk.process(), 'power')
  await last.run()
  if (!world.damaged) assert.equal(last.failure, undefined)
  if (last.failure !== undefined) story.events.add(last.failure)
  story.lines.push(`at the end: read ${last.read?.length}, ${last.failure}`)
}

function flip(world: World): void {
  const files = world.disk.paths().filter(path => path.includes('/segment-'))
  const path = files[Math.floor(world.disk.random() * files.length)]
  const entry = path === undefined ? undefined : world.disk.get(path)
  if (path === undefined || typeof entry !== 'object' || entry.bytes.length === 0) return
  world.damaged = true
  world.warnings = 0
  world.disk.flipBit(path, Math.floor(world.disk.random() * entry.bytes.length * 8))
}

function countOfClaims(disk: SimulatedDisk): number {
  return disk.paths().filter(path => path.includes('/epoch-')).length
}

function blocksOf(id: number): Buffer[] {
  return Array.from({ length: id % 3 }, (_, i) => Buffer.alloc(id * 397 % 1_500, id + i))
}
