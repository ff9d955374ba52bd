// From an object of the driver to its node: content by kind, prototype, own properties, frozenness.

import { types } from 'node:util'
import { encodeModule } from './capture-module.ts'
import { encodeProxy } from './capture-function.ts'
import { capturePrototype, refuseByKind } from './capture-prototype.ts'
import { constructNode } from './constructible.ts'
import { globalPath } from './globals.ts'
import type { GraphBuilder } from './graph-builder.ts'
import { isPrimitive } from './nodes.ts'
import type { Node, ObjectNode, OwnProperty, Ref } from './nodes.ts'
import { memberStep, shortValue } from './path.ts'
import { refuseSymbol, shipSymbol } from './symbols.ts'

/** The content of an object of some kind, the prototype objects of that kind have, and the keys that are part of the content. */
interface Content {
  readonly node: ObjectNode
  readonly proto: object
  readonly covers?: (key: PropertyKey) => boolean
}

const isIndex = (key: PropertyKey): boolean => typeof key === 'string' && /^\d+$/.test(key)
const largeArray = 100

/** The node of an object. */
export function encodeObject(object: object, graph: GraphBuilder): Node {
  const path = globalPath(object)
  if (path !== undefined) return { t: 'global', path }
  if (types.isProxy(object)) return encodeProxy(object, graph)
  const refused = (object as Record<symbol, unknown>)[refuseSymbol]
  if (typeof refused === 'string') graph.fail('RIV_CLOSURE_REFUSED', refused)
  const module = encodeModule(object, graph)
  if (module) return module
  const ship = (object as Record<symbol, unknown>)[shipSymbol]
  if (typeof ship === 'function') {
    const [revive, state] = ship.call(object) as [unknown, unknown]
    graph.revivers.add(revive)
    return { t: 'ship', revive: graph.ref(revive, { via: 'its reviver' }), state: graph.ref(state, { via: 'its state' }) }
  }
  refuseByKind(object, graph)
  const proto = Object.getPrototypeOf(object) as object | null
  if ((types.isWeakMap(object) && proto === WeakMap.prototype) || (types.isWeakSet(object) && proto === WeakSet.prototype)) {
    const node = { t: 'weak' as const, keyed: types.isWeakMap(object), entries: [] }
    graph.weak.push({ collection: object, node })
    return node
  }
  return constructNode(object) ?? encodeShaped(object, graph)
}

function encodeShaped(object: object, graph: GraphBuilder): ObjectNode {
  const { node, proto, covers } = contentOf(object, graph)
  const changed = capturePrototype(object, proto, graph)
  if (changed !== undefined) node.proto = changed
  const level = Object.isFrozen(object) ? 3 : Object.isSealed(object) ? 2 : Object.isExtensible(object) ? undefined : 1
  if (level !== undefined && !ArrayBuffer.isView(object)) node.level = level
  if (node.t === 'object' && isPlain(object, level)) {
    node.keys = Object.keys(object)
    node.values = node.keys.map(key => {
      const value = (object as Record<string, unknown>)[key]
      if (typeof value === 'function') graph.noteHome(value, object)
      return isPrimitive(value) ? value : graph.ref(value, memberStep(key))
    })
    return node
  }
  const large = ArrayBuffer.isView(object) || (Array.isArray(object) && object.length > largeArray)
  const keys: PropertyKey[] = large ? Object.getOwnPropertySymbols(object) : Reflect.ownKeys(object)
  const own: OwnProperty[] = keys.filter(key => covers?.(key) !== true).map(key => graph.property(object, key))
  if (own.length > 0) node.own = own
  return node
}

/** Whether all properties are data with the usual attributes, under string keys. */
function isPlain(object: object, level: 1 | 2 | 3 | undefined): boolean {
  const keys = Reflect.ownKeys(object)
  return keys.length === Object.keys(object).length && keys.every(key => {
    const property = Object.getOwnPropertyDescriptor(object, key)!
    return 'value' in property && (property.writable === true || level === 3) && (property.configurable === true || level === 2 || level === 3)
  })
}

