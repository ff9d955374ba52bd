// State on disk: a program that starts again goes on from its databases, and where they cannot be used from the journal alone; what comes out
// is what comes out with state in memory.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { closeSync, cpSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { onDisk, run } from './disk-state.fixture.ts'

const root = mkdtempSync(join(tmpdir(), 'rivulet-disk-state-'))
after(() => rmSync(root, { recursive: true }))

const batches = 24
const half = 12

const databases = (directory: string): string[] => readdirSync(join(directory, 'state')).filter(name => name.endsWith('.db')).map(name => join(directory, 'state', name)).sort()
const writtenBytes = (path: string): number => Math.max(statSync(path).size, existsSync(`${path}-wal`) ? statSync(`${path}-wal`).size : 0)

let expected: Map<number, string>
test('what comes out is what comes out with state in memory, with and without a directory', async () => {
  expected = await run({ directory: join(root, 'memory'), from: 0, to: batches, conf: {} })
  assert.equal(expected.size, batches)
  assert.deepEqual(await run({ directory: join(root, 'disk'), from: 0, to: batches }), expected)
  assert.equal(databases(join(root, 'disk')).length, 7)
  for (const path of databases(join(root, 'disk'))) assert.ok(writtenBytes(path) > 10_000, path)
  assert.deepEqual(await run({ directory: 'memory:', from: 0, to: batches, master: 'local[2]' }), expected)
})

const rowsIn = (path: string): number => {
  const db = new DatabaseSync(path)
  try { return (db.prepare('SELECT count(*) AS n FROM cells').get() as { n: number }).n } finally { db.close() }
}

const changeDatabase = (path: string, sql: string): void => {
  const db = new DatabaseSync(path)
  try { db.exec(sql) } finally { db.close() }
}

const changeNote = (path: string, change: (note: Record<string, unknown>) => object): void => {
  const db = new DatabaseSync(path)
  try {
    const { text } = db.prepare('SELECT text FROM note').get() as { text: string }
    db.prepare('UPDATE note SET text = ?').run(JSON.stringify(change(JSON.parse(text) as Record<string, unknown>)))
  } finally { db.close() }
}

/** Their cells are gone, so that it is seen if they are used. */
const useless = (paths: readonly string[], change: (note: Record<string, unknown>) => object): void => {
  for (const path of paths) {
    changeDatabase(path, 'DELETE FROM cells')
    changeNote(path, change)
  }
}

const cases: [what: string, change: (paths: string[]) => void | (() => void)][] = [
  ['databases that fit', () => {}],
  ['databases that are gone', paths => { for (const path of paths) rmSync(path) }],
  ['databases of rubbish', paths => { for (const path of paths) writeFileSync(path, 'rubbish'.repeat(1000)) }],
  ['databases cut short', paths => { for (const path of paths) writeFileSync(path, readFileSync(path).subarray(0, 5000)) }],
  ['databases that another connection has', paths => {
    const open = paths.map(path => {
      const db = new DatabaseSync(path)
      db.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
      return db
    })
    return () => { for (const db of open) db.close() }
  }],
  ['databases of other programs', paths => useless(paths, note => ({ ...note, run: 'another' }))],
  ['unsynced databases of before the machine was started', paths => useless(paths, note => ({ ...note, boot: 'an earlier one' }))],
  ['databases of another format', paths => useless(paths, note => ({ ...note, format: 0 }))],
  ['databases ahead of the journal', paths => useless(paths, note => ({ ...note, newestMs: 1e9 }))],
  ['databases that are older than the log', paths => useless(paths, note => ({ ...note, doneMs: 0, newestMs: 0 }))],
]

/** The directory of a program that ended after half of the batches: it was stopped, or is as it was when it was killed. */
async function ended(how: 'stopped' | 'killed', name: string): Promise<string> {
  const [first, directory] = [join(root, `${how} first`), join(root, name)]
  if (!existsSync(first)) {
    const live = join(root, `${how} live`)
    await run({ directory: live, from: 0, to: half, last: () => { if (how === 'killed') cpSync(live, first, { recursive: true }) } })
    if (how === 'stopped') cpSync(live, first, { recursive: true })
  }
  rmSync(directory, { recursive: true, force: true })
  cpSync(first, directory, { recursive: true })
  return directory
}

