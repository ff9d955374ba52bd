// Journals as each format version wrote them, kept in the repository, are read.

import assert from 'node:assert/strict'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { localFileSystem } from '../local-file-system.ts'
import { FileJournal } from './file-journal.ts'
import { formatVersion } from './format.ts'
import type { StoredRecord } from './journal.ts'

const kept = fileURLToPath(new URL('../../../test/fixtures/formats/', import.meta.url))

for (const version of [formatVersion - 1, formatVersion].filter(v => v >= 1)) {
  test(`a journal of format version ${version} is read: two epochs, a pruned segment, blocks, an end that was cut short`, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'rivulet-journal-'))
    try {
      await cp(`${kept}journal-${version}`, directory, { recursive: true })
      const records: StoredRecord[] = []
      const warnings: object[] = []
      const log = { debug() {}, info() {}, warn: (fields: object) => { warnings.push(fields) }, error() {} }
      const journal = await FileJournal.open({ fs: localFileSystem, directory, durability: 'power', log, onRecord: r => records.push(r) })
      await journal.close()
      assert.equal(journal.epoch, 3)
      assert.deepEqual(records.map(({ kind, data }) => [kind, data]), [
        ['inputs', { time: 1000, ranges: [['a', 0, 10n]], when: new Map([['x', new Date(5)]]) }],
        ['delta', { operator: 'count', partition: 1 }],
        ['completed', 1000],
      ])
      const blocks = await Promise.all(records[1]!.blocks.map(async block => Buffer.from(await block.read())))
      assert.deepEqual(blocks, [Buffer.from('first block'), Buffer.alloc(0), Buffer.alloc(300, 7)])
      assert.deepEqual(warnings, [{ file: join(directory, 'segment-00000002-00000001'), offset: 96, bytes: 9 }])
    } finally {
      await rm(directory, { recursive: true })
    }
  })
}
