// The types of avsc as our records need them.
//
// - A long is a bigint, timestamps and dates are dates, a decimal is what decimal.ts says, `json` is a logical type of ours over string: other
//   programs see the text.
// - Records are plain objects and binary values plain Uint8Arrays that nothing else holds: a record must be able to travel. The value of a union is
//   the value of its branch.

import { inspect } from 'node:util'
import type { Schema, Type } from 'avsc'
import { kernelErrors } from '../errors.ts'
import { bigEndian, bigEndianBytes, decimalValue, unscaledValue } from './decimal.ts'
import { leafOf, type FieldType, type TableLeaf, type TableSchema } from './table-schema.ts'

/** An Avro schema of records, as its specification has it. */
export interface AvroSchema {
  readonly type: 'record'
  readonly name: string
  readonly namespace?: string
  readonly doc?: string
  readonly fields: readonly { readonly name: string; readonly type: unknown; readonly default?: unknown; readonly doc?: string }[]
}

/** A type, and what stands between its values and ours. */
export interface AvroType {
  readonly type: Type
  /** Makes a record of ours of what was decoded; absent where it is one. */
  readonly toRecord?: (value: unknown) => unknown
  /** Makes what can be encoded of a record of ours; absent where it is that. */
  readonly fromRecord?: (value: unknown) => unknown
}

