// Class instances in records: v8's format drops classes, so instances travel as the name of their class and their own properties.
//
// - Records without instances (nearly all) are found out by one walk and written as they are.
// - What cannot travel at all (functions, symbols, Promises, handles) is refused here, with the path to it.

import { types } from 'node:util'
import { blockErrors } from './errors.ts'

/** Names classes, and finds them again: by module and export, or by the identity of a class that was shipped by value. */
export interface ClassTable {
  /** Plain data that names the class; undefined where it cannot be named. */
  refOf(constructor: Function): unknown
  resolve(ref: unknown): Function | undefined
}

const mark = '\u0000rivulet.class'

interface Instance { [mark]: number; base: 'object' | 'map' | 'set' | 'error' | 'array'; state: unknown; properties: Record<string, unknown> }

/** Values with instances replaced, and the classes they name. */
export interface Replaced { readonly values: unknown; readonly classes: readonly unknown[] }

const isPlain = (prototype: unknown): boolean => prototype === Object.prototype || prototype === Array.prototype || prototype === null

/** Whether any value holds a class instance; refuses what cannot travel. */
export function holdsInstances(values: readonly unknown[], classes: ClassTable | undefined): boolean {
  let found = false
  const seen = new Set<object>()
  const walk = (value: unknown, path: () => string): void => {
    if (typeof value === 'function') throw blockErrors.RIV_RECORD_NOT_ENCODABLE(path(), `the function ${value.name || '(anonymous)'}`)
    if (typeof value === 'symbol') throw blockErrors.RIV_RECORD_NOT_ENCODABLE(path(), String(value))
    if (typeof value !== 'object' || value === null || seen.has(value)) return
    seen.add(value)
    const prototype: unknown = Object.getPrototypeOf(value)
    if (!isPlain(prototype)) {
      const kind = kindOf(value, prototype, path)
      if (kind === 'leaf') return
      if (kind === 'instance') {
        found = true
        nameOf(value, classes, path)
      }
      if (types.isMap(value)) for (const [k, v] of value) { walk(k, () => `${path()} → Map key`); walk(v, () => `${path()} → Map value`) }
      if (types.isSet(value)) for (const k of value) walk(k, () => `${path()} → Set member`)
    }
    if (Array.isArray(value)) {
      for (let i = 0; i < value.length; i++) walk(value[i], () => `${path()}[${i}]`)
      return
    }
    for (const key of Object.keys(value)) walk((value as Record<string, unknown>)[key], () => `${path()}.${key}`)
  }
  values.forEach(value => walk(value, () => ''))
  return found
}

/** What an object with a prototype of its own is. */
function kindOf(value: object, prototype: unknown, path: () => string): 'leaf' | 'container' | 'instance' {
  if (types.isPromise(value)) throw blockErrors.RIV_RECORD_NOT_ENCODABLE(path(), 'a Promise')
  if (types.isSharedArrayBuffer(value) || types.isExternal(value) || types.isProxy(value) || types.isWeakMap(value) || types.isWeakSet(value) || types.isGeneratorObject(value)) {
    throw blockErrors.RIV_RECORD_NOT_ENCODABLE(path(), `a ${constructorOf(value)?.name ?? 'handle'}`)
  }
  if (ArrayBuffer.isView(value) || types.isArrayBuffer(value) || types.isRegExp(value) || types.isBoxedPrimitive(value)) return 'leaf'
  if (types.isDate(value)) return prototype === Date.prototype ? 'leaf' : 'instance'
  if (types.isMap(value)) return prototype === Map.prototype ? 'container' : 'instance'
  if (types.isSet(value)) return prototype === Set.prototype ? 'container' : 'instance'
  if (types.isNativeError(value)) return builtinErrors.has(prototype) ? 'container' : 'instance'
  return 'instance'
}

