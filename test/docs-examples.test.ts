// Every example of README, docs and docstrings compiles, runs, ends by itself, is quiet on stderr and does what its comments promise.

import assert from 'node:assert/strict'
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { fileURLToPath } from 'node:url'
import { isLiteral, missingOutputs, withChecks } from './docs-examples/expectations.ts'
import { docstringExamplesOf, fencesOf, type Example } from './docs-examples/extract.ts'
import { runExamples } from './docs-examples/run.ts'
import { typeErrors } from './docs-examples/type-check.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'rivulet-examples-'))
after(() => rmSync(scratch, { recursive: true }))

const read = (path: string): [string, string] => [path, readFileSync(root + path, 'utf8')]
const pages = globSync(['*.md', 'docs/**/*.md'], { cwd: root }).sort().map(read)
const sources = globSync('src/**/*.ts', { cwd: root }).filter(path => !/\.(test|types|fixture)\.ts$/.test(path)).sort().map(read)
const examples = [...pages.flatMap(page => fencesOf(...page)), ...sources.flatMap(source => docstringExamplesOf(...source))]
const place = ({ file, line }: Example): string => `${file}:${line}`

const errors = typeErrors(examples)
const runnable = examples.filter(example => example.runs)
const problems = runExamples(runnable, scratch)

test('the examples were found', () => assert.ok(examples.length > 5))
for (const [i, example] of examples.entries()) test(`compiles: ${place(example)}`, () => assert.equal(errors[i], ''))
for (const [i, example] of runnable.entries()) test(`runs: ${place(example)}`, async () => {
  const problem = await problems[i]!
  assert.ok(problem === '', problem)
})

// The machinery itself: that it finds examples, and that a false promise fails.

const page = "# A\n\n```ts\nconst a = 1\n```\n\n```ts no-run\nawait forever()\n```\n\n```sh\nls\n```\n"
test('fences', () => assert.deepEqual(fencesOf('a.md', page), [
  { file: 'a.md', line: 4, code: 'const a = 1\n', runs: true }, { file: 'a.md', line: 8, code: 'await forever()\n', runs: false },
]))

const docstring = '// x\n\n/**\n * Adds.\n *\n * @example\n * add(1, 2)   // 3\n *\n * add(1, 3)   // 4\n * @internal\n */\nexport const x = 1\n'
test('docstrings', () => assert.deepEqual(docstringExamplesOf('a.ts', docstring), [{ file: 'a.ts', line: 7, code: 'add(1, 2)   // 3\n\nadd(1, 3)   // 4\n', runs: true }]))

test('literals', () => {
  for (const text of ['1', '-2.5', "'a'", '[1, [true, null]]', '{ a: [undefined] }', 'new Map([[1, 2]])', 'NaN', '10n', '`x`']) assert.ok(isLiteral(text), text)
  for (const text of ['five', 'RIV_X', "'a', 'b'", 'waits', 'f()', '', '1)(2', 'a: 1', 'RDD<number>']) assert.ok(!isLiteral(text), text)
})

test('promises', () => assert.deepEqual(withChecks("f()   // [1]\nawait g()   // prints one\nconsole.log(x)   // two\nconst a = 3   // 3\nh(() => { i() /* 7 */ })\nj()   // calls j\nk()   // => [Foo]\n"), {
  code: ";__is(f(), ([1]))   // [1]\nawait g()   // prints one\nconsole.log(x)   // two\nconst a = 3;__is(a, (3))   // 3\nh(() => { i() /* 7 */ })\nj()   // calls j\n;__shows(k(), \"[Foo]\")   // => [Foo]\n",
  outputs: ['one', 'two'],
}))

test('outputs', () => {
  assert.deepEqual(missingOutputs('a\nb  c\nd', ['a', 'b c', 'd…']), [])
  assert.deepEqual(missingOutputs('b\na', ['a', 'b', 'c']), ['b', 'c'])
})

const bad: [code: string, expected: RegExp][] = [
  ['1 + 1   // 3', /wrote to stderr[\s\S]*2 !== 3/],
  ["console.log('a')   // b", /promised but not printed: b/],
  ["console.error('noise')", /wrote to stderr:\nnoise/],
  ["import { Context } from 'rivulet'\nthrow new Error(typeof Context)", /Error: function/],
  ['process.exit(4)', /code 4/],
]
test('an example that breaks its promise is found, and only that one', async () => {
  const all = [['1 + 1   // 2', /^$/], ...bad, ["console.log('a', 1)   // a 1", /^$/]] as typeof bad
  const dir = join(scratch, 'bad')
  mkdirSync(dir)
  const found = await Promise.all(runExamples(all.map(([code]) => ({ file: 'bad.md', line: 1, code: code + '\n', runs: true })), dir))
  all.forEach(([, expected], i) => assert.match(found[i]!, expected))
})

test('a type error is found at its line', () => {
  const example = { file: 'bad.md', line: 10, runs: true }
  assert.deepEqual(typeErrors([{ ...example, code: "import { seconds } from 'rivulet'\nseconds('1')\n" }, { ...example, code: 'const unused = 1\n' }]),
    ["bad.md:11 Argument of type 'string' is not assignable to parameter of type 'number'.", ''])
})
