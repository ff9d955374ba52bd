// The contract suite finds what it is there for: a good source passes, each broken one fails its case.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ReplayableSource } from '../streaming/input/replayable-source.ts'
import { replayableSourceContract, type SourceUnderTest } from './replayable-source-contract.ts'

interface Part { readonly records: readonly string[] }
type Source = ReplayableSource<number, Part, string>

/** A log in memory, with whatever a test breaks. */
function open(broken: (log: string[]) => Partial<Source> = () => ({})): SourceUnderTest<number, Part, string> {
  const log: string[] = []
  const make = (): Source => ({
    initial: async () => 0,
    latest: async (from, limit) => Math.min(log.length, from + limit),
    split: (from, to) => (from === to ? [] : [{ records: log.slice(from, Math.ceil((from + to) / 2)) }, { records: log.slice(Math.ceil((from + to) / 2), to) }]),
    read: part => part.records,
    ...broken(log),
  })
  const append = (n: number): string[] => {
    const more = Array.from({ length: n }, (_, i) => `record ${log.length + i}`)
    log.push(...more)
    return more
  }
  return { source: make(), append, reopen: make }
}

describe('a source that keeps the contract', () => {
  for (const { name, run } of replayableSourceContract({ open })) test(name, run)
})

const breaches: [name: string, broken: (log: string[]) => Partial<Source>, found: RegExp][] = [
  ['ignores the limit', log => ({ latest: async () => log.length }), /limit/],
  ['makes no progress under a limit', log => ({ latest: async (from, limit) => (limit < Infinity ? from : log.length) }), /limit/],
  ['gives parts for nothing', log => ({ split: (from, to) => [{ records: log.slice(from, to) }] }), /without new records/],
  ['gives the last record twice', log => ({ split: (from, to) => (from === to ? [] : [{ records: log.slice(Math.max(0, from - 1), to) }]) }), /once, in order/],
  ['forgets what was read', log => ({ * read(part) { yield* part.records; part.records.forEach(record => { log[log.indexOf(record)] = 'gone' }) } }), /same records/],
  ['reads through this', () => ({ read(this: Source | undefined, part) { return this!.initial === undefined ? [] : part.records } }), /once, in order/],
  ['gives parts that cannot travel', log => ({ split: (from, to) => (from === to ? [] : [{ records: log.slice(from, to), read: () => {} } as Part]) }), /plain data/],
  ['lists parts out of order', log => ({ split: (from, to) => (from === to ? [] : [{ records: log.slice(from + 1, to) }, { records: log.slice(from, from + 1) }]) }), /once, in order/],
]

for (const [name, broken, found] of breaches) {
  test(`found: a source that ${name}`, async () => {
    const failed: string[] = []
    for (const { name: contract, run } of replayableSourceContract({ open: () => open(broken) })) await run().catch(() => failed.push(contract))
    assert.ok(failed.some(contract => found.test(contract)), `failed: ${failed.join('; ')}`)
  })
}

test('what a case opened is closed, also when it fails', async () => {
  let closed = 0
  const cases = replayableSourceContract({ open: () => ({ ...open(() => ({ initial: async () => { throw new Error('down') } })), close: () => { closed++ } }) })
  for (const { run } of cases) await assert.rejects(run(), /down/)
  assert.equal(closed, cases.length)
})
