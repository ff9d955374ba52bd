// Class instances in records: v8's format drops classes, so instances travel as the name of their class and their own properties.
//
// - Records without instances (nearly all) are found out by one walk and written as they are.
// - Errors and objects without a prototype are treated as instances too: v8 drops the own properties of the first and gives the second one a prototype.
// - What cannot travel at all (functions, symbols, Promises, handles, instances with private members) is refused here, with the path to it.
// - Values that are the same object, and cycles, stay so within what is written together. Symbol keys, accessors and properties given to
//   Dates, Maps, Sets and typed arrays are dropped.

import { types } from 'node:util'
import { blockErrors } from './errors.ts'
import { hiddenState } from './hidden-state.ts'

/** Names classes, and finds them again: by module and export, or by the identity of a class that was shipped by value. */
export interface ClassTable {
  /** Plain data that names the class; undefined where it cannot be named. */
  refOf(constructor: Function): unknown
  resolve(ref: unknown): Function | undefined
}

/** What an object is below its class; a leaf holds no records of its own and is written by v8. */
type Base = 'object' | 'array' | 'map' | 'set' | 'error' | 'date' | 'leaf'

const mark = '\u0000rivulet.class'

/** An instance as data; `mark` is the index of its class, or -1 where it needs none. */
interface Instance { [mark]: number; base: Base; state: unknown; properties: Record<string, unknown> }

/** Values with instances replaced, and the classes they name. */
export interface Replaced { readonly values: unknown; readonly classes: readonly unknown[] }

const leafPrototypes = new Set<unknown>([
  RegExp, String, Number, Boolean, BigInt, ArrayBuffer, DataView, Buffer, Uint8Array, Uint8ClampedArray, Int8Array, Uint16Array, Int16Array,
  Uint32Array, Int32Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array, (globalThis as { Float16Array?: Function }).Float16Array,
].map(type => type?.prototype))
const plainPrototypes: Readonly<Partial<Record<Base, unknown>>> = {
  object: Object.prototype, array: Array.prototype, map: Map.prototype, set: Set.prototype, date: Date.prototype,
}
const builtinErrors = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError, AggregateError }
const builtinErrorOf = new Map<unknown, string>(Object.entries(builtinErrors).map(([name, type]) => [type.prototype, name]))

/** Of the built-in classes whose insides are written. */
export const providedPrototypes: ReadonlySet<unknown> = new Set([
  ...leafPrototypes, ...Object.values(plainPrototypes), ...builtinErrorOf.keys(),
  Object.getPrototypeOf(Uint8Array.prototype), (globalThis as { SuppressedError?: Function }).SuppressedError?.prototype,
])

/** Undefined for what cannot travel. */
export function baseOf(value: object): Base | undefined {
  if (types.isProxy(value)) return undefined
  if (Array.isArray(value)) return 'array'
  if (Object.getPrototypeOf(value) === Object.prototype) return 'object'
  if (types.isMap(value)) return 'map'
  if (types.isSet(value)) return 'set'
  if (types.isDate(value)) return 'date'
  if (types.isNativeError(value)) return 'error'
  if (ArrayBuffer.isView(value) || types.isArrayBuffer(value) || types.isRegExp(value) || types.isBoxedPrimitive(value)) return 'leaf'
  if (types.isPromise(value) || types.isSharedArrayBuffer(value) || types.isExternal(value) || types.isGeneratorObject(value)) return undefined
  return 'object'
}

/** Whether v8's format keeps the object as it is, apart from what it holds. */
function isPlain(base: Base, prototype: unknown): boolean {
  return base === 'leaf' ? leafPrototypes.has(prototype) : prototype === plainPrototypes[base]
}

/** The class whose instances have this prototype. */
export function classOf(prototype: object | null): Function | undefined {
  const constructor: unknown = prototype === null ? undefined : (prototype as { constructor?: unknown }).constructor
  return typeof constructor === 'function' && constructor.prototype === prototype ? constructor : undefined
}

/** Whether an instance is rebuilt without a class of the table. */
const needsNoClass = (base: Base, prototype: unknown): boolean => prototype === null ? base === 'object' : base === 'error' && builtinErrorOf.has(prototype)

