// Broadcasts and accumulators: what tasks see, what counts, what is refused.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Context } from '../../context/context.ts'
import { captureFunction } from '../../wire/closure/capture.ts'
import { onEveryMaster } from '../masters.fixture.ts'

class Point {
  readonly x: number
  constructor(x: number) { this.x = x }
}

type Row = [name: string, run: (ctx: Context) => Promise<unknown>, expected: unknown]

const rows: Row[] = [
  ['a broadcast in map', async c => { const b = c.broadcast(new Map([['a', 1]])); return c.parallelize(['a', 'b', 'a'], 2).map(w => b.value.get(w) ?? 0).collect() }, [1, 0, 1]],
  ['broadcasts of every kind', async c => Promise.all([undefined, null, 0, 'x', [1, [2]], new Date(5), new Point(3)].map(v => { const b = c.broadcast<unknown>(v); return c.range(0, 1, 1, 1).map(() => b.value).first() })), [undefined, null, 0, 'x', [1, [2]], new Date(5), new Point(3)]],
  ['a broadcast inside an object, in several stages', async c => { const o = { deep: [c.broadcast(10)] }; return c.range(0, 4, 1, 2).map(n => [n % 2, o.deep[0]!.value]).reduceByKey((a, b) => a + b + o.deep[0]!.value).sortByKey().collect() }, [[0, 30], [1, 30]]],
  ['a broadcast in the program', async c => c.broadcast('here').value, 'here'],
  ['a broadcast after unpersist', async c => { const b = c.broadcast([7]); const r = c.range(0, 2, 1, 2).map(() => b.value[0]!); const before = await r.collect(); await b.unpersist(); return [before, await r.collect()] }, [[7, 7], [7, 7]]],
  ['a large broadcast', async c => { const b = c.broadcast(Array.from({ length: 1e6 }, (_, i) => i)); const sum = await c.range(0, 2, 1, 2).map(n => b.value[n + 999_998]!).collect(); await b.destroy(); return sum }, [999_998, 999_999]],
  ['longAccumulator', async c => { const a = c.longAccumulator(); await c.range(0, 10, 1, 3).foreach(n => a.add(n)); return [a.value, a.sum, a.count, a.avg, a.isZero] }, [45, 45, 10, 4.5, false]],
  ['an accumulator in the program', async c => { const a = c.doubleAccumulator('x'); a.add(0.5); await c.range(0, 4, 1, 2).foreach(() => a.add(0.25)); const { value } = a; a.reset(); return [value, a.value, a.name, a.isZero] }, [1.5, 0, 'x', true]],
  ['collectionAccumulator', async c => { const a = c.collectionAccumulator<string>(); await c.parallelize(['b', 'a', 'c'], 2).foreach(w => a.add(w)); return a.value.toSorted() }, ['a', 'b', 'c']],
  ['an accumulator of instances', async c => { const a = c.collectionAccumulator<Point>(); await c.range(0, 2, 1, 2).foreach(n => a.add(new Point(n))); return a.value.toSorted((p, q) => p.x - q.x) }, [new Point(0), new Point(1)]],
  ['accumulator without merge', async c => { const a = c.accumulator(0, (n, _: string) => n + 1); await c.parallelize(['x', 'y', 'z'], 2).foreach(w => a.add(w)); return a.value }, 3],
  ['accumulator with merge', async c => { const a = c.accumulator(new Set<number>(), (s, n: number) => s.add(n), (s, t) => new Set([...s, ...t])); await c.range(0, 9, 1, 4).foreach(n => a.add(n % 3)); return [...a.value].toSorted((x, y) => x - y) }, [0, 1, 2]],
  ['accumulators of one type', async c => { const a = c.accumulator(1, (x, y) => x * y); await c.range(1, 5, 1, 3).foreach(n => a.add(n)); return a.value }, 24],
  ['accumulators in several stages and operators', async c => {
    const [seen, merged, out] = [c.longAccumulator(), c.longAccumulator(), c.longAccumulator()]
    await c.range(0, 8, 1, 4).map(n => { seen.add(1); return [n % 2, n] }).reduceByKey((a, b) => { merged.add(1); return a + b }).foreach(() => out.add(1))
    return [seen.value, merged.value, out.value]
  }, [8, 6, 2]],
  ['a shuffle that is used again counts once', async c => { const a = c.longAccumulator(); const r = c.range(0, 4, 1, 2).map(n => { a.add(1); return [n, n] }).partitionBy(2); await r.count(); await r.count(); return a.value }, 4],
  ['accumulators in asynchronous functions', async c => { const a = c.longAccumulator(); await c.range(0, 6, 1, 2).mapAsync(async n => { await new Promise(r => setTimeout(r, 1)); a.add(n); return n }).foreachPartition(async ns => { for (const n of ns) { await Promise.resolve(); a.add(n) } }); return a.value }, 30],
  ['take counts what it ran', async c => { const a = c.longAccumulator(); await c.range(0, 100, 1, 100).map(n => { a.add(1); return n }).take(1); return a.value }, 1],
  ['a node that two branches compute counts once', async c => { const a = c.longAccumulator(); const r = c.range(0, 8, 1, 4).map(n => { a.add(1); return n }); await r.union(r.map(n => n + 1)).count(); return a.value }, 8],
  ['a node that one task computes twice counts once', async c => { const a = c.longAccumulator(); const r = c.range(0, 8, 1, 4).map(n => { a.add(1); return n }); await r.zip(r.filter(() => { a.add(100); return true })).collect(); return a.value }, 808],
  ['partitions in one task count each', async c => { const a = c.longAccumulator(); const r = c.range(0, 8, 1, 4).map(n => { a.add(n); return n }); await r.union(r).coalesce(1).count(); return a.value }, 28],
  ['a node before two shuffles counts once', async c => { const a = c.longAccumulator(); const r = c.range(0, 8, 1, 4).map(n => { a.add(1); return [n % 2, n] }); await r.reduceByKey((x, y) => x + y, 2).join(r.groupByKey(3)).count(); return a.value }, 8],
  ['the next job counts again', async c => { const a = c.longAccumulator(); const r = c.range(0, 4, 1, 2).map(n => { a.add(1); return n }); await r.count(); await r.union(r).count(); return a.value }, 8],
  ['generators count what they add as they go', async c => {
    const [a, b] = [c.longAccumulator(), c.longAccumulator()]
    const r = c.range(0, 6, 1, 2).mapPartitions(function* (rows) { for (const n of rows) { a.add(1); yield n } }).mapPartitions(rows => Iterator.from(rows).map(n => { b.add(1); return n }))
    await r.union(r).filter(() => true).count()
    return [a.value, b.value]
  }, [6, 6]],
  ['asynchronous generators too', async c => {
    const a = c.longAccumulator()
    const r = c.range(0, 6, 1, 2).mapPartitions(async function* (rows) { for (const n of rows) { await null; a.add(1); yield n } })
    await r.union(r).count()
    return a.value
  }, 6],
  ['reduce functions of both sides', async c => { const a = c.longAccumulator(); const r = c.range(0, 8, 1, 2).map(n => [0, n]).reduceByKey((x, y) => { a.add(1); return x + y }, 1); await r.union(r).collect(); return a.value }, 7],
  ['a failed action counts nothing of the task that failed', async c => { const a = c.longAccumulator(); await c.range(0, 9, 1, 1).foreach(n => { a.add(1); if (n === 5) throw new Error('no') }).catch(() => {}); return a.value }, 0],
]

