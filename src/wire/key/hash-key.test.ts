// The hash of keys: MurmurHash3 by its published vectors, the same by the fast ways as by the bytes, the same for equal keys, and the same forever.

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import test from 'node:test'
import fc from 'fast-check'
import { anyKey, anyNumber, anyString, Point } from '../values.fixture.ts'
import { hashBytes, hashKey, partitionOfHash } from './hash-key.ts'
import { encodeKey } from './key-bytes.ts'
import { sameKey } from './model.fixture.ts'

const vectors: [text: string, seed: number, hash: number][] = [
  ['', 0, 0], ['', 1, 0x514e28b7], ['', 0xffffffff, 0x81f16f39], ['aaaa', 0x9747b28c, 0x5a97808a], ['aaa', 0x9747b28c, 0x283e0130], ['aa', 0x9747b28c, 0x5d211726],
  ['a', 0x9747b28c, 0x7fa09ea6], ['abc', 0, 0xb3dd93fa], ['Hello, world!', 0x9747b28c, 0x24884cba], ['The quick brown fox jumps over the lazy dog', 0x9747b28c, 0x2fa826cd],
]

for (const [text, seed, hash] of vectors) {
  test(`MurmurHash3 of '${text}' from ${seed}`, () => assert.equal(hashBytes(Buffer.from(text), seed), hash))
}

const seed = 0x52495655
/** By the bytes alone. */
const slowHash = (key: unknown): number => {
  const [tag, ...content] = encodeKey(key)
  return hashBytes(Uint8Array.from(content), seed ^ tag!)
}

test('the fast ways give the hash of the bytes', () => {
  fc.assert(fc.property(fc.oneof(anyString, anyNumber, fc.string({ unit: fc.integer({ min: 0, max: 127 }).map(code => String.fromCharCode(code)), maxLength: 50 }), anyKey), key => {
    assert.equal(hashKey(key), slowHash(key))
  }), { numRuns: 3_000 })
})

test('equal keys have equal hashes, others hardly ever', () => {
  fc.assert(fc.property(anyKey, anyKey, (a, b) => { if (sameKey(a, b)) assert.equal(hashKey(a), hashKey(b)) }), { numRuns: 500 })
  const hashes = new Set(Array.from({ length: 20_000 }, (_, i) => [hashKey(i), hashKey(`user-${i}`), hashKey([i, 'x'])]).flat())
  assert.ok(hashes.size > 59_980, `${60_000 - hashes.size} collisions`) // 0.4 are expected
})

test('a partition is a range of hashes; all n are used alike', () => {
  assert.deepEqual([0, 2 ** 32 - 1, 2 ** 31, 2 ** 31 - 1].map(hash => partitionOfHash(hash, 2)), [0, 1, 1, 0])
  assert.equal(partitionOfHash(2 ** 32 - 1, 2 ** 20), 2 ** 20 - 1)
  fc.assert(fc.property(fc.nat(2 ** 32 - 1), fc.integer({ min: 1, max: 1 << 10 }), (hash, n) => {
    assert.equal(Math.floor(partitionOfHash(hash, 2 * n) / 2), partitionOfHash(hash, n)) // doubling n splits each range in two
  }))
  const counts = new Array<number>(10).fill(0)
  for (let i = 0; i < 10_000; i++) counts[partitionOfHash(hashKey(`key ${i}`), 10)]!++
  assert.ok(counts.every(count => count > 850 && count < 1_150), String(counts))
})

// Bytes and hashes stand in files and checkpoints: what changes one of these needs a new version of every format that holds keys.
const golden: [name: string, key: unknown][] = [
  ['undefined', undefined], ['null', null], ['false', false], ['true', true], ['zero', 0], ['minus zero', -0], ['one', 1], ['a fraction', -1234.5], ['NaN', NaN], ['infinity', -Infinity],
  ['0n', 0n], ['a bigint', -(2n ** 70n)], ['no characters', ''], ['a word', 'word'], ['a longer text', 'the quick brown fox jumps over the lazy dog'], ['umlauts', 'Grüße'], ['an emoji', '😀'], ['a lone surrogate', 'a\ud83d'],
  ['a date', new Date(1_000)], ['no date', new Date(NaN)], ['bytes', Uint8Array.of(1, 2, 255)], ['a Buffer', Buffer.of(1, 2, 255)], ['floats', Float64Array.of(-0, NaN, 1)], ['an ArrayBuffer', Uint8Array.of(7).buffer],
  ['no elements', []], ['a pair', ['word', 7]], ['nested', [['a', [1n, null]], undefined]], ['an object', { b: 1, a: [undefined] }], ['a map', new Map<unknown, unknown>([['k', 1], [2, 'v']])], ['a set', new Set(['b', 'a', 3])],
  ['an instance', new Point(1, 'y')], ['a RegExp', /a+/gi], ['an error', new RangeError('out')],
]
const goldenFile = new URL('golden-keys.json', import.meta.url)
const current = Object.fromEntries(golden.map(([name, key]) => [name, { bytes: Buffer.from(encodeKey(key)).toString('hex'), hash: hashKey(key) }]))
if (process.env['RIVULET_WRITE_GOLDEN'] === '1') writeFileSync(goldenFile, `${JSON.stringify(current, null, 1)}\n`)
const committed = JSON.parse(readFileSync(goldenFile, 'utf8')) as typeof current

for (const [name] of golden) {
  test(`bytes and hash as ever: ${name}`, () => assert.deepEqual(current[name], committed[name]))
}
