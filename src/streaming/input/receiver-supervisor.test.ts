// The life of a receiver: events in, what is called and told.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ManualClock } from '../../base/clock.ts'
import { ReceiverSupervisor } from './receiver-supervisor.ts'

function open(methods: { onStart?: () => void | Promise<void>; onStop?: () => void | Promise<void> } = {}) {
  const clock = new ManualClock()
  const log: string[] = []
  const warnings: string[] = []
  const receiver = {
    onStart: () => { log.push('start'); return methods.onStart?.() },
    onStop: () => { log.push('stop'); return methods.onStop?.() },
  }
  const events = { post: (event: string, { receiverInfo: { lastErrorMessage } }: { receiverInfo: { lastErrorMessage?: string } }) => { log.push(event === 'onReceiverError' ? `error ${lastErrorMessage}` : event) } }
  const warn = (fields: object, message?: string): void => { if ('code' in fields && fields.code === 'RIV_RECEIVER_BLOCKS') log.push(`warn ${message}`); else warnings.push(`${JSON.stringify(fields)} ${message}`) }
  return { clock, log, warnings, supervisor: new ReceiverSupervisor({ log: { warn }, receiver, clock, events, streamId: 0, name: 'r', restartDelayMs: 2_000 }) }
}

describe('a receiver', () => {
  test('is started and stopped', async () => {
    const { log, supervisor } = open()
    supervisor.start()
    assert.ok(supervisor.isRunning)
    await supervisor.stop()
    await supervisor.stop()
    assert.deepEqual(log, ['onReceiverStarted', 'start', 'stop', 'onReceiverStopped'])
    assert.equal(supervisor.isRunning, false)
  })

  test('starts again after the delay of the stream clock', async () => {
    const { clock, log, supervisor } = open()
    supervisor.start()
    supervisor.restart('lost')
    supervisor.restart('again')
    await clock.advance(1_999)
    assert.deepEqual(log.splice(0), ['onReceiverStarted', 'start', 'error lost', 'stop'])
    await clock.advance(1)
    assert.deepEqual(log.splice(0), ['onReceiverStarted', 'start'])
    supervisor.restart('soon', undefined, 5)
    await clock.advance(5)
    assert.deepEqual(log, ['error soon', 'stop', 'onReceiverStarted', 'start'])
  })

  test('logs errors; one that comes again and again, ever less often', async () => {
    const { clock, warnings, supervisor } = open()
    supervisor.start()
    for (let i = 0; i < 9; i++) {
      supervisor.restart('refused')
      await clock.advance(2_000)
    }
    supervisor.reportError('disk full')
    supervisor.reportError('refused')
    assert.deepEqual(warnings, [1, 2, 4, 8].map(times => `{"code":"RIV_RECEIVER","stream":0${times > 1 ? `,"times":${times}` : ''}} r: refused`).concat('{"code":"RIV_RECEIVER","stream":0} r: disk full', '{"code":"RIV_RECEIVER","stream":0} r: refused'))
  })

  test('waits for onStop before it starts again', async () => {
    const stopping = Promise.withResolvers<void>()
    const { clock, log, supervisor } = open({ onStop: () => stopping.promise })
    supervisor.start()
    supervisor.restart('lost')
    const advancing = clock.advance(2_000)
    assert.equal(log.filter(entry => entry === 'start').length, 1)
    stopping.resolve()
    await advancing
    assert.equal(log.filter(entry => entry === 'start').length, 2)
  })

  test('that is stopped between two starts stays stopped', async () => {
    const { clock, log, supervisor } = open()
    supervisor.start()
    supervisor.restart('lost')
    await supervisor.stop()
    await clock.advance(10_000)
    assert.deepEqual(log, ['onReceiverStarted', 'start', 'error lost', 'stop', 'onReceiverStopped'])
  })

  for (const [name, onStart] of [['throws', () => { throw new Error('no port') }], ['rejects', async () => { throw new Error('no port') }]] as const) {
    test(`whose onStart ${name} is reported and started again`, async () => {
      const { clock, log, supervisor } = open({ onStart })
      supervisor.start()
      await clock.advance(2_000)
      assert.match(log[2]!, /^error r: onStart threw Error: no port/)
      assert.deepEqual(log.slice(3, 6), ['stop', 'onReceiverStarted', 'start'])
      await supervisor.stop()
    })
  }

  test('whose onStop throws is reported, and stops', async () => {
    const { log, supervisor } = open({ onStop: () => { throw new Error('stuck') } })
    supervisor.start()
    await supervisor.stop()
    assert.match(log.at(-1)!, /onReceiverStopped|stuck/)
    assert.ok(log.some(entry => entry.includes('stuck')))
  })
})
