// What a class has besides its text: superclass, current values of static fields, members that were added or replaced.
//
// - Static fields and static blocks have run; they are blanked in the text, and what they left behind travels as values.
// - `extends <expression>` is not evaluated again either: the superclass is captured.

import { types } from 'node:util'
import { uidOfClass } from './class-registry.ts'
import { handedIn } from './function-text.ts'
import type { FunctionText } from './function-text.ts'
import type { GraphBuilder } from './graph-builder.ts'
import { privateMembers } from './internals.ts'
import type { ClassNode, OwnProperty, Ref } from './nodes.ts'

/** The parts of a class's node, and what its text is handed besides captured variables. */
export function classParts(ctor: Function, text: FunctionText, graph: GraphBuilder): { node: Pick<ClassNode, 'uid' | 'own' | 'prototype'>; handed: (readonly [string, Ref])[] } {
  const handed: (readonly [string, Ref])[] = []
  if (text.hasSuperclass) handed.push([handedIn.superclass, graph.ref(Object.getPrototypeOf(ctor), { via: 'its superclass' })])
  const prototype = ctor.prototype as object
  graph.add({ t: 'prototypeOf', of: graph.linkOf(ctor)! }, prototype)
  const privates = text.names.staticPrivateNames.length > 0 ? privateMembers(ctor) : new Map<string, unknown>()
  for (const name of text.names.staticPrivateNames) handed.push([handedIn.private(name), graph.ref(privates.get(`#${name}`), `.#${name}`)])
  const own: OwnProperty[] = []
  for (const key of Reflect.ownKeys(ctor)) {
    const property = Object.getOwnPropertyDescriptor(ctor, key)!
    if (key === 'length' || key === 'prototype' || (key === 'name' && typeof property.value === 'string')) continue
    if (property.enumerable || !isWritten(property, text.text)) own.push(graph.property(ctor, key))
  }
  const members: OwnProperty[] = []
  for (const key of Reflect.ownKeys(prototype)) {
    if (key !== 'constructor' && !isWritten(Object.getOwnPropertyDescriptor(prototype, key)!, text.text)) members.push(graph.property(prototype, key, '.prototype'))
  }
  return { node: { uid: uidOfClass(ctor), ...(own.length > 0 ? { own } : {}), ...(members.length > 0 ? { prototype: { own: members } } : {}) }, handed }
}

/** Whether a member comes back by evaluating the class's text. */
function isWritten(property: PropertyDescriptor, text: string): boolean {
  const functions = ('value' in property ? [property.value as unknown] : [property.get, property.set]).filter(f => f !== undefined)
  return functions.length > 0 && functions.every(f => typeof f === 'function' && !types.isProxy(f) && text.includes(Function.prototype.toString.call(f)))
}
