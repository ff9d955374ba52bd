// Warnings of streams that fall behind: when, how often, and what they say.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock } from '../../base/clock.ts'
import type { BatchInfo } from '../events/streaming-listener.ts'
import type { OutputOperation } from '../graph/output-operation.ts'
import type { Stateful } from '../graph/stateful.ts'
import { Lateness } from './lateness.ts'

/** A clock whose time passes while the event loop is kept; what is due is called at its next turn. */
class LoopClock implements Clock {
  #now = 0
  #due: { ms: number; callback: () => unknown }[] = []
  now(): number { return this.#now }
  at(ms: number, callback: () => unknown): () => void {
    const alarm = { ms, callback }
    this.#due.push(alarm)
    return () => { this.#due = this.#due.filter(other => other !== alarm) }
  }
  busy(ms: number): void { this.#now += ms }
  turn(): void {
    for (const { callback } of this.#due.splice(0).filter(({ ms }) => ms <= this.#now)) callback()
  }
}

function open(batchMs: number) {
  const clock = new LoopClock()
  const warnings: string[] = []
  const log = { debug() {}, info() {}, error() {}, warn: (fields: object, message: string) => { warnings.push(`${(fields as { code: string }).code} ${message}`) } }
  return { lateness: new Lateness(batchMs, log, clock), clock, warnings }
}

const tables: readonly (readonly [batchMs: number, delays: readonly number[], warned: readonly number[]])[] = [
  [1_000, [0, 500, 1_999, 2_000, 2_500, 3_999, 4_000, 7_000, 8_100, 3_000, 999, 1_500, 2_100], [2_000, 4_000, 8_100, 2_100]],
  [10, [20, 100, 999, 1_000, 1_500, 2_000, 5, 1_200], [1_000, 2_000, 1_200]],
]

for (const [batchMs, delays, warned] of tables) {
  test(`batches of ${batchMs} ms that begin late`, () => {
    const { lateness, warnings } = open(batchMs)
    for (const [i, schedulingDelay] of delays.entries()) lateness.completed({ batchTime: i, schedulingDelay, processingDelay: 7 } as BatchInfo)
    assert.deepEqual(warnings.map(text => Number(/waited for (\d+) ms/.exec(text)![1])), warned)
    assert.match(warnings[0]!, new RegExp(`^RIV_BATCHES_LATE .* took 7 ms of an interval of ${batchMs} ms .*backpressure`))
  })
}

test('a state that goes through many keys for little data is named, once', () => {
  const { lateness, warnings } = open(1_000)
  const state = (keys: number, withData: number | undefined): Stateful => ({ keys, withData, advanceMs: 1_000 }) as Stateful
  const advances = (stateful: Stateful, ...ms: number[]): string[] => {
    for (const each of ms) lateness.advanced(stateful, 'updateStateByKey at app.ts:3:1', each)
    return warnings.splice(0)
  }
  assert.deepEqual(advances(state(1_000_000, 100_001), 900, 900, 900, 900), [], 'data for more than one key in ten')
  assert.deepEqual(advances(state(1_000_000, undefined), 900, 900, 900), [], 'mapWithState')
  assert.deepEqual(advances(state(0, 0), 100, 100, 100), [])
  const slow = state(1_000_000, 100_000)
  assert.deepEqual(advances(slow, 499, 500, 500, 499, 600, 700), [], 'two in a row')
  assert.deepEqual(advances(slow, 800, 900, 900, 1, 900, 900, 900).map(text => text.slice(0, 121)), ['RIV_STATE_SCAN updateStateByKey at app.ts:3:1 took 800 ms of an interval of 1000 ms: it goes through all of its 1000000 k'])
  assert.equal(advances(state(20, 0), 500, 500, 500).length, 1, 'another one')
})

test('an output that keeps the event loop is named, once; one that awaits is not', () => {
  const { lateness, clock, warnings } = open(500)
  const output = { op: 'foreachRDD', site: { place: 'app.ts:3:1' } } as OutputOperation
  const run = (body: () => void): void => {
    const done = lateness.watch(output)
    body()
    done()
  }
  run(() => clock.busy(20))
  run(() => { for (let i = 0; i < 20; i++) { clock.busy(20); clock.turn() } })
  assert.deepEqual(warnings, [])
  run(() => clock.busy(300))
  run(() => { clock.turn(); clock.busy(310); clock.turn() })
  assert.equal(warnings.length, 1, warnings.join('\n'))
  assert.match(warnings[0]!, /^RIV_OUTPUT_BLOCKS foreachRDD at app\.ts:3:1 kept the program from everything else for 300 ms, of a batch interval of 500 ms/)
})
