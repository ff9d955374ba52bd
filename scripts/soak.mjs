// Runs what crashes things, for longer than `npm test` does: `npm run soak`, or one of it: `npm run soak -- simulation --seeds 10000 --from 0`.
// What is set in the environment stands.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const env = { RIVULET_SEEDS: '10000', RIVULET_KILLS: '10000', RIVULET_TEST_LIMIT_MS: '36000000', ...process.env }
const path = name => fileURLToPath(new URL(name, import.meta.url))
let ended = false
const run = args => ended ? 130 : new Promise(done => {
  const child = spawn(process.execPath, args, { env, stdio: 'inherit' }).on('exit', (code, signal) => {
    for (const each of ['SIGINT', 'SIGTERM']) process.off(each, pass)
    done(code ?? (signal === null ? 1 : 130))
  })
  const pass = signal => {
    ended = true
    if (signal === 'SIGTERM' || !process.stdin.isTTY) child.kill(signal) // in a terminal Ctrl-C goes to both
  }
  for (const each of ['SIGINT', 'SIGTERM']) process.on(each, pass)
})
const byItself = (file, args = []) => run(['--import', new URL('self.mjs', import.meta.url).href, path(`../${file}`), ...args]) // it says how far it is

const [name, ...args] = process.argv.slice(2)
const soaks = {
  simulation: () => byItself('test/simulation/soak.ts', args),
  journal: () => run([path('test.mjs'), 'src/storage/journal']),
  recovery: () => byItself('test/recovery/soak.ts', args),
}
if (name !== undefined && !(name in soaks)) throw new Error(`there is no soak of ${name}: ${Object.keys(soaks).join(', ')}`)
let worst = 0
for (const each of name === undefined ? Object.keys(soaks) : [name]) worst = Math.max(worst, await soaks[each]())
process.exitCode = worst
