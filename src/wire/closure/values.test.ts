// Captured values come back equal: a property over arbitrary values, with shared and cyclic parts.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { captureFunction } from './capture.ts'
import { installCode, rebuildFunction } from './rebuild.ts'

function copy<T>(value: T): T {
  const { codes, env } = captureFunction(() => value, 'the test')
  installCode(codes)
  return (rebuildFunction(env) as () => T)()
}

const anything = fc.anything({ withBigInt: true, withBoxedValues: true, withDate: true, withMap: true, withSet: true, withNullPrototype: true, withSparseArray: true, withTypedArray: true, withUnicodeString: true, maxDepth: 4 } as fc.ObjectConstraints)

test('values come back equal', () => {
  fc.assert(fc.property(anything, value => assert.deepStrictEqual(copy(value), value)), { numRuns: 300 })
})

test('shared and cyclic parts stay shared', () => {
  fc.assert(fc.property(fc.array(fc.nat(20), { minLength: 1, maxLength: 20 }), links => {
    // Node i points to node links[i]; every third has its children in a Map.
    const nodes = links.map((_, i) => ({ id: i, next: undefined as unknown, more: new Map<string, unknown>(), list: [] as unknown[] }))
    links.forEach((to, i) => {
      const target = nodes[to % nodes.length]!
      if (i % 3 === 0) nodes[i]!.more.set('next', target)
      else if (i % 3 === 1) nodes[i]!.list.push(target, target)
      else nodes[i]!.next = target
    })
    assert.deepStrictEqual(copy(nodes), nodes)
  }), { numRuns: 200 })
})
