// After 100 000 batches of a stream with state everything is where it was after 10 000; the same of a window that goes on from the last one.
// In processes of their own. Each reading is a test, so that a slow machine is seen to get on.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { after, describe, test } from 'node:test'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

interface Reading { readonly batch: number; readonly batches: number; readonly timedOut: number; readonly keys: number; readonly heapUsed: number; readonly arrayBuffers: number; readonly slabBytes: number; readonly stages: number; readonly blocks: number }

const slabBytes = 4 << 20
const program = fileURLToPath(new URL('./stateful.fixture.ts', import.meta.url))
const self = new URL('../../scripts/self.mjs', import.meta.url).href

for (const [kind, readAt] of [['state', [10_000, 40_000, 70_000, 100_000]], ['window', [5_000, 20_000]]] as const) {
  describe(kind, () => {
    let early: Reading | undefined
    let child: ReturnType<typeof spawn> | undefined
    let lines: AsyncIterator<string>
    let errors: Promise<string>
    after(() => child?.kill('SIGKILL'))
    const next = async (): Promise<unknown> => {
      const line = await lines.next()
      if (line.done === true) assert.fail(await errors)
      return JSON.parse(line.value)
    }
    for (const batch of readAt) test(`after ${batch} batches`, async () => {
      if (child === undefined) {
        child = spawn(process.execPath, ['--expose-gc', '--import', self, program, kind, ...readAt.map(String)], { stdio: ['ignore', 'pipe', 'pipe'] })
        lines = createInterface(child.stdout!)[Symbol.asyncIterator]()
        errors = text(child.stderr!)
      }
      const late = await next() as Reading
      assert.deepEqual([late.batch, late.batches], [batch, batch])
      if (kind === 'state') assert.ok(late.timedOut >= batch / 100 - 1, `${late.timedOut} keys that timed out were seen`)
      early ??= late
      assert.ok(late.heapUsed < 1.1 * early.heapUsed, `heapUsed went from ${early.heapUsed} to ${late.heapUsed}`)
      for (const what of ['arrayBuffers', 'slabBytes'] as const) assert.ok(late[what] - early[what] < 1.1 * slabBytes, `${what} went from ${early[what]} to ${late[what]}`)
      assert.ok(Math.abs(late.keys - early.keys) <= 3, `keys went from ${early.keys} to ${late.keys}`)
      assert.ok(late.blocks <= 1.1 * early.blocks, `blocks went from ${early.blocks} to ${late.blocks}`)
      assert.equal(late.stages, early.stages)
    })
    test('a stop gives all of it back', async () => {
      assert.deepEqual(await next(), { liveBlocks: 0 })
      assert.equal(await errors, '')
    })
  })
}
