// Runs the tests that crash things, for longer than `npm test` does. What is set in the environment stands.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const env = { RIVULET_SEEDS: '10000', RIVULET_KILLS: '10000', RIVULET_TEST_LIMIT_MS: '36000000', ...process.env }
const path = name => fileURLToPath(new URL(name, import.meta.url))
const run = args => spawnSync(process.execPath, args, { env, stdio: 'inherit' }).status ?? 1
const journal = run([path('test.mjs'), 'src/storage/journal'])
const matrix = run(['--import', new URL('self.mjs', import.meta.url).href, path('../test/recovery/crash-matrix.test.ts')]) // by itself: it says how far it is
process.exit(journal || matrix)
