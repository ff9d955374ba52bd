// Live objects: first empty, so that cycles can point to them, then filled.

import { unreachable } from '../../base/assert.ts'
import { propertyFlags } from './nodes.ts'
import type { ObjectNode, OwnProperty, Ref } from './nodes.ts'
import { late } from './rebuilding.ts'
import type { Rebuilding } from './rebuilding.ts'

type Views = Record<string, new (buffer: ArrayBufferLike, offset?: number, length?: number) => ArrayBufferView>

/** The object of a node without what may point back to it. */
export function emptyObject(node: ObjectNode, graph: Rebuilding): object {
  switch (node.t) {
    case 'object': return node.proto === null ? Object.create(null) as object : {}
    case 'array': return new Array<unknown>(node.items.length)
    case 'sparse': return new Array<unknown>(node.length)
    case 'plain': return node.value as object
    case 'regexp': return Object.assign(new RegExp(node.source, node.flags), { lastIndex: node.lastIndex })
    case 'map': return new Map()
    case 'set': return new Set()
    case 'bytes': return node.type === 'Buffer' ? Buffer.from(node.bytes) : new (globalThis as unknown as Views)[node.type]!(Uint8Array.from(node.bytes).buffer)
    case 'view': return new (globalThis as unknown as Views)[node.type]!(graph.value(node.buffer) as ArrayBuffer, node.offset, node.length)
    case 'boxed': return Object(graph.value(node.value)) as object
    case 'error': return Object.defineProperty(errorOf(node.type), 'stack', { value: node.stack, writable: true, configurable: true, enumerable: false })
    case 'arguments': return argumentsOf(node.items.map(() => undefined))
    default: return unreachable(node)
  }
}

function errorOf(type: string): Error {
  if (type === 'AggregateError') return new AggregateError([])
  return new (globalThis as unknown as Record<string, ErrorConstructor>)[type]!()
}

function argumentsOf(items: unknown[]): object {
  return (function (..._: unknown[]) { return arguments })(...items)
}

/** Gives an object its prototype, content, own properties and frozenness. */
export function fillObject(object: object, node: ObjectNode, graph: Rebuilding): void {
  if (node.proto === null) Object.setPrototypeOf(object, null)
  else if (node.proto !== undefined) graph.whenDone(node.proto, proto => Object.setPrototypeOf(object, proto as object))
  switch (node.t) {
    case 'object': fillProperties(object as Record<string, unknown>, node.keys ?? [], node.values ?? [], graph); break
    case 'array': case 'arguments': node.items.forEach((item, i) => graph.whenDone(item, value => { (object as unknown[])[i] = value })); break
    case 'sparse':
      for (let i = 0; i < node.entries.length; i += 2) graph.whenDone(node.entries[i + 1], value => { (object as unknown[])[node.entries[i] as number] = value })
      break
    case 'map': fillInOrder(node.entries, 2, graph, (key, value) => Map.prototype.set.call(object, key, value)); break
    case 'set': fillInOrder(node.items, 1, graph, item => Set.prototype.add.call(object, item)); break
    default: // the others are complete
  }
  if (node.own) defineOwn(object, node.own, graph)
  const restrict = node.level === 3 ? Object.freeze : node.level === 2 ? Object.seal : node.level === 1 ? Object.preventExtensions : undefined
  if (restrict) graph.atEnd(() => restrict(object))
}

function fillProperties(object: Record<string, unknown>, keys: readonly string[], values: readonly Ref[], graph: Rebuilding): void {
  for (const [i, key] of keys.entries()) {
    const value = graph.value(values[i])
    if (value === late) {
      object[key] = undefined // keeps the order of properties
      graph.whenDone(values[i], done => { object[key] = done })
    } else if (key === '__proto__') Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
    else object[key] = value
  }
}

/** Adds entries in their order, waiting where one is not made yet. */
function fillInOrder(refs: readonly Ref[], arity: 1 | 2, graph: Rebuilding, add: (a: unknown, b: unknown) => void, from = 0): void {
  for (let i = from; i < refs.length; i += arity) {
    const entry = refs.slice(i, i + arity)
    const waitFor = entry.find(ref => graph.value(ref) === late)
    if (waitFor !== undefined) {
      graph.whenDone(waitFor, () => fillInOrder(refs, arity, graph, add, i))
      return
    }
    add(graph.value(entry[0]), graph.value(entry[1]))
  }
}

/** Defines own properties with their attributes. */
export function defineOwn(object: object, own: readonly OwnProperty[], graph: Rebuilding): void {
  for (const [keyRef, flags, value, setter] of own) {
    const key = graph.value(keyRef) as PropertyKey
    const common = { enumerable: (flags & propertyFlags.enumerable) !== 0, configurable: (flags & propertyFlags.configurable) !== 0 }
    if ((flags & propertyFlags.accessor) === 0) {
      graph.whenDone(value, done => Object.defineProperty(object, key, { ...common, writable: (flags & propertyFlags.writable) !== 0, value: done }))
      continue
    }
    graph.whenDone(value, get => graph.whenDone(setter, set => Object.defineProperty(object, key, { ...common, get: get as () => unknown, set: set as (v: unknown) => void })))
  }
}
