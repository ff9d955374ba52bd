// How pairs that do not fit in memory are cut: into 64 buckets by six bits of their keys' hash, and what is still too large by six others.

import { hashKey } from '../../wire/key/hash-key.ts'

export const bucketCount = 64
/** Five times six bits of a hash; what is together then has nearly one hash. */
const levels = 5
/** Of fewer keys each is large, and has to be in memory anyway. */
const fewKeys = 64

/** Whether cutting so many keys at a level makes parts that are smaller. */
export const canCut = (level: number, keys: number): boolean => level === 0 || (level < levels && keys > fewKeys)

/** The bucket of a key at a level, by bits that its partition and the levels above have left open. */
export function bucketOf(level: number): (key: unknown) => number {
  const salt = Math.imul(level + 1, 0x9e3779b1)
  return key => {
    let h = hashKey(key) ^ salt
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
    return (h ^ (h >>> 16)) >>> 26
  }
}
