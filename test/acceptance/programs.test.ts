// Whole programs as their users run them, against the built package in a project of its own: what they print, when and how they end.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { hangMs } from '../../src/base/hang.fixture.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const packages = join(root, 'node_modules')
mkdirSync(join(root, '.cache'), { recursive: true })
const app = mkdtempSync(join(root, '.cache/programs-'))
after(() => rmSync(app, { recursive: true }))

interface Ended { readonly code: number | null; readonly out: string; readonly err: string; readonly ms: number }

/** Runs node; a program that does not end by itself is killed and has no code. */
function run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const start = performance.now()
  const child = spawn(process.execPath, args, { cwd: app, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NODE_OPTIONS: '', ...env }, timeout: hangMs, killSignal: 'SIGKILL' })
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => { out += text })
  child.stderr.setEncoding('utf8').on('data', (text: string) => { err += text })
  return new Promise(resolve => child.on('close', code => resolve({ code, out, err, ms: performance.now() - start })))
}

before(async () => {
  const installed = join(app, 'node_modules/rivulet')
  mkdirSync(installed, { recursive: true })
  const built = await run([join(root, 'scripts/build.mjs'), join(installed, 'dist')])
  assert.equal(built.code, 0, built.err)
  cpSync(join(root, 'package.json'), join(installed, 'package.json'))
  for (const name of ['acorn', 'commander', 'es-module-lexer', 'tsx']) symlinkSync(join(packages, name), join(app, 'node_modules', name))
  writeFileSync(join(app, 'package.json'), '{ "type": "module" }')
})

interface Program {
  readonly name: string
  /** A file name of `files`, or '-e' for the text of `program`. */
  readonly main: string
  readonly program: string
  readonly files?: Readonly<Record<string, string>>
  readonly flags?: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  readonly out?: string | RegExp
  readonly err?: string | RegExp
  readonly code?: number
}

const door = "import { Context, StreamingContext, isRivuletError, RivuletError, seconds } from 'rivulet'\n"
const count = `${door}const k: number = 2
const ctx = new Context({ appName: 'counts' })
const words = ctx.parallelize(['to be', 'or not', 'to be']).flatMap(line => line.split(' ')).map((w): [string, number] => [w, k])
console.log(JSON.stringify(await words.reduceByKey((a, b) => a + b).sortByKey().collect()))`
const counted = '[["be",4],["not",2],["or",2],["to",4]]\n'
const untyped = count.replace(': number', '').replace(': [string, number]', '')
const classes = `${door}class Point { x; constructor(x) { this.x = x } get twice() { return this.x * 2 } }
const ctx = new Context({ master: 'local[2]' })
const got = await ctx.range(0, 4, 1, 2).map(n => new Point(n)).filter(p => p.twice > 2).collect()
console.log(got.every(p => p instanceof Point), got.map(p => p.twice).join())
console.log((await ctx.parallelize([new Point(1), new Point(1)], 2).map(p => [p, p.twice]).reduceByKey((a, b) => a + b).collect())[0][0] instanceof Point)`
const throwing = `${door}const ctx = new Context({ master: 'local[2]' })

interface Row { readonly id: number }
const parse = (row: Row): number => {
  if (row.id === 2) throw new TypeError('not two')
  return row.id
}
try {
  await ctx.parallelize<Row>([{ id: 1 }, { id: 2 }], 2).map(parse).collect()
} catch (error) {
  console.log((error as Error).stack, ((error as Error).cause as Error).stack)
}`