function contentOf(object: object, graph: GraphBuilder): Content {
  if (Array.isArray(object)) return { node: arrayNode(object, graph), proto: Array.prototype, covers: key => key === 'length' || isIndex(key) }
  if (types.isDate(object)) return { node: { t: 'plain', value: new Date(+object) }, proto: Date.prototype }
  if (types.isRegExp(object)) return { node: { t: 'regexp', source: object.source, flags: object.flags, lastIndex: object.lastIndex }, proto: RegExp.prototype, covers: key => key === 'lastIndex' }
  if (types.isMap(object)) return { node: { t: 'map', entries: mapEntries(object, graph) }, proto: Map.prototype }
  if (types.isSet(object)) return { node: { t: 'set', items: Array.from(Set.prototype.values.call(object), item => graph.ref(item, { via: `the member ${shortValue(item)} of a Set` })) }, proto: Set.prototype }
  if (ArrayBuffer.isView(object)) return viewContent(object, graph)
  if (types.isArrayBuffer(object)) return { node: { t: 'plain', value: object }, proto: ArrayBuffer.prototype }
  if (types.isBoxedPrimitive(object)) return boxedContent(object, graph)
  if (types.isNativeError(object)) return errorContent(object)
  if (types.isArgumentsObject(object)) {
    const items = Array.from(object as ArrayLike<unknown>, (item, i) => graph.ref(item, `[${i}]`))
    return { node: { t: 'arguments', items }, proto: Object.prototype, covers: key => key === 'length' || key === 'callee' || key === Symbol.iterator || isIndex(key) }
  }
  return { node: { t: 'object' }, proto: Object.prototype }
}

function arrayNode(array: readonly unknown[], graph: GraphBuilder): ObjectNode {
  let primitive = true
  for (let i = 0; i < array.length; i++) {
    if (array[i] === undefined && !(i in array)) {
      const entries: Ref[] = []
      array.forEach((item, at) => entries.push(at, graph.ref(item, `[${at}]`)))
      return { t: 'sparse', length: array.length, entries }
    }
    primitive &&= isPrimitive(array[i])
  }
  if (primitive) return { t: 'plain', value: array }
  return { t: 'array', items: array.map((item, i) => (isPrimitive(item) ? item : graph.ref(item, `[${i}]`))) }
}

function mapEntries(map: Map<unknown, unknown>, graph: GraphBuilder): Ref[] {
  const entries: Ref[] = []
  for (const [key, value] of Map.prototype.entries.call(map)) {
    entries.push(graph.ref(key, { via: `the key ${shortValue(key)} of a Map` }))
    entries.push(isPrimitive(value) ? value : graph.ref(value, `.get(${shortValue(key)})`))
  }
  return entries
}

function viewContent(view: ArrayBufferView, graph: GraphBuilder): Content {
  if (types.isSharedArrayBuffer(view.buffer)) refuseByKind(view.buffer, graph)
  const isBuffer = Buffer.isBuffer(view)
  const type = isBuffer ? 'Buffer' : types.isDataView(view) ? 'DataView' : (view as Uint8Array)[Symbol.toStringTag]
  const proto = isBuffer ? Buffer.prototype : (globalThis as unknown as Record<string, { prototype: object }>)[type]!.prototype
  // A small view of a much larger buffer travels alone; otherwise views of one buffer share it there too.
  if (isBuffer || view.byteLength * 2 < view.buffer.byteLength) {
    return { node: { t: 'bytes', type, bytes: new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice() }, proto, covers: isIndex }
  }
  const length = type === 'DataView' ? view.byteLength : (view as Uint8Array).length
  return { node: { t: 'view', type, buffer: graph.ref(view.buffer, '.buffer'), offset: view.byteOffset, length }, proto, covers: isIndex }
}

function boxedContent(boxed: object, graph: GraphBuilder): Content {
  const value = boxed.valueOf()
  return { node: { t: 'boxed', value: graph.ref(value, '.valueOf()') }, proto: Object.getPrototypeOf(Object(value)) as object, covers: key => key === 'length' || isIndex(key) }
}

const errorTypes = ['EvalError', 'RangeError', 'ReferenceError', 'SyntaxError', 'TypeError', 'URIError', 'AggregateError'] as const

/** `stack` is a getter of its own in Node 22 and later; its text travels. */
function errorContent(error: Error): Content {
  const type = errorTypes.find(name => error instanceof globalThis[name]) ?? 'Error'
  return { node: { t: 'error', type, stack: String(error.stack ?? '') }, proto: globalThis[type].prototype, covers: key => key === 'stack' }
}
