// One key with more than the heap: an operation that needs no list of it gives its result from files, another one an error that says what to do.
// The process is one of its own: running out of memory would end it.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'

const count = 220_000
const program = (conf: object): string => `
  import { Context } from 'rivulet'
  const ctx = new Context({ ...${JSON.stringify(conf)} })
  const large = ctx.range(0, ${count}, 1, 4).map(n => ['hot', ('value ' + n).padEnd(1000, '.')])
  const small = ctx.parallelize([['hot', 1], ['cold', 2]], 1)
  const operations = {
    groupByKey: () => large.groupByKey(2).mapValues(all => all.length).collectAsMap(),
    cogroup: () => small.cogroup(large, 2).count(),
    aggregateByKey: () => large.aggregateByKey([], (all, x) => { all.push(x); return all }, (a, b) => { for (const x of b) a.push(x); return a }, 2).count(),
    reduceByKey: () => large.reduceByKey((a, b) => (a > b ? a : b), 2).count(),
    join: () => small.join(large, 2).count(),
    'join, the other way': () => large.join(small, 2).count(),
    fullOuterJoin: () => small.fullOuterJoin(large, 2).count(),
    sortByKey: () => large.sortByKey(true, 2).count(),
  }
  const results = {}
  for (const [name, run] of Object.entries(operations)) {
    results[name] = await run().catch(error => (/groupByKey, cogroup.*reduceByKey/.test(error.message) ? error.code : String(error)))
  }
  await ctx.stop()
  console.log(JSON.stringify(results))`

const tooLarge = 'RIV_TASK_MEMORY'
for (const conf of [{ master: 'inline', conf: { 'memory.blocks': '64m' } }, { master: 'local[1]', conf: { 'memory.blocks': '64m', 'memory.worker': '160m' } }]) {
  test(`a key that is larger than the heap, ${conf.master}`, () => {
    const { stdout, stderr, signal } = spawnSync(process.execPath, [...process.execArgv, '--max-old-space-size=192', '--input-type=module', '-e', program(conf)], { encoding: 'utf8' })
    assert.equal(signal, null, stderr)
    assert.deepEqual(JSON.parse(stdout), {
      groupByKey: tooLarge, cogroup: tooLarge, aggregateByKey: tooLarge,
      reduceByKey: 1, join: count, 'join, the other way': count, fullOuterJoin: count + 1, sortByKey: count,
    })
  })
}
