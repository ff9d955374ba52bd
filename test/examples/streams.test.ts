// The examples with streams, as a user runs them: what they print, nothing on stderr, and an end by themselves; one is killed and goes on.

import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
/** What is right to say on a slow machine, and of the batches that fell due while a program was dead. */
const lateness = /^rivulet warn: .* code=RIV_(BATCHES_LATE|OUTPUT_BLOCKS|RECEIVER_BLOCKS).*\n/gm

/** Runs an example; `on` is told of everything printed so far. Gives what it printed, and the signal that ended it. */
async function start(example: string, flags: readonly string[], on: (stdout: string, child: ChildProcess) => void = () => {}): Promise<{ out: string; signal: string | null }> {
  const child = spawn(process.execPath, ['--import', './scripts/self.mjs', `examples/${example}.ts`, ...flags], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, RIVULET_MASTER: 'local[2]', NODE_TEST_CONTEXT: '' } })
  let [out, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => { on(out += text, child) })
  child.stderr.setEncoding('utf8').on('data', (text: string) => { stderr += text })
  const [code, signal] = await once(child, 'close') as [number | null, string | null]
  assert.equal(stderr.replaceAll(lateness, ''), '')
  if (signal === null) assert.equal(code, 0)
  return { out, signal }
}

const run = async (...args: Parameters<typeof start>): Promise<string> => (await start(...args)).out
const linesOf = (out: string): string[] => out.trimEnd().split('\n')

test('hashtag counts: every tag of a second, the most frequent first', async () => {
  const out = await run('hashtag-counts', ['--seconds', '2', '--rate', '1000'])
  assert.match(out, /^-{43}\nTime: \d+000 ms\n-{43}\n(\(#\w+,\d+\)\n){5}\.\.\.$/m)
  const counts = [...out.matchAll(/^\(.*,(\d+)\)$/gm)].slice(0, 5).map(match => Number(match[1]))
  assert.deepEqual(counts, counts.toSorted((a, b) => b - a))
})

test('popular hashtags: fashions come and go, and both ways agree', async () => {
  const lines = linesOf(await run('popular-hashtags', ['--tweets', '6000', '--top', '2']))
  assert.equal(lines.length, 31)
  assert.match(lines[0]!, /^1 min: #tea \d+, #\w+ \d+$/)
  assert.match(lines[29]!, /^30 min: #snow \d+, #music \d+$/)
  assert.equal(lines[30], 'by an inverse function: the same')
})

test('user mood: states of users, who go when nothing is heard of them for five minutes', async () => {
  const out = await run('user-mood', ['--tweets', '3000', '--users', '5'])
  assert.match(out, /^10 min: 5 users; happiest user[01] [01]\.\d\d, saddest user[34] -0\.\d\d$/m)
  const gone = [...out.matchAll(/^15\.2 min: user\d has gone, at -?[01]\.\d\d after (\d+) tweets$/gm)].map(match => Number(match[1]))
  assert.ok(gone.length === 3 || gone.length === 5, out) // of each batch it shows three
  assert.ok(gone.every(tweets => tweets > 500 && tweets < 700), out)
})

test('spam filter: the table changes while the stream runs', async () => {
  const counts = linesOf(await run('spam-filter', ['--messages', '5000', '--spammers', '20'])).map((line, i) => Number(new RegExp(`^${i + 1} s: (\\d+) messages are no spam$`).exec(line)![1]))
  assert.equal(counts.length, 10)
  assert.ok(counts.slice(0, 5).every(count => count > 350 && count < 450) && counts.slice(5).every(count => count > 250 && count < 350), String(counts))
})

test('top pages: windows of a minute, every ten seconds', async () => {
  const lines = linesOf(await run('top-pages', ['--views', '12000', '--k', '2']))
  assert.deepEqual(lines.map(line => line.split(' s: ')[0]), Array.from({ length: 12 }, (_, i) => String(10 * i + 10)))
  const visits = lines.map(line => Number(/: \/page0 (\d+), \/page1 \d+$/.exec(line)![1]))
  assert.ok(visits[0]! < visits[2]! && visits[2]! < visits[5]! && Math.abs(visits[5]! - visits[11]!) < 100, String(visits))
})

for (const by of ['map', 'update']) {
  test(`stateful word count by ${by}: counts go on from batch to batch, until Ctrl-C`, async () => {
    let socket: Socket | undefined
    const server = createServer(connection => { (socket = connection).on('error', () => {}).write('to be or not to be\n') }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    let step = 0
    const out = await run('stateful-word-count', ['--by', by, '--host', '127.0.0.1', '--port', `${(server.address() as AddressInfo).port}`], (text, child) => {
      if (step === 0 && text.includes('4 words')) {
        step = 1
        socket!.write('to be\n')
      }
      if (step === 1 && /4 words; (to 3, be 3|be 3, to 3)/.test(text)) {
        step = 2
        child.kill('SIGINT')
      }
    })
    server.close()
    assert.match(out, /4 words; (to 2, be 2|be 2, to 2), (or 1, not 1|not 1, or 1)\n/)
  })
}

test('stateful and windowed word count on their own servers', async () => {
  const [stateful, windowed] = await Promise.all([
    run('stateful-word-count', ['--seconds', '2', '--rate', '1000']), run('windowed-word-count', ['--seconds', '3', '--window', '2', '--slide', '1', '--rate', '1000']),
  ])
  assert.match(stateful, /^\d{4}-.*Z: \d+ words; (\S+ \d+, ){4}\S+ \d+$/m)
  assert.match(windowed, /^-{43}\nTime: \d+000 ms\n-{43}\n(\([\p{L}']+,\d+\)\n){5}\.\.\.$/mu)
})

test('recoverable word count: killed twice, it counts every word once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rivulet-recoverable-'))
  const flags = ['--checkpoint', join(folder, 'checkpoint'), '--input', 'docs/quick-start.md', '--lines', '4', '--interval', '100']
  const words = readFileSync(`${root}docs/quick-start.md`, 'utf8').toLowerCase().match(/\p{L}[\p{L}']*/gu)!.length
  const totalsOf = (out: string): number[] => [...out.matchAll(/^(\d+) words so far/gm)].map(match => Number(match[1]))
  const seen = [0]
  /** Batches that were put out and are not known to be complete come again, as they were; then others follow. */
  const follow = (totals: readonly number[]): void => {
    const news = totals.filter(total => !seen.includes(total))
    assert.ok(news.every(total => total > seen.at(-1)!), `${totals.join()} after ${seen.join()}`)
    seen.push(...news)
  }
  for (let kills = 0; kills < 2; kills++) {
    const { out, signal } = await start('recoverable-word-count', flags, (text, child) => { if (totalsOf(text).length >= 3) child.kill('SIGKILL') })
    assert.equal(signal, 'SIGKILL')
    follow(totalsOf(out))
    assert.ok(seen.at(-1)! < words)
  }
  follow(totalsOf(await run('recoverable-word-count', flags)))
  assert.equal(seen.at(-1), words)
  rmSync(folder, { recursive: true })
})
