// A bounded cache.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LruCache } from './lru-cache.ts'

test('what was not used for longest goes first; the sum of sizes stays within the limit', () => {
  const cache = new LruCache<number>(10)
  cache.set('a', 1, 4)
  cache.set('b', 2, 4)
  assert.equal(cache.get('a'), 1)
  cache.set('c', 3, 4)
  assert.deepEqual([cache.get('a'), cache.get('b'), cache.get('c'), cache.size], [1, undefined, 3, 8])
  cache.set('large', 4, 50)
  assert.deepEqual([cache.get('a'), cache.get('large'), cache.size], [undefined, 4, 50])
})
