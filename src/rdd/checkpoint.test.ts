// Checkpoints cut the lineage, object files give back what was written, damage is found, names are shown.

import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Context } from '../context/context.ts'
import { onEveryMaster } from './masters.fixture.ts'

let root = ''
before(async () => { root = await mkdtemp(join(tmpdir(), 'rivulet-objects-')) })
after(() => rm(root, { recursive: true }))

class Here { x = 1 }

const codeOf = (error: unknown): unknown => {
  const { code, cause } = error as { code?: string; cause?: unknown }
  return code === 'RIV_USER_FUNCTION' || code === 'RIV_TASK' ? codeOf(cause) : code
}
const lines = (text: string): number => text.split('\n').length

onEveryMaster((context, master) => {
  const random = (c: Context): ReturnType<typeof c.range> => c.range(0, 6, 1, 3).map(n => n + Math.random())

  for (const kind of ['reliable', 'local'] as const) {
    const mark = (rdd: { checkpoint(): void; localCheckpoint(): unknown }): void => { if (kind === 'reliable') rdd.checkpoint(); else rdd.localCheckpoint() }
    test(`a ${kind} checkpoint is taken by the next action and cuts the lineage`, async () => {
      context().setCheckpointDir(`${root}/${master}`)
      const rdd = random(context())
      const child = rdd.map(n => n * 2)
      mark(rdd)
      assert.deepEqual([rdd.isCheckpointed(), rdd.getCheckpointFile()], [false, undefined])
      await child.take(1)
      assert.equal(rdd.isCheckpointed(), true)
      const kept = await rdd.glom().collect()
      assert.deepEqual(kept.map(part => part.length), [2, 2, 2])
      assert.deepEqual(await child.collect(), kept.flat().map(n => n * 2), 'children made before read it')
      assert.deepEqual(await rdd.collect(), kept.flat())
      assert.equal(lines(rdd.toDebugString()), 2)
      assert.equal(rdd.getCheckpointFile() === undefined, kind === 'local')
    })

    for (const [op, make] of Object.entries({
      shuffle: (c: Context) => random(c).map(n => [Math.floor(n) % 2, n]).groupByKey(2),
      union: (c: Context) => random(c).union(random(c)),
      zip: (c: Context) => random(c).zip(random(c)),
      cartesian: (c: Context) => random(c).cartesian(random(c)),
      coalesce: (c: Context) => random(c).coalesce(2),
      source: (c: Context) => c.parallelize([1, 2, 3], 2),
      nothing: (c: Context) => c.emptyRDD<number>(),
      sort: (c: Context) => random(c).sortBy(n => -n, true, 2),
    })) {
      test(`a ${kind} checkpoint of a ${op}`, async () => {
        context().setCheckpointDir(`${root}/${master}`)
        const rdd = make(context())
        mark(rdd)
        await rdd.count()
        const [first, second] = [await rdd.collect(), await rdd.collect()]
        assert.deepEqual(first, second)
        assert.equal(first.length, await rdd.count())
      })
    }
  }

  test('a shuffle over a checkpointed shuffle needs no exchange', async () => {
    context().setCheckpointDir(`${root}/${master}`)
    const sums = context().range(0, 9, 1, 3).map(n => [n % 3, n]).reduceByKey((a, b) => a + b, 2)
    sums.checkpoint()
    await sums.count()
    assert.deepEqual(await sums.groupByKey(2).sortByKey().collect(), [[0, [9]], [1, [12]], [2, [15]]])
  })

  test('a checkpoint that fails is tried again by the next action', async () => {
    context().setCheckpointDir(`${root}/numbers-${master}/file`)
    await writeFile(`${root}/numbers-${master}`, 'a file where a folder is needed')
    const rdd = context().range(0, 3)
    rdd.checkpoint()
    await assert.rejects(rdd.count(), { code: 'RIV_FILE_KIND' })
    assert.equal(rdd.isCheckpointed(), false)
    await rm(`${root}/numbers-${master}`)
    assert.equal(await rdd.count(), 3)
    assert.equal(rdd.isCheckpointed(), true)
  })

  test('what unpersist loses of a local checkpoint is a coded error', async () => {
    const rdd = context().range(0, 3, 1, 2).map(n => n).localCheckpoint()
    await rdd.count()
    await rdd.unpersist()
    await assert.rejects(rdd.count(), { code: 'RIV_CHECKPOINT_LOST', message: /of map\[\d+\] are gone/ })
  })

  test('object files give back every record, in order', async () => {
    const records = [undefined, null, NaN, 1n, 'a\uD800', [1, [2]], { a: new Date(3) }, new Map([['k', new Set([1])]]), new Uint8Array([7])]
    const folder = `${root}/values-${master}`
    await context().parallelize(records, 3).saveAsObjectFile(folder)
    assert.deepEqual(await context().objectFile(folder).collect(), records)
    assert.deepEqual(await readdir(folder), ['_SUCCESS', 'part-00000', 'part-00001', 'part-00002'])
    const many = `${root}/many-${master}`
    await context().range(0, 50_000, 1, 2).map(n => [n, `${n}`]).saveAsObjectFile(many)
    assert.deepEqual(await context().objectFile<[number, string]>(many).filter(([n, text]) => text !== `${n}`).count(), 0)
    assert.equal(await context().objectFile(many).count(), 50_000)
  })

  const damages: [what: string, change: (bytes: Buffer) => Buffer][] = [
    ['a changed byte', bytes => { bytes[bytes.length - 20]! ^= 1; return bytes }],
    ['a lost end', bytes => bytes.subarray(0, -1)],
    ['a lost half', bytes => bytes.subarray(0, bytes.length >> 1)],
    ['a lost frame end', bytes => bytes.subarray(0, -12)],
    ['another file', () => Buffer.from('one line\nanother line\n')],
    ['a later version', bytes => { bytes[4] = 9; return bytes }],
    ['nothing', () => Buffer.alloc(0)],
  ]
  for (const [what, change] of damages) {
    test(`an object file with ${what} is refused`, async () => {
      const folder = `${root}/damaged-${master}-${what.replaceAll(' ', '-')}`
      await context().range(0, 100, 1, 1).map(n => `record ${n}`).saveAsObjectFile(folder)
      await writeFile(`${folder}/part-00000`, change(await readFile(`${folder}/part-00000`)))
      assert.equal(codeOf(await context().objectFile(folder).collect().then(() => assert.fail('it was read'), error => error)), 'RIV_FILE_CORRUPT')
    })
  }

  const refusals: [what: string, run: (c: Context) => unknown, code: string][] = [
    ['an existing folder', async c => { await c.range(0, 1).saveAsObjectFile(`${root}/twice-${master}`); await c.range(0, 1).saveAsObjectFile(`${root}/twice-${master}`) }, 'RIV_FILE_EXISTS'],
    ['instances of a class of this program', c => c.range(0, 1, 1, 1).map(() => new Here()).saveAsObjectFile(`${root}/here-${master}`), 'RIV_RECORD_NOT_ENCODABLE'],
  ]
  for (const [what, run, code] of refusals) {
    test(`refused: ${what}`, async () => {
      assert.equal(codeOf(await (async () => run(context()))().then(() => assert.fail('it was not refused'), error => error)), code)
      assert.ok(!(await readdir(root)).includes(`here-${master}`))
    })
  }

  test('names and persisted RDDs are shown', async () => {
    const named = context().range(0, 3).map(n => n).setName('numbers').cache()
    assert.equal(named.name, 'numbers')
    assert.match(String(named), /^RDD\[\d+\] numbers: map at /)
    assert.match(named.toDebugString(), /^\(\d+\) numbers map\[\d+\]/)
    assert.equal(context().getPersistentRDDs().get(named.id), named)
    await named.unpersist()
    assert.equal(context().getPersistentRDDs().has(named.id), false)
  })
})

onEveryMaster(context => {
  test('refused: a checkpoint without a folder', () => {
    assert.throws(() => context().range(0, 1).checkpoint(), { code: 'RIV_CHECKPOINT_DIR', message: /setCheckpointDir/ })
  })
})
