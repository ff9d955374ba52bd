// `rivulet shell` as a process: statements through a pipe, and keys through a real terminal (`script` of util-linux gives one).

import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { fileURLToPath } from 'node:url'
import { hangMs } from '../../base/hang.fixture.ts'

const dir = mkdtempSync(join(tmpdir(), 'rivulet-shell-'))
after(() => rmSync(dir, { recursive: true }))
const main = fileURLToPath(new URL('../main.ts', import.meta.url))
const env = { ...process.env, NODE_OPTIONS: '', NO_COLOR: '1', TERM: 'xterm', XDG_STATE_HOME: join(dir, 'state') }

interface Ended { code: number | null; out: string; err: string }

function ended(child: ChildProcess): Promise<Ended> {
  let [out, err] = ['', '']
  child.stdout!.setEncoding('utf8').on('data', (text: string) => { out += text })
  child.stderr!.setEncoding('utf8').on('data', (text: string) => { err += text })
  return new Promise(resolve => child.on('close', code => resolve({ code, out, err })))
}

async function piped(text: string, args: string[] = []): Promise<Ended> {
  const shell = spawn(process.execPath, [main, 'shell', '--master', 'local[2]', ...args], { cwd: dir, env })
  const result = ended(shell)
  shell.stdin.end(text)
  return result
}

writeFileSync(join(dir, 'helpers.ts'), 'export const twice = (n: number): number => 2 * n\n')
writeFileSync(join(dir, 'first.ts'), "import { twice } from './helpers.ts'\nconst base: number = twice(4)\nfunction add(n: number) { return n + base }\n")

const good: [name: string, text: string, out: string][] = [
  ['promises are awaited and shown, undefined is not', 'ctx.range(0, 4).collect()\nawait ctx.range(0, 5).count()\nundefined\nconst a = 1\n', '[ 0, 1, 2, 3 ]\n5\n'],
  ['an RDD is shown, not run', 'ctx.parallelize([1])', 'RDD[1] parallelize at REPL1:1:5 (lazy; await .collect())\n'],
  ['functions see what earlier lines declared, of every kind', `
    const k: number = 2; let m = 10
    var v = 100
    function f(x: number) { return x * k + g(x) }
    const g = (x: number) => x + m + v
    class Box { constructor(x) { this.x = x } get twice() { return 2 * this.x * k } }
    ctx.parallelize([1, 2]).map(x => f(x) + new Box(x).twice).collect()`, '[ 117, 124 ]\n'],
  ['what is declared again is what functions see then', 'const k = 1\nconst f = x => x * k\nconst k = 5\nclass A { n = 1 }\nclass A { n = 2 }\nctx.parallelize([1, 2]).map(x => f(x) + new A().n).collect()', '[ 7, 12 ]\n'],
  ['values of top-level await travel', 'const found = await ctx.range(0, 3).collect()\nctx.parallelize([1]).map(x => x + found.length).collect()', '[ 4 ]\n'],
  ['statements over several lines, chains that go on with a dot', 'function f(x: number) {\n  return x + 1\n}\nctx.range(0, 2)\n  .map(f)\n  .collect()\n', '[ 1, 2 ]\n'],
  ['a brace begins an object, or a block', '{ a: 1, b: 2 }\n{ const x = 1; console.log(x) }\n{\n  a: 1,\n  b: [\n] }', '{ a: 1, b: 2 }\n1\n{ a: 1, b: [] }\n'],
  ['types leave nothing', 'interface A { n: number }\ntype B = A | undefined\nconst b: B = { n: 1 } satisfies A\nb', '{ n: 1 }\n'],
  ['imports, static and dynamic, also inside functions', `
    import { join } from 'node:path'
    import * as path from 'node:path'
    import { twice } from './helpers.ts'
    import { seconds as s } from 'rivulet'
    const { basename } = await import('node:path')
    ctx.parallelize(['a']).mapPartitions(async function* (names) {
      const { dirname } = await import('node:path')
      for (const name of names) yield [join(name, 'b'), path.join(name, 'c'), twice(4), basename('x/y'), dirname('x/y')]
    }).collect()
    s(1).milliseconds`, "[ [ 'a/b', 'a/c', 8, 'y', 'x' ] ]\n1000\n"],
  ['exports of rivulet are in scope', 'minutes(1).milliseconds\nctx.parallelize([[1, 2], [2, 3]]).partitionBy(new HashPartitioner(3)).getNumPartitions()', '60000\n3\n'],
  ['.exit ends', '1\n.exit\n2\n', '1\n'],
  ['what is left open does not hold the process', 'setInterval(() => {}, 1000); 1', '1\n'],
]
for (const [name, text, out] of good) {
  test(`piped: ${name}`, async () => assert.deepEqual(await piped(text), { code: 0, out, err: '' }))
}

