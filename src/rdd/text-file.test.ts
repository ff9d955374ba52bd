// textFile and saveAsTextFile: what is read, how it is split, and that a folder is written whole or not at all.

import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { onEveryMaster } from './masters.fixture.ts'
import { splitFiles } from './sources/text-file.ts'

let root = ''
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'rivulet-text-'))
  await mkdir(`${root}/in/deep`, { recursive: true })
  await mkdir(`${root}/empty`)
  await writeFile(`${root}/a.txt`, 'one\ntwo\r\nthree')
  await writeFile(`${root}/b.txt`, 'four\n')
  await writeFile(`${root}/c.gz`, gzipSync('five\nsix\n'))
  await writeFile(`${root}/in/part-1`, 'p1\n')
  await writeFile(`${root}/in/part-0`, 'p0\n')
  await writeFile(`${root}/in/_SUCCESS`, 'no')
  await writeFile(`${root}/in/.crc`, 'no')
  await writeFile(`${root}/in/deep/x`, 'deep\n')
  await writeFile(`${root}/numbers`, Array.from({ length: 10_000 }, (_, i) => `${i}\n`).join(''))
})
after(() => rm(root, { recursive: true }))

onEveryMaster((context, master) => {
  const reads: [path: string, lines: string[]][] = [
    ['a.txt', ['one', 'two', 'three']],
    ['?.txt', ['one', 'two', 'three', 'four']],
    ['b.txt,ROOT/a.txt', ['four', 'one', 'two', 'three']],
    ['{c,b}.{gz,txt}', ['five', 'six', 'four']],
    ['in/part-*', ['p0', 'p1']],
    ['in/deep', ['deep']],
    ['empty', []],
  ]
  for (const [path, lines] of reads) {
    test(`textFile ${path}`, async () => {
      assert.deepEqual(await context().textFile(`${root}/${path.replace('ROOT', root)}`).collect(), lines)
    })
  }

  test('textFile splits, and gives every line once', async () => {
    const rdd = context().textFile(`${root}/numbers`, 7)
    assert.throws(() => rdd.getNumPartitions(), { code: 'RIV_UNRESOLVED', message: /textFile at .*text-file\.test\.ts.*await rdd\.resolve\(\)/ })
    await rdd.resolve()
    assert.equal(rdd.getNumPartitions(), 7)
    assert.deepEqual(await rdd.map(Number).collect(), Array.from({ length: 10_000 }, (_, i) => i))
    const counts = await rdd.mapPartitions(rows => [[...rows].length]).collect()
    assert.ok(counts.every(n => n > 1_000), String(counts))
  })

  test('operations follow on files whose partitions are not known yet', async () => {
    const lines = context().textFile(`${root}/numbers`, 3)
    const digits = lines.map(line => [line.length, 1]).reduceByKey((a, b) => a + b)
    assert.deepEqual(await digits.sortByKey().collect(), [[1, 10], [2, 90], [3, 900], [4, 9_000]])
    assert.equal((await digits.resolve()).getNumPartitions(), 3)
    assert.equal(await lines.union(context().range(0, 5).map(n => `${n}`)).count(), 10_005)
    assert.deepEqual(await context().textFile(`${root}/numbers`).sortBy(line => -Number(line)).take(2), ['9999', '9998'])
  })

  test('a missing file fails the action, not the description, and names textFile\'s own place', async () => {
    const missing = context().textFile(`${root}/missing`)
    await assert.rejects(missing.map(line => line).count(), { code: 'RIV_FILE_NOT_FOUND', message: /^textFile at src\/rdd\/text-file\.test\.ts:\d+:\d+: there is no file or folder .*missing/ })
    await assert.rejects(context().textFile(`${root}/*.nothing`).count(), { code: 'RIV_FILE_NOT_FOUND' })
    await writeFile(`${root}/missing`, 'here now')
    assert.deepEqual(await missing.collect(), ['here now'])
    await rm(`${root}/missing`)
  })

  test('wholeTextFiles and binaryFiles', async () => {
    const name = ([path, content]: [string, unknown]): [string, unknown] => [path.slice(root.length + 1), content]
    assert.deepEqual((await context().wholeTextFiles(`${root}/{a.txt,c.gz}`, 5).collect()).map(name), [['a.txt', 'one\ntwo\r\nthree'], ['c.gz', 'five\nsix\n']])
    assert.deepEqual((await context().binaryFiles(`${root}/b.*`).collect()).map(name), [['b.txt', new Uint8Array(Buffer.from('four\n'))]])
    assert.deepEqual((await context().wholeTextFiles(`${root}/?.txt`, 2).resolve()).getNumPartitions(), 2)
    assert.deepEqual(await context().wholeTextFiles(`${root}/empty`).collect(), [])
    await assert.rejects(context().binaryFiles(`${root}/missing`).count(), { code: 'RIV_FILE_NOT_FOUND', message: /^binaryFiles at/ })
  })

  test('a folder in a folder is refused', async () => {
    await assert.rejects(context().textFile(`${root}/in`).count(), { code: 'RIV_INPUT_FOLDER', message: /in\/deep is a folder/ })
  })

  test('saveAsTextFile writes a part for each partition, and _SUCCESS', async () => {
    const folder = `${root}/out-${master}`
    await context().parallelize(['a', 'b', 'c'], 2).union(context().emptyRDD<string>(), context().parallelize(['d ä'], 1)).saveAsTextFile(`${folder}/`)
    assert.deepEqual((await readdir(folder)).sort(), ['_SUCCESS', 'part-00000', 'part-00001', 'part-00002'])
    assert.deepEqual(await Promise.all(['part-00000', 'part-00001', 'part-00002', '_SUCCESS'].map(name => readFile(`${folder}/${name}`, 'utf8'))), ['a\n', 'b\nc\n', 'd ä\n', ''])
    assert.deepEqual(await context().textFile(folder).collect(), ['a', 'b', 'c', 'd ä'])
    await assert.rejects(context().range(0, 1).saveAsTextFile(folder), { code: 'RIV_FILE_EXISTS', message: /^saveAsTextFile at .*out-.* already exists/ })
    assert.equal(await readFile(`${folder}/part-00000`, 'utf8'), 'a\n')
  })

  test('saveAsTextFile writes records as text', async () => {
    const folder = `${root}/records-${master}`
    await context().parallelize<unknown>(['to', 1, ['be', 2], { n: [1] }, null, new Date(0)], 1).saveAsTextFile(folder)
    assert.equal(await readFile(`${folder}/part-00000`, 'utf8'), 'to\n1\n(be,2)\n{ n: [ 1 ] }\nnull\n1970-01-01T00:00:00.000Z\n')
  })

  test('saveAsTextFile of much data', async () => {
    const folder = `${root}/much-${master}`
    await context().range(0, 100_000, 1, 3).map(n => `line ${n}`).saveAsTextFile(folder)
    assert.equal(await context().textFile(folder).count(), 100_000)
    assert.deepEqual(await context().textFile(folder).map(line => Number(line.slice(5))).reduce((a, b) => a + b), 99_999 * 50_000)
  })

  test('a save that fails leaves nothing', async () => {
    const folder = `${root}/failed-${master}`
    await assert.rejects(context().range(0, 9, 1, 3).map(n => { if (n === 7) throw new Error('no'); return n }).saveAsTextFile(folder), { code: 'RIV_USER_FUNCTION' })
    assert.ok(!(await readdir(root)).includes(`failed-${master}`))
  })
})

