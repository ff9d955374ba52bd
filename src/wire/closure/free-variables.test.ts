// The free-variable analysis against eslint-scope, over the functions and classes of installed packages; and its own cases.

import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parse } from 'acorn'
import type { AnyNode, Class, Node } from 'acorn'
import { analyze } from 'eslint-scope'
import { functionText } from './function-text.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const packages = ['acorn/dist/acorn.mjs', 'eslint-scope/lib/*.js', 'estraverse/*.js', 'fast-check/lib/**/*.js', 'picomatch/lib/*.js', 'postcss/lib/*.js', 'nanoid/*.js', 'magic-string/dist/*.mjs', 'vitest/dist/chunks/*.js', 'yargs/build/index.cjs', 'tinybench/dist/*.js']
const perFile = 400

interface Ranged { readonly start: number; readonly end: number }
interface Scope { readonly type: string; readonly block: AnyNode; readonly through: readonly { identifier: { name: string } & Ranged }[]; readonly references: Scope['through'] }

function parentsOf(program: AnyNode): Map<AnyNode, AnyNode> {
  const parents = new Map<AnyNode, AnyNode>()
  const visit = (node: AnyNode): void => {
    for (const value of Object.values(node) as unknown[]) {
      for (const child of (Array.isArray(value) ? value : [value]) as (AnyNode | null)[]) {
        if (typeof child !== 'object' || child === null || typeof child.type !== 'string') continue
        parents.set(child, node)
        visit(child)
      }
    }
  }
  visit(program)
  return parents
}

/** What of a class has run already and is not part of its shipped text. */
function goneParts(node: Class): Node[] {
  const members = node.body.body.filter(m => m.type === 'StaticBlock' || (m.type === 'PropertyDefinition' && m.static))
  return [...(node.superClass ? [node.superClass] : []), ...members.map(m => (m.type === 'PropertyDefinition' && m.value && m.key.type === 'PrivateIdentifier' ? m.value : m))]
}

