// Canonical bytes of keys: equal bytes for equal keys and for no others, and the same for what stands for them in a Map.

import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { anyKey, Point, Point3 } from '../values.fixture.ts'
import { encodeKey, isPrimitiveKey, objectIdentity } from './key-bytes.ts'
import { sameKey } from './model.fixture.ts'

const hex = (key: unknown): string => Buffer.from(encodeKey(key)).toString('hex')
/** What a task groups by. */
const identity = (key: unknown): unknown => isPrimitiveKey(key) ? key : { object: objectIdentity(key as object) }
const sameIdentity = (a: unknown, b: unknown): boolean => {
  const [x, y] = [identity(a), identity(b)]
  if (isPrimitiveKey(a) || isPrimitiveKey(b)) return new Map([[x, 1]]).has(y)
  return (x as { object: string }).object === (y as { object: string }).object
}

/** Keys out of so few parts that equal ones come up often. */
const { smallKey } = fc.letrec(tie => {
  const inner = tie('smallKey')
  return {
    smallKey: fc.oneof({ maxDepth: 3, depthSize: 'small', withCrossShrink: true },
      fc.constantFrom<unknown>(0, -0, NaN, 1, 256, '', '0', 'a', '\ud800', '\ufffd', 'é', 0n, 1n, -1n, true, false, null, undefined),
      fc.constantFrom(0, 1, NaN).map(ms => new Date(ms)),
      fc.constantFrom(0, -0, NaN).chain(x => fc.constantFrom<unknown>(Float64Array.of(x), Float32Array.of(x), Uint8Array.of(x), Buffer.of(x), Int8Array.of(x), new ArrayBuffer(1))),
      fc.constantFrom<unknown>(/a/, /a/g, /b/, new Number(0), new String('a'), new Boolean(true), new Error('a'), new TypeError('a'), new Error('b'), new Error('a', { cause: 0 })),
      fc.array(inner, { maxLength: 2 }),
      fc.dictionary(fc.constantFrom('a', 'b'), inner, { maxKeys: 2 }),
      fc.array(fc.tuple(inner, inner), { maxLength: 2 }).map(entries => new Map(entries)),
      fc.array(inner, { maxLength: 2 }).map(members => new Set(members)),
      inner.map(y => new Point(0, y)), inner.map(y => new Point3(0, y)),
    ),
  }
})

const pairsOfKeys: [name: string, pairs: fc.Arbitrary<[unknown, unknown]>, numRuns: number][] = [
  ['small keys', fc.tuple(smallKey, smallKey), 4_000],
  ['small arrays', fc.tuple(fc.array(smallKey, { maxLength: 2 }), fc.array(smallKey, { maxLength: 2 })), 4_000],
  ['any keys', fc.tuple(anyKey, anyKey), 500],
  ['copies', anyKey.map(key => [key, structuredClone(key instanceof Point ? { ...key } : key)]), 500],
]

for (const [name, pairs, numRuns] of pairsOfKeys) {
  test(`bytes and identities are equal exactly for equal keys: ${name}`, () => {
    fc.assert(fc.property(pairs, ([a, b]) => {
      const same = sameKey(a, b)
      assert.equal(hex(a) === hex(b), same, 'bytes')
      assert.equal(sameIdentity(a, b), same, 'identity')
    }), { numRuns })
  })
}

test('the order of properties, entries and members does not matter', () => {
  fc.assert(fc.property(fc.uniqueArray(fc.tuple(fc.string(), anyKey), { selector: ([name]) => name, maxLength: 5 }), entries => {
    const turned = entries.toReversed()
    assert.equal(hex(Object.fromEntries(entries)), hex(Object.fromEntries(turned)))
    assert.equal(hex(new Map(entries)), hex(new Map(turned)))
    assert.equal(hex(new Set(entries)), hex(new Set(turned)))
  }), { numRuns: 200 })
})

const cycle: { self?: unknown } = {}
cycle.self = [cycle]
const refused: [name: string, key: unknown, why: RegExp][] = [
  ['a function', { f: () => 1 }, /function f/], ['a class', class Session {}, /function Session/], ['a symbol', [Symbol('s')], /symbol Symbol\(s\)/],
  ['a promise', Promise.resolve(1), /instance of Promise/], ['a generator', (function* () {})(), /instance of a class/], ['a WeakMap', new WeakMap(), /instance of WeakMap/],
  ['a URL', new URL('http://a/'), /instance of URL/], ['a private class', new class Secret { #n = 1; get n(): number { return this.#n } }(), /instance of Secret/],
  ['a cycle', cycle, /contains itself/],
]

for (const [name, key, why] of refused) {
  test(`refused as a key: ${name}`, () => {
    for (const use of [encodeKey, objectIdentity as (key: unknown) => unknown]) {
      if (use === encodeKey || typeof key === 'object') assert.throws(() => use(key), { code: 'RIV_KEY', message: why })
    }
    assert.equal(hex('after'), '066166746572', 'and the next key is as if nothing had happened')
  })
}

test('long keys, and keys longer than the buffer', () => {
  const long = 'x'.repeat(100_000)
  assert.equal(encodeKey(long).length, 1 + long.length)
  assert.notEqual(hex([long, 'a']), hex([long, 'b']))
  assert.equal(hex([['deep', long]]), hex([['deep', `${long.slice(0, 50)}${long.slice(50)}`]]))
})
