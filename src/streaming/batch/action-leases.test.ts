// Leases of actions: waiting for all of them, and whose failure it is.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { ActionLeases } from './action-leases.ts'

test('settled waits for every action, also for those that begin meanwhile', async () => {
  const leases = new ActionLeases()
  await leases.settled()
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  void leases.track(first.promise).then(() => { void leases.track(second.promise) })
  let settled = false
  const waiting = leases.settled().then(() => { settled = true })
  first.resolve()
  await turn()
  assert.equal(settled, false)
  second.resolve()
  await waiting
})

const boom = new Error('boom')

test('a failure that nobody looks at is reported once', async () => {
  const leases = new ActionLeases()
  void leases.track(Promise.reject(boom))
  await assert.rejects(leases.settled(), boom)
  await leases.settled()
})

const looks: [name: string, look: (action: Promise<number>) => unknown][] = [
  ['await', async action => { try { await action } catch { /* handled */ } }],
  ['catch', action => action.catch(() => {})],
  ['then', action => action.then(() => {}, () => {})],
  ['Promise.all', action => Promise.all([action]).catch(() => {})],
  ['Promise.allSettled', action => Promise.allSettled([action])],
]
for (const [name, look] of looks) {
  test(`a failure that is looked at by ${name} is its owner's`, async () => {
    const leases = new ActionLeases()
    const action = Promise.withResolvers<number>()
    const looking = look(leases.track(action.promise))
    action.reject(boom)
    await leases.settled()
    await looking
  })
}

test('values come through', async () => {
  assert.equal(await new ActionLeases().track(Promise.resolve(7)), 7)
})
