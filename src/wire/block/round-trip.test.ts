// Blocks: what goes in comes out, whatever it is, and shares nothing with the block's memory.

import assert from 'node:assert/strict'
import test from 'node:test'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { SlabWriter } from '../slab/slab-writer.ts'
import type { BlockRef } from '../slab/block-ref.ts'
import { allocateSlab, slabHeaderBytes, slabSize, SlabView } from '../slab/slab-view.ts'
import { anyRecords, anyValue, Bag, Bytes, classes, Day, Failure, Path, Point, Point3, Registry } from '../values.fixture.ts'
import { decodeBlock, decodeControl, decodePairs, decodeTimestamps } from './decode.ts'
import { encodeBlock, encodeTuples } from './encode.ts'
import type { EncodeOptions } from './encode.ts'
import { codec } from './layout.ts'

const slab = new SlabView(1, allocateSlab(0))

/** Writes into memory full of old bytes, reads, and destroys the memory before the result is looked at. */
function through<T>(write: (writer: SlabWriter) => BlockRef, read: (block: Buffer) => T): T {
  slab.bytes.fill(0xdb, slabHeaderBytes, slabHeaderBytes + 65_536)
  const writer = new SlabWriter({ view: slab, offset: slabHeaderBytes }, () => -1)
  const ref = write(writer)
  const view = ref.slab === 1 ? slab : writer.made(ref.slab)!
  const result = read(view.read(ref))
  view.bytes.fill(0xdb, ref.offset, ref.offset + ref.bytes)
  return result
}

const roundTrip = (records: readonly unknown[], options: EncodeOptions = { classes }): unknown[] =>
  through(writer => encodeBlock(records, 0, records.length, writer, options), block => decodeBlock(block, { classes }))
const codecOf = (records: readonly unknown[]): number => through(writer => encodeBlock(records, 0, records.length, writer, { classes }), block => block[1]!)
const show = (value: unknown): string => inspect(value, { depth: Infinity, maxArrayLength: Infinity, maxStringLength: Infinity })

function same(actual: unknown, expected: unknown): void {
  assert.deepStrictEqual(actual, expected)
  assert.equal(show(actual), show(expected)) // order of properties, names of classes, stacks
}

test('records of every kind come back unchanged', () => {
  fc.assert(fc.property(anyRecords, records => same(roundTrip(records), records)), { numRuns: 600 })
})

test('pairs come back as pairs and as columns, from either way of writing', () => {
  fc.assert(fc.property(anyRecords, fc.array(anyValue, { maxLength: 30 }), (keys, more) => {
    const values = keys.map((_, i) => more[i])
    const pairs = keys.map((key, i) => [key, values[i]])
    const written = [
      (writer: SlabWriter) => encodeTuples([keys, values], 0, keys.length, writer, { classes }),
      (writer: SlabWriter) => encodeBlock(pairs, 0, pairs.length, writer, { classes }),
    ]
    for (const write of written) {
      same(through(write, block => decodeBlock(block, { classes })), pairs)
      same(through(write, block => decodePairs(block, { classes })), { keys: keys.map(key => key), values })
    }
  }), { numRuns: 150 })
})

const point = new Point(1, [2])
const match = /(?<a>x)y/.exec('xy')
const error = Object.assign(new RangeError('out', { cause: new Error('inner') }), { code: 'E_RANGE', errno: -1 })
const cycle: unknown[] = [1]
cycle.push(cycle)
const parent: { name: string; children: unknown[] } = { name: 'p', children: [] }
parent.children.push({ name: 'c', parent })
const linked: Record<string, unknown>[] = [{ n: 1, prev: null }, { n: 2, next: null }]
linked[0]!['next'] = linked[1]
linked[1]!['prev'] = linked[0]

