// The examples without a stream, as a user runs them: small data, what they print, nothing on stderr, and an end by themselves.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

async function run(example: string, flags: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, ['--import', './scripts/self.mjs', `examples/${example}.ts`, ...flags], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, RIVULET_MASTER: 'local[2]', NODE_TEST_CONTEXT: '' } })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => { stdout += text })
  child.stderr.setEncoding('utf8').on('data', (text: string) => { stderr += text })
  const [code] = await once(child, 'close') as [number | null]
  assert.deepEqual([code, stderr], [0, ''])
  return stdout
}

test('log mining: what was asked of the errors', async () => {
  const out = await run('log-mining', ['--lines', '5000'])
  const [errors, mysql, hdfs] = ['errors', 'about MySQL', 'about HDFS'].map(question => Number(new RegExp(`^${question}: (\\d+)   \\(\\d+ ms\\)$`, 'm').exec(out)?.[1]))
  assert.ok(errors! > 180 && errors! < 320 && mysql! + hdfs! < errors! && mysql! > 20 && hdfs! > 50, out)
  assert.match(out, /^timeouts by service: (\w+ \d+, ){3}\w+ \d+ {3}/m)
  assert.match(out, /^the most frequent: \w+: .+ \(\d+ times\)/m)
})

test('logistic regression: learns, and is many times as fast with the points kept', async () => {
  const out = await run('logistic-regression', ['--points', '20000', '--iterations', '8'])
  assert.ok(Number(/right: ([\d.]+) %/.exec(out)![1]) > 90, out)
  assert.ok(Number(/: (\d+) times as fast/.exec(out)![1]) >= 2, out) // more than ten on a machine that does nothing else
})

test('PageRank: pages with many links to them come first', async () => {
  const ranks = [...(await run('page-rank', ['--pages', '400', '--iterations', '7', '--top', '4'])).matchAll(/^page(\d+) ([\d.]+)$/gm)].map(([, page, rank]) => [Number(page), Number(rank)] as const)
  assert.equal(ranks.length, 4)
  assert.equal(ranks[0]![0], 0)
  assert.ok(ranks.every(([page, rank], i) => page < 50 && (i === 0 || rank <= ranks[i - 1]![1])), String(ranks))
})

test('PageRank of links in a file: the exact ranks of a small web', async () => {
  const out = await run('page-rank', ['--input', 'test/examples/links.txt', '--iterations', '60', '--top', '3'])
  assert.equal(out, 'b 1.298\nc 1.000\na 0.702\n') // a = 0.15 + 0.85·b/2, c = 0.15 + 0.85·(a + b)/2, b = 0.15 + 0.85·(a/2 + c)
})

test('k-means: finds the centres', async () => {
  const out = await run('k-means', ['--points', '4000', '--clusters', '3', '--seed', '5'])
  const centres = [...out.matchAll(/^\((-?[\d.]+), (-?[\d.]+)\)$/gm)].map(([, x, y]) => [Number(x), Number(y)])
  const wanted = [[-5, -8.66], [-5, 8.66], [10, 0]]
  assert.equal(centres.length, 3)
  assert.ok(wanted.every(([x, y]) => centres.some(centre => Math.hypot(centre[0]! - x!, centre[1]! - y!) < 0.3)), out)
})

test('top k: the most frequent words, in order', async () => {
  const out = await run('top-k', ['--input', 'README.md', '--k', '4'])
  const counts = [...out.matchAll(/^[\p{L}']+ (\d+)$/gmu)].map(([, count]) => Number(count))
  assert.deepEqual([counts.length, counts], [4, counts.toSorted((a, b) => b - a)])
  assert.match(out, /^of \d{3} different words$/m)
})

test('joins: a shuffle and a broadcast agree; what has no partner', async () => {
  const out = await run('joins', ['--orders', '3000', '--customers', '70'])
  assert.match(out, /^at: \d+\nch: \d+\nde: \d+\nfr: \d+\nit: \d+\nby broadcast: the same\ncustomers without an order: 10\norders of nobody we know: 60\ncustomers with three orders or more: 60\n$/)
})

test('docs/examples.md names every example', () => {
  const page = readFileSync(`${root}docs/examples.md`, 'utf8')
  for (const file of readdirSync(`${root}examples`)) if (file.endsWith('.ts')) assert.ok(page.includes(`(../examples/${file})`), file)
})
