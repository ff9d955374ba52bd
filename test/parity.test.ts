// docs/parity.md against the classes: what it calls same or different exists, what it calls absent does not.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Context } from '../src/context/context.ts'
import { KeyState } from '../src/kernel/state/state.ts'
import type { StreamingListener } from '../src/streaming/events/streaming-listener.ts'
import { Receiver } from '../src/streaming/input/receiver.ts'
import { streamingSettings } from '../src/streaming/settings.ts'
import { StateSpec } from '../src/streaming/state/state-spec.ts'
import { StreamingContext } from '../src/streaming/streaming-context.ts'

const page = readFileSync(new URL('../docs/parity.md', import.meta.url), 'utf8')
/** Names that are spelt otherwise here: the row says how. */
const spelt: Readonly<Record<string, string>> = { constructor: 'constructor', getConf: 'conf', getReadOnlyConf: 'conf', register: 'accumulator', addSparkListener: 'addListener', removeSparkListener: 'removeListener', getState: 'state' }

interface Row { readonly cls: string; readonly method: string; readonly status: string }

const rows = page.split(/^## /m).slice(1).flatMap((section): Row[] => {
  const cls = /^On `(\w+)`/m.exec(section)?.[1]
  if (cls === undefined) return []
  return [...section.matchAll(/^\| (`.*?) \| (\w+) \|/gm)].flatMap(([, names, status]) => [...names!.matchAll(/`([\w().]+)`/g)].map(([, method]) => ({ cls, method: method!, status: status! })))
})

class Idle extends Receiver<never> {
  onStart(): void {}
  onStop(): void {}
}

/** Every method of the interface: the compiler holds it. */
const listener: Required<StreamingListener> = {
  onStreamingStarted() {}, onBatchSubmitted() {}, onBatchStarted() {}, onBatchCompleted() {}, onOutputOperationStarted() {}, onOutputOperationCompleted() {},
  onReceiverStarted() {}, onReceiverError() {}, onReceiverStopped() {},
}

test('the page has rows of every status', () => {
  assert.deepEqual([...new Set(rows.map(row => row.status))].toSorted(), ['absent', 'differs', 'same'])
  assert.ok(rows.length > 150)
})

test('every row tells the truth', async () => {
  await using context = new Context({ master: 'inline' })
  const ssc = new StreamingContext(context, '1 s')
  const spec = StateSpec.function((_key: string, _value: number | undefined) => undefined)
  const stateful = ssc.queueStream<[string, number]>([]).mapWithState(spec)
  const objects: Record<string, readonly object[]> = {
    Context: [context, Context], RDD: [context.emptyRDD()], StreamingContext: [ssc, StreamingContext], DStream: [ssc.queueStream([])],
    StateSpec: [spec, StateSpec], State: [new KeyState()], MapWithStateDStream: [stateful],
    Receiver: [new Idle()], StreamingListener: [listener], settings: [streamingSettings],
  }
  const exists = ({ cls, method }: Row): boolean => objects[cls]!.some(object => (spelt[`${cls}.${method}`] ?? spelt[method] ?? method) in object)
  const wrong = rows.filter(row => exists(row) === (row.status === 'absent'))
  assert.deepEqual(wrong, [])
})
