// Capture and rebuild in one thread: identities of code and environment, warnings, refusals, and what a capture must not leave behind.

import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import child from 'node:child_process'
import crypto from 'node:crypto'
import fs from 'node:fs'
import http from 'node:http'
import { Session } from 'node:inspector'
import net from 'node:net'
import readline from 'node:readline'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { MessageChannel, Worker } from 'node:worker_threads'
import zlib from 'node:zlib'
import { isRivuletError } from '../../base/define-errors.ts'
import type { RivuletError } from '../../base/define-errors.ts'
import { captureFunction, captureWindow } from './capture.ts'
import type { CapturedFunction } from './capture.ts'
import { knownScript } from './inspector.ts'
import { giving } from './giving.ts'
import { functionInternals } from './internals.ts'
import { installCode, rebuildFunction } from './rebuild.ts'
import { refuseSymbol, shipSymbol } from './symbols.ts'

const label = 'the function given to map() at app.ts:3:9'
const capture = (fn: Function, options = {}): CapturedFunction => captureFunction(fn, label, options)

function rebuilt<F extends Function>(fn: F): F {
  const { codes, env } = capture(fn)
  installCode(codes)
  return rebuildFunction(env) as F
}

function refused(fn: Function, options = {}): RivuletError {
  try {
    capture(fn, options)
  } catch (error) {
    if (isRivuletError(error)) return error
    throw error
  }
  return assert.fail('it was not refused')
}

test('code is the same from batch to batch, the environment differs and is small', () => {
  const perBatch = (t: number) => (x: number) => [x, t]
  const a = capture(perBatch(1)), b = capture(perBatch(2)), again = capture(perBatch(1))
  assert.equal(a.codeHash, b.codeHash)
  assert.deepEqual(a.codes, b.codes)
  assert.notEqual(a.envHash, b.envHash)
  assert.equal(a.envHash, again.envHash)
  assert.ok(a.env.byteLength < 200, `${a.env.byteLength} bytes`)
  assert.notEqual(a.codeHash, capture((t: number) => [t, 1]).codeHash)
  installCode(a.codes)
  assert.deepEqual([rebuildFunction(a.env), rebuildFunction(b.env)].map(f => (f as Function)(7) as unknown), [[7, 1], [7, 2]])
})

test('equal texts in different places are different code: stacks tell them apart', () => {
  const k = 1
  const one = (x: number) => x + k
  const two = (x: number) => x + k
  assert.equal(one.toString(), two.toString())
  assert.notEqual(capture(one).codeHash, capture(two).codeHash)
})

test('rebuilding compiles a text once, in the main context', () => {
  const perBatch = (t: number) => (x: number) => x + t
  const first = rebuilt(perBatch(1)), second = rebuilt(perBatch(2))
  assert.equal(functionInternals(first).location?.scriptId, functionInternals(second).location?.scriptId)
  assert.ok(first instanceof Function)
  assert.deepEqual(functionInternals(first).scopes.map(s => s.description.replace(/ .*/, '')), ['Closure', 'Global']) // parameters of one function: no `with`
})

test('a steady capture asks the inspector three times a function and once more, and never for the debugger', () => {
  const perBatch = (t: number) => (x: number) => x + t
  capture(perBatch(1))
  const posted: string[] = []
  const { post } = Session.prototype
  Session.prototype.post = function (this: Session, ...args: unknown[]) { posted.push(String(args[0])); return (post as Function).apply(this, args) as never }
  try {
    captureWindow(() => { for (const t of [2, 3]) capture(perBatch(t)) })
    capture(giving([1])) // knows what it gives
  } finally {
    Session.prototype.post = post
  }
  const aFunction = ['Runtime.evaluate', 'Runtime.getProperties', 'Runtime.callFunctionOn']
  assert.deepEqual(posted, [...aFunction, ...aFunction, 'Runtime.releaseObjectGroup'])
})

