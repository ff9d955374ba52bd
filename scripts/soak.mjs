// Runs the tests that crash things, for longer than `npm test` does. What is set in the environment stands.
import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'

const env = { RIVULET_SEEDS: '10000', RIVULET_KILLS: '10000', RIVULET_TEST_LIMIT_MS: '36000000', ...process.env }
const path = name => fileURLToPath(new URL(name, import.meta.url))
const run = (args, more = {}) => new Promise(done => { spawn(process.execPath, args, { env: { ...env, ...more }, stdio: 'inherit' }).on('exit', code => done(code ?? 1)) })
const byItself = (file, more) => run(['--import', new URL('self.mjs', import.meta.url).href, path(`../${file}`)], more) // it says how far it is
const shards = availableParallelism()
const codes = await Promise.all(Array.from({ length: shards }, (_, i) => byItself('test/simulation/simulation.test.ts', { RIVULET_SHARD: `${i}/${shards}` })))
codes.push(await run([path('test.mjs'), 'src/storage/journal']), await byItself('test/recovery/crash-matrix.test.ts'))
process.exit(Math.max(...codes))
