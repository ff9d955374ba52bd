// Limits are errors with codes that say the value, the limit and the cure; the context stays usable.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Context } from 'rivulet'

for (const master of ['inline', 'local[2]']) {
  test(`results over spark.driver.maxResultSize are refused, on ${master}`, async () => {
    await using ctx = new Context({ master, conf: { 'spark.driver.maxResultSize': '100k' } })
    const wide = ctx.range(0, 40, 1, 8).map(n => `${n}`.padEnd(5_000))
    await assert.rejects(wide.collect(), { code: 'RIV_RESULT_SIZE', message: /^collect at test\/engine\/limits\.test\.ts:\d+:\d+: .* 1\d{5} bytes so far, spark\.driver\.maxResultSize is 102400 \(raise/ })
    assert.equal((await wide.take(10)).length, 10, 'jobs are counted one by one')
    assert.equal(await wide.count(), 40)
    let seen = 0
    for await (const text of wide) seen += text.length
    assert.equal(seen, 200_000)
  })

  test(`no limit of results, on ${master}`, async () => {
    await using ctx = new Context({ master, conf: { 'spark.driver.maxResultSize': '0' } })
    assert.equal((await ctx.range(0, 100_000).collect()).length, 100_000)
  })

  test(`more partitions than allowed are refused, on ${master}`, async () => {
    await using ctx = new Context({ master })
    const many = ctx.range(0, 10, 1, 1_100)
    await assert.rejects(many.cartesian(many).count(), { code: 'RIV_PARTITION_LIMIT', message: /^cartesian at test\/engine\/limits\.test\.ts:\d+:\d+ has 1210000 partitions; the limit is 1048576 \(coalesce/ })
    await assert.rejects(many.cartesian(many).map(pair => pair[0]).coalesce(2).first(), { code: 'RIV_PARTITION_LIMIT' })
    assert.throws(() => ctx.range(0, 1, 1, 2 ** 21), { code: 'RIV_PARTITION_COUNT' })
    assert.equal(await many.coalesce(2).count(), 10)
  })
}