const kinds: readonly (readonly [string, readonly unknown[], number])[] = [
  ['nothing', [], codec.i32],
  ['ASCII', ['', 'a', 'word'], codec.strings],
  ['UTF-8', ['é', 'a', '😀', ''], codec.strings],
  ['lone surrogates', ['\ud83d', 'a', '\ude00\ud83d'], codec.strings],
  ['halves of a character in two records', ['\ud83d', '\ude00'], codec.strings],
  ['long strings', ['x'.repeat(300), 'y'], codec.strings],
  ['very long strings', ['x'.repeat(70_000), 'é'], codec.strings],
  ['integers', [1, 0, -(2 ** 31), 2 ** 31 - 1], codec.i32],
  ['numbers', [1, -0, NaN, Infinity, 2 ** 31, 0.1], codec.f64],
  ['booleans', [true, false], codec.booleans],
  ['undefined and null', [undefined, null, undefined], codec.optional],
  ['bigints', [1n, -(2n ** 70n)], codec.v8],
  ['pairs', [['a', 1], ['b', 2]], codec.tuple],
  ['tuples of eight', [[1, 'a', true, 1.5, null, [1], { a: 1 }, undefined]], codec.tuple],
  ['pairs with an escaped column', [['a', 1], ['b', '1'], ['c', undefined]], codec.tuple],
  ['tuples in tuples', [[['a', 1], ['b', [2, 3]]]], codec.tuple],
  ['tuples of another length', [['a', 1], ['b', 2, 3]], codec.v8],
  ['lists', [[1, 2, 3], [], [4]], codec.list],
  ['lists of lists of pairs', [[[['a', 1]], []], [], [[['b', 2], ['c', 3]]]], codec.list],
  ['lists of several kinds', [[1, 'a'], [], [2, 3, 4]], codec.v8],
  ['empty lists', [[], []], codec.list],
  ['holes', [[1, , 2], [1, 2, 3]], codec.v8], // oxlint-disable-line no-sparse-arrays
  ['a hole at the end', [[1, 2, ,], [1, 2, 3]], codec.v8], // oxlint-disable-line no-sparse-arrays
  ['records', [{ a: 1, b: 'x' }, { a: 2, b: 'y' }], codec.record],
  ['records in records', [{ a: { b: { c: [1, 2] } } }], codec.record],
  ['records in another order', [{ a: 1, b: 2 }, { b: 1, a: 2 }], codec.v8],
  ['records with one more property', [{ a: 1 }, { a: 1, b: undefined }], codec.v8],
  ['an own __proto__', [JSON.parse('{"__proto__": 1, "a": 2}')], codec.v8],
  ['objects without properties', [{}, {}], codec.v8],
  ['objects without a prototype', [Object.assign(Object.create(null), { a: 1 })], codec.classes],
  ['Object.groupBy', [Object.groupBy([1, 2, 3], n => n % 2 ? 'odd' : 'even')], codec.classes],
  ['Dates', [new Date(0), new Date(NaN)], codec.dates],
  ['Dates, one of a subclass', [new Date(0), new Day(1)], codec.classes],
  ['Uint8Arrays, one of them a Buffer', [Uint8Array.of(1), Buffer.of(2)], codec.v8],
  ['Uint8Arrays of shared memory', [new Uint8Array(new SharedArrayBuffer(4)), Uint8Array.of(1)], codec.bytes],
  ['strings that may be missing', ['a', undefined, null, 'b'], codec.optional],
  ['records that may be missing', [null, { a: 1, b: undefined }, { a: null, b: 2 }], codec.optional],
  ['lists with missing elements', [[1, null], [undefined], [2, 3, 4]], codec.list],
  ['an odd value far behind', [...Array.from({ length: 1_000 }, (_, i) => i), 0.5], codec.f64],
  ['an odd kind far behind', [...Array.from({ length: 1_000 }, (_, i) => i), 'x'], codec.v8],
  ['a tuple with a name far behind', [...Array.from({ length: 1_000 }, (_, i) => [i, 'x']), match], codec.classes],
  ['a hole far behind', [...Array.from({ length: 1_001 }, (_, i) => [i, i]), [, 1]], codec.v8], // oxlint-disable-line no-sparse-arrays
  ['Maps and Sets', [new Map<unknown, unknown>([['a', new Map()], [NaN, -0]]), new Set([1, 'a', undefined])], codec.v8],
  ['typed arrays', [new Uint8Array([1, 2]), new Float64Array([1.5, -0]), new BigInt64Array([1n]), new DataView(new ArrayBuffer(3)), new Uint16Array([1]).buffer], codec.v8],
  ['a typed array that shows part of a buffer', [new Uint8Array(new ArrayBuffer(10), 3, 2)], codec.bytes],
  ['Buffers', [Buffer.from('abc'), Buffer.alloc(0)], codec.bytes],
  ['RegExps', [/a/gi, /(?<x>b)/u], codec.v8],
  ['boxed primitives', [new String('a'), new Number(1), Object(1n)], codec.v8],
  ['matches of a RegExp', [match], codec.classes],
  ['an array with properties', [Object.assign([1, 2], { total: 3 }), [1, 2]], codec.v8],
  ['instances in properties of an array', [Object.assign([1], { first: point })], codec.classes],
  ['Errors', [error, new TypeError('x'), new AggregateError([error], 'many')], codec.classes],
  ['instances', [point, new Point3(1, point), { point }, [point]], codec.classes],
  ['instances of subclasses of built-in classes', [new Registry([[point, new Registry()]]), new Bag([point]), Path.from<unknown>([1, point]), new Failure('f', point), new Day(5), Bytes.of(1, 2)], codec.classes],
  ['an instance with own properties named as accessors of its class', [Object.defineProperty(new Point(1, 2), 'sum', { value: 9, enumerable: true, configurable: true, writable: true })], codec.instances],
  ['instances of one class', [point, new Point(2, [3])], codec.instances],
  ['instances of one class in records', [{ at: new Point3(1, null) }, { at: new Point3(2, 'y') }], codec.record],
  ['instances with one more property', [point, Object.assign(new Point(1, 2), { z: 3 })], codec.classes],
  ['an object that only looks like a Map', [Object.assign(Object.create(Registry.prototype) as object, { a: 1 })], codec.classes],
  ['instances in an escaped column', [['a', point], ['b', 1]], codec.tuple],
  ['a cycle', [cycle], codec.v8],
  ['a parent that its children know', [parent, parent.children[0]], codec.v8],
  ['linked records', linked, codec.v8],
  ['a record in itself, by way of a Map', (() => { const self = { map: new Map<string, unknown>() }; self.map.set('self', self); return [self] })(), codec.v8],
  ['an instance in itself', (() => { const self = new Point(1, undefined); self.y = new Set([self]); return [self] })(), codec.classes],
  ['deep nesting', [Array.from({ length: 500 }).reduce<unknown>(inner => ({ inner }), 1)], codec.v8],
]

