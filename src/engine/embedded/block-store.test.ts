// Blocks that the program stores itself: how much memory they take.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { slabSize } from '../../wire/slab/slab-view.ts'
import { BlockStore } from './block-store.ts'

const mib = 1 << 20

for (const blockBytes of [1_000, 300 << 10, mib + 60_000, 1_990_000]) {
  test(`text blocks of ${blockBytes} bytes fill their slabs, and give them back`, () => {
    const store = new BlockStore({ maxBytes: 1024 * mib })
    const text = new Uint8Array(blockBytes)
    const blocks = Array.from({ length: Math.ceil(24 * mib / blockBytes) }, () => store.storeText(text))
    const perSlab = Math.floor((slabSize - 4096) / blockBytes)
    assert.ok(store.pool.bytes <= (Math.ceil(blocks.length / perSlab) + 1) * slabSize, `${store.pool.bytes} bytes for ${blocks.length * blockBytes}`)
    for (const block of blocks) block.release()
    assert.equal(store.pool.liveBlocks, 0)
  })
}
