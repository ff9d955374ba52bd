// The control socket, both sides in one process, and dead ones left by others.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, test } from 'node:test'
import { ask, runningPrograms } from './control-client.ts'
import { controlFolder, socketName } from './control-folder.ts'
import type { ControlHandlers, ControlRequest, ProgramStatus } from './control-handlers.ts'
import { openControl } from './control-server.ts'

const root = mkdtempSync(join(tmpdir(), 'rivulet-control-'))
after(() => rmSync(root, { recursive: true }))
let folder = ''
let tests = 0
beforeEach(() => {
  process.env['XDG_RUNTIME_DIR'] = join(root, `${++tests}`)
  mkdirSync(process.env['XDG_RUNTIME_DIR'])
  folder = join(root, `${tests}`, 'rivulet')
})

function program(app: string, more: Partial<ControlHandlers> = {}): ControlHandlers {
  const status: ProgramStatus = { app, pid: process.pid, startedMs: 1, master: 'inline', state: 'running', batchMs: 5, batches: 0, records: 0 }
  return { status: () => status, stop: async () => {}, ...more }
}

async function answers(app: string, request: ControlRequest): Promise<unknown[]> {
  const all: unknown[] = []
  for await (const answer of ask(app, request)) all.push(answer)
  return all
}

/** A socket whose process was killed. */
function deadSocket(app: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, socketName(app))
  spawnSync(process.execPath, ['-e', `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`])
  assert.ok(existsSync(path))
  return path
}

test('programs are listed while they have their socket open, sorted by name; the folder is for the user alone', async () => {
  assert.deepEqual(await runningPrograms(), [])
  const close = [await openControl('b', program('b')), await openControl('a / ä', program('a / ä'))]
  assert.deepEqual((await runningPrograms()).map(status => status.app), ['a / ä', 'b'])
  assert.equal(statSync(folder).mode & 0o777, 0o700)
  for (const name of readdirSync(folder)) assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600)
  close.forEach(c => c())
  assert.deepEqual(await runningPrograms(), [])
  assert.deepEqual(readdirSync(folder), [])
})

test('a name is taken once; after closing it is free', async () => {
  const close = await openControl('words', program('words'))
  await assert.rejects(openControl('words', program('words')), { code: 'RIV_CONTROL_NAME', message: new RegExp(`words is streaming already, in process ${process.pid} `) })
  assert.equal((await runningPrograms()).length, 1, 'the first one is still there')
  close()
  ;(await openControl('words', program('words')))()
})

test('of many that start at once over a dead socket one gets the name', async () => {
  deadSocket('words')
  const opened = await Promise.allSettled(Array.from({ length: 8 }, () => openControl('words', program('words'))))
  assert.equal(opened.filter(one => one.status === 'fulfilled').length, 1)
  assert.equal((await runningPrograms()).length, 1)
  for (const one of opened) if (one.status === 'fulfilled') one.value()
  assert.deepEqual(readdirSync(folder), [])
})

test('a dead socket is removed by who lists, and taken by who starts', async () => {
  const path = deadSocket('words')
  assert.deepEqual(await runningPrograms(), [])
  assert.ok(!existsSync(path))
  deadSocket('words')
  const close = await openControl('words', program('words'))
  assert.equal((await runningPrograms())[0]!.pid, process.pid)
  close()
})

test('status, stop and drain; stopping is told until it is over', async () => {
  const calls: unknown[] = []
  const stopped = Promise.withResolvers<void>()
  const close = await openControl('words', program('words', { stop: options => { calls.push(options); return stopped.promise } }))
  assert.deepEqual(await answers('words', { cmd: 'status' }), [{ ok: true, status: program('words').status() }])
  let told = 0
  for await (const answer of ask('words', { cmd: 'drain' })) if ('status' in answer && answer.ended !== true && ++told === 3) stopped.resolve()
  assert.ok(told >= 3)
  const last = (await answers('words', { cmd: 'stop' })).at(-1)
  assert.equal((last as { ended?: boolean }).ended, true)
  assert.deepEqual(calls, [{ drain: true }, { drain: false }])
  close()
})

