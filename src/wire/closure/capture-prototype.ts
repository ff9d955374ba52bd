// What an object is an instance of, and which objects exist only in the process that made them.
//
// - An object that has a class of V8 or of Node in its prototype chain holds something native, unless its kind has an
//   encoding of its own (capture-object.ts).

import { types } from 'node:util'
import { builtinRef } from './builtin-modules.ts'
import { scriptUrlOf } from './function-site.ts'
import { globalPath, isNative } from './globals.ts'
import type { GraphBuilder } from './graph-builder.ts'
import { privateMembers } from './internals.ts'
import type { Ref } from './nodes.ts'

const kinds: readonly (readonly [test: (object: object) => boolean, what: string, cure: string])[] = [
  [types.isPromise, 'a Promise', '`await` it before, and capture the value'],
  [o => o instanceof WeakRef || o instanceof FinalizationRegistry, 'a WeakRef or FinalizationRegistry', 'capture the object itself'],
  [
    o => types.isGeneratorObject(o) || types.isMapIterator(o) || types.isSetIterator(o) || o[Symbol.toStringTag as never] === 'Array Iterator',
    'an iterator in progress', 'capture the collection, or the function that makes the iterator',
  ],
  [types.isExternal, 'a native handle', 'create it inside the function'],
  [types.isSharedArrayBuffer, 'a SharedArrayBuffer', 'shared memory does not travel with a function; use a broadcast variable'],
]

/** Refuses objects whose kind says that they cannot travel. */
export function refuseByKind(object: object, graph: GraphBuilder): void {
  const kind = kinds.find(([test]) => test(object))
  if (kind) graph.fail('RIV_CLOSURE_UNSHIPPABLE', `it is ${kind[1]}`, kind[2])
}

const connection = /Socket|Server|Stream|TLS|Http|Agent|Client|Handle|Worker|Port|Channel|Process|Interface/i
const createThere = 'create it inside the function, or inside mapPartitions to have one per partition'

/** The link to the prototype of an object where it is not `usual`; refuses instances of native and Node's own classes. */
export function capturePrototype(object: object, usual: object, graph: GraphBuilder): Ref {
  const proto = Object.getPrototypeOf(object) as object | null
  if (proto === usual) return undefined
  if (proto === null) return null
  const known = graph.linkOf(proto)
  const ctor = constructorOf(proto)
  if (known === undefined) refuseNative(proto, usual, graph)
  if (hasPrivateNames(proto)) refusePrivate(object, ctor?.name ?? '', graph)
  if (known) return known
  if (ctor === undefined) return graph.ref(proto, { via: 'its prototype' })
  const of = graph.ref(ctor, { via: `its class ${ctor.name}` })
  return graph.linkOf(proto) ?? graph.add({ t: 'prototypeOf', of }, proto)
}

/** The class whose `prototype` an object is. */
function constructorOf(proto: object): Function | undefined {
  const ctor = Object.hasOwn(proto, 'constructor') ? proto.constructor : undefined
  return typeof ctor === 'function' && ctor.prototype === proto ? ctor : undefined
}

function* chainOf(proto: object): Generator<object> {
  for (let at: object | null = proto; at !== null; at = Object.getPrototypeOf(at) as object | null) yield at
}

function refuseNative(proto: object, usual: object, graph: GraphBuilder): void {
  for (const at of chainOf(proto)) {
    if (at === usual) break
    const path = globalPath(at)
    const builtin = path === undefined ? builtinRef(at) : undefined
    if (builtin?.name === 'EventEmitter.prototype' || path === 'Object.prototype' || path === 'Function.prototype') continue
    if (path !== undefined || builtin !== undefined) {
      const name = constructorOf(proto)?.name || path || ''
      const origin = builtin ? ` (${at === proto ? 'from' : 'it extends a class of'} ${builtin.spec})` : ''
      graph.fail('RIV_CLOSURE_UNSHIPPABLE', `it is a ${name}${origin}`, connection.test(name + (builtin?.spec ?? '')) ? undefined : createThere)
    }
  }
  const ctor = constructorOf(proto)
  if (ctor === undefined || isNative(ctor) || types.isProxy(ctor) || !scriptUrlOf(ctor).startsWith('node:')) return
  const builtin = builtinRef(ctor)
  if (builtin?.name !== 'EventEmitter' && builtin?.spec !== 'node:events') {
    graph.fail('RIV_CLOSURE_UNSHIPPABLE', `it is a ${ctor.name}, an object of Node itself`, connection.test(ctor.name) ? undefined : createThere)
  }
}

const privateNames = new WeakMap<object, boolean>()

/** Whether a class in the chain has `#names` in its text. */
function hasPrivateNames(proto: object): boolean {
  let found = privateNames.get(proto)
  if (found === undefined) {
    found = [...chainOf(proto)].some(at => {
      const ctor = constructorOf(at)
      return ctor !== undefined && /^class\b[^]*#/.test(Function.prototype.toString.call(ctor))
    })
    privateNames.set(proto, found)
  }
  return found
}

function refusePrivate(object: object, className: string, graph: GraphBuilder): void {
  const [name] = privateMembers(object).keys()
  if (name !== undefined) graph.fail('RIV_CLOSURE_PRIVATE', `it is an instance of class ${className} with the private field ${name}, which cannot be copied`)
}