/** Looks at everything in some values: `found` says whether class instances are among them. Refuses what cannot travel. */
export class Inspection {
  found = false
  readonly #classes: ClassTable | undefined
  readonly #seen = new Set<object>()
  readonly #path: string[]

  /** `path` leads to the values. */
  constructor(classes: ClassTable | undefined, path: string) {
    this.#classes = classes
    this.#path = [path]
  }

  /** Whether one of some objects is among what was looked at. */
  met(objects: readonly unknown[]): boolean {
    return this.#seen.size > 0 && objects.some(object => this.#seen.has(object as object))
  }

  visit(value: unknown): void {
    if (typeof value === 'function') throw this.#refusal(`the function ${value.name || '(anonymous)'}`)
    if (typeof value === 'symbol') throw this.#refusal(String(value))
    if (typeof value !== 'object' || value === null || this.#seen.has(value)) return
    this.#seen.add(value)
    const base = baseOf(value)
    if (base === undefined) throw this.#refusal(types.isProxy(value) ? 'a Proxy' : `a ${classOf(Object.getPrototypeOf(value) as object | null)?.name ?? 'handle'}`)
    const prototype = Object.getPrototypeOf(value) as object | null
    if (!isPlain(base, prototype)) this.#instance(base, prototype)
    if (base === 'leaf') return
    if (base === 'map') for (const [k, v] of Map.prototype.entries.call(value)) { this.#step(' → Map key', k); this.#step(' → Map value', v) }
    if (base === 'set') for (const member of Set.prototype.values.call(value)) this.#step(' → Set member', member)
    const names = base === 'error' ? Object.getOwnPropertyNames(value) : Object.keys(value)
    for (const name of names) {
      const held = (value as Record<string, unknown>)[name]
      if ((typeof held === 'object' && held !== null) || typeof held === 'function' || typeof held === 'symbol') this.#step(base === 'array' ? `[${name}]` : `.${name}`, held)
    }
  }

  #step(name: string, value: unknown): void {
    this.#path.push(name)
    this.visit(value)
    this.#path.pop()
  }

  #instance(base: Base, prototype: object | null): void {
    this.found = true
    if (needsNoClass(base, prototype)) return
    const type = classOf(prototype)
    const hidden = hiddenState(prototype, providedPrototypes)
    if (hidden !== '') throw this.#refusal(`an instance of ${type?.name || 'an unknown class'}, ${hidden}`)
    if (type === undefined || this.#classes?.refOf(type) === undefined) throw this.#refusal(`an instance of ${type?.name || 'an unknown class'}, which cannot be named`)
  }

  #refusal(what: string): Error {
    return blockErrors.RIV_RECORD_NOT_ENCODABLE(this.#path.join(''), what)
  }
}

/** A copy in which instances are data; the values have passed an inspection with the same table. */
export function replaceInstances(values: readonly unknown[], table: ClassTable | undefined): Replaced {
  const classes: unknown[] = []
  const indexOf = new Map<Function, number>()
  const copies = new Map<object, unknown>()

  const classIndex = (type: Function): number => {
    let index = indexOf.get(type)
    if (index === undefined) indexOf.set(type, index = classes.push(table!.refOf(type)) - 1)
    return index
  }
  const fill = (target: object, from: object): void => {
    for (const name of Object.keys(from)) setOwn(target, name, copy((from as Record<string, unknown>)[name]))
  }
  const entries = (map: object): [unknown, unknown][] => Array.from(Map.prototype.entries.call(map), ([k, v]) => [copy(k), copy(v)])
  const members = (set: object): unknown[] => Array.from(Set.prototype.values.call(set), copy)

  const copy = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value
    const known = copies.get(value)
    if (known !== undefined) return known
    const base = baseOf(value)!
    const prototype = Object.getPrototypeOf(value) as object | null
    return isPlain(base, prototype) ? copyPlain(value, base) : copyInstance(value, base, prototype)
  }
  const copyPlain = (value: object, base: Base): unknown => {
    if (base === 'leaf' || base === 'date') return value
    const target: object = base === 'array' ? new Array((value as unknown[]).length) : base === 'map' ? new Map() : base === 'set' ? new Set() : {}
    copies.set(value, target)
    if (base === 'map') for (const [k, v] of entries(value)) (target as Map<unknown, unknown>).set(k, v)
    else if (base === 'set') for (const member of members(value)) (target as Set<unknown>).add(member)
    else fill(target, value)
    return target
  }
  const copyInstance = (value: object, base: Base, prototype: object | null): Instance => {
    const instance: Instance = { [mark]: needsNoClass(base, prototype) ? -1 : classIndex(classOf(prototype)!), base, state: undefined, properties: {} }
    copies.set(value, instance)
    switch (base) {
      case 'map': instance.state = entries(value); break
      case 'set': instance.state = members(value); break
      case 'array': instance.state = (value as unknown[]).length; break
      case 'error': {
        const hidden = Object.getOwnPropertyNames(value).filter(name => !Object.prototype.propertyIsEnumerable.call(value, name))
        instance.state = [builtinErrorOf.get(prototype), hidden.map(name => [name, copy((value as unknown as Record<string, unknown>)[name])])]
        break
      }
      case 'date': case 'leaf': instance.state = value; break // v8 writes them as of their built-in class
      case 'object': break
    }
    if (base !== 'leaf') fill(instance.properties, value)
    return instance
  }
  return { values: values.map(copy), classes }
}