test('savepoints: by the handler, refused without one, failed with its code', async () => {
  const plain = await openControl('plain', program('plain'))
  const able = await openControl('able', program('able', { savepoint: async dir => {
    if (dir === 'full') throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
    return `${dir ?? 'default'}/1`
  } }))
  await assert.rejects(answers('plain', { cmd: 'savepoint' }), { code: 'RIV_CONTROL_ANSWER', message: /plain cannot write savepoints.*\[RIV_CONTROL_SAVEPOINT\]/ })
  const [status] = await answers('able', { cmd: 'status' })
  assert.deepEqual(await answers('able', { cmd: 'savepoint', dir: 'd' }), [status, { ok: true, savepoint: 'd/1' }])
  assert.deepEqual(await answers('able', { cmd: 'savepoint' }), [status, { ok: true, savepoint: 'default/1' }])
  await assert.rejects(answers('able', { cmd: 'savepoint', dir: 'full' }), { code: 'RIV_CONTROL_ANSWER', message: /no space left/ })
  plain()
  able()
})

const garbage: [name: string, bytes: string, expected: RegExp][] = [
  ['no JSON', 'hello\n', /"ok":false/],
  ['no command', '{"cmd":"format"}\n', /RIV_CONTROL_COMMAND/],
  ['null', 'null\n', /"ok":false/],
  ['a line without end', 'x'.repeat(200_000), /"ok":false/],
  ['nothing', '', /^$/],
]
for (const [name, bytes, expected] of garbage) {
  test(`whatever comes in does no harm: ${name}`, async () => {
    const close = await openControl('words', program('words'))
    const socket = connect(join(folder, socketName('words'))).setEncoding('utf8')
    let out = ''
    socket.on('data', (text: string) => { out += text }).on('error', () => {})
    socket.end(bytes)
    await new Promise(resolve => socket.once('close', resolve))
    assert.match(out, expected)
    assert.equal((await answers('words', { cmd: 'status' })).length, 1)
    close()
  })
}

test('a program that is stopped is silent: it is listed, asked in vain, and keeps its name', async () => {
  const server = new URL('control-server.ts', import.meta.url).href
  const handlers = `{ status: () => ({ app: 'mute', pid: process.pid, startedMs: 1, master: '', state: 'running', batchMs: 1, batches: 0, records: 0 }), stop: async () => {} }`
  const child = spawn(process.execPath, ['--input-type=module', '-e', `
    import { openControl } from ${JSON.stringify(server)}
    await openControl('mute', ${handlers})
    console.log('open')
    setInterval(() => {}, 1000)
  `], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, NODE_NO_WARNINGS: '1' } })
  try {
    await once(child.stdout, 'data')
    child.kill('SIGSTOP')
    const [program, ...others] = await runningPrograms()
    assert.deepEqual([program!.app, program!.pid, program!.state, others], ['mute', child.pid, 'silent', []])
    await assert.rejects(openControl('mute', { status: () => program!, stop: async () => {} }), { code: 'RIV_CONTROL_NAME', message: new RegExp(`in process ${child.pid}`) })
    const refuse = (pid: number | undefined): never => { throw new Error(`silent: ${pid}`) }
    await assert.rejects(async () => { for await (const _ of ask('mute', { cmd: 'status' }, refuse)); }, { message: `silent: ${child.pid}` })
    const told: unknown[] = []
    for await (const answer of ask('mute', { cmd: 'stop' }, pid => { told.push(pid); child.kill('SIGCONT') })) if ('ended' in answer) told.push('ended')
    assert.deepEqual(told, [child.pid, 'ended'])
  } finally {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  assert.deepEqual(await runningPrograms(), [])
  assert.deepEqual(readdirSync(folder), [])
})

test('nobody of that name: the others are named', async () => {
  await assert.rejects(answers('words', { cmd: 'stop' }), { code: 'RIV_CONTROL_APP', message: /no program named words .*nothing is/ })
  const close = await openControl('other', program('other'))
  await assert.rejects(answers('words', { cmd: 'stop' }), { code: 'RIV_CONTROL_APP', message: /there is other/ })
  close()
})

test('without a runtime folder of the user the sockets are among the temporary files', () => {
  for (const value of ['', join(root, 'missing'), ...(process.getuid!() === 0 ? [] : ['/'])]) {
    process.env['XDG_RUNTIME_DIR'] = value
    assert.equal(controlFolder(), join(tmpdir(), `rivulet-${process.getuid!()}`))
  }
})

test('a folder that others can enter, or that is no folder, is refused', async () => {
  mkdirSync(folder, { recursive: true })
  chmodSync(folder, 0o755)
  await assert.rejects(openControl('words', program('words')), { code: 'RIV_CONTROL_FOLDER', message: /is open to others \(mode 755\)/ })
  rmSync(folder, { recursive: true })
  writeFileSync(folder, '')
  await assert.rejects(openControl('words', program('words')), { code: 'RIV_CONTROL_FOLDER' })
})