interface Refusal { readonly what: string; readonly run: (ctx: Context) => Promise<unknown>; readonly code: string }
const refusals: Refusal[] = [
  { what: 'a destroyed broadcast', run: async c => { const b = c.broadcast(1); await b.destroy(); await b.destroy(); return b.value }, code: 'RIV_BROADCAST_DESTROYED' },
  { what: 'a destroyed broadcast in a function', run: async c => { const b = c.broadcast(1); await b.destroy(); return c.range(0, 1, 1, 1).map(() => b.value).collect() }, code: 'RIV_BROADCAST_DESTROYED' },
  { what: 'the value of an accumulator in a task', run: async c => { const a = c.longAccumulator('n'); return c.range(0, 1, 1, 1).map(() => a.value).collect() }, code: 'RIV_ACCUMULATOR_IN_TASK' },
  { what: 'an add that throws in the driver', run: async c => { const a = c.accumulator(0, (n: number, x: number): number => { throw new RangeError(`${n} ${x}`) }); return c.range(0, 1, 1, 1).foreach(n => a.add(n)) }, code: 'RangeError' },
]

/** The code of an error, or of its cause: what a user's function throws is wrapped. */
const codeOf = (error: unknown): string => {
  const { code, cause, name } = error as Error & { code?: string }
  return code === 'RIV_USER_FUNCTION' ? codeOf(cause) : code ?? name
}

onEveryMaster(context => {
  for (const [name, run, expected] of rows) test(name, async () => { assert.deepEqual(await run(context()), expected) })
  for (const { what, run, code } of refusals) {
    test(`refused: ${what}`, async () => {
      assert.equal(codeOf(await run(context()).then(() => assert.fail('it was not refused'), error => error)), code)
      assert.equal(await context().range(0, 3).count(), 3, 'the context stays usable')
    })
  }
})

test('a captured broadcast costs its id', async () => {
  await using ctx = new Context({ master: 'inline' })
  const big = ctx.broadcast('x'.repeat(1e6))
  assert.ok(captureFunction(() => big.value.length, 'f').env.length < 1_000)
})

test('a thread decodes a broadcast once', async () => {
  await using ctx = new Context({ master: 'local' })
  const table = ctx.broadcast({ uses: 0 })
  const uses = ctx.range(0, 3, 1, 3).map(() => ++table.value.uses)
  assert.deepEqual(await uses.collect(), [1, 2, 3], 'tasks share what was decoded')
  assert.deepEqual(await uses.collect(), [4, 5, 6])
  await table.unpersist()
  assert.deepEqual(await uses.collect(), [1, 2, 3])
  assert.equal(table.value.uses, 0)
})

test('attempts that fail, and workers that die, do not count', async () => {
  await using ctx = new Context({ master: 'local[2]' })
  const table = ctx.broadcast([1, 2, 3])
  const [added, items] = [ctx.longAccumulator(), ctx.collectionAccumulator<number>()]
  await ctx.range(0, 4, 1, 4).foreach(n => {
    added.add(table.value[1]!)
    items.add(n)
    const g = globalThis as { died?: boolean }
    if (n % 2 === 1 && g.died === undefined) {
      g.died = true
      if (n === 1) throw new Error('again')
      process.exit(1)
    }
  })
  assert.deepEqual([added.value, items.value.toSorted((x, y) => x - y)], [8, [0, 1, 2, 3]])
})

test('the stack of a function that adds to an accumulator is the user\'s own', async () => {
  await using ctx = new Context({ master: 'local' })
  const added = ctx.longAccumulator()
  const error = await ctx.range(0, 1, 1, 1).foreach(() => { added.add(1); throw new TypeError('mine') }).then(() => assert.fail(), (thrown: Error) => thrown)
  assert.match((error.cause as Error).stack ?? '', /^TypeError: mine\n +at .*shared\.test\.ts:\d+:\d+\)?$/)
})
