// What is outside of the program and outlives it: what it has put out, the store of a two-phase sink, what sources were told.
//
// - A driver or a worker that is dead reaches nothing: whoever calls says who it is.
// - The store shows what was committed. Rows of a part that are written again replace those that were there, and must be the same.

import assert from 'node:assert/strict'
import type { SinkPart } from 'rivulet'
import { sorted, type Outcome } from '../recovery/plan.fixture.ts'
import type { Process } from './world.fixture.ts'

interface Prepared { readonly part: SinkPart; readonly rows: readonly unknown[] }

export class Outside {
  readonly outcomes: Outcome[] = []
  /** What the source with offsets was told to be done; what the receiver was told to be stored. */
  readonly committed: number[] = []
  readonly acknowledged: number[] = []
  /** By batch, the records that were lost to a handler. */
  readonly lost = new Map<number, Set<number>>()
  /** Folders of savepoints. */
  readonly savepoints: string[] = []
  readonly #prepared = new Map<string, Prepared>()
  /** By batch and partition, the rows that the store shows. */
  readonly shown = new Map<string, Prepared>()
  #handles = 0

  async put(driver: Process, outcome: Outcome): Promise<void> {
    await driver.sleep(delay(driver), 'reaches the outside')
    this.outcomes.push(outcome)
    driver.world.note(`put ${outcome.name} ${outcome.time} ${outcome.rows.length}`)
    await driver.sleep(delay(driver), 'has put out')
  }

  async lose(driver: Process, timeMs: number, n: number): Promise<void> {
    await driver.sleep(delay(driver), 'tells of a lost record')
    this.lost.set(timeMs, (this.lost.get(timeMs) ?? new Set()).add(n))
  }

  async prepare(driver: Process, part: SinkPart, rows: readonly unknown[]): Promise<string> {
    await driver.sleep(delay(driver), 'reaches the store')
    const handle = `${part.epoch}:${this.#handles++}`
    this.#prepared.set(handle, { part, rows })
    return handle
  }

  async commit(driver: Process, handles: readonly string[]): Promise<void> {
    for (const handle of handles) {
      await driver.sleep(delay(driver), 'reaches the store')
      const prepared = this.#prepared.get(handle)
      assert.ok(prepared !== undefined, `${handle} is committed, and was not prepared`)
      const { part: { time, partition }, rows } = prepared
      const key = `${time.milliseconds} ${partition}`
      const before = this.shown.get(key)
      if (before !== undefined) assert.deepEqual(rows, before.rows, `${key} was committed with other rows before`)
      this.shown.set(key, prepared)
    }
    await driver.sleep(delay(driver), 'has committed')
  }

  /** The rows that the store shows of a batch, in no order. */
  rowsOf(timeMs: number): unknown[] {
    return sorted([...this.shown.values()].filter(({ part }) => part.time.milliseconds === timeMs).flatMap(({ rows }) => rows))
  }
}

const delay = ({ world }: Process): number => world.random() ** 3
