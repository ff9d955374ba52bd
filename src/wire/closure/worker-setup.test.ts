// What of the driver's flags reaches a worker, and that Node accepts it there.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { workerEnv, workerExecArgv } from './worker-setup.ts'

const cases: readonly (readonly [given: string[], kept: string[]])[] = [
  [[], []],
  [['--inspect', '--inspect-brk=0', '--inspect-port=1'], []],
  [['--import', './scripts/self.mjs', '--enable-source-maps'], ['--import', './scripts/self.mjs', '--enable-source-maps']],
  [['--import=./scripts/self.mjs'], ['--import', './scripts/self.mjs']],
  [['--import', 'tsx', '-r', '/x/node_modules/tsx/dist/preflight.cjs', '--import', 'file:///x/node_modules/tsx/dist/loader.mjs', '--import', 'tsx/esm'], []],
  [['--max-old-space-size=512', '--expose-gc', '--stack-size=2000', '--title=x', '--permission', '-e', 'code', '-p', '--input-type=module', '--test', '--watch'], []],
  [['-C', 'development', '--conditions=x', '--no-warnings', '--disable-warning=ExperimentalWarning'], ['-C', 'development', '--conditions', 'x', '--no-warnings', '--disable-warning', 'ExperimentalWarning']],
  [['--experimental-strip-types', '--experimental-vm-modules', '--no-experimental-require-module'], ['--experimental-strip-types', '--experimental-vm-modules', '--no-experimental-require-module']],
]

test('flags of workers', () => {
  for (const [given, kept] of cases) assert.deepEqual(workerExecArgv(given), kept)
})

test('Node accepts them', async () => {
  const execArgv = workerExecArgv(['--expose-gc', '--no-warnings', '--experimental-vm-modules', '--enable-source-maps', '--preserve-symlinks', '-C', 'x', '--trace-warnings', '--inspect=0'])
  assert.equal(execArgv.length, 7)
  const worker = new Worker('', { eval: true, execArgv })
  assert.equal(await new Promise((resolve, reject) => worker.on('exit', resolve).on('error', reject)), 0)
})

test('NODE_OPTIONS of workers', () => {
  const env = { NODE_OPTIONS: '--max-old-space-size=100 --inspect-brk=127.0.0.1:9229 --import x', A: 'b' }
  assert.deepEqual(workerEnv(env), { NODE_OPTIONS: '--max-old-space-size=100  --import x', A: 'b' })
  const plain = { A: 'b' }
  assert.equal(workerEnv(plain), plain)
})
