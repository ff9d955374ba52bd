// Suites of streams with state once more, with state on disk: nothing in them knows where it is.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const self = new URL('../../../scripts/self.mjs', import.meta.url).href
const suites = ['state.test.ts', 'skipped.test.ts', '../checkpoint/restart.test.ts', '../checkpoint/savepoint.test.ts']

function run(suite: string, store: string): { readonly status: number | null; readonly stdout: string } {
  const env: NodeJS.ProcessEnv = { ...process.env, 'RIVULET_CONF_state.store': store, 'RIVULET_CONF_state.behindBytes': '300', 'RIVULET_CONF_state.cacheBytes': '1000' }
  delete env.NODE_TEST_CONTEXT
  return spawnSync(process.execPath, ['--import', self, '--test-reporter=tap', fileURLToPath(new URL(suite, import.meta.url))], { encoding: 'utf8', env })
}

for (const suite of suites) test(suite, () => {
  const { status, stdout } = run(suite, 'disk')
  assert.equal(status, 0, stdout)
})

test('the setting reaches them', () => {
  const { status, stdout } = run(suites.at(-1)!, 'nowhere')
  assert.equal(status, 1)
  assert.match(stdout, /RIV_SETTING/)
})