test('the debugger is off after a capture and after a refusal; a window opens once for several captures', () => {
  const isOff = (): boolean => knownScript(functionInternals(new Function('return 1')).location!.scriptId) === undefined
  capture(new Function('return 2'))
  assert.ok(isOff())
  refused(new Function('p', 'return () => this')())
  assert.ok(isOff())
  const { post } = Session.prototype
  let opened = 0
  Session.prototype.post = function (this: Session, ...args: unknown[]) { if (args[0] === 'Debugger.enable') opened++; return (post as Function).apply(this, args) as never }
  try {
    captureWindow(() => { for (let i = 0; i < 5; i++) capture(new Function('return 3')) })
  } finally {
    Session.prototype.post = post
  }
  assert.equal(opened, 1)
  assert.ok(isOff())
})

test('captured objects stay collectable', async () => {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  const kept = Array.from({ length: 20 }, (_, i) => { const o = { i }; capture(() => o.i); return new WeakRef(o) })
  await new Promise(resolve => setImmediate(resolve)) // a WeakRef keeps its target until the job that made it has ended
  gc()
  assert.deepEqual(kept.filter(ref => ref.deref() !== undefined), [])
})

const warned: readonly (readonly [name: string, make: () => Function, code: string, message: RegExp])[] = [
  ['an assigned variable', () => { let n = 0; return () => { n++ } }, 'RIV_CLOSURE_ASSIGNS', /assigns the captured variable `n`.*accumulator/],
  ['a large capture', () => { const table = Array.from({ length: 300_000 }, (_, i) => i / 3); return () => table[0] }, 'RIV_CLOSURE_LARGE', /captures 2\.\d MiB, most of it `table` \(2\.\d MiB\).*broadcast/],
  ['a large capture of a helper', () => { const rows = Array.from({ length: 30_000 }, (_, i) => ({ id: `row ${i}` })); const find = (i: number) => rows[i]; return (i: number) => find(i) }, 'RIV_CLOSURE_LARGE', /most of it `rows` of `find`/],
]

test('warnings', () => {
  for (const [name, make, code, message] of warned) {
    const { warnings } = capture(make())
    assert.deepEqual(warnings.map(w => w.code), [code], name)
    assert.match(warnings[0]!.message, message, name)
    assert.ok(warnings[0]!.message.includes(label), name)
  }
  const maybe = undefined
  let early: CapturedFunction | undefined
  const action = (f: Function): void => { early = capture(f) }
  action(() => [rate, maybe])
  const rate = 3
  assert.deepEqual(early!.warnings.map(w => [w.code, /captures `(\w+)`/.exec(w.message)?.[1]]), [['RIV_CLOSURE_UNDEFINED', 'rate']], String(maybe ?? rate))
})

test('a limit for captured bytes', () => {
  const table = 'x'.repeat(5000)
  const error = refused(() => table, { maxBytes: 2000 })
  assert.equal(error.code, 'RIV_CLOSURE_TOO_LARGE')
  assert.match(error.message, /most of it `table`.*broadcast/)
})

test('values nested too deep are refused, not an error of the engine', () => {
  type List = { next: List | undefined }
  let list: List | undefined
  for (let i = 0; i < 100_000; i++) list = { next: list }
  const deep = list
  assert.equal(refused(() => deep).code, 'RIV_CLOSURE_TOO_LARGE')
})

