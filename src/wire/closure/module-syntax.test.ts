// Imports and exports read from text.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { moduleSyntax } from './module-syntax.ts'

test('imports', () => {
  const { imports, specs } = moduleSyntax(`
    import a, { b as c, "quoted name" as d } from './x.js'
    import * as ns from "node:fs"
    import json from './d.json' with { type: 'json' }
    import './effects.js'
    export * from './all.js'
    export { e } from './some.js'
    const later = () => import('./later.js')
  `)
  assert.deepEqual(Object.fromEntries([...imports].map(([local, { spec, name, isJson }]) => [local, `${spec} ${name}${isJson ? ' json' : ''}`])), {
    a: './x.js default', c: './x.js b', d: './x.js quoted name', ns: 'node:fs *', json: './d.json default json',
  })
  assert.deepEqual(specs, ['./x.js', 'node:fs', './d.json', './effects.js', './all.js', './some.js'])
})

test('exports by local name', () => {
  const text = 'export const a = 1, b = 2; function c() {} export { c as d }; export class E {}'
  assert.deepEqual([...moduleSyntax(text).exports], [['a', 'a'], ['b', 'b'], ['c', 'd'], ['E', 'E']])
  assert.deepEqual([...moduleSyntax('export default function f() {}').exports], [['f', 'default']])
  assert.deepEqual([...moduleSyntax('const f = 1\nexport default f\n').exports], [['f', 'default']])
  const nameless = 'export default /* the */ () => 1'
  assert.equal(moduleSyntax(nameless).defaultAt, nameless.indexOf('() =>'))
})

test('a text that is no module has none', () => {
  assert.equal(moduleSyntax('import {').imports.size, 0)
})
