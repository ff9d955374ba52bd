// The hash of a key: 32 bits of MurmurHash3 over its canonical bytes, the same on every machine and version.
//
// - The key's tag goes into the seed, its content is what is hashed, so that strings and numbers need no bytes to be made:
//   ASCII strings and numbers take the fast paths below, which give the same hash as the bytes do (a property test holds it).
// - A key's partition of n is a range of hashes: partition i owns [i·2^32/n, (i+1)·2^32/n). State files split and merge when n changes.

import { keyContent, keyTag, tagOf } from './key-bytes.ts'

const seed = 0x52495655 // RIVU

const float = new Float64Array(1)
const words = new Int32Array(float.buffer)

/** The hash of a key, an unsigned 32-bit integer. Refuses what cannot be a key with RIV_KEY. */
export function hashKey(key: unknown): number {
  if (typeof key === 'string') return hashString(key)
  if (typeof key === 'number') return hashNumber(key)
  const tag = tagOf(key)
  return hashBytes(keyContent(tag, key), seed ^ tag)
}

/** The partition of a hash among n. */
export function partitionOfHash(hash: number, partitions: number): number {
  return Math.floor((hash * partitions) / 2 ** 32)
}

/** MurmurHash3 (x86, 32 bits) over bytes. */
export function hashBytes(bytes: Uint8Array, start: number): number {
  let h = start
  const whole = bytes.length & ~3
  for (let i = 0; i < whole; i += 4) h = mix(h, bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24))
  let tail = 0
  for (let i = bytes.length - 1; i >= whole; i--) tail = (tail << 8) | bytes[i]!
  return finish(h, tail, bytes.length)
}

function hashString(key: string): number {
  let h = seed ^ keyTag.string
  const length = key.length
  const whole = length & ~3
  let all = 0 // bits of every code unit: ASCII if none above 0x7f
  for (let i = 0; i < whole; i += 4) {
    const a = key.charCodeAt(i)
    const b = key.charCodeAt(i + 1)
    const c = key.charCodeAt(i + 2)
    const d = key.charCodeAt(i + 3)
    all |= a | b | c | d
    h = mix(h, a | (b << 8) | (c << 16) | (d << 24))
  }
  let tail = 0
  for (let i = length - 1; i >= whole; i--) {
    const c = key.charCodeAt(i)
    all |= c
    tail = (tail << 8) | c
  }
  if (all > 0x7f) return hashBytes(keyContent(keyTag.string, key), seed ^ keyTag.string)
  return finish(h, tail, length)
}

function hashNumber(key: number): number {
  float[0] = Number.isNaN(key) ? NaN : key + 0
  return finish(mix(mix(seed ^ keyTag.number, words[0]!), words[1]!), 0, 8)
}

function mix(h: number, k: number): number {
  k = Math.imul(k, 0xcc9e2d51)
  k = (k << 15) | (k >>> 17)
  h ^= Math.imul(k, 0x1b873593)
  h = (h << 13) | (h >>> 19)
  return (Math.imul(h, 5) + 0xe6546b64) | 0
}

function finish(h: number, tail: number, length: number): number {
  let k = Math.imul(tail, 0xcc9e2d51)
  k = (k << 15) | (k >>> 17)
  h ^= Math.imul(k, 0x1b873593)
  h ^= length
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
