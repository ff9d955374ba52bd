// Runs the tests: `npm test`, or `npm test -- src/base test/architecture.test.ts` for some of them.
//
// - Every test file runs in a process of its own, two at a time, with 'rivulet' resolved to the sources (scripts/self.mjs).
// - Each has a folder of its own for temporary files; one that leaves something there fails.
// - A file in which no test begins or ends for the limit is killed, one that dies is a failure; both say what they were doing.
// - A file's output is shown only when it fails. The type check over everything (type tests included) is one more job of a whole run.
// - The last line is `N passed, N failed`, with `, N skipped` where there are any; the exit code is 1 unless everything passed.
import { spawn } from 'node:child_process'
import { existsSync, globSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const jobsAtOnce = 2
const limitMs = Number(process.env.RIVULET_TEST_LIMIT_MS ?? 180_000)
const hooks = ['--import', new URL('self.mjs', import.meta.url).href]
const reporter = new URL('test-reporter.mjs', import.meta.url).href

const wanted = process.argv.slice(2)
const scratch = mkdtempSync(join(tmpdir(), 'rt-')) // short: paths of sockets may have about 100 bytes
const total = { passed: 0, failed: 0, skipped: 0 }
const failures = []
const children = new Set()
process.on('exit', () => rmSync(scratch, { recursive: true, force: true, maxRetries: 3 }))
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => { children.forEach(kill); process.exit(130) })

const files = wanted.length > 0 ? wanted.flatMap(expand) : [...globSync('test/**/*.test.ts', { cwd: root, exclude: name => name === 'node_modules' }), ...globSync('src/**/*.test.ts', { cwd: root })]
const queue = files.map((file, i) => () => testFile(file, join(scratch, String(i))))
if (wanted.length === 0) queue.unshift(typeCheck)
await Promise.all(Array.from({ length: jobsAtOnce }, async () => { while (queue.length > 0) await queue.shift()() }))

if (failures.length > 0) console.log(`\nFailed:\n${failures.map(name => `  ${name}`).join('\n')}`)
console.log(`\n${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`)
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1

/** The test files an argument means: a file, or all below a folder. */
function expand(argument) {
  const path = resolve(argument)
  if (argument.endsWith('.ts') && existsSync(path)) return [relative(root, path)]
  const found = globSync(`${relative(root, path) || '.'}/**/*.test.ts`, { cwd: root, exclude: name => name === 'node_modules' })
  if (found.length === 0) { console.error(`no test file at ${argument}`); process.exitCode = 1; total.failed++ }
  return found
}

async function testFile(file, temporary) {
  const log = `${temporary}.jsonl`
  mkdirSync(temporary)
  const ended = await run([...hooks, `--test-reporter=${reporter}`, `--test-reporter-destination=${log}`, join(root, file)], log, { TMPDIR: temporary, TEMP: temporary, TMP: temporary })
  const events = existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(0, -1).map(line => JSON.parse(line)) : []
  const done = events.filter(e => e.type !== 'start')
  const counts = { pass: 0, fail: 0, skip: 0 }
  for (const event of done) counts[event.type]++
  const problems = done.filter(e => e.type === 'fail').map(e => ({ name: `${file} › ${e.name}`, text: e.error ?? '' }))
  const doing = events.findLast(e => e.type === 'start' && !done.some(d => d.name === e.name))?.name
  const last = doing !== undefined ? `while in test '${doing}'` : done.length > 0 ? 'after its last test: something it opened is still open' : 'before its first test ended'
  if (ended.timedOut) problems.push({ name: file, text: `no test of it ended for ${limitMs / 1000} s, ${last}` })
  else if (problems.length === 0 && ended.code !== 0) problems.push({ name: file, text: `the process ended with ${ended.code === null ? ended.signal : `code ${ended.code}`}, ${last}` })
  else if (problems.length === 0 && (await leftIn(temporary)).length > 0) problems.push({ name: file, text: `it left in the folder for temporary files: ${leftovers(temporary).join(', ')}` })
  else if (done.length === 0 && problems.length === 0) problems.push({ name: file, text: 'holds no test' })
  record(file, { passed: counts.pass, skipped: counts.skip, ms: ended.ms }, problems, ended.output)
}

/** What a file left behind that nobody is about to remove. */
async function leftIn(folder) {
  for (let tries = 0; tries < 20 && leftovers(folder).length > 0; tries++) await sleep(100) // processes that were told to end may not have
  return leftovers(folder)
}

/** All but what stays there by design: the folder of control sockets, and what other tools keep for the next time. */
function leftovers(folder) {
  return readdirSync(folder).filter(name => !/^(tsx-\d+|node-compile-cache)$/.test(name) && !(/^rivulet-\d+$/.test(name) && readdirSync(join(folder, name)).length === 0))
}

async function typeCheck() {
  const ended = await run([join(root, 'node_modules/typescript/bin/tsc'), '--noEmit', '-p', root])
  const problems = ended.code === 0 ? [] : [{ name: 'types', text: ended.output }]
  record('types (tsc)', { passed: problems.length === 0 ? 1 : 0, skipped: 0, ms: ended.ms }, problems, '')
}

function record(title, { passed, skipped, ms }, problems, output) {
  total.passed += passed
  total.skipped += skipped
  total.failed += problems.length
  console.log(`${problems.length === 0 ? 'ok  ' : 'FAIL'} ${title} (${passed} passed${skipped > 0 ? `, ${skipped} skipped` : ''}, ${(ms / 1000).toFixed(1)} s)`)
  for (const { name, text } of problems) {
    failures.push(name)
    console.log(`\n  ${name}\n${text.replace(/^/gm, '    ')}\n`)
  }
  if (problems.length > 0 && output.trim() !== '') console.log(`  output of ${title}:\n${output.trimEnd().slice(-20_000).replace(/^/gm, '  | ')}\n`)
}

/** Runs node with `args` until it ends, or nothing was logged for its limit: then the whole process group is killed. */
function run(args, log, env) {
  const start = performance.now()
  return new Promise(done => {
    const child = spawn(process.execPath, args, { cwd: root, detached: true, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } })
    let output = ''
    let timedOut = false
    let [size, grewAt] = [0, start]
    const timer = setInterval(() => {
      const now = performance.now()
      const grown = log === undefined || !existsSync(log) ? 0 : statSync(log).size
      if (grown !== size) [size, grewAt] = [grown, now]
      else if (now - grewAt > limitMs) { timedOut = true; kill(child) }
    }, Math.min(1_000, limitMs / 10))
    children.add(child)
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', text => { output += text })
    child.on('exit', () => { if (!timedOut) setTimeout(() => kill(child), 1_000).unref() }) // what it left behind must not hold our pipes
    child.on('close', (code, signal) => {
      clearInterval(timer)
      children.delete(child)
      done({ code, signal, output, timedOut, ms: performance.now() - start })
    })
  })
}

function kill(child) {
  try { process.kill(-child.pid, 'SIGKILL') } catch { /* the group has ended */ }
}