describe('splits', () => {
  const file = (path: string, bytes: number): { path: string; bytes: number; modifiedMs: number; directory: boolean } => ({ path, bytes, modifiedMs: 0, directory: false })
  const mib = 2 ** 20
  const cases: [name: string, sizes: number[], minPartitions: number, splits: number[][]][] = [
    ['one small file', [10], 1, [[10]]],
    ['a file in two', [10], 2, [[5, 5]]],
    ['a last range up to a tenth larger', [21], 2, [[10, 11]]],
    ['several files by their share', [100, 10, 0], 4, [[27, 27, 27, 19], [10], [0]]],
    ['at most 32 MiB', [70 * mib], 1, [[32 * mib, 32 * mib, 6 * mib]]],
    ['more partitions than bytes', [2], 5, [[1, 1]]],
  ]
  for (const [name, sizes, minPartitions, splits] of cases) {
    test(name, () => {
      const files = sizes.map((bytes, i) => file(`${i}`, bytes))
      const ranges = splitFiles(files, minPartitions)
      assert.deepEqual(files.map(({ path }) => ranges.filter(r => r.path === path).map(r => r.to - r.from)), splits)
      for (const [i, range] of ranges.entries()) assert.equal(range.from, ranges[i - 1]?.path === range.path ? ranges[i - 1]!.to : 0)
    })
  }
  test('gzip is one range', () => {
    assert.deepEqual(splitFiles([file('a.gz', 100 * mib)], 9), [{ path: 'a.gz', from: 0, to: 100 * mib }])
  })
})
