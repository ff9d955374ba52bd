// Compressed files: what is written is read, by the usual programs too, and damage is found.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { constants, gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import fc from 'fast-check'
import { codecOf, codecs, compressing, decompressed, extensionOf } from './compression.ts'
import type { FileWriter } from './file-system.ts'

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function readBack(name: string, bytes: Uint8Array, size = 1000): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of decompressed(name, inChunks(bytes, size))) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** A file in memory; `failAt` makes the n-th write fail. */
class Memory implements FileWriter {
  chunks: Uint8Array[] = []
  closed: boolean | undefined
  readonly #failAt: number
  constructor(failAt = Infinity) { this.#failAt = failAt }
  async write(bytes: Uint8Array | string): Promise<void> {
    if (this.chunks.length === this.#failAt) throw new Error('disk full')
    this.chunks.push(Uint8Array.from(Buffer.from(bytes)))
  }
  async close(options: { sync?: boolean } = {}): Promise<void> { this.closed = options.sync === true }
}

const compress = { gzip: gzipSync, zstd: zstdCompressSync }
const decompress = { gzip: gunzipSync, zstd: zstdDecompressSync }
const random = Buffer.from(Uint8Array.from({ length: 1_000_000 }, (_, i) => Math.imul(i, 2654435761) >>> 24))

for (const codec of codecs) {
  test(`${codec}: what is written is read`, async () => {
    const file = new Memory()
    const writer = compressing(file, codec)
    const buffer = new Uint8Array(random)
    await writer.write('häl')
    await writer.write('')
    await writer.write(buffer)
    buffer.fill(0)
    await writer.write('lo')
    await writer.close({ sync: true })
    const expected = Buffer.concat([Buffer.from('häl'), random, Buffer.from('lo')])
    assert.equal(file.closed, true)
    assert.ok(decompress[codec](Buffer.concat(file.chunks)).equals(expected))
    assert.ok((await readBack(`a${extensionOf(codec)}`, Buffer.concat(file.chunks))).equals(expected))
  })

  test(`${codec}: an empty file`, async () => {
    const file = new Memory()
    await compressing(file, codec).close()
    assert.equal(decompress[codec](Buffer.concat(file.chunks)).length, 0)
  })

  test(`${codec}: several put together are one`, async () => {
    const name = `a${extensionOf(codec)}`
    const parts = [Buffer.from('one '), Buffer.alloc(300_000, 'long '), random, Buffer.alloc(0), Buffer.from('two')]
    const all = Buffer.concat(parts.map(part => compress[codec](part)))
    for (const size of [1_000_000, 77_777, 1000, 61]) assert.ok((await readBack(name, all, size)).equals(Buffer.concat(parts)), `chunks of ${size}`)
  })

  test(`${codec}: damage has a code`, async () => {
    const name = `a${extensionOf(codec)}`
    const whole = compress[codec](random)
    for (const damaged of [whole.subarray(0, whole.length - 3), Buffer.from('no such file'), Buffer.concat([Buffer.from('x'), whole])]) {
      await assert.rejects(readBack(name, damaged), { code: 'RIV_FILE_DAMAGED', message: new RegExp(`^a\\${extensionOf(codec)} cannot`) })
    }
  })

  test(`${codec}: a file that cannot be written fails the writer, and is closed`, async () => {
    const file = new Memory(1)
    const writer = compressing(file, codec)
    await assert.rejects(async () => {
      for (let i = 0; i < 100; i++) await writer.write(random)
      await writer.close()
    }, /disk full/)
    await assert.rejects(writer.close(), /disk full/)
    assert.equal(file.closed, false)
  })
}

test('zstd: frames with and without check sums, of any size, in chunks of any size; skippable frames are left out', async () => {
  const skippable = Buffer.from([0x5A, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 1, 2, 3])
  await fc.assert(fc.asyncProperty(
    fc.array(fc.record({ bytes: fc.nat(3000), letters: fc.integer({ min: 1, max: 255 }), sum: fc.boolean(), sized: fc.boolean() }), { minLength: 1, maxLength: 6 }), fc.integer({ min: 1, max: 400 }),
    async (frames, size) => {
      const texts = frames.map(({ bytes, letters }) => Buffer.from(Uint8Array.from({ length: bytes }, (_, i) => Math.imul(i, 2654435761) % letters)))
      const { ZSTD_c_checksumFlag, ZSTD_c_contentSizeFlag } = constants
      const all = texts.map((text, i) => zstdCompressSync(text, { params: { [ZSTD_c_checksumFlag]: Number(frames[i]!.sum), [ZSTD_c_contentSizeFlag]: Number(frames[i]!.sized) } }))
      assert.ok((await readBack('a.zst', Buffer.concat([skippable, ...all, skippable]), size)).equals(Buffer.concat(texts)))
    },
  ), { numRuns: 60 })
})

test('other names tell no codec, and are left as they are', async () => {
  assert.deepEqual(['a.gz', 'a.b.zst', 'a.gz.txt', 'gz', 'a'].map(codecOf), ['gzip', 'zstd', undefined, undefined, undefined])
  assert.equal(String(await readBack('a.txt', Buffer.from('text'))), 'text')
})
