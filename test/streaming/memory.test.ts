// After 10 000 batches everything is where it was after 1 000: heap, array buffers, resident size, blocks, stages. In a process of its own.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

interface Reading { readonly batch: number; readonly heapUsed: number; readonly arrayBuffers: number; readonly rss: number; readonly liveBlocks: number; readonly stages: number; readonly slabBytes: number }

const program = fileURLToPath(new URL('./memory.fixture.ts', import.meta.url))
const self = new URL('../../scripts/self.mjs', import.meta.url).href

for (const [name, bytes] of [['64 KiB', 64 << 10], ['1 MiB', 1 << 20]] as const) {
  test(`10 000 batches of ${name} leave nothing behind`, async () => {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--expose-gc', '--import', self, program, String(bytes), '1000', '10000'])
    assert.equal(stderr, '')
    const [early, late] = stdout.trim().split('\n').map(line => JSON.parse(line) as Reading)
    assert.ok(early !== undefined && late !== undefined)
    for (const what of ['heapUsed', 'arrayBuffers', 'rss', 'slabBytes'] as const) {
      const ratio = late[what] / early[what]
      assert.ok(ratio > 0.9 && ratio < 1.1, `${what} went from ${early[what]} to ${late[what]}`)
    }
    // A transform that captures the batch's time installs its stage once.
    assert.deepEqual([late.liveBlocks, late.stages], [early.liveBlocks, early.stages])
  })
}
