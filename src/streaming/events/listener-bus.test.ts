// The listeners of a context: order, and those that misbehave.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { ListenerBus } from './listener-bus.ts'

function open() {
  const warnings: string[] = []
  const log = { debug() {}, info() {}, warn: (_: object, message: string) => { warnings.push(message) }, error() {} }
  return { bus: new ListenerBus(log), warnings }
}

test('every listener is called, in the order of registration, until it is removed', () => {
  const { bus } = open()
  const calls: string[] = []
  const a = { onStreamingStarted: ({ time }: { time: number }) => { calls.push(`a${time}`) } }
  bus.add(a)
  bus.add({})
  bus.add({ onStreamingStarted: ({ time }) => { calls.push(`b${time}`) } })
  bus.post('onStreamingStarted', { time: 1 })
  bus.remove(a)
  bus.post('onStreamingStarted', { time: 2 })
  bus.close()
  bus.post('onStreamingStarted', { time: 3 })
  assert.deepEqual(calls, ['a1', 'b1', 'b2'])
  assert.ok(bus.isEmpty)
})

test('methods keep their object', () => {
  const { bus } = open()
  class Counter { n = 0; onStreamingStarted(): void { this.n++ } }
  const counter = new Counter()
  bus.add(counter)
  bus.post('onStreamingStarted', { time: 1 })
  assert.equal(counter.n, 1)
})

test('one that throws or rejects is logged and does no harm', async () => {
  const { bus, warnings } = open()
  let called = 0
  bus.add({ onStreamingStarted() { throw new Error('a') } })
  bus.add({ onStreamingStarted: (async () => { throw new Error('b') }) as () => void })
  bus.add({ onStreamingStarted() { called++ } })
  bus.post('onStreamingStarted', { time: 1 })
  await turn()
  assert.deepEqual([called, warnings.length], [1, 2])
})
