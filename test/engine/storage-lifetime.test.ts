// What the engine holds goes when it is not needed: dropped RDDs and broadcasts, spilled shuffles, damaged files, workers that die.

import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, rmSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Context, StorageLevel, StreamingContext } from 'rivulet'
import { ManualClock } from 'rivulet/testing'

const root = mkdtempSync(join(tmpdir(), 'rivulet-lifetime-'))
after(() => rmSync(root, { recursive: true, force: true }))

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as (options: { type: 'major'; flavor: 'last-resort' }) => void

/** Collects until a condition holds; finalization takes its time. */
async function becomes(what: string, holds: () => boolean): Promise<void> {
  for (let i = 0; i < 100 && !holds(); i++) {
    collect({ type: 'major', flavor: 'last-resort' })
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  assert.ok(holds(), what)
}

interface Memory { readonly slabBytes: number; readonly liveBlocks: number }
const memoryOf = (ctx: Context): Memory => (ctx.runner as unknown as { readonly memory: Memory }).memory

interface Setting { readonly ctx: Context; readonly dir: string; readonly files: () => string[] }

function start(master: 'inline' | 'local[2]', conf: Record<string, unknown> = {}): Setting {
  const dir = mkdtempSync(join(root, 'local-'))
  const files = (): string[] => readdirSync(dir, { recursive: true }).map(name => join(dir, String(name))).filter(path => path.includes('blocks-'))
  return { ctx: new Context({ master, conf: { 'spark.local.dir': dir, ...conf } }), dir, files }
}

const wide = (n: number): string => String(n).padEnd(2_000, '.')

for (const master of ['inline', 'local[2]'] as const) {
  for (const level of [StorageLevel.MEMORY_ONLY, StorageLevel.DISK_ONLY]) {
    test(`${master}: what is kept of an RDD goes when the program drops it, at ${level}`, async () => {
      const { ctx, files } = start(master)
      await (async () => {
        const pairs = ctx.range(0, 1_000, 1, 4).map(n => [n % 7, String(n)] as [number, string]).persist(level)
        const kept = pairs.reduceByKey((a, b) => a + b).persist(level)
        await kept.count()
        assert.deepEqual(ctx.getRDDStorageInfo().map(({ id }) => id), [pairs.id, kept.id])
      })()
      assert.ok(memoryOf(ctx).liveBlocks > 0)
      await becomes('blocks and files are gone', () => memoryOf(ctx).liveBlocks === 0 && files().length === 0)
      assert.deepEqual([ctx.getRDDStorageInfo(), ctx.getPersistentRDDs().size], [[], 0])
      await ctx.stop()
    })
  }

  test(`${master}: a shuffle larger than block memory goes through files, which go with it`, async () => {
    const { ctx, files } = start(master, { 'memory.blocks': '20m' })
    await (async () => {
      const shuffled = ctx.range(0, 20_000, 1, 40).map(n => [n % 100, String(n).padEnd(2_000, '.')] as [number, string]).partitionBy(4)
      for (let i = 0; i < 2; i++) assert.equal(await shuffled.map(([key, text]) => key + Number.parseInt(text)).sum(), 19_999 * 10_000 + 99 * 10_000)
      assert.ok(files().length > 20, `${files().length} outputs of map tasks are in files`)
    })()
    await becomes('the files are gone', () => files().length === 0)
    assert.equal(await ctx.range(0, 10).count(), 10)
    await ctx.stop()
  })

  test(`${master}: a broadcast that nothing refers to gives its memory back`, async () => {
    const { ctx } = start(master)
    await (async () => {
      const table = ctx.broadcast(Array.from({ length: 100_000 }, (_, i) => i))
      const looked = ctx.range(0, 4, 1, 2).map(n => table.value[n]! * 2)
      collect({ type: 'major', flavor: 'last-resort' })
      assert.deepEqual(await looked.collect(), [0, 2, 4, 6])
      assert.equal(memoryOf(ctx).liveBlocks, 1)
    })()
    await becomes('the block of the broadcast is gone', () => memoryOf(ctx).liveBlocks === 0)
    await ctx.stop()
  })

  test(`${master}: checkpoint files go with the RDD where the program wishes so`, async () => {
    for (const cleans of [false, true]) {
      const { ctx, dir } = start(master, { 'spark.cleaner.referenceTracking.cleanCheckpoints': cleans })
      ctx.setCheckpointDir(dir)
      const folder = await (async () => {
        const rdd = ctx.range(0, 10, 1, 2).map(n => n * n)
        rdd.checkpoint()
        await rdd.count()
        assert.equal(await rdd.sum(), 285)
        return rdd.getCheckpointFile()!
      })()
      assert.ok(existsSync(folder))
      if (cleans) await becomes('the checkpoint is gone', () => !existsSync(folder))
      else collect({ type: 'major', flavor: 'last-resort' })
      assert.equal(existsSync(folder), !cleans)
      await ctx.stop()
    }
  })
}

test('a worker that dies loses no kept partition', async () => {
  const { ctx, dir } = start('local[2]')
  const computed = ctx.longAccumulator()
  const flag = join(dir, 'died')
  const kept = ctx.range(0, 8, 1, 8).mapPartitions(rows => { computed.add(1); return rows }).cache()
  assert.equal(await kept.sum(), 28)
  const dies = kept.map(n => {
    const fs = process.getBuiltinModule('node:fs')
    if (n === 5 && !fs.existsSync(flag)) {
      fs.writeFileSync(flag, '')
      process.exit(1)
    }
    return n
  })
  assert.equal(await dies.sum(), 28)
  assert.ok(existsSync(flag))
  assert.equal(await kept.sum(), 28)
  assert.equal(computed.value, 8)
  await ctx.stop()
})

const damages: [name: string, damage: (path: string) => void][] = [
  ['removed', path => unlinkSync(path)],
  ['cut short', path => truncateSync(path, 20)],
  ['overwritten', path => writeFileSync(path, 'x'.repeat(100_000))],
]

for (const [name, damage] of damages) {
  test(`a kept partition whose file was ${name} is computed again, and no other`, async () => {
    const { ctx, files } = start('local[2]')
    const computed = ctx.longAccumulator()
    const kept = ctx.range(0, 80, 1, 8).mapPartitions(rows => { computed.add(1); return rows }).persist(StorageLevel.DISK_ONLY)
    assert.equal(await kept.sum(), 3_160)
    damage(files()[3]!)
    for (let i = 0; i < 2; i++) assert.equal(await kept.sum(), 3_160)
    assert.equal(computed.value, 9)
    assert.equal(files().length, 8)
    await ctx.stop()
  })
}

test('a shuffle whose file is damaged is made again by the next job', async () => {
  const { ctx, files } = start('inline', { 'memory.blocks': '20m' })
  const shuffled = ctx.range(0, 20_000, 1, 40).map(n => [n % 100, String(n).padEnd(2_000, '.')] as [number, string]).partitionBy(4)
  assert.equal(await shuffled.count(), 20_000)
  unlinkSync(files()[0]!)
  await assert.rejects(shuffled.count(), { code: 'RIV_TASK' })
  assert.equal(await shuffled.count(), 20_000)
  await ctx.stop()
})

test('a local checkpoint is never given up', async () => {
  const { ctx, files } = start('local[2]', { 'memory.blocks': '20m' })
  const rdd = ctx.range(0, 14_000, 1, 40).map(n => String(n).padEnd(2_000, '.')).persist(StorageLevel.MEMORY_ONLY)
  rdd.localCheckpoint()
  assert.equal(await rdd.count(), 14_000)
  for (let i = 0; i < 2; i++) assert.equal(await rdd.map(text => text.length).sum(), wide(0).length * 14_000)
  assert.ok(files().length > 0)
  await ctx.stop()
})

test('an RDD of a batch is never given up: what it was made of may be gone', async () => {
  const { ctx, files } = start('local[2]', { 'memory.blocks': '20m' })
  const clock = new ManualClock()
  const ssc = new StreamingContext(ctx, '10 ms', { clock })
  const computed = ctx.longAccumulator()
  const lengths: number[] = []
  let spilled = 0
  const queue = [ctx.range(0, 14_000, 1, 40)]
  ssc.queueStream(queue).map(n => { computed.add(1); return String(n).padEnd(2_000, '.') }).persist(StorageLevel.MEMORY_ONLY).foreachRDD(async rdd => {
    for (let i = 0; i < 2; i++) lengths.push(await rdd.map(text => text.length).fold(0, (a, b) => a + b))
    spilled = Math.max(spilled, files().length)
  })
  await ssc.start()
  await clock.advance(10)
  await clock.advance(10)
  const left = files()
  await ssc.stop()
  assert.deepEqual([lengths, computed.value], [[28_000_000, 28_000_000, 0, 0], 14_000])
  assert.ok(spilled > 0)
  assert.deepEqual(left, [], 'they go with the batch')
})
