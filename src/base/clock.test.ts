// Clocks: the order of alarms, cancelling, and what happens when wall time steps.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ManualClock, SystemClock } from './clock.ts'

describe('SystemClock', () => {
  test('calls back once, not before its time', async () => {
    const clock = new SystemClock()
    const due = clock.now() + 5
    const calledAt = await new Promise<number>(resolve => { clock.at(due, () => resolve(clock.now())) })
    assert.ok(calledAt >= due)
  })

  test('a cancelled alarm is silent', async () => {
    const clock = new SystemClock()
    let called = false
    clock.at(clock.now() + 1, () => { called = true })()
    await new Promise<void>(resolve => { clock.at(clock.now() + 5, resolve) })
    assert.equal(called, false)
  })

  test('a step back delays nothing', async () => {
    const { now } = Date
    const clock = new SystemClock()
    try {
      const called = new Promise<void>(resolve => { clock.at(clock.now() + 5, resolve) })
      Date.now = () => now() - 3_600_000
      await called
      assert.ok(clock.now() < now() - 3_000_000)
    } finally {
      Date.now = now
    }
  })
})

describe('ManualClock', () => {
  test('stops at everything that falls due, in order, and waits for it', async () => {
    const clock = new ManualClock(100)
    const log: string[] = []
    const note = (name: string) => async (): Promise<void> => { log.push(`${name} at ${clock.now()}`); await Promise.resolve(); log.push(`${name} done`) }
    clock.at(130, note('c'))
    clock.at(110, note('a'))
    clock.at(110, note('b'))
    clock.at(111, () => { clock.at(112, note('nested')) })
    clock.at(131, note('later'))
    await clock.advance(30)
    assert.deepEqual(log, ['a at 110', 'a done', 'b at 110', 'b done', 'nested at 112', 'nested done', 'c at 130', 'c done'])
    assert.equal(clock.now(), 130)
  })

  test('advance(0) waits for what is due; a time that has passed is due', async () => {
    const clock = new ManualClock(50)
    const log: number[] = []
    clock.at(10, () => { log.push(clock.now()) })
    await clock.advance(0)
    assert.deepEqual(log, [50])
  })

  test('advances that overlap happen one after another', async () => {
    const clock = new ManualClock()
    const log: string[] = []
    clock.at(5, async () => { await new Promise(resolve => { setImmediate(resolve) }); log.push('alarm') })
    const first = clock.advance(10).then(() => log.push(`first ${clock.now()}`))
    const second = clock.advance(10).then(() => log.push(`second ${clock.now()}`))
    await Promise.all([first, second])
    assert.deepEqual([log[0], clock.now()], ['alarm', 20])
  })

  test('what fails rejects the advance, and the clock goes on working', async () => {
    const clock = new ManualClock()
    clock.at(5, () => { throw new Error('boom') })
    await assert.rejects(clock.advance(10), /boom/)
    await clock.advance(10)
    assert.ok(clock.now() >= 10)
  })

  test('a cancelled alarm is silent, and a guard refuses until it is removed', async () => {
    const clock = new ManualClock()
    let called = false
    clock.at(5, () => { called = true })()
    const remove = clock.guard(() => { throw new Error('not now') })
    await assert.rejects(clock.advance(10), /not now/)
    remove()
    await clock.advance(10)
    assert.equal(called, false)
  })
})
