// What a journal says of earlier runs, record by record.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Recovery } from './recovery.ts'

type Record = readonly [kind: string, data: unknown]

const start = (newest: object): Record => ['start', { batchMs: 10, zeroMs: 0, parallelism: 1, operators: [], newest, nextBlock: {} }]
const inputs = (timeMs: number, to: number): Record => ['inputs', { timeMs, inputs: { source: { from: to - 5, to } } }]
const completed = (timeMs: number): Record => ['completed', { timeMs, skipped: false, prepared: [] }]

const journals: readonly (readonly [what: string, records: readonly Record[], to: number, unfinished: readonly number[]])[] = [
  ['batches that ran ahead of the first one', [start({}), inputs(10, 5), inputs(20, 10), inputs(30, 15)], 15, [10, 20, 30]],
  ['a run that died while it ran them again', [start({}), inputs(10, 5), inputs(20, 10), inputs(30, 15), start({}), inputs(10, 5), completed(10), inputs(20, 10)], 15, [20, 30]],
  ['a start in between', [start({}), inputs(10, 5), inputs(20, 10), inputs(30, 15), inputs(10, 5), completed(10), start({ source: { from: 0, to: 5 } })], 15, [20, 30]],
  ['a journal that begins later', [start({ source: { from: 5, to: 10 } }), inputs(30, 15), completed(30)], 15, []],
  ['one without batches', [start({ source: { from: 5, to: 10 } })], 10, []],
]

for (const [what, records, to, unfinished] of journals) {
  test(`a source goes on where the newest batch ended: ${what}`, () => {
    const recovery = new Recovery()
    for (const [position, [kind, data]] of records.entries()) recovery.add({ kind, data, blocks: [], position })
    assert.equal((recovery.newest['source'] as { to: number }).to, to)
    assert.deepEqual([...recovery.inputs.keys()], unfinished)
  })
}
