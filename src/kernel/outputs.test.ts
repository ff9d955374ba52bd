// Records into blocks of bounded size: what would be too large for one becomes several, in order; one record that is too large is refused.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeBlock } from '../wire/block/encode.ts'
import { SlabWriter } from '../wire/slab/slab-writer.ts'
import type { BlockRef } from '../wire/slab/block-ref.ts'
import { Collected, inBlocks } from './outputs.ts'

const writeRecords = (records: readonly unknown[], from: number, to: number): BlockRef => encodeBlock(records, from, to, new SlabWriter(undefined, () => -1), { maxBytes: 1_000 })
const ways: Record<string, (records: readonly string[]) => readonly BlockRef[]> = {
  'a held array': records => inBlocks(records, (from, to) => writeRecords(records, from, to)),
  'records one by one': records => {
    const out = new Collected({ writeRecords })
    for (const record of records) out.push(record)
    return out.finish()
  },
}
for (const [way, blocksOf] of Object.entries(ways)) {
  test(`blocks have a limit: ${way}`, () => {
    const blocks = blocksOf(Array.from({ length: 100 }, () => 'x'.repeat(200)))
    assert.equal(blocks.reduce((sum, { count }) => sum + count, 0), 100)
    assert.ok(blocks.length > 20 && blocks.every(({ bytes }) => bytes <= 1_000))
    assert.throws(() => blocksOf(['small', 'x'.repeat(2_000), 'small']), { code: 'RIV_RECORD_SIZE' })
  })
}
