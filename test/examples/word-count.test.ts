// The example that `npm start` runs: on its own server, on somebody else's, and ended by Ctrl-C. Nothing on stderr.

import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Runs the example; `on` is told of everything printed so far. */
async function run(flags: string[], on: (stdout: string, child: ChildProcess) => void = () => {}): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, ['--import', './scripts/self.mjs', 'examples/word-count.ts', ...flags], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', text => { on(stdout += text, child) })
  child.stderr.setEncoding('utf8').on('data', text => { stderr += text })
  const [code] = await once(child, 'close') as [number | null]
  return { code, stdout, stderr }
}

const summary = /^(\d+) lines in (\d+) batches, (\d+) lines\/s; from (arrival|the end of a batch) to result p50 (\d+) ms, p99 (\d+) ms$/m

test('on its own server: batches, windows, a summary', async () => {
  const { code, stdout, stderr } = await run(['--seconds', '3', '--rate', '2000'])
  assert.deepEqual([code, stderr], [0, ''])
  assert.match(stdout, /^-{43}\nTime: \d+000 ms\n-{43}\n(\([\p{L}']+,\d+\)\n){10}\.\.\.\n\n-{43}\nTime: \d+000 ms\n-{43}\n([\p{L}']+: \d+ in the last 10 s\n){5}\.\.\.$/mu)
  const counts = [...stdout.matchAll(/^\(.*,(\d+)\)$/gm)].slice(0, 10).map(match => Number(match[1]))
  assert.deepEqual(counts, counts.toSorted((a, b) => b - a), 'top words first')
  const [, lines, batches, rate, from, p50, p99] = summary.exec(stdout)!
  assert.ok(Number(lines) > 2_000 && Number(batches) >= 3 && Number(rate) > 500, stdout)
  assert.ok(from === 'arrival' && Number(p50) > 0 && Number(p99) >= Number(p50) && Number(p99) < 10_000, stdout)
})

test('on somebody else\'s server, until Ctrl-C, which ends it gracefully', async () => {
  const server = createServer(socket => { socket.on('error', () => {}).write('to be or not to be\n') }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  let ended = false
  const { code, stdout, stderr } = await run(['--host', '127.0.0.1', '--port', `${(server.address() as AddressInfo).port}`], (text, child) => {
    if (!ended && text.includes('be: 2 in the last 10 s')) ended = child.kill('SIGINT')
  })
  server.close()
  assert.deepEqual([code, stderr], [0, ''])
  assert.match(stdout, /^\((to|be),2\)\n\((to|be),2\)\n\((or|not),1\)\n\((or|not),1\)$/m)
  assert.equal(summary.exec(stdout)![1], '1')
  assert.match(stdout, /from the end of a batch to result/)
})

test('says what it takes', async () => {
  const { code, stdout } = await run(['--help'])
  assert.equal(code, 0)
  assert.match(stdout, /--host HOST --port PORT/)
})
