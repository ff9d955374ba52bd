// Every storage level, on every master, where the data fits in block memory and where it does not: what is computed again, what is where.

import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Context, StorageLevel, type NumberAccumulator, type RDD } from 'rivulet'

const folder = mkdtempSync(join(tmpdir(), 'rivulet-levels-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const partitions = 40
const recordsEach = 250
/** Each partition is about 0.5 MB. */
const make = (n: number): string => String(n).padEnd(2_000, '.')
const total = partitions * recordsEach
const partitionsInSlab = 8

interface Situation { readonly conf: Record<string, string>; readonly fits: boolean }
const situations: Record<string, Situation> = {
  'where it fits': { conf: { 'memory.blocks': '128m' }, fits: true },
  'where it does not fit': { conf: { 'memory.blocks': '20m' }, fits: false },
  'where files are compressed': { conf: { 'memory.blocks': '20m', 'spark.rdd.compress': 'true', 'spark.shuffle.compress': 'true' }, fits: false },
  'where threads hold few records': { conf: { 'memory.blocks': '128m', 'memory.decoded': '3m' }, fits: true },
}
const levels = Object.values(StorageLevel).filter(level => level !== 'none')

const filesOf = (dir: string): string[] => readdirSync(dir, { recursive: true }).map(String).filter(name => name.includes('blocks-'))

/** Strings, and how many partitions of them were computed. */
function counted(ctx: Context): { strings: RDD<string>; computed: NumberAccumulator } {
  const computed = ctx.longAccumulator()
  const strings = ctx.range(0, total, 1, partitions).mapPartitions(function* (rows) {
    computed.add(1)
    for (const n of rows) yield String(n).padEnd(2_000, '.')
  })
  return { strings, computed }
}

for (const master of ['inline', 'local[2]'] as const) {
  for (const [name, { conf, fits }] of Object.entries(situations)) {
    for (const level of levels) {
      if (/_\d$/.test(level) && (!fits || 'memory.decoded' in conf)) continue // the same as without
      const compressed = 'spark.rdd.compress' in conf
      if (compressed && !/^(MEMORY_AND_)?DISK/.test(level)) continue
      test(`${level}, ${master}, ${name}`, async () => {
        const dir = mkdtempSync(join(folder, 'local-'))
        await using ctx = new Context({ master, conf: { ...conf, 'spark.local.dir': dir } })
        const { strings, computed } = counted(ctx)
        strings.setName('strings').persist(level)
        let givenUp = 0
        ctx.addListener({ onBlockUpdated({ where }) { if (where === 'nowhere') givenUp++ } })
        /** An action over all partitions computes those that are not kept, and those that are given up before it comes to them. */
        const runs = async (action: () => Promise<unknown>, result: unknown): Promise<void> => {
          const missing = partitions - (ctx.getRDDStorageInfo()[0]?.numCachedPartitions ?? 0)
          const [computedBefore, givenUpBefore] = [computed.value, givenUp]
          assert.deepEqual(await action(), result)
          const [again, lost] = [computed.value - computedBefore, givenUp - givenUpBefore]
          assert.ok(again >= missing && again <= missing + lost, `${again} partitions were computed, ${missing} were missing, and ${lost} given up`)
        }
        assert.deepEqual(ctx.getRDDStorageInfo(), [])
        const lengths = strings.map(s => s.length)
        await runs(() => lengths.sum(), 2_000 * total)
        assert.equal(computed.value, partitions)
        await runs(() => strings.map(s => Number.parseInt(s)).collect(), Array.from({ length: total }, (_, n) => n))
        assert.deepEqual(await strings.take(3), [make(0), make(1), make(2)])
        await runs(() => lengths.sum(), 2_000 * total)

        const [info] = ctx.getRDDStorageInfo()
        const { numCachedPartitions: cached, memoryUsed, diskUsed, ...rest } = info!
        assert.deepEqual(rest, { id: strings.id, name: 'strings', storageLevel: level, numPartitions: partitions })
        const onDisk = level.includes('DISK') || level === 'OFF_HEAP'
        if (fits || onDisk) {
          assert.equal(computed.value, partitions, 'nothing is computed twice')
          assert.equal(cached, partitions)
        } else {
          assert.ok(cached > partitions / 4 && cached < partitions, `${cached} partitions are kept`)
          // never for a partition of the same RDD, only where the second thread, whenever it is ready, begins its output: a slab, of which others may hold a part
          assert.ok(givenUp <= (master === 'inline' ? 0 : 2 * partitionsInSlab), `${givenUp} partitions were given up`)
        }
        assert.equal(memoryUsed > 0, !level.startsWith('DISK'))
        assert.equal(diskUsed > 0, level.startsWith('DISK') || (onDisk && !fits))
        assert.equal(filesOf(dir).length > 0, diskUsed > 0)
        assert.equal(diskUsed + memoryUsed > 2_000 * recordsEach * cached, !compressed)

        await strings.unpersist()
        assert.deepEqual([ctx.getRDDStorageInfo(), filesOf(dir)], [[], []])
        const before = computed.value
        assert.equal(await lengths.sum(), 2_000 * total)
        assert.equal(computed.value, before + partitions)
        await ctx.stop()
        assert.deepEqual(readdirSync(dir), [])
      })
    }
  }
}

test('a level of one\'s own has the name of what it is', () => {
  const cases: readonly [StorageLevel, ...Parameters<typeof StorageLevel>][] = [
    ['MEMORY_ONLY', false, true, false, true], ['MEMORY_ONLY_SER', false, true, false, false], ['MEMORY_AND_DISK', true, true, false, true], ['MEMORY_AND_DISK_SER_2', true, true, false, false, 2],
    ['DISK_ONLY', true, false, false, true], ['DISK_ONLY_39', true, false, false, false, 39], ['OFF_HEAP', true, true, true, false], ['MEMORY_ONLY_SER', false, true, true, false], ['none', false, false, false, true],
  ]
  for (const [level, ...parts] of cases) assert.equal(StorageLevel(...parts), level)
  const refused: readonly Parameters<typeof StorageLevel>[] = [[true, true, true, true], [false, true, false, true, 0], [false, true, false, true, 40], [false, true, false, true, 1.5]]
  for (const parts of refused) assert.throws(() => StorageLevel(...parts), { code: 'RIV_STORAGE_LEVEL_PARTS' })
})

for (const master of ['inline', 'local[2]'] as const) test(`a level of one's own keeps partitions, and onBlockUpdated says where they are, ${master}`, async () => {
  const placesAt = async (level: StorageLevel, memory: string): Promise<Map<number, string[]>> => {
    await using ctx = new Context({ master, conf: { 'memory.blocks': memory } })
    const places = new Map<number, string[]>()
    ctx.addListener({ onBlockUpdated({ rddId, partition, where, memSize, diskSize }) {
      assert.deepEqual([memSize > 0, diskSize > 0], [where === 'memory', where === 'disk'])
      if (rddId === first.id) places.set(partition, [...places.get(partition) ?? [], where])
    } })
    const texts = (): RDD<string> => ctx.range(0, total, 1, partitions).map(n => String(n).padEnd(2_000, '.'))
    const first = texts().persist(level)
    assert.equal(await first.count(), total)
    assert.equal(ctx.getRDDStorageInfo()[0]?.storageLevel, level)
    const others = texts().persist(StorageLevel.MEMORY_ONLY_SER) // wants the memory
    assert.equal(await others.count(), total)
    return places
  }
  const all = (places: Map<number, string[]>): string[] => [...new Set([...places.values()].map(list => list.join(' then ')))].sort()
  assert.deepEqual(all(await placesAt(StorageLevel(false, true, false, false, 5), '256m')), ['memory'])
  assert.deepEqual(all(await placesAt(StorageLevel(true, false, false, false), '256m')), ['disk'])
  assert.ok(all(await placesAt(StorageLevel(false, true, false, false, 5), '20m')).includes('memory then nowhere'))
  assert.ok(all(await placesAt(StorageLevel(true, true, false, false, 5), '20m')).includes('memory then disk'))
})

// Whether actions after the first read blocks again: threads hold decoded records of some levels. What a program changes of a record is seen by
// no other action either way.
const again: [level: StorageLevel, decoded: string, readsBlocks: boolean][] = [
  [StorageLevel.MEMORY_ONLY, '1m', false],
  [StorageLevel.MEMORY_AND_DISK, '1m', false],
  [StorageLevel.MEMORY_ONLY, '0', true],
  [StorageLevel.MEMORY_ONLY_SER, '1m', true],
  [StorageLevel.DISK_ONLY, '1m', true],
]

for (const master of ['inline', 'local'] as const) {
  for (const [level, decoded, readsBlocks] of again) {
    test(`records of ${level}, ${master}, with memory.decoded ${decoded}`, async () => {
      await using ctx = new Context({ master, conf: { 'memory.decoded': decoded } })
      const records = ctx.range(0, 3, 1, 3).map(n => ({ n, list: [n, 'a', { deep: n }], at: new Date(n), bytes: new Uint8Array([n]), times: 0 })).persist(level)
      assert.equal(await records.count(), 3)
      let bytes = 0
      ctx.addListener({ onTaskEnd({ taskMetrics }) { bytes += taskMetrics?.bytesRead ?? 0 } })
      for (let i = 0; i < 3; i++) {
        const seen = await records.map(record => {
          record.list.push(0)
          record.at.setTime(9)
          record.bytes[0] = 9
          return [record.list.length, ++record.times]
        }).collect()
        assert.deepEqual(seen, [[4, 1], [4, 1], [4, 1]])
      }
      assert.deepEqual(await records.map(record => [record.at.getTime(), record.bytes[0]]).collect(), [[0, 0], [1, 1], [2, 2]])
      assert.equal(bytes > 0, readsBlocks)
    })
  }
}
