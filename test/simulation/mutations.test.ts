// The simulation can fail: a product that is broken on purpose is found out within few seeds.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { EmbeddedEngine } from '../../src/engine/embedded/embedded-engine.ts'
import { StateTable } from '../../src/kernel/state/state-table.ts'
import { FileJournal } from '../../src/storage/journal/file-journal.ts'
import { SimulatedProcess } from '../../src/storage/simulated-disk.fixture.ts'
import { Checkpointer } from '../../src/streaming/checkpoint/checkpointer.ts'
import { SourceInput } from '../../src/streaming/input/source-input.ts'
import { simulate } from './simulation.fixture.ts'

const mostSeeds = 150
const nothing = async (): Promise<void> => {}

/** Puts something in the place of a method; gives what puts it back. */
function replace<T extends object, K extends keyof T>(prototype: T, name: K, make: (original: T[K]) => unknown): () => void {
  const original = prototype[name]
  prototype[name] = make(original) as T[K]
  return () => { prototype[name] = original }
}

/** By what is broken, a seed that found it once, and how it is broken. */
const mutations: Readonly<Record<string, readonly [first: number, mutate: () => () => void]>> = {
  'R1, R2: what is not on the disk counts as durable': [1, () => replace(FileJournal.prototype, 'durable', () => nothing)],
  'R4: sources are told, and sinks commit, before the batch is complete': [10, () => replace(Checkpointer.prototype, 'completed', original => function (this: Checkpointer, timeMs, batch, committed) {
    committed()
    this.commit(timeMs, batch.prepared).catch(() => {}) // of a driver that failed
    original.call(this, timeMs, { ...batch, prepared: [] }, () => {})
  } satisfies Checkpointer['completed'])],
  'a task that failed leaves what it did to the state': [37, () => replace(StateTable.prototype, 'rollback', () => () => {})],
  'a batch that runs again asks its source anew': [0, () => replace(SourceInput.prototype, 'restore', original => function (this: SourceInput<unknown, unknown>, earlier) {
    original.call(this, { ...earlier, batches: new Map() })
  } satisfies SourceInput<unknown, unknown>['restore'])],
  'the journal is never synced': [3, () => replace(SimulatedProcess.prototype, 'append', original => async function (this: SimulatedProcess, path: string) {
    return { ...await original.call(this, path), sync: nothing }
  })],
  'blocks are not given back': [0, () => replace(EmbeddedEngine.prototype, 'release', () => () => {})],
}

for (const [what, [first, mutate]] of Object.entries(mutations)) {
  test(`it finds out that ${what}`, async t => {
    const restore = mutate()
    after(restore)
    let found: Error | undefined
    let tries = 0
    for (; tries < mostSeeds && found === undefined; tries++) found = await simulate((first + tries) % mostSeeds).then(() => undefined, (error: Error) => error)
    restore()
    assert.ok(found !== undefined)
    t.diagnostic(`${tries} seeds from ${first} on: ${String((found.cause as Error).message).split('\n')[0]}`)
  })
}
