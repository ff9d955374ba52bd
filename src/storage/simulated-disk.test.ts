// The simulated disk is a file system like others, and loses what is not synced.

import assert from 'node:assert/strict'
import test from 'node:test'
import { seededRandom } from '../base/random.ts'
import { fileSystemContract } from './file-system-contract.fixture.ts'
import { SimulatedDisk } from './simulated-disk.fixture.ts'

fileSystemContract('simulated disk', async () => {
  const fs = new SimulatedDisk(seededRandom(1)).process()
  await fs.makeDirectory('/root')
  return { fs, root: '/root', async dispose() {} }
})

test('what is synced survives a power cut, what is not is lost in some runs, torn in others and kept in others', async () => {
  const seen = new Set<string>()
  for (let seed = 0; seed < 200; seed++) {
    const disk = new SimulatedDisk(seededRandom(seed))
    const fs = disk.process()
    await fs.makeDirectory('/d', { sync: true })
    await fs.createExclusive('/d/a', 'synced')
    const file = await fs.append('/d/a')
    await file.append([Buffer.alloc(2_000, 'x')])
    await (await fs.create('/d/b')).close({ sync: true }) // its name is not synced
    disk.cutPower()
    assert.equal(fs.dead, true)
    const after = disk.process()
    const text = Buffer.from(await after.read('/d/a')).toString('latin1')
    assert.ok(text.startsWith('synced'))
    seen.add(text.length === 6 ? 'lost' : text.includes('\0') ? 'torn' : text.length === 2_006 ? 'kept' : 'cut')
    seen.add(await after.status('/d/b') === undefined ? 'name lost' : 'name kept')
  }
  assert.deepEqual([...seen].sort(), ['cut', 'kept', 'lost', 'name kept', 'name lost', 'torn'])
})

test('a folder is on the disk for whoever makes it with sync, wherever somebody died who made it before', async () => {
  for (let diesAt = 0; diesAt < 12; diesAt++) {
    const disk = new SimulatedDisk(() => 0) // a power cut takes all that is not synced
    const dying = disk.process({ diesAt })
    await Promise.race([dying.makeDirectory('/a/b/c', { sync: true }), dying.halted])
    const next = disk.process()
    await next.makeDirectory('/a/b/c', { sync: true })
    await next.createExclusive('/a/b/c/file', '')
    disk.cutPower()
    assert.deepEqual(disk.paths(), ['/a', '/a/b', '/a/b/c', '/a/b/c/file'], `died at step ${diesAt}`)
  }
})
