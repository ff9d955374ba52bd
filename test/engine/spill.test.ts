// A tiny memory for shuffles: everything spills, results are the same, and no file outlives its task, its context or its process.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Context } from 'rivulet'
import type { RDD } from 'rivulet'
import { compareValues } from '../../src/wire/key/compare.ts'

const folder = mkdtempSync(join(tmpdir(), 'rivulet-spills-'))
after(() => rmSync(folder, { recursive: true, force: true }))

/** Keys of several kinds, each about ten times. */
const keyed = (ctx: Context, records = 6_000): RDD<[unknown, number]> => ctx.range(0, records, 1, 3).map(i => {
  const n = (i * 7_919) % 601
  const key = n % 6 === 0 ? n : n % 6 === 1 ? `key ${n}` : n % 6 === 2 ? { n, of: ['k'] } : n % 6 === 3 ? [n, 'k'] : n % 6 === 4 ? new Date(n) : n % 12 === 5 ? NaN : BigInt(n)
  return [key, i] as [unknown, number]
})
const others = (ctx: Context): RDD<[unknown, string]> => keyed(ctx, 400).mapValues(i => `other ${i}`)

// Each gives pairs; values that belong to one key stand in the order of the records.
const pipelines: readonly (readonly [string, (ctx: Context) => RDD<readonly [unknown, unknown]>])[] = [
  ['reduceByKey', ctx => keyed(ctx).reduceByKey((a, b) => a + b)],
  ['reduceByKey in one partition', ctx => keyed(ctx).reduceByKey((a, b) => a + b, 1)],
  ['groupByKey', ctx => keyed(ctx).groupByKey()],
  ['aggregateByKey', ctx => keyed(ctx).aggregateByKey([] as number[], (all, x) => [...all, x], (a, b) => [...a, ...b], 2)],
  ['combineByKey without combining before the exchange', ctx => keyed(ctx).combineByKey(x => [x] as number[], (all, x) => [...all, x], (a, b) => [...a, ...b], 2, false)],
  ['grouping where the keys are in place', ctx => keyed(ctx).partitionBy(2).groupByKey(2)],
  ['distinct', ctx => keyed(ctx).map(([key]) => key).distinct().map(key => [key, 1] as const)],
  ['countByValue in tasks', ctx => keyed(ctx).map(([key]) => [key, 1] as [unknown, number]).reduceByKey((a, b) => a + b)],
  ['cogroup', ctx => keyed(ctx).cogroup(others(ctx))],
  ['join', ctx => keyed(ctx).join(others(ctx)).groupByKey()],
  ['fullOuterJoin', ctx => keyed(ctx).filter(([, i]) => i % 3 > 0).fullOuterJoin(others(ctx)).groupByKey()],
  ['subtractByKey', ctx => keyed(ctx).subtractByKey(others(ctx)).groupByKey()],
  ['an aggregation of an aggregation', ctx => keyed(ctx).groupByKey().map(([, all]) => [all.length, all[0]!] as [number, number]).reduceByKey((a, b) => Math.max(a, b))],
  ['groups whose lists are large', ctx => keyed(ctx).map(([, i]) => [i % 3, `value ${i}`] as [number, string]).groupByKey()],
]
const sorts: typeof pipelines = [
  ['sortByKey', ctx => keyed(ctx).sortByKey()],
  ['sortByKey, descending', ctx => keyed(ctx).sortByKey(false, 2)],
  ['sortBy', ctx => keyed(ctx).sortBy(([, i]) => (i * 31) % 997).map(pair => pair)],
]

const byKey = (pairs: readonly (readonly [unknown, unknown])[]): unknown[] => pairs.toSorted((a, b) => compareValues(a[0], b[0]))

const compression = { 'spark.shuffle.compress': true, 'spark.shuffle.spill.compress': true, 'spark.rdd.compress': true }

for (const [master, compressed] of [['inline', false], ['inline', true], ['local[2]', false], ['local[2]', true]] as const) {
  describe(`${master}${compressed ? ', compressed' : ''}`, () => {
    const localDir = join(folder, `${master}-${compressed}`)
    const roomy = new Context({ master })
    const tight = new Context({ master, conf: { 'memory.shuffle': '8k', 'spark.local.dir': localDir, ...(compressed && compression) } })
    before(async () => { assert.equal(await keyed(tight, 1).count(), 1) })
    after(async () => {
      assert.deepEqual(readdirSync(localDir).flatMap(name => readdirSync(join(localDir, name))), [], 'files of tasks are gone')
      assert.equal(readdirSync(localDir).length, 1, 'something was spilled')
      await tight.stop()
      assert.deepEqual(readdirSync(localDir), [])
      await roomy.stop()
    })
    for (const [name, pipeline] of pipelines) test(name, async () => assert.deepEqual(byKey(await pipeline(tight).collect()), byKey(await pipeline(roomy).collect())))
    for (const [name, pipeline] of sorts) test(name, async () => assert.deepEqual(await pipeline(tight).glom().collect(), await pipeline(roomy).glom().collect()))
    test('the same order on each run', async () => {
      const groups = keyed(tight).groupByKey()
      assert.deepEqual(await groups.map(pair => pair).collect(), await groups.map(pair => pair).collect())
    })
  })
}

