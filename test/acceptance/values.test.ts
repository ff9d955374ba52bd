// Values come back as they were: through tasks, through shuffles as key and as value, through sorts, out of captured variables and persisted RDDs.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Context } from 'rivulet'
import { HashPartitioner } from 'rivulet'
import { onMasters } from './masters.ts'

class Account {
  #balance = 3
  read(): number { return this.#balance }
}
class Plain {
  x = 1
  next: Plain | undefined
  sum(): number { return this.x + (this.next?.sum() ?? 0) }
}
class Special extends Plain {
  override x = 5
  static zero = 0
}
class Tags extends Map<string, number> { label = 'tags' }

const linked = Object.assign(new Plain(), { next: new Special() })

const values: readonly (readonly [name: string, value: unknown])[] = [
  ['-0', -0], ['NaN', NaN], ['Infinity', -Infinity], ['the largest integers', [2 ** 53, -(2 ** 53) - 2, 2 ** 31, -(2 ** 31)]], ['the smallest number', 5e-324],
  ['undefined', undefined], ['null', null], ['booleans', [true, false]], ['empty', ['', [], {}]],
  ['lone surrogates', '\uD800a\uDFFF'], ['emoji', '😀é\0'], ['a long string', 'ä'.repeat(70_000)],
  ['bigint', [0n, -1n, 2n ** 70n, -(2n ** 130n)]], ['Date', new Date(-1)], ['invalid Date', new Date(NaN)],
  ['Map', new Map<unknown, unknown>([[{ a: 1 }, new Set([1, [2]])], [NaN, undefined]])], ['Set', new Set([undefined, null, -5])], ['RegExp', /a\/b/giu],
  ['typed arrays', [new Uint8Array([1, 255]), new Float64Array([NaN, -0.5]), new BigInt64Array([-1n]), new Int16Array(0), new Float32Array([1.5])]],
  ['a view inside a buffer', new Uint8Array(new ArrayBuffer(16), 4, 3)], ['ArrayBuffer', new Uint8Array([1, 2]).buffer], ['DataView', new DataView(new ArrayBuffer(3), 1)],
  ['undefined properties', { a: undefined, b: null }], ['odd keys', { __proto__x: 1, 'a b': 2, 7: 3, '': 4, constructor: 5 }], ['own __proto__', JSON.parse('{"__proto__": {"a": 1}, "b": 2}')],
  ['no prototype', Object.assign(Object.create(null) as object, { a: 1 })],
  ['nested', { a: [{ b: [1, [2, [3, { c: 'x' }]]] }] }], ['an instance', linked], ['instances in collections', new Map([['k', [new Special(), linked]]])],
  ['Error', new RangeError('far')],
  ['holes', [1, , 3]], // oxlint-disable-line no-sparse-arrays
  ['a subclass of Map', Object.assign(new Tags([['a', 1]]), { label: 'mine' })],
]

type Way = readonly [name: string, through: (ctx: Context, value: unknown) => Promise<unknown>]
const ways: readonly Way[] = [
  ['a task', async (c, v) => (await c.parallelize([v], 1).map(x => x).collect())[0]],
  ['a task among other records', async (c, v) => (await c.parallelize<unknown>([1, 'x', v, { a: 1 }], 1).filter(() => true).collect())[2]],
  ['many equal ones', async (c, v) => (await c.range(0, 3_000, 1, 1).map(() => v).collect()).at(-1)],
  ['a shuffle as value', async (c, v) => (await c.parallelize([['k', v]], 1).groupByKey(1).values().first())[0]],
  ['a shuffle as key', async (c, v) => (await c.parallelize<[unknown, number]>([[v, 1]], 2).partitionBy(new HashPartitioner(3)).keys().collect())[0]],
  ['reduceByKey as key', async (c, v) => (await c.parallelize<[unknown, number]>([[v, 1], [v, 2]], 2).reduceByKey((a, b) => a + b, 2).collect())[0]?.[0]],
  ['distinct', async (c, v) => (await c.parallelize<unknown>([v, v], 2).distinct(2).collect())[0]],
  ['a persisted RDD', async (c, v) => { const r = c.parallelize([v], 1).map(x => x).persist(); await r.count(); const [got] = await r.collect(); await r.unpersist(); return got }],
  ['a captured variable', async (c, v) => c.range(0, 1, 1, 1).map(() => v).first()],
  ['reduce', async (c, v) => c.parallelize([v, v], 2).reduce((_, b) => b)],
  ['mapAsync', async (c, v) => (await c.parallelize([v], 1).mapAsync(async x => x).collect())[0]],
  ['take', async (c, v) => (await c.parallelize([v, v], 2).take(1))[0]],
  ['a local iterator', async (c, v) => { for await (const x of c.parallelize([v], 1)) return x; return 'none' }],
]

/** Zero as a key has no sign: -0 and 0 are one key. */
const asKey = (name: string, way: string): boolean => name === '-0' && /key|distinct/.test(way)

onMasters(context => {
  for (const [way, through] of ways) {
    test(`through ${way}`, async () => {
      const wrong: string[] = []
      for (const [name, value] of values) {
        try {
          const got = await through(context(), value)
          if (!asKey(name, way)) assert.deepStrictEqual(got, value)
        } catch (error) {
          wrong.push(`${name}: ${String((error as Error).message).slice(0, 600)}`)
        }
      }
      assert.deepEqual(wrong, [])
    })
  }

  test('an instance works after its journey', async () => {
    const [got] = await context().parallelize([linked], 1).filter(p => p.sum() === 6).collect()
    assert.ok(got instanceof Plain && got.next instanceof Special)
    assert.equal(got.sum(), 6)
  })

  test('an instance made in a task is one of the class of the program', async () => {
    const made = await context().range(0, 3).map(n => Object.assign(new Special(), { x: n })).collect()
    assert.ok(made.every(p => p instanceof Special))
    assert.deepEqual(made.map(p => p.sum()), [0, 1, 2])
  })

  const unencodable: readonly (readonly [what: string, record: () => unknown, message: RegExp])[] = [
    ['private members', () => new Account(), /instance of Account, whose #balance is private/],
    ['private members of Node', () => ({ url: new URL('https://example.org') }), /\.url is an instance of URL/],
    ['built-in insides', () => [new WeakMap()], /\[0\] is an instance of WeakMap/],
    ['a function', () => ({ save: () => 1 }), /\.save is the function save/],
    ['a Promise', () => ({ rows: [Promise.resolve(1)] }), /\.rows\[0\] is a Promise.*mapAsync/],
  ]
  for (const [what, record, message] of unencodable) {
    test(`refused as a record: ${what}`, async () => {
      await assert.rejects(context().range(0, 2).map(record).collect(), message)
      await assert.rejects(async () => context().parallelize([record()]).map(x => x).count(), message)
      assert.equal(await context().range(0, 3).count(), 3)
    })
  }

  test('what parallelize was given is not what tasks change', async () => {
    const rows = [{ n: 1 }, { n: 2 }]
    const rdd = context().parallelize(rows, 1)
    const bump = rdd.map(row => { row.n += 10; return row })
    assert.deepEqual([await bump.collect(), await bump.collect(), rows], [[{ n: 11 }, { n: 12 }], [{ n: 11 }, { n: 12 }], [{ n: 1 }, { n: 2 }]])
  })

  const equalKeys: readonly (readonly [unknown, unknown])[] = [
    [NaN, NaN], [0, -0], ['a', 'a'], [1n, 1n], [new Date(3), new Date(3)], [[1, ['x']], [1, ['x']]], [{ a: 1, b: { c: 2 } }, { b: { c: 2 }, a: 1 }], [undefined, undefined], [null, null],
    [new Map([['a', 1], ['b', 2]]), new Map([['b', 2], ['a', 1]])], [new Set([1, 2]), new Set([2, 1])], [new Uint8Array([1]), new Uint8Array([1])], [linked, Object.assign(new Plain(), { next: new Special() })], [[NaN], [NaN]], [[-0], [0]],
  ]
  const unequalKeys: readonly (readonly [unknown, unknown])[] = [
    [1, '1'], [1, 1n], [1, true], [0, ''], [null, undefined], [[], {}], [[1, 2], [2, 1]], [{ a: 1 }, { a: 1, b: undefined }], ['\uD800', '\uDFFF'], [new Date(1), 1], [new Plain(), { x: 1, next: undefined }], [new Plain(), new Special()],
    [new Uint8Array([1]), new Int8Array([1])], ['a', 'b'], [2 ** 53, 2 ** 53 + 2], [[undefined], [null]], [new Map(), new Set()], [[1, [2]], [[1], 2]], ['1,2', [1, 2]],
  ]
  test('keys are equal by structure', async () => {
    for (const [a, b] of equalKeys) {
      assert.deepEqual(await context().parallelize<[unknown, number]>([[a, 1], [b, 2]], 2).reduceByKey((x, y) => x + y, 3).values().collect(), [3], `${String(a)} ${String(b)}`)
      assert.equal((await context().parallelize<unknown>([a, b], 2).countByValue()).size, 1)
    }
    for (const [a, b] of unequalKeys) assert.equal(await context().parallelize<[unknown, number]>([[a, 1], [b, 2]], 2).reduceByKey((x, y) => x + y, 3).count(), 2, `${String(a)} ${String(b)}`)
  })
})
