// Folders as each format version wrote them, kept in the repository, are read: object files, checkpoints, savepoints.
//
// A folder never changes within a format version; a new version gets folders of its own, and the old ones stay as long as they are read.
// RIVULET_WRITE_GOLDEN=1 writes those of the versions of today that are missing.

import assert from 'node:assert/strict'
import { cpSync, existsSync, globSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Context } from 'rivulet'
import { localFileSystem } from '../../src/storage/local-file-system.ts'
import { FileJournal } from '../../src/storage/journal/file-journal.ts'
import { run, type Outcomes } from './program.fixture.ts'

const kept = fileURLToPath(new URL('../fixtures/formats/', import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'rivulet-formats-'))
after(() => rmSync(scratch, { recursive: true }))

/** The folders of a kind, by format version. */
const versions = (kind: string): string[] => globSync(`${kind}-*`, { cwd: kept }).sort()

const records: readonly unknown[] = [
  1, -0, NaN, 2 ** 40, 'word', 'schön 😀', '\ud83d', true, null, undefined, 10n, new Date(1000), ['a', 1], { name: 'a', at: new Date(5) },
  new Map([['k', new Set([1])]]), Uint8Array.of(1, 2), /x/g, [undefined, [null]],
]
const pairs = Array.from({ length: 100 }, (_, i): [string, number] => [`key ${i}`, i / 4])

const batches = 6
const more = 4

// What is missing is written.

if (process.env['RIVULET_WRITE_GOLDEN'] === '1') {
  if (!existsSync(`${kept}objects-1`)) {
    await using ctx = new Context({ master: 'inline' })
    await ctx.parallelize(records, 2).saveAsObjectFile(`${kept}objects-1`)
    await ctx.parallelize(pairs, 2).saveAsObjectFile(`${kept}objects-pairs-1`)
  }
  if (!existsSync(`${kept}checkpoint-1`)) {
    const directory = join(scratch, 'checkpoint')
    await run({ directory, from: 1, to: 3 })
    await run({ directory, from: 4, to: batches, stored: true, async then(ssc) {
      cpSync(directory, `${kept}checkpoint-1`, { recursive: true }) // as if it died here
      renameSync(await ssc.savepoint(join(scratch, 'savepoints')), `${kept}savepoint-1`)
    } })
  }
}

// All of them are read.

test('object files', async () => {
  await using ctx = new Context({ master: 'inline' })
  const [folders, ofPairs] = [versions('objects').filter(name => !name.includes('pairs')), versions('objects-pairs')]
  assert.deepEqual([folders, ofPairs], [['objects-1'], ['objects-pairs-1']])
  for (const folder of folders) assert.deepEqual(await ctx.objectFile(kept + folder).collect(), records)
  for (const folder of ofPairs) assert.deepEqual(await ctx.objectFile(kept + folder).collect(), pairs)
})

/** What a program gives that nobody disturbs. */
let whole: Promise<Outcomes> | undefined
const undisturbed = (): Promise<Outcomes> => (whole ??= run({ directory: join(scratch, 'undisturbed'), from: 1, to: batches + more }))

/** The outcomes of the batches after those that the kept folders hold. */
const late = (outcomes: Outcomes): [string, unknown][] => [...outcomes].filter(([name]) => Number(name.split(' ')[1]) > batches).sort(([a], [b]) => (a < b ? -1 : 1))

test('a program goes on from a checkpoint', async () => {
  assert.deepEqual(versions('checkpoint'), ['checkpoint-1'])
  for (const version of versions('checkpoint')) {
    const directory = join(scratch, version)
    cpSync(kept + version, directory, { recursive: true })
    const expected = late(await undisturbed())
    assert.equal(expected.length, more * 6 - more / 2, 'each output in each batch, one in every other')
    assert.deepEqual(late(await run({ directory, from: batches + 1, to: batches + more, stored: true })), expected)
  }
})

test('a program begins from a savepoint, with other partitions', async () => {
  assert.deepEqual(versions('savepoint'), ['savepoint-1'])
  for (const version of versions('savepoint')) {
    const [directory, conf] = [join(scratch, `from ${version}`), { 'checkpoint.savepoint': kept + version }]
    assert.deepEqual(late(await run({ directory, from: batches + 1, to: batches + more, stored: true, partitions: 3, conf })), late(await undisturbed()))
  }
})

test('a checkpoint holds records of every kind', async () => {
  for (const version of [...versions('checkpoint'), ...versions('savepoint')]) {
    const directory = join(scratch, `read ${version}`)
    cpSync(join(kept + version, 'journal'), directory, { recursive: true })
    const [kinds, operators] = [new Set<string>(), new Set<unknown>()]
    const journal = await FileJournal.open({
      fs: localFileSystem, directory, durability: 'process', log: { debug() {}, info() {}, warn() {}, error() {} },
      onRecord({ kind, data }) { kinds.add(kind); if (kind === 'delta') operators.add((data as { operator: string }).operator) },
    })
    await journal.close()
    assert.deepEqual([...kinds].sort(), ['block', 'committed', 'completed', 'delta', 'inputs', 'start'])
    assert.ok(operators.size >= 5, [...operators].join())
  }
})
