// Runs examples with few processes: several share one, and only where something in it went wrong does each get its own.

import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { missingOutputs, withChecks } from './expectations.ts'
import type { Example } from './extract.ts'

/** The files that examples may read, in the folder they run in. */
const inputs = { 'README.md': 'to be or not to be\nthat is the question\n', 'package.json': '{\n  "name": "app",\n  "type": "module"\n}\n', 'logs/app.log': 'info started\nerror disk is full\nerror disk is still full\n' }
const together = 8
const limitMs = 75_000

/** For each example what went wrong with it, '' where nothing did, once it has run; `scratch` is a folder for their files. */
export function runExamples(examples: readonly Example[], scratch: string): Promise<string>[] {
  const ready = examples.map((example, i) => {
    const { code, outputs } = withChecks(example.code)
    const path = join(scratch, `example-${i}.ts`)
    writeFileSync(path, '\n'.repeat(Math.max(0, example.line - 1)) + code) // stacks show the lines of the page
    return { path, outputs }
  })
  writeFileSync(join(scratch, 'package.json'), '{ "type": "module" }')
  const problems = examples.map(() => Promise.withResolvers<string>())
  const batches = Array.from({ length: Math.ceil(ready.length / together) }, (_, i) => i * together)
  void inTwos(batches, async start => {
    const batch = ready.slice(start, start + together)
    const found = await runOnce(batch, scratch)
    const isFine = found.every(problem => problem === '')
    for (const [i, one] of batch.entries()) problems[start + i]!.resolve(isFine ? '' : (await runOnce([one], scratch))[0]!)
  })
  return problems.map(({ promise }) => promise)
}

interface Ready { readonly path: string; readonly outputs: readonly string[] }

/** Runs the examples in one process and gives each one's problem. */
async function runOnce(batch: readonly Ready[], scratch: string): Promise<string[]> {
  const cwd = mkdtempSync(join(scratch, 'cwd-'))
  for (const [file, text] of Object.entries(inputs)) {
    mkdirSync(dirname(join(cwd, file)), { recursive: true })
    writeFileSync(join(cwd, file), text)
  }
  const temporary = mkdtempSync(join(scratch, 't-'))
  const hook = new URL('../../scripts/self.mjs', import.meta.url).href
  const child = spawn(process.execPath, ['--import', hook, fileURLToPath(new URL('runner.mjs', import.meta.url)), ...batch.map(({ path }) => path)],
    { cwd, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NODE_OPTIONS: '', NODE_TEST_CONTEXT: '', TMPDIR: temporary, TEMP: temporary, TMP: temporary, RIVULET_MASTER: 'local[2]' } }) // as many partitions on every machine
  let [out, err, timedOut] = ['', '', false]
  child.stdout.setEncoding('utf8').on('data', (text: string) => { out += text })
  child.stderr.setEncoding('utf8').on('data', (text: string) => { err += text })
  const timer = setTimeout(() => { timedOut = true; child.kill('SIGKILL') }, batch.length === 1 ? limitMs : 2 * limitMs) // running them all again would cost more
  const code = await new Promise<number | null>(resolve => child.on('close', resolve))
  clearTimeout(timer)
  return batch.map(({ path, outputs }) => {
    const section = (text: string): string => text.split(`\n=== ${path}\n`)[1]?.split('\n=== ')[0] ?? ''
    const stderr = section(err).replaceAll(/^\[worker \d+, task \d+\] .*\n/gm, '') // console.log of a task
    if (timedOut) return `did not end by itself within ${limitMs / 1000} s\n${stderr}`
    if (stderr !== '') return `wrote to stderr:\n${stderr}`
    if (code !== 0) return `the process ended with code ${code}\n${err}`
    const missing = missingOutputs(section(out), outputs)
    return missing.length === 0 ? '' : `promised but not printed: ${missing.join(' | ')}\nprinted:\n${section(out)}`
  })
}

async function inTwos<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items]
  await Promise.all([0, 1].map(async () => { for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item) }))
}
