// Lines of byte ranges, against String.split: whatever the borders of ranges and chunks.

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import type { FileSystem } from '../storage/file-system.ts'
import { localFileSystem } from '../storage/local-file-system.ts'
import { byteOfLine, placeOfLine, readLines } from './file-lines.ts'

/** A file in memory whose chunks have the given size. */
const inMemory = (bytes: Uint8Array, chunkBytes: number): FileSystem => ({
  ...({} as FileSystem),
  async* readRange(_path, from, to) {
    for (let at = from; at < Math.min(to, bytes.length); at += chunkBytes) yield bytes.slice(at, Math.min(at + chunkBytes, to, bytes.length))
  },
})

async function linesOf(fs: FileSystem, path: string, from: number, to: number): Promise<string[]> {
  const lines: string[] = []
  for await (const chunk of readLines(fs, { path, from, to }, () => {})) lines.push(...chunk)
  return lines
}

const expected = (text: string): string[] => {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines.map(line => line.replace(/\r$/, ''))
}

// Of many lines deepEqual would draw a difference that takes longer than the test.
const sameLines = (a: string[], b: string[]): boolean => a.length === b.length && a.every((line, i) => line === b[i])

const cases: [text: string, lines: string[]][] = [
  ['', []],
  ['a', ['a']],
  ['a\n', ['a']],
  ['a\n\n', ['a', '']],
  ['\n', ['']],
  ['a\r\nb\r\n', ['a', 'b']],
  ['a\rb\n', ['a\rb']],
  ['\r\n', ['']],
  ['\uFEFFa\n\uFEFFb', ['a', '\uFEFFb']],
  ['häl\nlö\n€\n😀', ['häl', 'lö', '€', '😀']],
]
for (const [text, lines] of cases) {
  test(`${JSON.stringify(text)} is ${JSON.stringify(lines)}`, async () => {
    const bytes = Buffer.from(text)
    for (const chunkBytes of [1, 2, 3, 100]) assert.deepEqual(await linesOf(inMemory(bytes, chunkBytes), 'a', 0, bytes.length), lines)
  })
}

test('every line is in exactly one of the ranges that cover a file, in order', async () => {
  const text = fc.array(fc.oneof({ weight: 2, arbitrary: fc.string({ unit: 'grapheme', maxLength: 6 }) }, { weight: 3, arbitrary: fc.constantFrom('\n', '\r\n', '\n\n', 'é') }), { maxLength: 20 }).map(parts => parts.join('').replace(/^\uFEFF/, ''))
  await fc.assert(fc.asyncProperty(text, fc.array(fc.nat(80), { maxLength: 5 }), fc.integer({ min: 1, max: 9 }), async (content, cuts, chunkBytes) => {
    const bytes = Buffer.from(content)
    const borders = [0, ...cuts.map(cut => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length]
    const fs = inMemory(bytes, chunkBytes)
    const lines: string[] = []
    for (let i = 1; i < borders.length; i++) lines.push(...await linesOf(fs, 'a', borders[i - 1]!, borders[i]!))
    assert.deepEqual(lines, expected(content))
  }), { numRuns: 500 })
})

test('invalid bytes become U+FFFD; their lines are counted', async () => {
  let invalid = 0
  const lines: string[] = []
  const file = inMemory(Buffer.from([97, 0xff, 10, 0xe2, 0x82, 10, 98]), 2)
  for await (const chunk of readLines(file, { path: 'a', from: 0, to: 7 }, count => { invalid += count })) lines.push(...chunk)
  assert.deepEqual([lines, invalid], [['a\uFFFD', '\uFFFD', 'b'], 2])
})

test('files: lines across chunks, gzip, and damaged gzip', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rivulet-lines-'))
  try {
    const lines = Array.from({ length: 40_000 }, (_, i) => `line ${i} ${'ä€😀'.repeat(i % 40)}`)
    const text = lines.join('\r\n')
    const bytes = Buffer.from(text)
    await localFileSystem.writeAtomic(`${folder}/a.txt`, bytes)
    await localFileSystem.writeAtomic(`${folder}/a.gz`, gzipSync(bytes))
    await localFileSystem.writeAtomic(`${folder}/cut.gz`, gzipSync(bytes).subarray(0, 1000))
    const middle = bytes.length >> 1
    assert.ok(sameLines([...await linesOf(localFileSystem, `${folder}/a.txt`, 0, middle), ...await linesOf(localFileSystem, `${folder}/a.txt`, middle, bytes.length)], lines))
    assert.ok(sameLines(await linesOf(localFileSystem, `${folder}/a.gz`, 0, 10), lines))
    await assert.rejects(linesOf(localFileSystem, `${folder}/cut.gz`, 0, 10), { code: 'RIV_FILE_DAMAGED', message: /cut\.gz/ })
    await assert.rejects(linesOf(localFileSystem, `${folder}/missing.gz`, 0, 10), { code: 'RIV_FILE_NOT_FOUND' })
    for await (const chunk of readLines(localFileSystem, { path: `${folder}/a.gz`, from: 0, to: 10 }, () => {})) { assert.ok(chunk.length > 0); break }
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('a range reads little beyond its end', async () => {
  let read = 0
  const bytes = Buffer.from('0123456789\n'.repeat(100))
  const counting: FileSystem = { ...({} as FileSystem), async* readRange(_path, from, to) { read += Math.min(to, bytes.length) - from; yield bytes.subarray(from, to) } }
  assert.equal((await linesOf(counting, 'a', 11, 22)).length, 1)
  assert.ok(read <= 12, `${read} bytes`)
})

test('the place of a line: its number where the range begins the file, else its byte', async () => {
  await fc.assert(fc.asyncProperty(fc.string({ unit: fc.constantFrom('a', 'ä', '\n'), maxLength: 30 }), fc.nat(30), fc.integer({ min: 1, max: 9 }), async (text, from, chunkBytes) => {
    const bytes = Buffer.from(text)
    const fs = inMemory(bytes, chunkBytes)
    const lines = await linesOf(fs, 'a', from, Infinity)
    for (const [i, line] of lines.entries()) {
      const at = await byteOfLine(fs, 'a', from, i)
      assert.equal(expected(bytes.toString('utf8', at))[0], line)
      assert.ok(at === 0 || bytes[at - 1] === 10)
      assert.equal(await placeOfLine(fs, { path: 'a', from, to: Infinity }, i), from === 0 ? `line ${i + 1}` : `the line at byte ${at}`)
    }
  }))
})