test('a worker that dies while its task spills: the same results, no file', async () => {
  const localDir = join(folder, 'deaths')
  const ctx = new Context({ master: 'local[2]', conf: { 'memory.shuffle': '8k', 'spark.local.dir': localDir } })
  const died = join(folder, 'died')
  const groups = keyed(ctx).groupByKey(2).map(pair => {
    try {
      process.getBuiltinModule('node:fs').closeSync(process.getBuiltinModule('node:fs').openSync(died, 'wx'))
    } catch { return pair }
    return process.exit(1)
  })
  const quiet = keyed(ctx).groupByKey(2)
  assert.deepEqual(byKey(await groups.collect()), byKey(await quiet.collect()))
  assert.deepEqual(readdirSync(localDir).flatMap(name => readdirSync(join(localDir, name))), [])
  if (process.platform === 'linux') assert.deepEqual(openFiles(localDir), [])
  await ctx.stop()
  assert.deepEqual(readdirSync(localDir), [])
})

function openFiles(below: string): string[] {
  return readdirSync('/proc/self/fd').flatMap(fd => {
    try {
      return process.getBuiltinModule('node:fs').readlinkSync(`/proc/self/fd/${fd}`)
    } catch { return [] }
  }).filter(path => path.startsWith(below))
}

test('a process that is killed while a task spills: the next context removes its folder, with kept partitions and outputs of map tasks', async () => {
  const localDir = join(folder, 'killed')
  const program = `
    import { Context } from 'rivulet'
    const ctx = new Context({ master: 'local[2]', conf: { 'memory.shuffle': '8k', 'memory.blocks': '16m', 'spark.local.dir': ${JSON.stringify(localDir)} } })
    const kept = ctx.range(0, 8000, 1, 2).map(i => [i, 'x'.repeat(2000) + i]).persist('DISK_ONLY')
    await kept.count()
    await kept.groupByKey(1).foreach(([key]) => { process.kill(process.pid, 'SIGKILL') })`
  const { signal } = spawnSync(process.execPath, [...process.execArgv, '--input-type=module', '-e', program])
  assert.equal(signal, 'SIGKILL')
  const left = readdirSync(localDir)
  assert.equal(left.length, 1)
  const files = readdirSync(join(localDir, left[0]!))
  assert.equal(files.length, 4, 'one for each kept partition and each map task')
  assert.ok(files.every(name => name.startsWith('blocks-')), 'files of tasks were freed by the system')
  await new Context({ master: 'inline', conf: { 'spark.local.dir': localDir } }).stop()
  assert.deepEqual(readdirSync(localDir), [])
})

test('a folder that cannot be used is what the error is about, whatever the operation', async () => {
  await using ctx = new Context({ master: 'local[1]', conf: { 'memory.shuffle': '8k', 'spark.local.dir': join(import.meta.filename, 'no-folder'), 'spark.task.maxFailures': 1 } })
  const pairs = ctx.range(0, 20_000).map(i => [i, i] as [number, number])
  for (const run of [() => pairs.groupByKey(1).count(), () => pairs.sortByKey().count(), () => pairs.join(pairs, 1).count()]) await assert.rejects(run, { code: 'RIV_TASK', message: /makeDirectory: .*no-folder/ })
})

for (const [master, conf] of [['inline', compression], ['local[2]', {}]] as const) {
  test(`map tasks of which one alone writes more than block memory holds, ${master}`, async () => {
    const localDir = join(folder, `outgrown-${master}`)
    const ctx = new Context({ master, conf: { 'memory.blocks': '16m', 'spark.local.dir': localDir, ...conf } })
    const pairs = ctx.range(0, 60_000, 1, 2).map(i => [i, 'x'.repeat(500) + i] as [number, string])
    const lengths = await pairs.groupByKey(2).map(([key, [text]]) => (text!.endsWith(String(key)) ? 1 : 0) as number).reduce((a, b) => a + b)
    assert.equal(lengths, 60_000)
    assert.equal(await pairs.repartition(3).filter(([key, text]) => text.endsWith(String(key))).count(), 60_000)
    await ctx.stop()
    assert.deepEqual(readdirSync(localDir), [])
  })
}
