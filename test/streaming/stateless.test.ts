// After 100 000 batches of a graph without state everything is where it was after 10 000. In a process of its own.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

interface Reading { readonly batch: number; readonly records: number; readonly letters: number; readonly heapUsed: number; readonly arrayBuffers: number; readonly liveBlocks: number; readonly stages: number; readonly slabBytes: number }

const slabBytes = 4 << 20
const program = fileURLToPath(new URL('./stateless.fixture.ts', import.meta.url))
const self = new URL('../../scripts/self.mjs', import.meta.url).href

test('100 000 batches leave nothing behind', async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--expose-gc', '--import', self, program, '10000', '100000'])
  assert.equal(stderr, '')
  const [early, late] = stdout.trim().split('\n').map(line => JSON.parse(line) as Reading)
  assert.ok(early !== undefined && late !== undefined)
  assert.deepEqual([late.records, late.letters], [110_000, 10_000])
  assert.ok(late.heapUsed < 1.1 * early.heapUsed, `heapUsed went from ${early.heapUsed} to ${late.heapUsed}`)
  // A reading may fall between two slabs: the one that is full, and the next one.
  for (const what of ['arrayBuffers', 'slabBytes'] as const) assert.ok(late[what] - early[what] < 1.1 * slabBytes, `${what} went from ${early[what]} to ${late[what]}`)
  assert.deepEqual([late.liveBlocks, late.stages], [early.liveBlocks, early.stages])
})