function assertExpected(out: ReadonlyMap<number, string>, from: number, to: number): void {
  for (const [time, rows] of out) assert.equal(rows, expected.get(time), `batch ${time}`)
  for (let i = from + 1; i <= to; i++) assert.ok(out.has(i * 1000), `batch ${i * 1000}`)
}

/** Rows of each output by themselves, in any order. */
const unordered = (out: ReadonlyMap<number, string>): Map<number, unknown> =>
  new Map([...out].map(([time, text]) => [time, text.trim().split('\n').map(rows => (JSON.parse(rows) as unknown[]).map(row => JSON.stringify(row)).sort())]))

for (const how of ['stopped', 'killed'] as const) for (const [what, change] of cases) test(`a program that was ${how}, with ${what}`, async () => {
  const directory = await ended(how, 'second')
  const undo = change(databases(directory))
  try {
    assertExpected(await run({ directory, from: half, to: batches }), half, batches)
    const again = await run({ directory, from: batches, to: batches + 1, conf: {}, master: 'local[2]' })
    assert.equal(again.size, 1)
  } finally {
    undo?.()
  }
})

test('a start reads what is younger than its databases, and no more', async () => {
  const directory = await ended('stopped', 'tail')
  const [path] = databases(directory).filter(name => name.includes('mapWithState'))
  assert.ok(rowsIn(path!) > 50)
  changeDatabase(path!, 'DELETE FROM cells WHERE seq < 5') // what is gone from it is not read from the journal
  const out = await run({ directory, from: half, to: half + 1 })
  assert.notEqual(out.get((half + 1) * 1000), expected.get((half + 1) * 1000))
})

test('a database of batches that later runs did not go on from is not used', async () => {
  const directory = await ended('killed', 'other batches')
  for (const path of databases(directory)) {
    changeDatabase(path, 'DELETE FROM cells')
    changeNote(path, note => ({ ...note, newestMs: (half + 1) * 1000 }))
  }
  assertExpected(await run({ directory, from: half, to: half + 3, conf: {} }), half, half + 3)
  assertExpected(await run({ directory, from: half + 3, to: batches }), half + 3, batches)
})

test('partitions, and where state is, change from run to run', async () => {
  const directory = join(root, 'partitions')
  const names = new Set<string>()
  let from = 0
  for (const [to, partitions, conf] of [[6, 3, onDisk], [6, 2, {}], [6, 3, onDisk], [11, 2, onDisk], [11, 3, onDisk], [14, 3, {}], [20, 2, onDisk], [batches, 1, onDisk]] as const) {
    const out = unordered(await run({ directory, from, to, partitions, conf }))
    for (let i = from + 1; i <= to; i++) assert.deepEqual(out.get(i * 1000), unordered(expected).get(i * 1000), `batch ${i * 1000}, ${partitions} partitions`)
    from = to
    if (conf === onDisk) for (const path of databases(directory)) names.add(path)
  }
  assert.ok(names.size > 10)
  assert.equal(databases(directory).length, 4, 'those of other partitions are gone')
})

test('a savepoint of it can be moved, and is all that is needed', async () => {
  const directory = join(root, 'saved')
  let savepoint = ''
  await run({ directory, from: 0, to: half, last: async ssc => { savepoint = await ssc.savepoint(join(root, 'savepoints')) } })
  rmSync(directory, { recursive: true })
  renameSync(savepoint, join(root, 'moved'))
  const conf = { ...onDisk, 'checkpoint.savepoint': join(root, 'moved') }
  const elsewhere = join(root, 'elsewhere')
  assertExpected(await run({ directory: elsewhere, from: half, to: half + 4, conf }), half, half + 4)
  assertExpected(await run({ directory: elsewhere, from: half + 4, to: batches, conf }), half + 4, batches)
})

