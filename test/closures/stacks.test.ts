// Stacks of errors in workers show the user's own TypeScript file, line and column, however the program was compiled.

import assert from 'node:assert/strict'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import ts from 'typescript'
import { bundle, harness, removeFolder, root, run, scratchFolder, transpile } from './environments.ts'

const scratch = scratchFolder()
after(() => removeFolder(scratch))
const fixture = join(root, 'test/fixtures/closures/stack')
const lines = readFileSync(join(fixture, 'stack.ts'), 'utf8').split('\n')

/** Where V8 says that a frame is: at what is called or thrown. */
function place(line: string, at: string): string {
  const row = lines.findIndex(l => l.includes(line))
  return `stack.ts:${row + 1}:${lines[row]!.indexOf(at) + 1}`
}

const expected = [
  place('throw new TypeError', 'new TypeError'),
  place('const price = parsePrice', 'parsePrice'),
  place('e.apply(q)', 'apply(q)'),
  place('[r].map', 'map'),
]

const compilers: readonly (readonly [name: string, type: string, flags: readonly string[], compile?: (dir: string, main: string) => Promise<string>])[] = [
  ['types stripped', 'module', []],
  ['tsx', 'module', ['--import', 'tsx']],
  ['tsx, CommonJS', 'commonjs', ['--import', 'tsx']],
  ['tsc, CommonJS, ES2015', 'commonjs', [], (dir, main) => transpile(dir, main, { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2015 })],
  ['an esbuild bundle with a map', 'module', [], (dir, main) => bundle(dir, main, { format: 'esm', sourcemap: true })],
  ['a minified bundle with a map', 'commonjs', [], (dir, main) => bundle(dir, main, { format: 'cjs', minify: true, sourcemap: true })],
]

describe('stacks of', { concurrency: 2 }, () => {
  for (const [i, [name, type, flags, compile]] of compilers.entries()) {
    test(name, async () => {
      const dir = join(scratch, String(i))
      mkdirSync(dir)
      cpSync(fixture, dir, { recursive: true })
      writeFileSync(join(dir, 'package.json'), JSON.stringify({ type }))
      const main = join(dir, 'stack.ts')
      const { stdout } = await run([...flags, '--import', harness, compile ? await compile(dir, main) : main], dir)
      const stack = JSON.parse(stdout) as string
      assert.match(stack, /^TypeError: bad price in record 7\n/)
      assert.deepEqual([...stack.matchAll(/\bstack\.ts:\d+:\d+/g)].map(([frame]) => frame).slice(0, 4), expected, stack)
    })
  }
})
