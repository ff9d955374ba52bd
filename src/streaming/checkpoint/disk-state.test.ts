// State on disk: a program that starts again goes on from its databases, and where they cannot be used from the journal alone; what comes out
// is what comes out with state in memory.

import assert from 'node:assert/strict'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { DatabaseSync } from 'node:sqlite'
import { ManualClock } from '../../base/clock.ts'
import { Context } from '../../context/context.ts'
import type { State } from '../../kernel/state/state.ts'
import { StreamingContext } from '../streaming-context.ts'

const root = mkdtempSync(join(tmpdir(), 'rivulet-disk-state-'))
after(() => rmSync(root, { recursive: true }))

const batches = 24
const half = 12
const onDisk = { 'state.store': 'disk', 'state.behindBytes': '2k', 'state.cacheBytes': '4k' }

interface Run { readonly directory: string; readonly from: number; readonly to: number; readonly conf?: Record<string, string>; readonly master?: 'inline' | 'local[2]'; readonly killed?: () => void }

/** Counts keys with a timeout, sums them, and slides a window; gives what came out by time. */
async function run({ directory, from, to, conf = onDisk, master = 'inline', killed }: Run): Promise<Map<number, string>> {
  await using ctx = new Context({ master, conf: { 'checkpoint.durability': 'process', ...conf } })
  const clock = new ManualClock(from * 1000)
  const ssc = new StreamingContext(ctx, '1 s', { clock })
  ssc.checkpoint(directory)
  const numbers = ssc.sourceStream<number, number, number>({
    initial: async () => 0, latest: async n => n + 1, split: (a, b) => (a === b ? [] : [a]),
    * read(n) { for (let i = 0; i < 50; i++) yield (n * 37 + i * i) % 400 },
  })
  const pairs = numbers.map((n): [string, number] => [`key ${n}`, n + 1])
  const counts = pairs.mapWithState((key, n, state: State<{ n: number; seen: number[] }>) => {
    if (state.isTimingOut()) return [key, -state.get().n]
    const { n: before, seen } = state.getOption() ?? { n: 0, seen: [] }
    state.update({ n: before + 1, seen: [...seen.slice(-3), n!] })
    return [key, before + 1]
  }, { numPartitions: 2, timeout: '5 s' })
  const all = [
    counts, counts.stateSnapshots(),
    pairs.updateStateByKey<number>((ns, sum) => (sum !== undefined && sum > 1_000 ? undefined : ns.reduce((a, b) => a + b, sum ?? 0)), 3),
    pairs.reduceByKeyAndWindow((a, b) => a + b, (a, b) => a - b, '4 s', '1 s', { numPartitions: 2, filter: ([, n]) => n > 0 }),
  ]
  const out = new Map<number, string>()
  for (const stream of all) stream.foreachRDD(async (rdd, time) => { out.set(time.milliseconds, `${out.get(time.milliseconds) ?? ''}\n${JSON.stringify(await rdd.collect())}`) })
  await ssc.start()
  await clock.advance((to - from) * 1000)
  killed?.()
  await ssc.stop()
  await ssc.awaitTermination()
  return out
}

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

const cases: [what: string, change: (paths: string[], directory: string) => void | (() => void)][] = [
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
  ['databases of other programs', paths => {
    for (const path of paths) {
      const db = new DatabaseSync(path)
      db.exec(`UPDATE note SET text = replace(text, '"run":"', '"run":"x'); DELETE FROM cells`)
      db.close()
    }
  }],
  ['databases ahead of the journal', paths => {
    for (const path of paths) {
      const db = new DatabaseSync(path)
      const { text } = db.prepare('SELECT text FROM note').get() as { text: string }
      db.prepare('UPDATE note SET text = ?').run(JSON.stringify({ ...JSON.parse(text) as object, newestMs: 1e9 }))
      db.exec('DELETE FROM cells')
      db.close()
    }
  }],
]

for (const ended of ['stopped', 'killed']) for (const [what, change] of cases) test(`a program that was ${ended}, with ${what}`, async () => {
  const first = join(root, `${ended} first`)
  const directory = join(root, 'second')
  if (!existsSync(first)) {
    const live = join(root, `${ended} live`)
    await run({ directory: live, from: 0, to: half, killed: () => { if (ended === 'killed') cpSync(live, first, { recursive: true }) } })
    if (ended === 'stopped') cpSync(live, first, { recursive: true })
  }
  rmSync(directory, { recursive: true, force: true })
  cpSync(first, directory, { recursive: true })
  const paths = databases(directory)
  const undo = change(paths, directory)
  try {
    const out = await run({ directory, from: half, to: batches })
    for (const [time, rows] of out) assert.equal(rows, expected.get(time), `batch ${time}`)
    assert.ok(out.has(batches * 1000))
    const again = await run({ directory, from: batches, to: batches + 1, conf: {}, master: 'local[2]' })
    assert.equal(again.size, 1)
  } finally {
    undo?.()
  }
})

test('a start reads what is younger than its databases, and no more', async () => {
  const directory = join(root, 'tail')
  await run({ directory, from: 0, to: half })
  const [path] = databases(directory).filter(name => name.includes('mapWithState'))
  const before = rowsIn(path!)
  assert.ok(before > 50)
  const db = new DatabaseSync(path!)
  db.exec('DELETE FROM cells WHERE seq < 5') // what is gone from it is not read from the journal
  db.close()
  const out = await run({ directory, from: half, to: half + 1 })
  assert.notEqual(out.get((half + 1) * 1000), expected.get((half + 1) * 1000))
})