test('files are run first, as if typed; their imports are their own', async () => {
  assert.deepEqual(await piped('ctx.parallelize([1]).map(add).collect()', ['first.ts']), { code: 0, out: '[ 9 ]\n', err: '' })
})

test('log mining as docs/shell.md has it', async () => {
  writeFileSync(join(dir, 'app.log'), 'INFO web: up\nERROR db: timeout after 30 s\nERROR disk: full\nWARN db: timeout\nERROR db: timeout after 31 s\n')
  const page = readFileSync(new URL('../../../docs/shell.md', import.meta.url), 'utf8')
  const session = /```text\n([^]*?)```/.exec(page)![1]!
  const typed = session.split('\n').filter(line => line.startsWith('rivulet> ')).map(line => line.slice('rivulet> '.length))
  assert.ok(typed.length > 5)
  assert.deepEqual(await piped(typed.join('\n')), { code: 0, out: session.replace(/^rivulet> .*\n/gm, ''), err: '' })
})

const bad: [name: string, text: string, out: string, err: RegExp][] = [
  ['a user function', 'const bad = x => x.length.y\nctx.parallelize([null]).map(x => bad(x)).collect()\n1', '', /^RIV_USER_FUNCTION: map at REPL2:1:25: .* on the record null[^]*\n {2}hint: [^]*cause: TypeError: [^]*REPL1:1:20/],
  ['syntax', '1\nconst x = 1 2\n3', '1\n', /^SyntaxError: [^]*const x = 1 2\n/],
  ['a name', '1\nnope\n3', '1\n', /^ReferenceError: nope is not defined\n {4}at REPL2:1:1\n$/],
  ['a thrown value', 'throw 5', '', /^Uncaught 5\n$/],
  ['a promise nobody waits for', 'void Promise.reject(new Error("left"))\nawait new Promise(() => {})\n3', '', /^Error: left\n/],
  ['the end of the input in a statement', 'foo(', '', /^RIV_SHELL_INCOMPLETE: .*foo\(/],
  ['a function that cannot travel', 'import net from "node:net"\nconst socket = new net.Socket()\nctx.range(0, 1).map(() => socket.x).collect()', '', /^RIV_CLOSURE_\w+: [^]*socket/],
]
for (const [name, text, out, err] of bad) {
  test(`piped, an error ends with 1: ${name}`, async () => {
    const result = await piped(text)
    assert.match(result.err, err)
    assert.deepEqual([result.code, result.out], [1, out])
    assert.doesNotMatch(result.err, /evaluator\.ts|node:inspector/)
  })
}

test('a missing file and unknown masters are refused', async () => {
  assert.match((await piped('', ['nope.ts'])).err, /^RIV_CLI_PROGRAM: cannot run nope\.ts/)
  assert.match((await piped('', ['--master', 'lokal'])).err, /RIV_MASTER/)
})

/** A shell at a terminal: `type` sends keys, `until` waits for output since the last keys. */
class Terminal {
  readonly ended: Promise<Ended>
  readonly #script: ChildProcess
  #out = ''
  #wake = (): void => {}

  constructor() {
    this.#script = spawn('script', ['-qfec', `exec '${process.execPath}' '${main}' shell --master 'local[2]'`, '/dev/null'], { cwd: dir, env })
    this.#script.stdout!.on('data', (bytes: Buffer) => { this.#out += bytes.toString(); this.#wake() })
    this.ended = ended(this.#script)
  }

  async until(pattern: RegExp | string): Promise<string> {
    const limit = AbortSignal.timeout(hangMs)
    for (;;) {
      const found = typeof pattern === 'string' ? this.#out.includes(pattern) : pattern.test(this.#out)
      if (found) break
      if (limit.aborted) throw new Error(`waited for ${String(pattern)}, got ${JSON.stringify(this.#out)}`)
      await new Promise<void>(resolve => { this.#wake = resolve; limit.addEventListener('abort', () => resolve(), { once: true }) })
    }
    const out = this.#out
    this.#out = ''
    return out
  }

  kill(): void {
    this.#script.kill()
  }

  type(keys: string): void {
    this.#script.stdin!.write(keys)
  }

  /** Types a line and waits for the prompt after it. */
  async line(text: string, answer: RegExp | string = ''): Promise<string> {
    this.type(`${text}\r`)
    return this.until(new RegExp(`${text.replace(/[^\w ]/g, '\\$&')}\\r[^]*${typeof answer === 'string' ? answer.replace(/[^\w ]/g, '\\$&') : answer.source}[^]*rivulet> `))
  }
}

test('at a terminal', { skip: process.platform !== 'linux' && 'needs script of util-linux' }, async t => {
  const terminal = new Terminal()
  t.after(() => terminal.kill())
  assert.match(await terminal.until('rivulet> '), /ctx is Context rivulet-shell on local\[2\]/)

  await t.test('values, several lines, errors', async () => {
    await terminal.line('const k = 2')
    await terminal.line('ctx.range(0, 3).map((x: number) => x * k).collect()', '[ 0, 2, 4 ]')
    terminal.type('function f(x: number) {\r')
    await terminal.until(/\n.*(\| |\.\.\. )/) // newer and older Nodes
    await terminal.line('  return x * k }')
    await terminal.line('ctx.range(0, 3).map(f).sum()', '6')
    await terminal.line('const x = 1 2', /SyntaxError: /)
    await terminal.line('nope', /ReferenceError: nope is not defined\r\n {4}at REPL\d/)
    await terminal.line('Promise.reject(new Error("left")); 1', /\nError: left\r\n {4}at REPL\d+:1:16\r\n/)
  })

  await t.test('Tab completes variables, members of ctx and of RDDs, members after a call', async () => {
    await terminal.line('const logLines = ctx.parallelize(["a b"])')
    for (const [typed, completed] of [['logL', 'logLines'], ['ctx.broad', 'ctx.broadcast'], ['logLines.flatMapV', 'logLines.flatMapValues'], ['ctx.range(0, 2).aggr', 'ctx.range(0, 2).aggregate']] as const) {
      terminal.type(typed)
      await terminal.until(typed)
      terminal.type('\t')
      await terminal.until(completed.slice(typed.length))
      terminal.type('\x15')
      await terminal.until('rivulet> ')
    }
  })

  await t.test('Ctrl-C cancels a job, a promise, a loop; the shell goes on', async () => {
    for (const text of ['await ctx.range(0, 2).map(x => { console.log("job"); for (;;); }).collect()', 'setTimeout(() => console.log("job"), 50); await new Promise(() => {})', 'console.log("job"); for (;;);']) {
      terminal.type(`${text}\r`)
      await terminal.until(/job\r?\n/)
      terminal.type('\x03')
      await terminal.until(/RIV_SHELL_INTERRUPTED[^]*rivulet> /)
      await terminal.line('ctx.range(0, 3).count()', '3')
    }
  })

  await t.test('what is typed while a statement runs is run after it', async () => {
    terminal.type('await new Promise(done => setTimeout(done, 200)); "first"\rconst g = () => {\r  return "second" }\rg()\r')
    await terminal.until(/'first'[^]*'second'[^]*rivulet> /)
  })

  await t.test('Ctrl-D ends with 0; history is kept, for the user alone', async () => {
    terminal.type('\x04')
    assert.equal((await terminal.ended).code, 0)
    const history = join(dir, 'state', 'rivulet', 'shell-history')
    assert.ok(existsSync(history))
    assert.match(readFileSync(history, 'utf8'), /const k = 2/)
    assert.equal(statSync(history).mode & 0o077, 0)
  })
})
