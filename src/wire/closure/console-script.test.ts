// Imports and top-level awaits as calls.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { consoleScript } from './console-script.ts'

const cases: [source: string, expected: string][] = [
  ['1 + 1', '1 + 1'],
  ["'import await'", "'import await'"],
  ["import 'x'", 'void await $("x");'],
  ["import d from 'x'", 'const { default: d } = await $("x");'],
  ["import d, { a as b, 'c-d' as c, e } from 'x'; e", 'const { default: d, a: b, "c-d": c, e: e } = await $("x"); e'],
  ["import * as ns from 'x'", 'const ns = await $("x");'],
  ["import d, * as ns from 'x'", 'const ns = await $("x"), { default: d } = ns;'],
  ["import {\n a,\n} from 'x'\nb", 'const { a: a } = await $("x");\n\n\nb'],
  ["import j from './j.json' with { type: 'json' }", 'const { default: j } = await $("./j.json", { with: { type: "json" } });'],
  ["f(`import('y') ${import(z)}`)", "f(`import('y') ${$(z)}`)"],
  ["const f = async () => await import('x')", "const f = async () => await $('x')"],
  ['const x = await f(await y)', 'const x = await keep(f(await keep(y)))'],
  ['{ for await (const x of f()) g(x) }', '{ for await (const x of keep(f())) g(x) }'],
  ['class A { async f() { await x } }', 'class A { async f() { await x } }'],
  ['await (', 'await ('],
]
for (const [source, expected] of cases) test(JSON.stringify(source), () => assert.equal(consoleScript(source, { importer: '$', keep: 'keep' }), expected))
