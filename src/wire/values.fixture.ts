// Every kind of value that may be a record, for property tests; and a class table over a few real classes.

import fc from 'fast-check'
import type { ClassTable } from './block/class-instances.ts'

export class Point {
  x: number
  y: unknown
  constructor(x: number, y: unknown) { this.x = x; this.y = y }
  get sum(): number { return this.x + Number(this.y) }
}
export class Point3 extends Point { z = 3 }
export class Registry extends Map<unknown, unknown> { label = 'registry' }
export class Bag extends Set<unknown> { size2(): number { return this.size * 2 } }
export class Path extends Array<unknown> { title = 'path' }
export class Failure extends TypeError {
  override name = 'Failure'
  code: unknown
  constructor(message: string, code: unknown) { super(message); this.code = code }
}
export class Day extends Date {}
export class Bytes extends Uint8Array {}

const types: readonly Function[] = [Point, Point3, Registry, Bag, Path, Failure, Day, Bytes]

/** Names the classes above, and no others. */
export const classes: ClassTable = {
  refOf: type => types.includes(type) ? { name: type.name } : undefined,
  resolve: ref => types.find(type => type.name === (ref as { name: string }).name),
}

/** Strings of all sorts, lone surrogates among them. */
export const anyString = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom('a', 'é', '€', '\ud83d', '\ude00', '😀', '\0', '\n') }))
export const anyNumber = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(0, -0, NaN, Infinity, 2 ** 31, -(2 ** 31), 2 ** 53, 0.1))
const anyDate = fc.date({ noInvalidDate: false })
const anyBuffer = fc.uint8Array({ maxLength: 9 }).map(bytes => Buffer.from(bytes))
const anyView = fc.oneof(
  fc.uint8Array({ maxLength: 9 }), fc.int16Array({ maxLength: 5 }), fc.float32Array({ maxLength: 5 }), fc.float64Array({ maxLength: 5 }), fc.bigInt64Array({ maxLength: 3 }),
  fc.uint8Array({ maxLength: 9 }).map(bytes => new DataView(bytes.buffer.slice())),
  fc.uint8Array({ maxLength: 9 }).map(bytes => bytes.buffer.slice()),
)
const propertyName = fc.oneof(fc.constantFrom('a', 'b', 'c', 'name', 'é', '__proto__', 'constructor', '0'), fc.string({ maxLength: 3 }))
const withProperty = (target: object, name: string, value: unknown): object => Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true })

/** Plain objects; own properties named like those of Object.prototype among them. */
const objectOf = (value: fc.Arbitrary<unknown>): fc.Arbitrary<object> =>
  fc.array(fc.tuple(propertyName, value), { maxLength: 4 }).map(entries => entries.reduce((object, [name, held]) => withProperty(object, name, held), {}))

const holed = (value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown[]> => fc.tuple(fc.array(value, { maxLength: 4 }), fc.nat(4), fc.nat(2)).map(([array, hole, longer]) => {
  const copy = [...array]
  delete copy[hole % Math.max(1, copy.length)]
  copy.length += longer
  return copy
})

/** Values that keys may be made of as well. */
const { keyValue } = fc.letrec(tie => ({
  keyValue: fc.oneof({ maxDepth: 4, depthSize: 'small', withCrossShrink: true },
    anyString, anyNumber, fc.boolean(), fc.bigInt(), fc.constantFrom(null, undefined), anyDate, anyBuffer, anyView,
    fc.array(tie('keyValue'), { maxLength: 4 }), holed(tie('keyValue')), objectOf(tie('keyValue')),
    fc.array(fc.tuple(tie('keyValue'), tie('keyValue')), { maxLength: 3 }).map(entries => new Map(entries)),
    fc.array(tie('keyValue'), { maxLength: 3 }).map(members => new Set(members)),
    fc.tuple(anyNumber, tie('keyValue')).map(([x, y]) => new Point(x, y)),
  ),
}))
export const anyKey: fc.Arbitrary<unknown> = keyValue

const { value } = fc.letrec(tie => {
  const inner = tie('value')
  return {
    value: fc.oneof({ maxDepth: 4, depthSize: 'small', withCrossShrink: true },
      anyKey, fc.constantFrom(/a+/gi, new String('boxed'), new Number(-0), new Boolean(false), Object(5n)),
      fc.array(inner, { maxLength: 4 }), objectOf(inner),
      fc.tuple(inner, inner).map(([a, b]) => withProperty([a, b], 'index', b)),
      fc.constant('2026-11-21').map(text => /(?<year>\d+)-(\d+)/.exec(text)),
      objectOf(inner).map(object => Object.assign(Object.create(null) as object, object)),
      fc.tuple(fc.constantFrom(Error, RangeError, TypeError), anyString, inner).map(([Type, message, cause]) => Object.assign(new Type(message, { cause }), { code: 'E', details: cause })),
      fc.tuple(anyString, inner).map(([message, held]) => new AggregateError([held, new Error('one')], message)),
      fc.tuple(anyString, inner).map(([message, code]) => new Failure(message, code)),
      fc.tuple(fc.nat(), inner).map(([x, y]) => new Point3(x, y)),
      fc.array(fc.tuple(inner, inner), { maxLength: 3 }).map(entries => new Registry(entries)),
      fc.array(inner, { maxLength: 3 }).map(members => new Bag(members)),
      fc.array(inner, { maxLength: 3 }).map(elements => Path.from(elements)),
      fc.array(fc.tuple(inner, inner), { maxLength: 2 }).map(entries => new Map<unknown, unknown>(entries)),
      anyDate.map(date => new Day(date)), fc.uint8Array({ maxLength: 5 }).map(bytes => Bytes.from(bytes)),
      inner.map(held => { const self: { held: unknown; self?: unknown } = { held }; self.self = self; return self }),
      inner.map(held => { const child: { parent?: unknown } = {}; const parent = { children: [child, held] }; child.parent = parent; return parent }),
    ),
  }
})
export const anyValue: fc.Arbitrary<unknown> = value

/** Records as data sets have them: mostly of one shape, with now and then an odd one among them. */
export const anyRecords: fc.Arbitrary<unknown[]> = fc.oneof(
  fc.array(anyValue, { maxLength: 6 }),
  fc.constantFrom<fc.Arbitrary<unknown>>(
    anyString, anyNumber, fc.integer(), fc.boolean(), fc.bigInt(), anyDate,
    fc.tuple(anyString, fc.integer()), fc.tuple(anyString, anyString, anyNumber), fc.tuple(fc.tuple(anyString, fc.nat()), fc.record({ n: anyNumber, tags: fc.array(anyString) })),
    fc.record({ name: anyString, n: anyNumber, ok: fc.boolean() }), fc.record({ at: anyDate, place: fc.record({ x: anyNumber, y: fc.integer() }) }),
    fc.array(fc.integer()), fc.array(fc.array(anyString, { maxLength: 3 }), { maxLength: 3 }), fc.tuple(anyString, fc.tuple(fc.array(fc.nat()), fc.array(fc.record({ id: fc.nat() })))),
    fc.tuple(fc.nat(), anyNumber).map(([x, y]) => new Point(x, y)), fc.tuple(anyString, anyValue), fc.record({ a: anyValue, b: fc.nat() }),
  ).chain(record => fc.array(fc.oneof({ weight: 40, arbitrary: record }, { weight: 1, arbitrary: anyValue }), { maxLength: 30 })),
)
