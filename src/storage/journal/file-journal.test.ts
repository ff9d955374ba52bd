// The journal on the disk of this machine: what is appended comes back, what is damaged is told, an older writer is fenced.

import assert from 'node:assert/strict'
import { appendFile, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { isRivuletError } from '../../base/define-errors.ts'
import type { Logger } from '../../base/log.ts'
import { localFileSystem } from '../local-file-system.ts'
import { FileJournal } from './file-journal.ts'
import type { FileJournalOptions } from './file-journal.ts'
import { segmentHeaderBytes } from './format.ts'
import type { Journal, JournalRecord, StoredRecord } from './journal.ts'
import { MemoryJournal } from './memory-journal.ts'

const warnings: string[] = []
const log: Logger = { debug() {}, info() {}, warn: (fields, message) => warnings.push(`${message} ${JSON.stringify(fields)}`), error() {} }
const record = (data: unknown, ...blocks: Uint8Array[]): JournalRecord => ({ kind: 'test', data, blocks })

async function inFolder(body: (directory: string) => Promise<void>): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'rivulet-journal-'))
  warnings.length = 0
  try {
    await body(join(root, 'journal'))
  } finally {
    await rm(root, { recursive: true })
  }
}

async function open(directory: string, options: Partial<FileJournalOptions> = {}): Promise<{ journal: FileJournal; records: StoredRecord[] }> {
  const records: StoredRecord[] = []
  const journal = await FileJournal.open({ fs: localFileSystem, directory, durability: 'power', log, onRecord: r => records.push(r), ...options })
  return { journal, records }
}

/** Opens, lets `body` append, closes. */
async function use(directory: string, body: (journal: FileJournal) => unknown, options: Partial<FileJournalOptions> = {}): Promise<StoredRecord[]> {
  const { journal, records } = await open(directory, options)
  try {
    await body(journal)
    await journal.durable()
  } finally {
    await journal.close()
  }
  return records
}

const dataOf = (records: readonly StoredRecord[]): unknown[] => records.map(r => r.data)
const segments = async (directory: string): Promise<string[]> => (await readdir(directory)).filter(name => name.startsWith('segment')).sort().map(name => join(directory, name))

async function flip(path: string, offset: number): Promise<void> {
  const bytes = await readFile(path)
  bytes[offset]! ^= 0x10
  await writeFile(path, bytes)
}

for (const durability of ['power', 'process'] as const) {
  test(`${durability}: what is appended comes back in order, over openings and segments`, () => inFolder(async directory => {
    const positions: number[] = []
    for (let run = 0; run < 3; run++) {
      const records = await use(directory, async journal => {
        assert.equal(journal.epoch, run + 1)
        assert.deepEqual(journal.fellBack, [])
        for (let i = 0; i < 20; i++) {
          positions.push(journal.append(record({ run, i, text: 'ä'.repeat(i * 10) })))
          if (i % 7 === 0) journal.roll()
          if (i % 5 === 0) await journal.durable(positions.at(-1))
        }
      }, { durability })
      assert.deepEqual(dataOf(records), Array.from({ length: run * 20 }, (_, i) => ({ run: Math.floor(i / 20), i: i % 20, text: 'ä'.repeat(i % 20 * 10) })))
      assert.deepEqual(records.map(r => r.position), positions.slice(0, run * 20))
    }
    assert.ok(positions.every((p, i) => i === 0 || p > positions[i - 1]!))
    assert.deepEqual(warnings, [])
  }))
}

test('blocks come back, also views on shared memory and empty ones, and are read only when asked for', () => inFolder(async directory => {
  const shared = new Uint8Array(new SharedArrayBuffer(100), 3, 90).fill(7)
  const large = new Uint8Array(3_000_001).map((_, i) => i)
  await use(directory, journal => { journal.append(record('a', shared, new Uint8Array(), large)); journal.append(record('b')) })
  const [a, b] = await use(directory, () => {})
  assert.deepEqual([a!.blocks.map(block => block.bytes), b!.blocks.length], [[90, 0, 3_000_001], 0])
  assert.deepEqual([...await a!.blocks[0]!.read()], [...shared])
  assert.deepEqual([...await a!.blocks[1]!.read()], [])
  assert.ok(Buffer.from(large).equals(await a!.blocks[2]!.read()))
}))

test('data is taken when it is appended', () => inFolder(async directory => {
  const data = { n: 1 }
  await use(directory, journal => { journal.append(record(data)); data.n = 2 })
  assert.deepEqual(dataOf(await use(directory, () => {})), [{ n: 1 }])
}))

