// Time, chance and order of a simulation: one queue of events, one generator of random numbers. The same seed gives the same run.
//
// - Time goes from event to event. What an event causes happens before the next one: promises, and nothing else.
// - An event belongs to a process. One that is killed has no more events; one that is stopped has them when it goes on.
// - Every event is noted; `hash` tells whether two runs were the same.

import type { Clock } from '../../src/base/clock.ts'
import { seededRandom } from '../../src/base/random.ts'

/** Resolves when no promise has anything to do: ticks come after all of them. */
const turn = (): Promise<void> => new Promise(resolve => { process.nextTick(resolve) })

/** As times are today: too large for V8's small integers. */
export const startMs = 1_700_000_000_000

interface Event { readonly ms: number; readonly seq: number; readonly process: Process; readonly what: string; readonly callback: () => unknown; cancelled: boolean }

export class World {
  readonly random: () => number
  nowMs = startMs
  /** How wrong the clock of the machine is. */
  clockErrorMs = 0
  /** In order, the next one last. */
  readonly #events: Event[] = []
  #seq = 0
  #hash = 0
  /** What happened, where somebody wants to read it. */
  lines: string[] | undefined

  constructor(seed: number) {
    this.random = seededRandom(seed)
  }

  get hash(): number {
    return this.#hash
  }

  chance(probability: number): boolean {
    return this.random() < probability
  }

  /** A whole number from `from` up to before `to`. */
  between(from: number, to: number): number {
    return from + Math.floor(this.random() * (to - from))
  }

  pick<T>(items: readonly T[]): T {
    return items[this.between(0, items.length)]!
  }

  /** Adds to the trace. */
  note(what: string): void {
    for (let i = 0; i < what.length; i++) this.#hash = Math.imul(this.#hash ^ what.charCodeAt(i), 0x01000193)
    this.lines?.push(`${this.nowMs.toFixed(2)} ${what}`)
  }

  /** Calls back at a time; returns what cancels it. */
  at(process: Process, ms: number, what: string, callback: () => unknown): () => void {
    const event: Event = { ms: Math.max(ms, this.nowMs), seq: this.#seq++, process, what, callback, cancelled: false }
    if (ms < Infinity) this.#insert(event)
    return () => { event.cancelled = true }
  }

  /** Puts back what a process that was stopped did not hear. */
  again(events: readonly Event[]): void {
    for (const event of events) this.#insert({ ...event, ms: Math.max(event.ms, this.nowMs), seq: this.#seq++ })
  }

  /** Runs events until `isOver`, at most until a time. False where nothing happens any more, or the time is up. */
  async run(isOver: () => boolean, untilMs: number): Promise<boolean> {
    await turn()
    while (!isOver()) {
      const event = this.#events.pop()
      if (event === undefined) return false
      const { process, ms, what, callback } = event
      if (event.cancelled || process.isDead) continue
      if (ms > untilMs) return false
      if (process.isStopped) {
        process.hold(event)
        continue
      }
      this.nowMs = ms
      this.note(`${process.name} ${what}`)
      callback()
      await turn()
    }
    return true
  }

  #insert(event: Event): void {
    const events = this.#events
    let [low, high] = [0, events.length]
    while (low < high) {
      const middle = (low + high) >> 1
      const other = events[middle]!
      if (other.ms > event.ms || (other.ms === event.ms && other.seq > event.seq)) low = middle + 1
      else high = middle
    }
    events.splice(low, 0, event)
  }
}

/** What can be killed, and stopped for a while, with all its children. */
export class Process {
  readonly name: string
  readonly world: World
  readonly #parent: Process | undefined
  /** Events of the time in which it was stopped. */
  readonly #held: Event[] = []
  #state: 'runs' | 'stopped' | 'dead' = 'runs'

  constructor(world: World, name: string, parent?: Process) {
    this.world = world
    this.name = name
    this.#parent = parent
  }

  get isDead(): boolean {
    return this.#state === 'dead' || this.#parent?.isDead === true
  }

  get isStopped(): boolean {
    return this.#state === 'stopped' || this.#parent?.isStopped === true
  }

  /** Keeps an event until it goes on. */
  hold(event: Event): void {
    if (this.#state === 'stopped') this.#held.push(event)
    else this.#parent?.hold(event)
  }

  kill(): void {
    this.#state = 'dead'
    this.#held.length = 0
  }

  stop(): void {
    if (this.#state === 'runs') this.#state = 'stopped'
  }

  resume(): void {
    if (this.#state !== 'stopped') return
    this.#state = 'runs'
    this.world.again(this.#held.splice(0))
  }

  /** Resolves after a time; never, where the process has died. */
  sleep(ms: number, what = 'wakes'): Promise<void> {
    return new Promise(resolve => { this.world.at(this, this.world.nowMs + ms, what, resolve) })
  }

  /** The clock of its machine: whole milliseconds, which somebody may set forward and back. */
  get clock(): Clock {
    const { world } = this
    const now = (): number => Math.floor(world.nowMs + world.clockErrorMs)
    return { now, at: (ms, callback) => world.at(this, world.nowMs + ms - now(), 'alarm', callback) }
  }

  /** A clock that nobody sets. */
  get steadyClock(): Clock {
    const { world } = this
    return { now: () => world.nowMs, at: (ms, callback) => world.at(this, ms, 'watches', callback) }
  }
}
