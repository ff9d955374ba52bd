// Blocks of the first day: their bytes are read as ever, and written as ever.
//
// Blocks stand in checkpoints and journals. So a line of the fixture never changes within a format version; lines may be added
// (RIVULET_WRITE_GOLDEN=1 writes those that are missing). A new format version gets a fixture of its own, and the old one stays as long as it is read.

import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import test from 'node:test'
import { SlabWriter } from '../slab/slab-writer.ts'
import { classes, Failure, Point, Registry } from '../values.fixture.ts'
import { decodeBlock, decodeControl, decodeTimestamps } from './decode.ts'
import { encodeBlock } from './encode.ts'
import type { EncodeOptions } from './encode.ts'
import { codec } from './layout.ts'

const failure = Object.defineProperty(new Failure('failed', 7), 'stack', { value: 'Failure: failed\n    at test', configurable: true, writable: true })

const golden: readonly (readonly [name: string, code: number, records: readonly unknown[], options?: EncodeOptions])[] = [
  ['nothing', codec.v8, []],
  ['several kinds', codec.v8, [1, 'a', null, undefined, -0, NaN, 10n, true, new Date(1_000), [1, [2]], { a: 1 }, /x/g, '\ud83d']],
  ['Maps, Sets and typed arrays', codec.v8, [new Map([['k', 1]]), new Set([1]), Uint8Array.of(1, 2), Float64Array.of(1.5), Buffer.of(3)]],
  ['ASCII strings', codec.strings, ['', 'word', 'another word']],
  ['UTF-8 strings', codec.strings, ['schön', 'word', '😀', '€']],
  ['UTF-16 strings', codec.strings, ['\ud83d', 'word', '\ude00']],
  ['strings with lengths of two bytes', codec.strings, ['x'.repeat(256), 'y']],
  ['floats', codec.f64, [1, -0, 0.1, NaN, Infinity, 2 ** 31]],
  ['integers', codec.i32, [0, 1, -1, 2 ** 31 - 1, -(2 ** 31)]],
  ['booleans', codec.booleans, [true, false, true]],
  ['pairs', codec.tuple, [['the', 1], ['quick', 2], ['fox', 3]]],
  ['pairs of equal texts', codec.tuple, [['the', 'the'], ['quick', 'quick']]],
  ['pairs of pairs', codec.tuple, [[['a', 1], 0.5], [['b', 2], 1.5]]],
  ['pairs with values of several kinds', codec.tuple, [['a', 'y'], ['b', /b/g], ['c', 'x']]],
  ['lists', codec.list, [[1, 2, 3], [], [4]]],
  ['groups', codec.tuple, [['a', [[1, 2], ['x']]], ['b', [[3], ['y', 'z']]]]],
  ['records', codec.record, [{ name: 'a', n: 1, ok: true }, { name: 'b', n: 2, ok: false }]],
  ['records in records', codec.record, [{ id: 1, place: { x: 0.5, tags: ['a', 'b'] } }, { id: 2, place: { x: 1, tags: [] } }]],
  ['an empty block', codec.i32, []],
  ['values that may be missing', codec.tuple, [['a', 1], ['b', undefined], ['c', null]]],
  ['nothing but null', codec.optional, [null, null]],
  ['dates', codec.dates, [new Date(0), new Date(NaN), new Date(-1)]],
  ['byte arrays', codec.bytes, [Uint8Array.of(1, 2, 3), Uint8Array.of()]],
  ['Buffers', codec.bytes, [Buffer.of(1), Buffer.from('abc')]],
  ['instances', codec.classes, [new Point(1, 'y'), new Registry([['k', new Point(2, null)]]), failure, Object.assign(Object.create(null), { a: 1 })]],
  ['instances of one class', codec.instances, [new Point(1, 'y'), new Point(-1, 'z')]],
  ['event times', codec.i32, [1, 2], { timestamps: Float64Array.of(1_000, 1_000.5) }],
  ['control data', codec.i32, [1, 2], { control: Uint8Array.of(1, 2, 3) }],
  ['event times and control data', codec.strings, ['a', 'b', 'c'], { timestamps: Float64Array.of(1, 2, 3), control: Uint8Array.of(9) }],
]

function encode(records: readonly unknown[], options: EncodeOptions = {}): Buffer {
  const writer = new SlabWriter(undefined, () => -1)
  const ref = encodeBlock(records, 0, records.length, writer, { classes, ...options })
  return writer.made(-1)!.read(ref)
}

/** v8 writes an integer as one or as a float, as it happens to hold it, so its parts are only read. */
const written = (code: number): boolean => code !== codec.v8 && code !== codec.classes
const file = new URL('../../../test/fixtures/wire/blocks-v1.json', import.meta.url)
const committed = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) as Record<string, string> : {}
if (process.env['RIVULET_WRITE_GOLDEN'] === '1') {
  for (const [name, , records, options] of golden) committed[name] ??= encode(records, options).toString('hex')
  writeFileSync(file, `${JSON.stringify(committed, null, 1)}\n`)
}

test('every golden block has its records here', () => assert.deepEqual(Object.keys(committed).sort(), golden.map(([name]) => name).sort()))

for (const [name, code, records, options] of golden) {
  test(`read and written as ever: ${name}`, () => {
    const bytes = Buffer.from(committed[name]!, 'hex')
    assert.equal(bytes[1], code)
    assert.deepStrictEqual(decodeBlock(bytes, { classes }), records)
    assert.deepEqual(decodeTimestamps(bytes), options?.timestamps)
    assert.deepEqual(decodeControl(bytes), options?.control)
    if (written(code)) assert.equal(encode(records, options).toString('hex'), bytes.toString('hex'))
  })
}
