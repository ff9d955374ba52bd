// CombineMap against a list of pairs that compares keys by their canonical bytes.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodeKey } from '../wire/key/key-bytes.ts'
import { anyKey } from '../wire/values.fixture.ts'
import { CombineMap } from './combine-map.ts'

const idOf = (key: unknown): string => Buffer.from(encodeKey(key)).toString('hex')
const isKey = (key: unknown): boolean => { try { return idOf(key) !== '' } catch { return false } }

/** Keys that come more than once, and as texts that are parts of longer ones. */
const someKeys = fc.array(fc.oneof(anyKey.filter(isKey), fc.integer({ min: -3, max: 3 }), fc.string({ maxLength: 2 }), fc.string({ minLength: 13, maxLength: 40 }).map(text => `x${text}`.slice(1))), { maxLength: 60 })
  .chain(keys => fc.array(fc.constantFrom(undefined, ...keys), { maxLength: 200 }))

test('each key has the combiner of its records, in the order of first appearance', () => {
  fc.assert(fc.property(fc.array(someKeys, { minLength: 1, maxLength: 3 }), rounds => {
    const map = new CombineMap()
    for (const keys of rounds) {
      const model: { id: string; n: number }[] = []
      for (const key of keys) {
        const id = idOf(key)
        const known = model.find(pair => pair.id === id)
        const place = map.find(key)
        assert.equal(place, known === undefined ? -1 : model.indexOf(known))
        if (known === undefined) {
          map.add(key, 1)
          model.push({ id, n: 1 })
        } else map.values[place] = ++known.n
      }
      assert.deepEqual([...map.pairs()].map(([key, n]) => ({ id: idOf(key), n })), model)
      assert.equal(map.size, model.length)
      map.clear()
      assert.deepEqual([map.size, ...map.pairs()], [0])
    }
  }))
})

test('many texts of one length, of any length, and such that differ in one character', () => {
  const map = new CombineMap()
  const texts = [...Array.from({ length: 20_000 }, (_, i) => String(i).padStart(8, '0')), ...Array.from({ length: 300 }, (_, i) => 'y'.repeat(i)), ...Array.from({ length: 300 }, (_, i) => `${'z'.repeat(i)}!${'z'.repeat(299 - i)}`)]
  for (const text of texts) {
    assert.equal(map.find(text), -1)
    map.add(text, text)
  }
  for (const [place, text] of texts.join('\n').split('\n').entries()) assert.equal(map.find(text), place)
  assert.equal(map.get('not there'), undefined)
})