test('databases in a folder of their own', async () => {
  const [directory, folder] = [join(root, 'journal only'), join(root, 'a folder')]
  const conf = { ...onDisk, 'state.directory': folder }
  assertExpected(await run({ directory, from: 0, to: half, conf }), 0, half)
  assert.equal(existsSync(join(directory, 'state')), false)
  for (const name of readdirSync(folder)) if (name.includes('mapWithState') && name.endsWith('.db')) changeDatabase(join(folder, name), 'DELETE FROM cells WHERE seq < 5')
  const out = await run({ directory, from: half, to: half + 1, conf })
  assert.notEqual(out.get((half + 1) * 1000), expected.get((half + 1) * 1000), 'it went on from there')
})

test('a worker that dies with a database open', async () => {
  const marker = join(root, 'dies')
  const task = (key: string, time: number): void => {
    if (time % 5000 !== 0) return
    try { process.getBuiltinModule('fs').mkdirSync(`${marker} ${time}`) } catch { return }
    process.exit(1)
  }
  const directory = join(root, 'deaths')
  assertExpected(await run({ directory, from: 0, to: batches, master: 'local[2]', task }), 0, batches)
  for (const time of [5000, 10_000, 15_000, 20_000]) assert.ok(existsSync(`${marker} ${time}`))
})

test('a batch that fails takes its changes back', async () => {
  const marker = join(root, 'fails')
  const task = (key: string, time: number): void => {
    if (time % 3000 !== 0 || key < 'key 2') return
    const { mkdirSync } = process.getBuiltinModule('fs')
    for (const attempt of [1, 2]) {
      try { mkdirSync(`${marker} ${time} ${attempt}`) } catch { continue }
      throw new Error('not yet')
    }
  }
  assertExpected(await run({ directory: join(root, 'failures'), from: 0, to: batches, master: 'local[2]', task }), 0, batches)
  assert.ok(existsSync(`${marker} 9000 2`))
})

for (const [what, damage] of [
  ['a row', (path: string) => changeDatabase(path, `UPDATE cells SET v = x'00112233445566778899'`)],
  ['a page', (path: string) => {
    const file = openSync(path, 'r+')
    try { for (let at = 4096; at < statSync(path).size; at += 4096) writeSync(file, Buffer.alloc(64, 0xdb), 0, 64, at) } finally { closeSync(file) }
  }],
] as const) test(`${what} that is damaged is found when it is used, and the database is made anew`, async () => {
  const directory = await ended('stopped', `damaged ${what}`)
  for (const path of databases(directory)) damage(path)
  assertExpected(await run({ directory, from: half, to: batches }), half, batches)
})

test('a folder that cannot be written is an error with a code, and nothing is lost', async () => {
  const directory = await ended('stopped', 'refused')
  rmSync(join(directory, 'state'), { recursive: true })
  writeFileSync(join(directory, 'state'), '')
  await assert.rejects(run({ directory, from: half, to: batches }), { code: 'RIV_STATE_DISK' })
  rmSync(join(directory, 'state'))
  assertExpected(await run({ directory, from: half, to: batches }), half, batches)
})

test('a disk that is full is an error with a code, and nothing is lost', { skip: process.platform === 'win32' }, async () => {
  const directory = join(root, 'full')
  const program = fileURLToPath(new URL('disk-state-full.fixture.ts', import.meta.url))
  const { stdout, stderr } = spawnSync('sh', ['-c', 'ulimit -f 600; exec "$@"', 'sh', process.execPath, program, directory, String(batches)], { encoding: 'utf8' })
  assert.equal(stdout, 'RIV_STATE_DISK\n', stderr)
  const out = await run({ directory, from: batches, to: batches + 1 })
  const first = Math.min(...out.keys()) / 1000
  assert.ok(first > 1 && first < batches, `it goes on with batch ${first}`)
  out.delete((batches + 1) * 1000)
  assertExpected(out, first - 1, batches)
})