const builtinErrors = new Set<unknown>([Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map(e => e.prototype))
const constructorOf = (value: object): Function | undefined => {
  const { constructor } = value as { constructor?: unknown }
  return typeof constructor === 'function' ? constructor : undefined
}

function nameOf(value: object, classes: ClassTable | undefined, path: () => string): unknown {
  const constructor = constructorOf(value)
  const ref = constructor === undefined ? undefined : classes?.refOf(constructor)
  if (ref === undefined) throw blockErrors.RIV_RECORD_NOT_ENCODABLE(path(), `an instance of ${constructor?.name || 'an unknown class'}, which cannot be named`)
  return ref
}

/** A copy in which instances are data. */
export function replaceInstances(values: readonly unknown[], table: ClassTable): Replaced {
  const classes: unknown[] = []
  const indexOf = new Map<Function, number>()
  const copies = new Map<object, unknown>()
  const classIndex = (value: object): number => {
    const constructor = constructorOf(value)!
    let index = indexOf.get(constructor)
    if (index === undefined) indexOf.set(constructor, index = classes.push(nameOf(value, table, () => '')) - 1)
    return index
  }
  const fill = (target: Record<string, unknown>, from: object): void => {
    for (const key of Object.keys(from)) target[key] = copy((from as Record<string, unknown>)[key])
  }
  const copy = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value
    const known = copies.get(value)
    if (known !== undefined) return known
    const prototype: unknown = Object.getPrototypeOf(value)
    const kind = isPlain(prototype) ? 'container' : kindOf(value, prototype, () => '')
    if (kind === 'leaf') return value
    if (kind === 'container') {
      const target: object = Array.isArray(value) ? new Array(value.length) : types.isMap(value) ? new Map() : types.isSet(value) ? new Set() : types.isNativeError(value) ? value : {}
      copies.set(value, target)
      if (types.isMap(value)) for (const [k, v] of value) (target as Map<unknown, unknown>).set(copy(k), copy(v))
      else if (types.isSet(value)) for (const k of value) (target as Set<unknown>).add(copy(k))
      else if (target !== value) fill(target as Record<string, unknown>, value)
      return target
    }
    const instance: Instance = { [mark]: classIndex(value), base: 'object', state: undefined, properties: {} }
    copies.set(value, instance)
    if (types.isMap(value)) { instance.base = 'map'; instance.state = [...value].map(([k, v]) => [copy(k), copy(v)]) }
    else if (types.isSet(value)) { instance.base = 'set'; instance.state = [...value].map(copy) }
    else if (Array.isArray(value)) instance.base = 'array'
    else if (types.isNativeError(value)) { instance.base = 'error'; instance.state = { message: value.message, stack: value.stack, cause: copy(value.cause) } }
    fill(instance.properties, value)
    return instance
  }
  return { values: values.map(copy), classes }
}

/** The values again, with instances of their classes; works in place on what was decoded. */
export function reviveInstances({ values, classes }: Replaced, table: ClassTable | undefined): unknown[] {
  const constructors = classes.map(ref => {
    const constructor = table?.resolve(ref)
    if (constructor === undefined) throw blockErrors.RIV_RECORD_NOT_ENCODABLE('', `an instance of a class that is not known here: ${JSON.stringify(ref)}`)
    return constructor
  })
  const revived = new Map<object, unknown>()
  const revive = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value
    const known = revived.get(value)
    if (known !== undefined) return known
    if (mark in value) return reviveInstance(value as Instance)
    revived.set(value, value)
    if (types.isMap(value)) {
      const entries = [...value]
      value.clear()
      for (const [k, v] of entries) value.set(revive(k), revive(v))
    } else if (types.isSet(value)) {
      const members = [...value]
      value.clear()
      for (const k of members) value.add(revive(k))
    } else if (Array.isArray(value) || isPlain(Object.getPrototypeOf(value))) {
      for (const key of Object.keys(value)) (value as Record<string, unknown>)[key] = revive((value as Record<string, unknown>)[key])
    }
    return value
  }
  const reviveInstance = (instance: Instance): unknown => {
    const prototype = constructors[instance[mark]]!.prototype as object
    const { base, state, properties } = instance
    const value: object = base === 'map' ? new Map() : base === 'set' ? new Set() : base === 'array' ? [] : base === 'error' ? new Error() : {}
    Object.setPrototypeOf(value, prototype)
    revived.set(instance, value)
    if (base === 'map') for (const [k, v] of state as [unknown, unknown][]) Map.prototype.set.call(value, revive(k), revive(v))
    if (base === 'set') for (const k of state as unknown[]) Set.prototype.add.call(value, revive(k))
    if (base === 'error') {
      const { message, stack, cause } = state as { message: string; stack: string; cause: unknown }
      Object.defineProperty(value, 'message', { value: message, configurable: true, writable: true })
      Object.defineProperty(value, 'stack', { value: stack, configurable: true, writable: true })
      if (cause !== undefined) Object.defineProperty(value, 'cause', { value: revive(cause), configurable: true, writable: true })
    }
    for (const key of Object.keys(properties)) (value as Record<string, unknown>)[key] = revive(properties[key])
    return value
  }
  return (values as unknown[]).map(revive)
}
