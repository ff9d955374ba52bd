// The runner behind `npm test`, on files that pass, fail, hang and die: what it counts, what it says, how it ends.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { fileURLToPath } from 'node:url'

const dir = mkdtempSync(join(tmpdir(), 'rivulet-runner-'))
after(() => rmSync(dir, { recursive: true }))

function runTests(files: Record<string, string>): { code: number | null; out: string; last: string } {
  const paths = Object.entries(files).map(([name, body]) => {
    const path = join(dir, `${name}.test.ts`)
    writeFileSync(path, `import test from 'node:test'\nimport assert from 'node:assert/strict'\n${body}\n`)
    return path
  })
  const runner = fileURLToPath(new URL('../scripts/test.mjs', import.meta.url))
  const { status, stdout } = spawnSync(process.execPath, [runner, ...paths], { encoding: 'utf8', env: { ...process.env, NODE_TEST_CONTEXT: '', RIVULET_TEST_LIMIT_MS: '4000' } })
  return { code: status, out: stdout, last: stdout.trimEnd().split('\n').at(-1)! }
}

const pass = "test('one', () => {})\ntest('two', async t => { await t.test('inner', () => {}) })"

test('everything passes', () => {
  const { code, last } = runTests({ pass })
  assert.deepEqual([code, last], [0, '3 passed, 0 failed'])
})

test('skipped tests are counted, and do not fail', () => {
  const { code, last } = runTests({ pass, skip: "test('later', { skip: true }, () => {})\ntest('now', () => {})" })
  assert.deepEqual([code, last], [0, '4 passed, 0 failed, 1 skipped'])
})

const failing: [name: string, body: string, last: string, says: RegExp][] = [
  ['a failure', "console.log('seen')\ntest('sum', () => assert.equal(1, 2))", '3 passed, 1 failed', /› sum[\s\S]*1 !== 2[\s\S]*\| seen/],
  ['a failure inside a test that holds others counts once', "test('outer', async t => { await t.test('inner', () => assert.fail('no')) })", '3 passed, 1 failed', /› inner/],
  ['a hang in a test', "test('first', () => {})\ntest('waits', () => new Promise(() => { setInterval(() => {}, 1000) }))", '4 passed, 1 failed', /no test of it ended for 4 s, while in test 'waits'/],
  ['something left open', "test('opens', () => { setInterval(() => {}, 1000) })", '4 passed, 1 failed', /no test of it ended for 4 s, after its last test: something it opened is still open/],
  ['a crash', "test('dies', () => process.exit(5))", '3 passed, 1 failed', /ended with code 5/],
  ['a file that cannot be loaded', "import './nowhere.ts'", '3 passed, 1 failed', /ended with code 1[\s\S]*nowhere\.ts/],
  ['something left among the temporary files', "import { mkdtempSync } from 'node:fs'\nimport { tmpdir } from 'node:os'\ntest('leaves', () => { mkdtempSync(tmpdir() + '/left-') })", '4 passed, 1 failed', /it left in the folder for temporary files: left-/],
  ['a file without a test', '', '3 passed, 1 failed', /holds no test/],
]
for (const [name, body, last, says] of failing) {
  test(name, () => {
    const ended = runTests({ pass, bad: body })
    assert.deepEqual([ended.code, ended.last], [1, last], ended.out)
    assert.match(ended.out, says)
  })
}

test('a file that is not there', () => {
  const { status, stdout } = spawnSync(process.execPath, [fileURLToPath(new URL('../scripts/test.mjs', import.meta.url)), join(dir, 'missing.test.ts')], { encoding: 'utf8' })
  assert.equal(status, 1)
  assert.match(stdout, /\n0 passed, 1 failed\n$/)
})
