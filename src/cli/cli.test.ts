// The command line with real processes: what reaches the program, what comes back, what is refused.

import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { fileURLToPath } from 'node:url'
import { requireNode } from './require-node.ts'

const dir = mkdtempSync(join(tmpdir(), 'rivulet-cli-'))
after(() => rmSync(dir, { recursive: true }))
const main = fileURLToPath(new URL('main.ts', import.meta.url))
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }

function program(name: string, text: string): string {
  const path = join(dir, name)
  writeFileSync(path, text)
  return path
}

interface Ended { code: number | null; out: string; err: string }

async function rivulet(args: string[], options: { env?: NodeJS.ProcessEnv; onOutput?: (text: string, cli: ChildProcess) => void } = {}): Promise<Ended> {
  const cli = spawn(process.execPath, [main, ...args], { cwd: dir, env: { ...process.env, NODE_OPTIONS: '', ...options.env }, stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, err] = ['', '']
  cli.stdout.setEncoding('utf8').on('data', (text: string) => { out += text; options.onOutput?.(text, cli) })
  cli.stderr.setEncoding('utf8').on('data', (text: string) => { err += text })
  const code = await new Promise<number | null>(resolve => cli.on('close', resolve))
  return { code, out, err }
}

const show = program('show.ts', `
  const conf: Record<string, string> = Object.fromEntries(Object.entries(process.env as Record<string, string>).filter(([name]) => name.startsWith('RIVULET_')))
  console.log(JSON.stringify({ args: process.argv.slice(2), conf }))
  process.exitCode = 7
`)

test('master, settings and arguments reach the program; its exit code comes back', async () => {
  const { code, out, err } = await rivulet(['run', '--master', 'local[2]', '--conf', 'a.b=1=2', '--conf', 'c=', show, '--master', 'x', '-v', '--', 'y'])
  assert.equal(err, '')
  assert.deepEqual(JSON.parse(out), {
    args: ['--master', 'x', '-v', '--', 'y'],
    conf: {
      RIVULET_MASTER: 'local[2]', 'RIVULET_CONF_a.b': '1=2', RIVULET_CONF_c: '',
      'RIVULET_CONF_spark.app.name': 'show', 'RIVULET_CONF_spark.streaming.stopGracefullyOnShutdown': 'true', 'RIVULET_CONF_control.socket': 'true',
    },
  })
  assert.equal(code, 7)
})

test('without options the environment is left as it is', async () => {
  const env = { RIVULET_MASTER: 'inline', 'RIVULET_CONF_spark.app.name': 'x', 'RIVULET_CONF_spark.streaming.stopGracefullyOnShutdown': 'false', 'RIVULET_CONF_control.socket': 'false' }
  const { out } = await rivulet(['run', show], { env })
  assert.deepEqual((JSON.parse(out) as { conf: unknown }).conf, env)
})

const waits = program('waits.mjs', `
  let signals = 0
  const end = signal => { signals++; setImmediate(() => { console.log(signal, signals); process.exit(3) }) }
  process.on('SIGINT', end).on('SIGTERM', end)
  setInterval(() => {}, 1000)
  console.log('ready')
`)
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`${signal} is passed on once, and the program ends in its own time`, async () => {
    const { code, out, err } = await rivulet(['run', waits], { onOutput: (text, cli) => { if (text.includes('ready')) cli.kill(signal) } })
    assert.deepEqual({ code, out, err }, { code: 3, out: `ready\n${signal} 1\n`, err: '' })
  })
}

test('a stream stops gracefully on SIGTERM: what was received is put out, the program goes on to its end', async () => {
  const stream = program('stream.ts', `
    import { Context, seconds, StreamingContext } from 'rivulet'
    const ssc = new StreamingContext(new Context(), seconds(1))
    ssc.fromAsyncIterable(async function* () { yield 1; yield 2; console.log('ready'); await new Promise(() => {}) })
      .foreachRDD(async rdd => { for (const n of await rdd.collect()) console.log('got', n) })
    await ssc.start()
    await ssc.awaitTermination()
    console.log('ended')
  `)
  const env = { NODE_OPTIONS: `--import ${new URL('../../scripts/self.mjs', import.meta.url).href}`, NODE_NO_WARNINGS: '1' }
  const ended = await rivulet(['run', stream], { env, onOutput: (text, cli) => { if (text.includes('ready')) cli.kill('SIGTERM') } })
  assert.deepEqual(ended, { code: 0, out: 'ready\ngot 1\ngot 2\nended\n', err: '' })
})

