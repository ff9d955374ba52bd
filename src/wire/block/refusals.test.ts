// Blocks: what is refused, with the path to it; blocks of other versions.

import assert from 'node:assert/strict'
import { Socket } from 'node:net'
import test from 'node:test'
import { RivuletError } from '../../base/define-errors.ts'
import { SlabWriter } from '../slab/slab-writer.ts'
import { classes, Point } from '../values.fixture.ts'
import { decodeBlock } from './decode.ts'
import { encodeBlock, encodeTuples } from './encode.ts'

const encode = (records: readonly unknown[], table = classes): Buffer => {
  const writer = new SlabWriter(undefined, () => -1)
  const ref = encodeBlock(records, 0, records.length, writer, { classes: table })
  return writer.made(-1)!.read(ref)
}
const fails = (act: () => unknown, code: string, message: RegExp): void => {
  assert.throws(act, (thrown: unknown) => {
    assert.ok(thrown instanceof RivuletError, String(thrown))
    assert.equal(thrown.code, code)
    assert.match(thrown.message, message)
    return true
  })
}

class Unnamed { a = 1 }
class Account { static #count = 0; #balance = 1; get balance(): number { return this.#balance + Account.#count } }
class Helped { a = 1; #help(): number { return this.a } twice(): number { return this.#help() * 2 } }
const socket = new Socket()
const named = function save(): void {}

const refused: readonly (readonly [string, unknown, RegExp])[] = [
  ['a function', named, /: it is the function save/],
  ['a function in a record', { a: { b: [1, named] } }, /: \.a\.b\[1\] is the function save/],
  ['a function in a Map', { m: new Map([['k', { f: () => 1 }]]) }, /: \.m → Map value\.f is the function f/],
  ['a function as a key of a Map', new Map([[() => 1, 1]]), /: {2}?→ Map key is the function \(anonymous\)/],
  ['a function in a Set', [new Set([named])], /: \[0\] → Set member is the function save/],
  ['a function in a property of an array', [Object.assign([1], { f: named })], /: \[0\]\.?\[?f\]? is the function save/],
  ['a function in the cause of an Error', [new Error('x', { cause: { f: named } })], /: \[0\]\.cause\.f is the function save/],
  ['a function in an instance', new Point(1, named), /: \.y is the function save/],
  ['a symbol', ['a', Symbol('s')], /: \[1\] is Symbol\(s\)/],
  ['a Promise', { answer: Promise.resolve(1) }, /: \.answer is a Promise .*mapAsync/],
  ['an instance of a class without a name', { a: new Unnamed() }, /: \.a is an instance of Unnamed, which cannot be named/],
  ['an instance of an unnamed subclass', { a: new (class extends Point {})(1, 2) }, /: \.a is an instance of an unknown class, which cannot be named/],
  ['an object with a prototype that is no class', Object.create({ a: 1 }), /an instance of an unknown class/],
  ['an object with properties and a prototype that is no class', Object.assign(Object.create({ a: 1 }), { b: 2 }), /an instance of an unknown class/],
  ['a socket', { socket }, /: \.socket is an instance of Socket/],
  ['a Proxy of a record', { a: new Proxy({ b: 1 }, {}) }, /: \.a is a Proxy/],
  ['a Proxy of an array', { a: new Proxy([1, 2], {}) }, /: \.a is a Proxy/],
  ['a SharedArrayBuffer', { a: new SharedArrayBuffer(8) }, /: \.a is a SharedArrayBuffer/],
  ['an instance with a private field', { a: new Account() }, /: \.a is an instance of Account, whose #balance is private to its class/],
  ['an instance of a subclass of one with a private method', { a: new (class extends Helped {})() }, /: \.a is an instance of an unknown class, whose #help is private to its class/],
  ['a WeakMap', [new WeakMap()], /: \[0\] is an instance of WeakMap/],
  ['a generator', { rows: (function* () { yield 1 })() }, /: \.rows is a /],
]

for (const [name, record, message] of refused) {
  test(`refused: ${name}`, () => {
    fails(() => encode([record]), 'RIV_RECORD_NOT_ENCODABLE', message)
    fails(() => encode(['text', record]), 'RIV_RECORD_NOT_ENCODABLE', message) // no typed column
  })
}

test('refused: the value of a pair, by its place', () => {
  const writer = new SlabWriter(undefined, () => -1)
  fails(() => encodeTuples([['a', 'b'], [1, { f: named }]], 0, 2, writer), 'RIV_RECORD_NOT_ENCODABLE', /: \[1\]\.f is the function save/)
})

test('an instance of a class that the reader does not know', () => {
  fails(() => decodeBlock(encode([new Point(1, 2)])), 'RIV_CLASS_UNKNOWN', /\{"name":"Point"\}/)
})

test('a block of another version, and a codec that is not known', () => {
  const block = Buffer.from(encode([1, 2]))
  block[1] = 200
  fails(() => decodeBlock(block), 'RIV_BLOCK_FORMAT', /codec 200/)
  block[0] = 2
  fails(() => decodeBlock(block), 'RIV_BLOCK_FORMAT', /format version 2/)
  fails(() => decodeBlock(Buffer.alloc(0)), 'RIV_BLOCK_FORMAT', /format version -1/)
})

test('a block over the limit', () => {
  const write = (records: readonly unknown[]): unknown => encodeBlock(records, 0, records.length, new SlabWriter(undefined, () => -1), { maxBytes: 1_000 })
  fails(() => write(['x'.repeat(2_000)]), 'RIV_RECORD_SIZE', /^a record takes 20\d\d bytes encoded; the limit is 1000 \(cut large records/)
  fails(() => write(Array.from({ length: 30 }, () => 'x'.repeat(100))), 'RIV_RECORD_SIZE', /^a block of 30 records takes/)
})