test('a segment that is large enough is followed by another', () => inFolder(async directory => {
  await use(directory, async journal => { for (let i = 0; i < 10; i++) await journal.durable(journal.append(record(i, new Uint8Array(500)))) }, { segmentBytes: 1_000 })
  assert.equal((await segments(directory)).length, 5)
  assert.deepEqual(dataOf(await use(directory, () => {})), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
}))

test('prune removes the files before a position, also those of older epochs, and none of what comes later', () => inFolder(async directory => {
  const positions: number[] = []
  const append = (journal: FileJournal): void => { for (let i = 0; i < 4; i++) { journal.roll(); positions.push(journal.append(record(positions.length))) } }
  await use(directory, append)
  await use(directory, async journal => { append(journal); await journal.prune(positions[5]!) })
  assert.deepEqual(dataOf(await use(directory, () => {})), [5, 6, 7])
  await use(directory, async journal => { append(journal); await journal.prune(positions.at(-1)!) })
  assert.deepEqual(dataOf(await use(directory, () => {})), [11])
  assert.deepEqual(warnings, [])
}))

test('a later opening fences the older writer, and reads nothing that it writes afterwards', () => inFolder(async directory => {
  let fenced = 0
  const old = await open(directory, { onFenced: () => fenced++ })
  await old.journal.durable(old.journal.append(record('acknowledged')))
  const young = await open(directory)
  assert.deepEqual(dataOf(young.records), ['acknowledged'])
  await young.journal.durable(young.journal.append(record('young')))
  old.journal.roll()
  old.journal.append(record('late'))
  await assert.rejects(old.journal.durable(), { code: 'RIV_JOURNAL_FENCED', message: /epoch 1/ })
  await assert.rejects(old.journal.durable(), { code: 'RIV_JOURNAL_FENCED' })
  assert.deepEqual([old.journal.fenced, young.journal.fenced, fenced], [true, false, 1])
  old.journal.append(record('later'))
  await old.journal.close()
  await young.journal.close()
  assert.deepEqual(dataOf(await use(directory, () => {})), ['acknowledged', 'young'])
}))

test('of programs that open at once the newest writes; the others are fenced, at opening or when they write', () => inFolder(async directory => {
  const opened = await Promise.allSettled(Array.from({ length: 5 }, async () => open(directory)))
  const journals = opened.flatMap(o => (o.status === 'fulfilled' ? [o.value.journal] : []))
  for (const o of opened) if (o.status === 'rejected') assert.equal((o.reason as { code: string }).code, 'RIV_JOURNAL_FENCED')
  assert.equal(Math.max(...journals.map(journal => journal.epoch)), 5)
  for (const journal of journals) {
    const written = journal.durable(journal.append(record(journal.epoch)))
    if (journal.epoch === 5) await written
    else await assert.rejects(written, { code: 'RIV_JOURNAL_FENCED' })
    await journal.close()
  }
  assert.deepEqual(dataOf(await use(directory, () => {})), [5])
}))

// Damage to a journal of two segments, three records in each, each record with a durable of its own.
const damages: [what: string, damage: (files: string[]) => Promise<unknown>, expected: unknown[] | string, warning?: RegExp][] = [
  ['nothing', async () => {}, [0, 1, 2, 3, 4, 5]],
  ['a last record that was cut', async ([, b]) => truncate(b!, (await stat(b!)).size - 9), [0, 1, 2, 3, 4], /not written whole.*segment-00000001-00000002.*"offset":\d+,"bytes":\d+/],
  ['a header of the last record that was cut', async ([, b]) => truncate(b!, (await stat(b!)).size - 130), [0, 1, 2, 3, 4], /not written whole/],
  ['zeros at the end', async ([, b]) => appendFile(b!, Buffer.alloc(5_000)), [0, 1, 2, 3, 4, 5], /not written whole/],
  ['rubbish at the end', async ([, b]) => appendFile(b!, Buffer.alloc(5_000, 'RIVRubbish')), [0, 1, 2, 3, 4, 5], /not written whole/],
  ['a changed byte in the last record', async ([, b]) => flip(b!, (await stat(b!)).size - 100), [0, 1, 2, 3, 4], /not written whole/],
  ['a changed byte in a record of the newest file with others behind it', async ([, b]) => flip(b!, segmentHeaderBytes + 20), 'RIV_JOURNAL_CORRUPT'],
  ['a changed byte in a record of an older file', async ([a]) => flip(a!, segmentHeaderBytes + 20), 'RIV_JOURNAL_CORRUPT'],
  ['an older file that was cut', async ([a]) => truncate(a!, (await stat(a!)).size - 1), 'RIV_JOURNAL_CORRUPT'],
  ['a changed header of an older file', async ([a]) => flip(a!, 20), 'RIV_JOURNAL_CORRUPT'],
  ['an older file that is gone', async ([a]) => rm(a!), 'RIV_JOURNAL_CORRUPT'],
  ['a newest file of rubbish', async ([, b]) => writeFile(b!, Buffer.alloc(5_000, 'rubbish')), [0, 1, 2], /newest file .* is damaged/],
  ['a newest file of zeros', async ([, b]) => writeFile(b!, Buffer.alloc(5_000)), [0, 1, 2], /newest file .* is damaged/],
  ['a changed header of the newest file', async ([, b]) => flip(b!, 9), [0, 1, 2], /newest file .* is damaged/],
  ['a newest file whose making was cut short', async ([, b]) => truncate(b!, 17), [0, 1, 2]],
  ['rubbish in all files', async files => Promise.all(files.map(async file => writeFile(file, 'rubbish'))), 'RIV_JOURNAL_UNUSABLE'],
  ['rubbish in a single file', async ([a, b]) => { await rm(b!); await writeFile(a!, Buffer.alloc(5_000, 'rubbish')) }, 'RIV_JOURNAL_UNUSABLE'],
  ['rubbish behind the header of a single file', async ([a, b]) => {
    await rm(b!)
    await writeFile(a!, Buffer.concat([(await readFile(a!)).subarray(0, segmentHeaderBytes), Buffer.alloc(5_000, 'rubbish')]))
  }, 'RIV_JOURNAL_UNUSABLE'],
  ['a newer format', async ([, b]) => { const bytes = await readFile(b!); bytes.writeUInt32LE(2, 4); await writeFile(b!, bytes) }, 'RIV_JOURNAL_VERSION'],
  ['a single record, cut', async ([a, b]) => { await rm(b!); await truncate(a!, segmentHeaderBytes + 50) }, [], /not written whole/],
]

for (const [what, damage, expected, warning] of damages) {
  test(`damage: ${what} gives ${typeof expected === 'string' ? expected : `the records [${expected.join(', ')}]`}`, () => inFolder(async directory => {
    await use(directory, async journal => {
      for (let i = 0; i < 6; i++) {
        if (i === 3) journal.roll()
        await journal.durable(journal.append(record(i, new Uint8Array(100))))
      }
    })
    const files = await segments(directory)
    assert.equal(files.length, 2)
    await damage(files)
    if (typeof expected === 'string') {
      const error: unknown = await open(directory).then(() => assert.fail('opened'), e => e)
      assert.ok(isRivuletError(error))
      assert.equal(error.code, expected)
      assert.match(error.message, /checkpoint|segment-0/)
      assert.ok(files.some(file => error.message.includes(file)))
      return
    }
    for (let again = 0; again < 2; again++) { // what was left out stays left out, and is told once
      assert.deepEqual(dataOf(await use(directory, journal => { assert.equal(journal.fellBack.length > 0, again === 0 && /newest file/.test(warning?.source ?? '')) })), expected)
      assert.equal(warnings.length, warning === undefined ? 0 : 1, warnings.join('\n'))
    }
    if (warning !== undefined) assert.match(warnings[0]!, warning)
    await use(directory, journal => { journal.append(record('new')) })
    assert.deepEqual(dataOf(await use(directory, () => {})), [...expected, 'new'])
  }))
}

test('a changed byte in a block that was on the disk is found when the block is read', () => inFolder(async directory => {
  await use(directory, async journal => { for (let i = 0; i < 2; i++) await journal.durable(journal.append(record(i, new Uint8Array(100)))) })
  const [file] = await segments(directory)
  await flip(file!, segmentHeaderBytes + 100)
  const records = await use(directory, () => {})
  assert.deepEqual(dataOf(records), [0, 1])
  await assert.rejects(records[0]!.blocks[0]!.read(), { code: 'RIV_JOURNAL_CORRUPT', message: new RegExp(file!) })
  assert.equal((await records[1]!.blocks[0]!.read()).length, 100)
}))

test('an older program does not take a journal over from one of a newer format', () => inFolder(async directory => {
  const { journal } = await open(directory)
  const claim = Buffer.from(await readFile(join(directory, 'epoch-00000001')))
  claim.writeUInt32LE(2, 4)
  await writeFile(join(directory, 'epoch-00000001'), claim)
  await assert.rejects(open(directory), { code: 'RIV_JOURNAL_VERSION' })
  await journal.durable(journal.append(record(1)))
  await journal.close()
}))

test('a journal without a folder takes everything and keeps nothing', async () => {
  const journal: Journal = new MemoryJournal()
  assert.ok(journal.append(record(1)) < journal.append(record(2)))
  await journal.durable()
  await journal.prune(1)
  await journal.close()
})
