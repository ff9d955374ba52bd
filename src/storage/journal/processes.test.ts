// Real processes write a journal and are killed at every failpoint, or stopped and continued behind a newer writer.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { localFileSystem } from '../local-file-system.ts'
import { FileJournal } from './file-journal.ts'

const program = fileURLToPath(new URL('writer.fixture.ts', import.meta.url))

class Writer {
  readonly process: ChildProcess
  readonly #lines: AsyncIterator<string>

  constructor(directory: string, env: NodeJS.ProcessEnv = {}) {
    this.process = spawn(process.execPath, [program, directory], { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...env } })
    this.process.stdin!.on('error', () => {}) // it may be dead when it is told something
    this.#lines = createInterface({ input: this.process.stdout! })[Symbol.asyncIterator]()
  }

  tell(line: string): void {
    this.process.stdin!.write(`${line}\n`)
  }

  async line(): Promise<string | undefined> {
    return (await this.#lines.next()).value as string | undefined
  }

  /** Everything it says until it ends. */
  async rest(): Promise<string[]> {
    this.process.stdin!.end()
    const lines: string[] = []
    for (let line; (line = await this.line()) !== undefined;) lines.push(line)
    if (this.process.exitCode === null && this.process.signalCode === null) await once(this.process, 'exit')
    return lines
  }
}

async function inFolder(body: (root: string) => Promise<void>): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'rivulet-journal-'))
  try {
    await body(root)
  } finally {
    await rm(root, { recursive: true })
  }
}

async function read(directory: string): Promise<number[]> {
  const ids: number[] = []
  const blocks: Promise<Uint8Array>[] = []
  const log = { debug() {}, info() {}, warn() {}, error() {} }
  const journal = await FileJournal.open({ fs: localFileSystem, directory, durability: 'process', log, onRecord: r => { ids.push(r.data as number); blocks.push(...r.blocks.map(async b => b.read())) } })
  for (const [i, block] of (await Promise.all(blocks)).entries()) assert.ok(Buffer.alloc(ids[i]! * 100 % 5_000, ids[i]!).equals(block))
  await journal.close()
  return ids
}

test('a writer that is stopped, and continued behind a newer one, writes nothing that is read and is told so', { skip: process.platform === 'win32' }, () => inFolder(async root => {
  const directory = join(root, 'journal')
  const old = new Writer(directory)
  assert.equal(await old.line(), 'opened 1 []')
  old.tell('append 2')
  assert.deepEqual([await old.line(), await old.line()], ['0', '1'])
  old.process.kill('SIGSTOP')
  old.tell('append 3')
  const young = new Writer(directory)
  assert.equal(await young.line(), 'opened 2 [0,1]')
  young.tell('append 1')
  assert.equal(await young.line(), '2')
  old.process.kill('SIGCONT')
  assert.deepEqual(await old.rest(), ['failed RIV_JOURNAL_FENCED'])
  young.tell('append 1')
  assert.deepEqual(await young.rest(), ['3'])
  assert.deepEqual(await read(directory), [0, 1, 2, 3])
}))

test('a writer that is killed at any failpoint has lost nothing that it acknowledged', { skip: process.platform === 'win32' }, () => inFolder(async root => {
  const log = join(root, 'failpoints')
  const whole = new Writer(join(root, 'whole'), { RIVULET_FAILPOINT_LOG: log })
  whole.tell('fill 25')
  assert.equal((await whole.rest()).length, 26)
  const hits = Map.groupBy((await readFile(log, 'utf8')).trim().split('\n'), name => name)
  const places = [...hits].filter(([name]) => !/\.(status|read|list)\./.test(name))
  for (const name of ['append', 'sync', 'remove', 'createExclusive', 'write', 'syncFolder', 'makeDirectory']) assert.ok(hits.has(`file.${name}.before`), name)
  for (const [name, { length }] of places) {
    for (const hit of new Set([1, Math.ceil(length / 2)])) {
      const directory = join(root, `${name}-${hit}`)
      const writer = new Writer(directory, { RIVULET_FAILPOINT: `${name}@${hit}` })
      writer.tell('fill 25')
      const [, ...acknowledged] = await writer.rest()
      assert.equal(writer.process.signalCode, 'SIGKILL', name)
      const ids = await read(directory)
      const last = Number(acknowledged.at(-1) ?? -1)
      assert.ok((ids.at(-1) ?? -1) >= last, `${name}@${hit}: ${last} was acknowledged, ${ids.join()} are there`)
      assert.ok((ids.at(-1) ?? -1) <= last + 1)
      assert.deepEqual(ids, ids.map((_, i) => ids[0]! + i))
      assert.ok((ids[0] ?? 0) <= Math.max(0, last - 3), 'only what was pruned is gone')
    }
  }
}))

// Root may write everywhere: then the writer runs as somebody else, if that user may read the sources.
const isRoot = process.getuid?.() === 0
const asNobody = isRoot ? { uid: 65_534, gid: 65_534 } : {}
const readable = process.platform !== 'win32' && spawnSync(process.execPath, [program, '/dev/null/none'], { ...asNobody, encoding: 'utf8' }).stdout === 'failed RIV_FILE_KIND\n'

test('a folder that may not be written is told by a code, at opening', { skip: !readable }, () => inFolder(async root => {
  await chmod(root, 0o755)
  await mkdir(join(root, 'journal'), { mode: 0o555 })
  for (const directory of [join(root, 'journal'), join(root, 'missing')]) {
    const { stdout } = spawnSync(process.execPath, [program, directory], { ...asNobody, encoding: 'utf8' })
    assert.equal(stdout, 'failed RIV_FILE_ACCESS\n')
  }
}))

// A file system of 64 KiB that only this shell and its children see.
const small = (root: string): string => `mount -t tmpfs -o size=64k none '${root}' && cd '${root}'`
const mounts = process.platform === 'linux' && spawnSync('unshare', ['-m', 'sh', '-c', small(tmpdir())]).status === 0

test('on a full disk nothing that was acknowledged is lost', { skip: !mounts }, () => inFolder(async root => {
  const run = (input: string): string => `echo '${input}' | '${process.execPath}' '${program}' journal`
  const { stdout } = spawnSync('unshare', ['-m', 'sh', '-c', `${small(root)} && head -c 20000 /dev/zero > filler && ${run('append 100')}; ${run('append 1')}; rm filler; ${run('append 1')}`], { encoding: 'utf8' })
  const lines = stdout.trim().split('\n')
  const full = lines.indexOf('failed RIV_FILE_FULL')
  assert.ok(full > 5, stdout)
  const acknowledged = lines.slice(1, full).map(Number)
  const [failed, opened, appended] = lines.slice(full + 1)
  assert.equal(failed, 'failed RIV_FILE_FULL')
  const ids = JSON.parse(/^opened \d+ (.*)$/.exec(opened!)![1]!) as number[]
  assert.deepEqual(ids.slice(0, acknowledged.length), acknowledged)
  assert.equal(Number(appended), ids.length)
}))