test('a program that a signal ends', async () => {
  const kills = program('kills.mjs', "process.kill(process.pid, 'SIGKILL')")
  assert.equal((await rivulet(['run', kills])).code, 137)
})

test('a program that throws shows its own stack', async () => {
  const throws = program('throws.ts', "const text: string = 'mine'\nthrow new Error(text)\n")
  const { code, err } = await rivulet(['run', throws])
  assert.equal(code, 1)
  assert.match(err, /Error: mine\n\s+at .*throws\.ts:2:7/)
})

const help: [args: string[], expected: RegExp][] = [
  [['--version'], new RegExp(`^${version.replaceAll('.', '\\.')}\n$`)],
  [['--help'], /Usage: rivulet[\s\S]*run .*<app>/],
  [['shell', '--help'], /\[files\.\.\.\][\s\S]*--master <master>[\s\S]*Examples:/],
  [['list', '--help'], /--json[\s\S]*Example:/],
  [['status', '--help'], /--json[\s\S]*Example:/],
  [['savepoint', '--help'], /\[dir\][\s\S]*Example:/],
  [['replay', '--help'], /--batch <ms>[\s\S]*--inspect-brk[\s\S]*Example:/],
  [['stop', '--help'], /--drain[\s\S]*Example:/],
  [['supervise', '--help'], /--max-restarts <count>[\s\S]*--window <duration>[\s\S]*--backoff <duration>[\s\S]*Example:/],
  [['run', '--help'], /--master <master>[\s\S]*--conf <key=value>[\s\S]*Example:/],
]
for (const [args, expected] of help) {
  test(`rivulet ${args.join(' ')}`, async () => {
    const { code, out, err } = await rivulet(args)
    assert.match(out, expected)
    assert.deepEqual([code, err], [0, ''])
  })
}

const refused: [args: string[], expected: RegExp][] = [
  [[], /Usage: rivulet/],
  [['rum', 'app.ts'], /unknown command 'rum'[\s\S]*Did you mean run/],
  [['run'], /missing required argument 'app'/],
  [['run', '--mastr', 'x', 'app.ts'], /unknown option '--mastr'[\s\S]*Did you mean --master/],
  [['run', '--conf', 'novalue', show], /--conf novalue is no setting \(write --conf key=value.*\[RIV_CLI_CONF\]/],
  [['run', 'missing.ts'], /cannot run missing\.ts: there is no such file .*\[RIV_CLI_PROGRAM\]/],
  [['supervise', 'missing.ts'], /cannot run missing\.ts: there is no such file .*\[RIV_CLI_PROGRAM\]/],
  [['supervise', '--window', '5', show], /'--window <duration>' argument '5' is invalid\. a duration is needed/],
  [['supervise', '--max-restarts', '-1', show], /'--max-restarts <count>' argument '-1' is invalid\. a whole number is needed/],
  [['stop', 'no-such-app'], /no program named no-such-app is streaming here .*\[RIV_CONTROL_APP\]/],
  [['status', 'no-such-app'], /\[RIV_CONTROL_APP\]/],
  [['run', '.'], /cannot run \.: it is a folder .*\[RIV_CLI_PROGRAM\]/],
]
for (const [args, expected] of refused) {
  test(`refused: rivulet ${args.map(arg => arg.replace(dir, '')).join(' ')}`, async () => {
    const { code, out, err } = await rivulet(args)
    assert.match(err, expected)
    assert.deepEqual([code, out], [2, ''])
  })
}

test('an old Node is refused', () => {
  for (const version of ['18.20.0', '20.20.2', '22.21.9']) assert.throws(() => requireNode(version, '>=22.22'), { code: 'RIV_CLI_NODE', message: /needs Node 22\.22 or newer and runs on \d/ })
  for (const version of ['22.22.0', '22.23.3', '24.0.0', '26.1.0']) requireNode(version, '>=22.22')
})