/** The prototype of a class by its name; RIV_CLASS_UNKNOWN where it is not known. */
export function prototypeOf(ref: unknown, table: ClassTable | undefined): object {
  const type = table?.resolve(ref)
  if (type === undefined) throw blockErrors.RIV_CLASS_UNKNOWN(JSON.stringify(ref))
  return type.prototype as object
}

/** The values again, with instances of their classes; works in place on what was decoded. */
export function reviveInstances({ values, classes }: Replaced, table: ClassTable | undefined): unknown[] {
  const prototypes = classes.map(ref => prototypeOf(ref, table))
  const revived = new Map<object, unknown>()

  const revive = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value
    const known = revived.get(value)
    if (known !== undefined) return known
    if (Object.hasOwn(value, mark)) return reviveInstance(value as Instance)
    revived.set(value, value)
    if (types.isMap(value)) {
      const entries = [...value]
      value.clear()
      for (const [k, v] of entries) value.set(revive(k), revive(v))
    } else if (types.isSet(value)) {
      const members = [...value]
      value.clear()
      for (const member of members) value.add(revive(member))
    } else if (!ArrayBuffer.isView(value)) {
      for (const name of Object.keys(value)) {
        const held = (value as Record<string, unknown>)[name]
        if (typeof held === 'object' && held !== null) setOwn(value, name, revive(held))
      }
    }
    return value
  }
  const reviveInstance = (instance: Instance): unknown => {
    const { base, state, properties } = instance
    const value = bare(base, state)
    revived.set(instance, value)
    if (instance[mark] >= 0) Object.setPrototypeOf(value, prototypes[instance[mark]]!)
    else if (base === 'object') Object.setPrototypeOf(value, null)
    if (base === 'map') for (const [k, v] of state as [unknown, unknown][]) Map.prototype.set.call(value, revive(k), revive(v))
    if (base === 'set') for (const member of state as unknown[]) Set.prototype.add.call(value, revive(member))
    if (base === 'error') for (const [name, held] of (state as [string, [string, unknown][]])[1]) Object.defineProperty(value, name, { value: revive(held), configurable: true, writable: true })
    for (const name of Object.keys(properties)) setOwn(value, name, revive(properties[name]))
    return value
  }
  return (values as unknown[]).map(revive)
}

/** An instance without its class and what it holds. */
function bare(base: Base, state: unknown): object {
  switch (base) {
    case 'object': return {}
    case 'array': return new Array(state as number)
    case 'map': return new Map()
    case 'set': return new Set()
    case 'error': {
      const type = builtinErrors[(state as [keyof typeof builtinErrors | undefined])[0] ?? 'Error'] as new (nothing: string) => Error
      const error = new type('') // '' is also an empty list for AggregateError
      for (const name of Object.getOwnPropertyNames(error)) delete (error as unknown as Record<string, unknown>)[name]
      return error
    }
    case 'date': case 'leaf': return state as object
  }
}

/** Sets an own property, also where the prototype has a setter or a constant of that name. */
function setOwn(target: object, name: string, value: unknown): void {
  if (name in target && !Object.hasOwn(target, name)) Object.defineProperty(target, name, { value, configurable: true, enumerable: true, writable: true })
  else (target as Record<string, unknown>)[name] = value
}