for (const [name, records, expected] of kinds) {
  test(`${name} come back unchanged`, () => {
    same(roundTrip(records), records)
    assert.equal(codecOf(records), expected)
  })
}

test('the same object twice is the same object again, where v8 writes it', () => {
  const shared = new Point(1, 2)
  const [{ a, b }] = roundTrip([{ a: new Map([[1, shared]]), b: [shared] }, 1]) as [{ a: Map<number, Point>; b: Point[] }]
  assert.equal(a.get(1), b[0])
  const [self] = roundTrip([cycle]) as [unknown[]]
  assert.equal(self[1], self)
  const [first, second] = roundTrip(linked) as [Record<string, unknown>, Record<string, unknown>]
  assert.equal(first['next'], second)
  assert.equal(second['prev'], first)
})

test('Uint8Arrays and Buffers of a column have buffers of their own too', () => {
  for (const records of [[new Uint8Array(3), new Uint8Array(0)], [Buffer.from('abc'), Buffer.alloc(0)]]) {
    const decoded = roundTrip(records) as Uint8Array[]
    assert.deepEqual(decoded.map(view => [view.buffer.constructor.name, view.buffer.byteLength]), [['ArrayBuffer', 3], ['ArrayBuffer', 0]])
  }
})

test('a typed array has a buffer of its own size, shared with nobody', () => {
  const decoded = roundTrip([Buffer.from('abc'), new Uint8Array(3), new Float64Array(2), new DataView(new ArrayBuffer(5)), 'x']) as ArrayBufferView[]
  assert.deepEqual(decoded.slice(0, 4).map(view => [view.buffer.constructor.name, view.buffer.byteLength]), [['ArrayBuffer', 3], ['ArrayBuffer', 3], ['ArrayBuffer', 16], ['ArrayBuffer', 5]])
})