const programs: readonly Program[] = [
  ...['inline', 'local', 'local[2]', undefined].map((master): Program => ({ name: `app.ts on ${master ?? 'no master'} ends by itself, and prints nothing else`, main: 'app.ts', program: count, ...(master !== undefined && { env: { RIVULET_MASTER: master } }), out: counted, err: '' })),
  { name: 'app.mjs', main: 'app.mjs', program: untyped, out: counted, err: '' },
  { name: 'node --input-type=module -e', main: '-e', program: untyped, out: counted, err: '' },
  { name: 'tsx', main: 'app.ts', program: count, flags: ['--import', 'tsx'], out: counted, err: '' },
  { name: 'classes of the main script', main: 'app.mjs', program: classes, out: 'true 4,6\ntrue\n', err: '' },
  { name: 'classes of the main script, -e', main: '-e', program: classes, out: 'true 4,6\ntrue\n', err: '' },
  { name: 'classes of the main script, tsx', main: 'app.mts', program: classes, flags: ['--import', 'tsx'], out: 'true 4,6\ntrue\n', err: '' },
  {
    name: 'functions and state of an imported module', main: 'app.ts', out: '7,8 true\n', err: '',
    files: { 'util.ts': "export class Tag { name: string; constructor(name: string) { this.name = name } }\nexport const shift = (n: number): number => n + base\nlet base = 7" },
    program: `${door}import { shift, Tag } from './util.ts'\nconst ctx = new Context({ master: 'local[2]' })\nconsole.log((await ctx.range(0, 2).map(n => shift(n)).collect()).join(), (await ctx.range(0, 1).map(n => new Tag('a' + n)).collect())[0] instanceof Tag)`,
  },
  { name: 'the stack of a user error: types stripped', main: 'app.ts', program: throwing, out: /^RivuletError: map at app\.ts:10:57: the function threw TypeError: not two, on the record \{ id: 2 \}; tried 4 times[^]*app\.ts:6:27/, err: '' },
  { name: 'the stack of a user error: tsx', main: 'app.ts', program: throwing, flags: ['--import', 'tsx'], out: /map at app\.ts:10:57: [^]*app\.ts:6:27/, err: '' },
  { name: 'the stack of a user error: -e', main: '-e', program: `${door}const ctx = new Context({ master: 'local' })\nawait ctx.range(0, 1).map(() => { throw new Error('here') }).collect().catch(e => console.log(e.cause.stack))`, out: /Error: here\n +at .*:3:41/, err: '' },
  {
    name: 'an action that nobody catches ends the program with code 1, soon, and its text has the message and the place', main: 'app.ts', code: 1, out: '',
    program: `${door}const ctx = new Context({ master: 'local[2]' })\nawait ctx.range(0, 3).map(n => { if (n === 2) throw new RangeError('too far'); return n }).collect()`,
    err: /map at app\.ts:3:\d+: the function threw RangeError: too far, on the record 2; tried 4 times[^]*cause[^]*app\.ts:3:\d+/,
  },
  {
    name: 'after a failed job that was caught the program ends by itself', main: 'app.ts', out: 'RIV_USER_FUNCTION\n', err: '',
    program: `${door}const ctx = new Context({ master: 'local[2]' })\ntry { await ctx.range(0, 3).foreach(() => { throw 1 }) } catch (e) { console.log((e as RivuletError).code) }`,
  },
  {
    name: 'an action that is not awaited holds the process until it is done', main: 'app.ts', out: '3\n', err: '',
    program: `${door}const ctx = new Context({ master: 'local[2]' })\nvoid ctx.range(0, 3).mapAsync(async n => { await new Promise(r => setTimeout(r, 100)); return n }).count().then(console.log)`,
  },
  { name: 'a context that never ran anything', main: 'app.ts', program: `${door}const ctx = new Context({ master: 'local[2]' }); ctx.range(0, 3).map(n => n)\nnew StreamingContext(ctx, seconds(1))`, out: '', err: '' },
  { name: 'a persisted RDD and stop() twice', main: 'app.ts', program: `${door}const ctx = new Context({ master: 'local[2]' })\nconst r = ctx.range(0, 3).map(n => n).persist()\nconsole.log(await r.count())\nawait Promise.all([ctx.stop(), ctx.stop()])\nawait ctx.stop()`, out: '3\n', err: '' },
  { name: 'await using', main: 'app.mts', program: `${door}{ await using ctx = new Context({ master: 'local[2]' }); console.log(await ctx.range(0, 3).count()) }`, flags: ['--import', 'tsx'], out: '3\n', err: '' },
  {
    name: 'stop() with an action that was not awaited: an unhandled rejection that says so', main: 'app.ts', code: 1, out: '',
    program: `${door}const ctx = new Context({ master: 'local[2]' })\nvoid ctx.range(0, 2).mapAsync(() => new Promise(() => {})).count()\nawait ctx.stop()`, err: /count at app\.ts:3:\d+ was still running; was an await forgotten\?/,
  },
  {
    name: 'console.log inside a task goes to stderr, with worker and task', main: 'app.ts', out: '2\n', err: '[worker 1, task 1] seen 0 { a: [ 1 ] }\n[worker 1, task 1] seen 1 { a: [ 1 ] }\n', env: { RIVULET_MASTER: 'local[1]' },
    program: `${door}const ctx = new Context()\nconsole.log(await ctx.range(0, 2, 1, 1).filter(n => { console.log('seen', n, { a: [1] }); return true }).count())`,
  },
  {
    name: 'the same on inline', main: 'app.ts', out: 'meanwhile\n2\n', err: '[inline, task 1] seen 0\n[inline, task 1] late 0\n', env: { RIVULET_MASTER: 'inline' },
    program: `${door}const ctx = new Context()
setTimeout(() => console.log('meanwhile'), 1)
console.log(await ctx.range(0, 2, 1, 1).filter(n => { if (n === 0) console.log('seen', n); return true })
  .mapAsync(async n => { await new Promise(r => setTimeout(r, 50)); if (n === 0) console.warn('late', n); return n }).count())`,
  },
  { name: 'console.log of an RDD is one line', main: 'app.ts', program: `${door}console.log(new Context().range(0, 3).map(n => n))`, out: /^RDD\[\d+\] map at app\.ts:2:\d+ \(lazy; await \.collect\(\)\)\n$/, err: '' },
  {
    name: 'which master: code before RIVULET_MASTER before conf', main: 'app.ts', env: { RIVULET_MASTER: 'local[3]', 'RIVULET_CONF_spark.master': 'local[4]', 'RIVULET_CONF_spark.default.parallelism': '5' }, out: 'inline local[3] 5\n', err: '',
    program: `${door}console.log(new Context({ master: 'inline' }).master, new Context().master, new Context().range(0, 9).getNumPartitions())`,
  },
  { name: 'a master from RIVULET_CONF_', main: 'app.ts', env: { 'RIVULET_CONF_spark.master': 'local[4]' }, out: 'local[4]\n', err: '', program: `${door}console.log(new Context().master)` },
  { name: 'a wrong RIVULET_MASTER is refused', main: 'app.ts', env: { RIVULET_MASTER: 'threads' }, code: 1, out: '', err: /RIV_MASTER|the master "threads" is not known/, program: `${door}new Context()` },
  {
    name: 'errors are known across two copies of the package', main: 'app.ts', out: 'true false RIV_USER_FUNCTION true\n', err: '',
    program: `${door}const other = await import(${JSON.stringify(pathToFileURL(join(root, 'src/index.ts')).href)})
const ctx = new other.Context({ master: 'local[2]' })
const e = await ctx.range(0, 1).map(() => { throw new Error('x') }).count().catch((e: unknown) => e)
console.log(isRivuletError(e), e instanceof RivuletError, e.code, isRivuletError(await ctx.parallelize([new RivuletError('RIV_MASTER', 'm', 'h')]).first()))`,
  },
  {
    name: 'an endless loop is ended by its signal, and the process ends', main: 'app.ts', out: 'RIV_JOB_CANCELLED TimeoutError\n3\n', err: '',
    program: `${door}const ctx = new Context({ master: 'local[2]' })
try { await ctx.withJob({ signal: AbortSignal.timeout(300) }, () => ctx.range(0, 2, 1, 2).map(() => { for (;;); }).count()) } catch (e) { console.log(e.code, e.cause.name) }
console.log(await ctx.range(0, 3).count())`,
  },
]

describe('programs', { concurrency: 2 }, () => {
  for (const [i, { name, main, program, files = {}, flags = [], env, out, err, code = 0 }] of programs.entries()) {
    test(name, async () => {
      const folder = join(app, `${i}`)
      mkdirSync(folder)
      writeFileSync(join(folder, main === '-e' ? 'unused' : main), program)
      for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text)
      const ended = await run(main === '-e' ? ['--input-type=module', '-e', program] : [...flags, join(folder, main)], env)
      const clean = (text: string): string => text.replaceAll(`${i}/${main}`, main)
      for (const [text, wanted] of [[clean(ended.err), err], [clean(ended.out), out]] as const) {
        if (typeof wanted === 'string') assert.equal(text, wanted)
        else if (wanted !== undefined) assert.match(text, wanted)
      }
      assert.equal(ended.code, code, ended.err)
    })
  }
})
