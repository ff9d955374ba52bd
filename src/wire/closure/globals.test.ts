// The table of globals: complete for this Node, and the same way there and back.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { globalNames, globalPath, globalValue } from './globals.ts'

test('every global of Node is known by name', () => {
  const script = 'console.log(JSON.stringify(Object.getOwnPropertyNames(globalThis)))'
  const names = JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-'], { input: script, encoding: 'utf8' })) as string[]
  assert.ok(names.length > 100)
  assert.deepEqual(names.filter(name => !globalNames.has(name)), [])
})

test('paths lead back to the values', () => {
  const values: unknown[] = [
    globalThis, Array.prototype.slice, Math.floor, Symbol.iterator, process, console, console.log, Buffer.from, crypto, performance, structuredClone, URL.prototype, Intl.NumberFormat,
    Object.getPrototypeOf(async function* () {}), Object.getPrototypeOf([].values()), (Object.getPrototypeOf([].values()) as { next: unknown }).next, Object.getOwnPropertyDescriptor(Map.prototype, 'size')!.get,
    Object.getOwnPropertyDescriptor(RegExp.prototype, Symbol.match)!.value, Object.getPrototypeOf(Uint8Array), (Object.getPrototypeOf(Uint8Array) as { from: unknown }).from, Response, fetch,
  ]
  for (const [i, value] of values.entries()) {
    const path = globalPath(value)
    assert.ok(path !== undefined, `value ${i}`)
    assert.equal(globalValue(path), value, path)
  }
})

test('what a program adds to a global is no global', () => {
  const added = function () { return 1 }
  Object.defineProperty(Array.prototype, 'addedByTheTest', { value: added, configurable: true })
  assert.equal(globalPath(added), undefined)
  delete (Array.prototype as { addedByTheTest?: unknown }).addedByTheTest
  assert.equal(globalPath({}), undefined)
})
