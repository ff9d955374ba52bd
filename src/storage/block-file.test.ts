// Blocks in files, compressed and not: what was written is read, and what was damaged is refused.

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import fc from 'fast-check'
import { compressBlock, decompressBlock } from './block-compression.ts'
import { BlockFileReader, BlockFileWriter } from './block-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'rivulet-block-file-'))
after(() => rmSync(folder, { recursive: true, force: true }))

/** What compresses well, a little, and not at all. */
const blocks = [Buffer.alloc(100_000, 'ab'), Buffer.from(Array.from({ length: 2_000 }, (_, i) => `word${i * 7_919} `).join('')), Buffer.from(Uint32Array.from({ length: 500 }, (_, i) => Math.imul(i + 1, 0x9e3779b1) ^ (i << 13)).buffer), Buffer.of(1)]

for (const level of [0, 1, 19]) {
  test(`blocks at level ${level}, read in any order`, () => {
    const path = join(folder, `level-${level}`)
    const places = BlockFileWriter.write(path, file => blocks.map((block, i) => file.append(block, i, level)))
    assert.deepEqual(places.map(place => place.stored !== undefined), [level > 0, level > 0, false, false])
    const reader = new BlockFileReader()
    for (const i of [3, 0, 2, 1, 0]) {
      const read = reader.read(path, places[i]!)
      assert.deepEqual(read, blocks[i])
      assert.equal(read.byteOffset % 8, 0)
    }
    reader.close()
  })

  test(`a file of level ${level} that was changed or cut short`, () => {
    const path = join(folder, `damaged-${level}`)
    const place = BlockFileWriter.write(path, file => file.append(blocks[1]!, 1, level))
    const whole = readFileSync(path)
    const damaged = [Uint8Array.from(whole), whole.subarray(0, -1)]
    damaged[0]![whole.length >> 1]! ^= 4
    for (const bytes of damaged) {
      writeFileSync(path, bytes)
      const reader = new BlockFileReader()
      assert.throws(() => reader.read(path, place), { code: 'RIV_FILE_CORRUPT' })
      reader.close()
    }
  })
}

test('compressed blocks notice damage by themselves, wherever it is', () => {
  const stored = compressBlock(blocks[1]!, 1)!
  assert.deepEqual(decompressBlock(stored, blocks[1]!.length, 'file'), blocks[1])
  assert.throws(() => decompressBlock(stored, blocks[1]!.length + 8, 'file'), { code: 'RIV_FILE_CORRUPT' })
  let refused = 0
  fc.assert(fc.property(fc.nat(stored.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
    const damaged = Uint8Array.from(stored)
    damaged[at]! ^= change
    try {
      assert.deepEqual(decompressBlock(damaged, blocks[1]!.length, 'file'), blocks[1]) // a bit that means nothing
    } catch (error) {
      assert.equal((error as { code?: unknown }).code, 'RIV_FILE_CORRUPT')
      refused++
    }
  }), { numRuns: 300 })
  assert.ok(refused > 250)
})