test('the path to what cannot travel, in the words of the program', () => {
  const db = { pool: { conns: [new net.Socket()], byName: new Map([['main', { socket: new net.Socket() }]]) } }
  class Repository { connection: unknown }
  const repository = Object.assign(new Repository(), { connection: new net.Socket() })
  const enrich = (row: string) => db.pool.conns[0]!.write(row)
  const messages: readonly (readonly [fn: Function, path: RegExp])[] = [
    [() => db, /captures `db\.pool\.conns\[0\]`: it is a Socket \(from node:net\)/],
    [(row: string) => enrich(row), /captures `enrich` = function `enrich` at src\/wire\/closure\/capture\.test\.ts:\d+:\d+\n {4}captures `db\.pool\.conns\[0\]`: it is/],
    [() => { const { byName } = db.pool; return byName }, /conns\[0\]/],
    [() => repository.connection, /captures `repository\.connection`: it is a Socket/],
    [(() => { const { byName } = db.pool; return () => byName })(), /captures `byName\.get\("main"\)\.socket`: it is a Socket/],
    [(() => { const bound = enrich.bind({ log: new net.Server() }); return () => bound('') })(), /captures `bound`, the target of a bound function.*\n.*`db\.pool/],
  ]
  for (const [fn, path] of messages) {
    const { code, message } = refused(fn)
    assert.equal(code, 'RIV_CLOSURE_UNSHIPPABLE')
    assert.ok(message.startsWith(`cannot ship ${label}`), message)
    assert.match(message, path)
    assert.match(message, /create it in the worker: inside mapPartitions.*db\.ts.*one per worker/)
  }
})

test('objects say that they never travel, or how', () => {
  class Dataset { get [refuseSymbol]() { return "an RDD cannot be used inside another RDD's function" } }
  const rdd = new Dataset()
  const { code, message } = refused(() => rdd)
  assert.deepEqual([code, /captures `rdd`: an RDD cannot be used inside another RDD's function/.test(message)], ['RIV_CLOSURE_REFUSED', true])
  class Broadcast { readonly #value = 5; get value() { return this.#value } [shipSymbol]() { return [(value: number) => ({ value: value + 1 }), this.#value] } }
  const broadcast = new Broadcast()
  assert.equal(rebuilt(() => broadcast.value)(), 6)
})

test('what exists only in one process is refused by name', async t => {
  const fileHandle = await fs.promises.open('/dev/null')
  const worker = new Worker('', { eval: true })
  const channel = new MessageChannel()
  const timer = setTimeout(() => {}, 1)
  const lines = readline.createInterface({ input: new net.Socket() })
  const running = child.spawn(process.execPath, ['-e', '0'])
  t.after(async () => { clearTimeout(timer); lines.close(); channel.port1.close(); await worker.terminate(); await fileHandle.close() })
  const values: Record<string, unknown> = {
    FileHandle: fileHandle, Worker: worker, MessagePort: channel.port1, Timeout: timer, ChildProcess: running, AsyncLocalStorage: new AsyncLocalStorage(), Hash: crypto.createHash('md5'),
    SecretKeyObject: crypto.createSecretKey(Buffer.from('abc')), Gzip: zlib.createGzip(), ReadableStream: new ReadableStream(), Response: new Response('x'), Blob: new Blob(['a']),
    DisposableStack: new DisposableStack(), DOMException: new DOMException('x'), Memory: new (globalThis as unknown as { WebAssembly: { Memory: new (size: object) => object } }).WebAssembly.Memory({ initial: 1 }),
    Agent: new http.Agent(), AbortController: new AbortController(), Promise: Promise.resolve(1), WeakRef: new WeakRef({}), iterator: [1][Symbol.iterator](), generator: (function* () { yield 1 })(),
    FinalizationRegistry: new FinalizationRegistry(() => {}), Headers: new Headers({ a: 'b' }), FormData: new FormData(), SharedArrayBuffer: new SharedArrayBuffer(8), Interface: lines, WriteStream: process.stdout,
  }
  for (const [name, value] of Object.entries(values)) {
    const { code, message } = refused(() => value)
    assert.equal(code, 'RIV_CLOSURE_UNSHIPPABLE', name)
    assert.match(message, new RegExp(`captures \`value\`: it is an? .*${name === 'generator' ? 'iterator' : name === 'WriteStream' ? '(WriteStream|Socket|SyncWriteStream)' : name}`), name)
  }
})

test('a revoked Proxy, a method with super, private names from outside', () => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  assert.match(refused(() => proxy).message, /revoked Proxy/)
  class A { #secret = 1; reader() { return (other: A) => other.#secret } }
  const error = refused(new A().reader())
  assert.deepEqual([error.code, /private name #secret/.test(error.message)], ['RIV_CLOSURE_PRIVATE', true])
})