/** Errors are avsc's. */
export async function avroType(schema: unknown): Promise<AvroType> {
  const { default: avro } = await import('avsc')
  /** A logical type by what it does to the values of the type below it. */
  const logical = (read: (value: never, param: Record<string, number>) => unknown, write: (value: unknown, param: Record<string, number>) => unknown): typeof avro.types.LogicalType => class extends avro.types.LogicalType {
    readonly #param: Record<string, number>
    constructor(definition: Schema, options?: unknown) {
      super(definition, options)
      this.#param = definition as unknown as Record<string, number>
    }
    protected override _fromValue(value: never): unknown { return read(value, this.#param) }
    protected override _toValue(value: unknown): unknown { return write(value, this.#param) }
    protected override _resolve(): undefined {}
  }
  const logicalTypes = {
    date: logical((days: number) => new Date(days * dayMs), value => (isInstant(value) && value.getTime() % dayMs === 0 ? value.getTime() / dayMs : undefined)),
    decimal: logical((bytes: Buffer, { scale = 0, precision }) => decimalValue(bigEndian(bytes), scale, precision!), (value, { scale = 0, precision, size }) => {
      const unscaled = unscaledValue(value, scale, precision!)
      if (unscaled === undefined) return undefined
      const filler = unscaled < 0n ? 0xff : 0
      const bytes = bigEndianBytes(unscaled)
      return size === undefined ? bytes : Buffer.concat([Buffer.alloc(Math.max(0, size - bytes.length), filler), bytes])
    }),
    json: logical((text: string) => JSON.parse(text) as unknown, value => (value === null ? undefined : JSON.stringify(value))),
  }
  /** A long whose values are something else. */
  const long = <T>(isValid: (value: unknown) => boolean, read: (value: bigint) => T, write: (value: T) => bigint): Type => avro.types.LongType.__with({
    fromBuffer: (bytes: Buffer) => read(bytes.readBigInt64LE()),
    toBuffer(value: T) {
      const bytes = Buffer.alloc(8)
      bytes.writeBigInt64LE(write(value))
      return bytes
    },
    isValid, fromJSON: read, toJSON: Number, compare: (a: T, b: T) => (a < b ? -1 : a > b ? 1 : 0),
  })
  const bigint = long(
    value => (typeof value === 'bigint' ? BigInt.asIntN(64, value) === value : Number.isSafeInteger(value)),
    value => value as bigint | number, BigInt,
  )
  const timestamp = (perMs: bigint): Type => long(isInstant, value => new Date(Number((value - modulo(value, perMs)) / perMs)), value => BigInt(value.getTime()) * perMs)
  const longs: Readonly<Record<string, Type>> = { millis: timestamp(1n), micros: timestamp(1_000n), nanos: timestamp(1_000_000n) }
  class BoundedArray extends avro.types.ArrayType {
    _read(tap: Tap): unknown[] {
      const items: unknown[] = []
      eachItem(tap, () => { items.push(readItem(this.itemsType as Type, tap)) })
      return items
    }
  }
  class BoundedMap extends avro.types.MapType {
    _read(tap: Tap): Record<string, unknown> {
      const entries: [string, unknown][] = []
      eachItem(tap, () => { entries.push([tap.readString(), readItem(this.valuesType as Type, tap)]) })
      return Object.fromEntries(entries)
    }
  }
  /** avsc's own long refuses what is no safe integer, and its arrays and maps go on after the end of a damaged block. */
  const typeHook = (definition: unknown, options: unknown): Type | undefined => {
    if (definition === 'long') return bigint
    const { type: name, logicalType } = definition as { type?: unknown; logicalType?: string }
    if (name === 'array') return new BoundedArray(definition as Schema, options)
    if (name === 'map') return new BoundedMap(definition as Schema, options)
    if (name !== 'long') return undefined
    return longs[/^(?:local-)?timestamp-(\w+)$/.exec(logicalType ?? '')?.[1] ?? ''] ?? bigint
  }
  const type = avro.Type.forSchema(schema as Schema, { logicalTypes, typeHook, omitRecordMethods: true })
  let binary = false
  let branches = false
  for (const each of typesIn(type)) {
    if (avro.Type.isType(each, 'record')) (each as unknown as { recordConstructor: { prototype: object } }).recordConstructor.prototype = Object.prototype
    if (avro.Type.isType(each, 'bytes') || avro.Type.isType(each, 'fixed')) binary = true
    if (avro.Type.isType(each, 'union:wrapped')) branches = true
  }
  const toRecord = (value: unknown): unknown => deep(value, bytes => Uint8Array.from(bytes))
  const fromRecord = (value: unknown): unknown => deep(value, bytes => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  return { type, ...((binary || branches) && { toRecord }), ...(binary && { fromRecord }) }
}

/** What avsc's types read from. */
interface Tap { isValid(): boolean; readLong(): number; skipLong(): void; readString(): string }

const readItem = (type: Type, tap: Tap): unknown => (type as unknown as { _read(tap: Tap): unknown })._read(tap)

/** Reads the items of an array or map, in parts that tell their number, up to the end of the block. */
function eachItem(tap: Tap, read: () => void): void {
  for (let count = tap.readLong(); count !== 0 && tap.isValid(); count = tap.readLong()) {
    if (count < 0) tap.skipLong() // the bytes of the part
    for (let left = Math.abs(count); left > 0 && tap.isValid(); left--) read()
  }
}

const dayMs = 86_400_000
const modulo = (value: bigint, by: bigint): bigint => ((value % by) + by) % by
const isInstant = (value: unknown): value is Date => value instanceof Date && !Number.isNaN(value.getTime())

interface Parts { readonly fields?: readonly { readonly type: Type }[]; readonly itemsType?: Type; readonly valuesType?: Type; readonly types?: readonly Type[]; readonly underlyingType?: Type }

/** A type and all inside it. */
function typesIn(root: Type): Set<Type> {
  const seen = new Set<Type>()
  const visit = (type: Type | undefined): void => {
    if (type === undefined || seen.has(type)) return
    seen.add(type)
    const { fields, itemsType, valuesType, types, underlyingType } = type as unknown as Parts
    for (const inner of [...(fields ?? []).map(field => field.type), itemsType, valuesType, ...(types ?? []), underlyingType]) visit(inner)
  }
  visit(root)
  return seen
}

/** A copy with other binary values, and without the wrappers of unions. */
function deep(value: unknown, bytes: (value: Uint8Array) => Uint8Array): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  if (value instanceof Uint8Array) return bytes(value)
  if (Array.isArray(value)) return value.map(item => deep(item, bytes))
  const { unwrap } = value as { unwrap?: unknown }
  if (typeof unwrap === 'function') return deep(Reflect.apply(unwrap, value, []), bytes)
  const copy: Record<string, unknown> = {}
  for (const key of Object.keys(value)) copy[key] = deep((value as Record<string, unknown>)[key], bytes)
  return copy
}

const leafTypes: Readonly<Record<TableLeaf, unknown>> = {
  string: 'string', number: 'double', integer: 'int', float: 'float', bigint: 'long', boolean: 'boolean', bytes: 'bytes',
  date: { type: 'long', logicalType: 'timestamp-millis' }, day: { type: 'int', logicalType: 'date' }, json: { type: 'string', logicalType: 'json' },
}

/** The Avro schema of a table's columns. Errors: RIV_TABLE_SCHEMA where a name is none in Avro. */
export const avroSchemaOf = (table: TableSchema): AvroSchema => recordOf(table, 'Record')

function recordOf(table: TableSchema, name: string): AvroSchema {
  const fields = Object.entries(table).map(([field, type]) => {
    if (!/^[A-Za-z_]\w*$/.test(field)) throw kernelErrors.RIV_TABLE_SCHEMA(`Avro has no column ${inspect(field)}: names are letters, digits and _`)
    return { name: field, type: fieldOf(type, `${name}_${field}`) }
  })
  return { type: 'record', name, fields }
}

function fieldOf(type: FieldType, path: string): unknown {
  if (typeof type === 'string') {
    const { leaf, nullable } = leafOf(type)
    return nullable ? ['null', leafTypes[leaf]] : leafTypes[leaf]
  }
  if (Array.isArray(type)) return ['null', { type: 'array', items: fieldOf((type as readonly [FieldType])[0], path) }]
  return ['null', recordOf(type as TableSchema, path)]
}
