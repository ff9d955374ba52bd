// Runs the tests that crash things, for longer than `npm test` does. What is set in the environment stands.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const env = { RIVULET_SEEDS: '10000', RIVULET_KILLS: '300', RIVULET_TEST_LIMIT_MS: '36000000', ...process.env }
const tests = ['src/storage/journal', 'test/crashes']
const { status } = spawnSync(process.execPath, [fileURLToPath(new URL('test.mjs', import.meta.url)), ...tests], { env, stdio: 'inherit' })
process.exit(status ?? 1)