function compare(file: string): { compared: number; problems: string[] } {
  const source = readFileSync(file, 'utf8')
  const program = parse(source, { ecmaVersion: 'latest', sourceType: 'module', ranges: true, allowHashBang: true })
  const parents = parentsOf(program as AnyNode)
  const scopes = (analyze(program as never, { ecmaVersion: 2022, sourceType: 'module' }) as unknown as { scopes: readonly Scope[] }).scopes
  const candidates = scopes.filter(s => (s.type === 'function' && s.block.type !== 'Program') || s.type === 'class')
  const step = Math.max(1, Math.floor(candidates.length / perFile))
  const problems: string[] = []
  let compared = 0
  for (const [i, scope] of candidates.entries()) {
    const parent = parents.get(scope.block)!
    if (i % step !== 0 || (parent.type === 'MethodDefinition' && parent.kind === 'constructor')) continue
    const isMethod = parent.type === 'MethodDefinition' || (parent.type === 'Property' && (parent.method || parent.kind !== 'init'))
    if (isMethod && parent.computed) continue // its key is evaluated outside
    const text = isMethod ? source.slice(parent.start, parent.end).replace(/^static\s+(?=[^(=])/, '') : source.slice(scope.block.start, scope.block.end)
    const gone = scope.type === 'class' ? goneParts(scope.block as Class) : []
    const through = scope.through.filter(({ identifier: at }) => !gone.some(part => at.start >= part.start && at.end <= part.end))
    const expected = new Set(through.map(r => r.identifier.name))
    for (const name of ['arguments', 'undefined', (scope.block as { id?: { name: string } | null }).id?.name]) if (name !== undefined) expected.delete(name)
    const found = [...functionText(text).names.free.keys()]
    const wrong = [...expected].filter(name => !found.includes(name)).map(name => `missed ${name}`).concat(found.filter(name => !expected.has(name)).map(name => `extra ${name}`))
    if (wrong.length > 0) problems.push(`${wrong.join(', ')} in ${file}: ${text.slice(0, 100)}`)
    compared++
  }
  return { compared, problems }
}

test('free names are those that eslint-scope finds', () => {
  const files = packages.flatMap(pattern => globSync(pattern, { cwd: `${root}/node_modules` })).map(file => `${root}/node_modules/${file}`)
  const results = files.map(compare)
  assert.deepEqual(results.flatMap(r => r.problems).slice(0, 10), [])
  const compared = results.reduce((sum, r) => sum + r.compared, 0)
  assert.ok(compared > 4_000, `only ${compared} functions were compared`)
})

const cases: readonly (readonly [text: string, free: string, flags?: string])[] = [
  ['x => x + k', 'k'],
  ['function f(a = b, { c, d: [e = g] }) { return f(a, c, e) }', 'b g', 'usesOwnName'],
  ['async *m(x) { yield* x; await y }', 'y'],
  ['get v() { return this.w + z }', 'z'],
  ['[key]() { return key2 }', 'key2'],
  ['static s() { return t }', 't'],
  ['() => { var a = 1; { let b = a; var c = b } return c + d; var d }', ''],
  ['() => { for (const [a, b] of c) d(a, b); for (e in f); for (let g = 0; g < h; g++); }', 'c d e f h'],
  ['() => { try { a() } catch ({ b = c }) { b() } }', 'a c'],
  ['() => { outer: for (;;) { break outer } }', ''],
  ['() => ({ a, b: c, [d]: e, f() { return g } })', 'a c d e g'],
  ['() => a?.b.c?.[d]', 'a d'],
  ['() => `${a}${b.c}` + tag`x${d}`', 'a b d tag'],
  ['() => typeof a === "undefined"', 'a'],
  ['() => { switch (a) { case b: let c = 1; default: return c } }', 'a b'],
  ['() => this.x', '', 'usesThis'],
  ['() => arguments[0]', '', 'usesArguments'],
  ['function () { return () => [this, arguments] }', ''],
  ['() => eval("a")', 'eval', 'usesEval'],
  ['function () { with (a) { b } }', 'a b', 'usesWith'],
  ['() => import(a)', 'a', 'usesImport'],
  ['() => import.meta.url', '', 'usesImportMeta'],
  ['hi() { return super.hi() }', '', 'usesSuper'],
  ['class A extends B { x = C; static y = D; static { E() } [F] = 1; #p = G; static #q = H; m() { return A.#q + I } }', 'C F G I', 'usesOwnName'],
  ['() => class extends J { static x = K; static { L } #m() { return this.#m } }', 'J K L'],
  ['function f() { a = 1; [b.c, ...d] = e; ({ g, h: i = j, ...k } = l); m++ }', 'a b d e g i j k l m'],
]

test('free names and what else reaches outside', () => {
  for (const [text, free, flags = ''] of cases) {
    const { names } = functionText(text)
    assert.equal([...names.free.keys()].toSorted().join(' '), free, text)
    assert.equal(Object.entries(names).filter(([, value]) => value === true).map(([key]) => key).join(' '), flags, text)
  }
  assert.deepEqual(functionText('() => ({ ...o.a, b: o.b })').names.free.get('o')?.members, new Set(['a', 'b']))
  assert.equal(functionText('() => [o.a, o]').names.free.get('o')?.members, undefined)
  assert.deepEqual(functionText('class { m() { return this.#a } #b }').names.outerPrivateNames, ['#a'])
})

const rewritten: readonly (readonly [text: string, cells: string[], hide: boolean, expression: string])[] = [
  ['() => n++ + f(n)', ['n', 'f'], false, '() => $cell_n.v++ + (0,$cell_f.v)($cell_n.v)'],
  ['() => { ({ n, m = 1 } = { n }); return { n } }', ['n', 'm'], false, '() => { ({ n:$cell_n.v, m:$cell_m.v = 1 } = { n:$cell_n.v }); return { n:$cell_n.v } }'],
  ['function f() { return f }', [], true, 'function  () { return f }'],
  ['class A extends mix(B) { static x = 1\n static { y() } m() {} }', [], false, 'class A extends $super { ;           \n ;              m() {} }'],
  ['async *m(a) { yield arguments }', [], false, '{async *"$method"(a) { yield arguments }}.$method'],
  ['m() { return super.m() }', [], false, '{"$method"() { return super.m() }}'],
  ['() => ({ arguments, a: arguments[0], u: import.meta.url })', [], false, '() => ({ arguments:$arguments, a: $arguments[0], u: $importMeta.url })'],
  ['class { static #n = f(1); static get() { return this.#n } }', [], false, 'class { static #n = $private_n; static get() { return this.#n } }'],
]

test('rewriting', () => {
  for (const [text, cells, hide, expression] of rewritten) {
    assert.equal(functionText(text).expression(new Map(cells.map(name => [name, `$cell_${name}`])), hide).text, expression)
  }
})