test('a part of the records is a block', () => {
  const records = Array.from({ length: 10 }, (_, i) => [`k${i}`, i])
  assert.deepEqual(through(writer => encodeBlock(records, 3, 7, writer), block => decodeBlock(block)), records.slice(3, 7))
  const keys = records.map(pair => pair[0])
  const values = records.map(pair => pair[1])
  assert.deepEqual(through(writer => encodeTuples([keys, values], 3, 7, writer), block => decodeBlock(block)), records.slice(3, 7))
})

test('timestamps and control data stand beside the records', () => {
  fc.assert(fc.property(anyRecords, fc.option(fc.uint8Array({ maxLength: 20 }), { nil: undefined }), fc.boolean(), (records, control, timed) => {
    const timestamps = timed ? Float64Array.from(records, (_, i) => i + 0.5) : undefined
    const options = { classes, ...(control && { control }), ...(timestamps && { timestamps }) }
    through(writer => encodeBlock(records, 0, records.length, writer, options), block => {
      assert.deepEqual(decodeTimestamps(block), timestamps)
      assert.deepEqual(decodeControl(block), control)
    })
    same(roundTrip(records, options), records)
  }), { numRuns: 100 })
})

test('nothing of what the memory held before is left in a block', () => {
  fc.assert(fc.property(anyRecords, records => {
    const over = (fill: number): Buffer => through(writer => {
      slab.bytes.fill(fill, slabHeaderBytes, slabHeaderBytes + 65_536)
      return encodeBlock(records, 0, records.length, writer, { classes, control: Uint8Array.of(1) })
    }, block => Buffer.from(block))
    const [first, second] = [over(0x55), over(0xaa)]
    fc.pre(first.length === second.length) // v8 writes an integer as one or as a float, as it happens to hold it
    assert.equal(first.findIndex((byte, i) => byte === 0x55 && second[i] === 0xaa), -1)
  }), { numRuns: 100 })
})

test('a block is read from any place in memory', () => {
  const records = [['a', 1.5], ['b', 2]]
  const block = through(writer => encodeBlock(records, 0, 2, writer), bytes => Buffer.from(bytes))
  const shifted = Buffer.concat([Buffer.alloc(3), block])
  assert.deepEqual(decodeBlock(shifted.subarray(3)), records)
  assert.deepEqual(decodePairs(shifted.subarray(3)), { keys: ['a', 'b'], values: [1.5, 2] })
})

test('blocks follow each other in a slab; one that finds no room begins a slab of its own size', () => {
  let last = 0
  const view = new SlabView(7, allocateSlab(0))
  const writer = new SlabWriter({ view, offset: slabHeaderBytes }, () => --last)
  const contents = [['a', 'bc'], [1, 2, 3], ['x'.repeat(slabSize)], [{ a: 1 }], Array.from({ length: 100_000 }, (_, i) => i + 0.5), []]
  const refs = contents.map(records => encodeBlock(records, 0, records.length, writer))
  assert.deepEqual(refs.map(ref => ref.slab), [7, 7, -1, -1, -1, -1])
  const { offset, newSlabs } = writer.finish()
  assert.equal(offset, refs[1]!.offset + refs[1]!.bytes)
  assert.deepEqual(newSlabs.map(made => [made.temporary, made.memory.byteLength, made.used]), [[-1, 2 * slabSize, refs.at(-1)!.offset + refs.at(-1)!.bytes]])
  refs.forEach((ref, i) => assert.deepEqual(decodeBlock((ref.slab === 7 ? view : writer.made(ref.slab)!).read(ref)), contents[i]))
})
