// Taking bytes from chunks: by number, and up to a mark, wherever the chunks end.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ByteInput } from './byte-input.ts'

async function* chunksOf(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, i = 0; at < bytes.length; at += sizes[i++ % sizes.length]!) yield bytes.subarray(at, at + sizes[i % sizes.length]!)
}

const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 })

test('take gives the bytes in order, and fails where there are too few', async () => {
  await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), sizes, fc.array(fc.nat(9), { maxLength: 12 }), async (bytes, chunks, takes) => {
    const input = new ByteInput(chunksOf(bytes, chunks), () => new Error('too short'), 100)
    let at = 0
    for (const count of takes) {
      assert.equal(await input.more(), at < bytes.length)
      if (at + count > bytes.length) return assert.rejects(input.take(count), /too short/)
      assert.deepEqual([...await input.take(count)], [...bytes.subarray(at, at + count)])
      at += count
      assert.equal(input.position, 100 + at)
    }
  }))
})

test('takePast stops behind the first mark', async () => {
  const few = fc.uint8Array({ maxLength: 40, max: 2 })
  await fc.assert(fc.asyncProperty(few, fc.uint8Array({ minLength: 1, maxLength: 4, max: 2 }), sizes, async (bytes, mark, chunks) => {
    const input = new ByteInput(chunksOf(bytes, chunks), () => new Error('too short'))
    const found = Buffer.from(bytes).indexOf(mark)
    assert.equal(await input.takePast(mark), found !== -1)
    if (found === -1) return
    assert.equal(input.position, found + mark.length)
    assert.deepEqual([...await input.take(bytes.length - found - mark.length)], [...bytes.subarray(found + mark.length)])
  }), { numRuns: 300 })
})
