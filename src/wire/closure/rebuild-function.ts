// Live functions and classes out of code and captured values.

import { registerClass, registeredClass } from './class-registry.ts'
import type { ClassRef } from './class-registry.ts'
import { instantiate } from './compile.ts'
import type { SetLate } from './compile.ts'
import { propertyFlags } from './nodes.ts'
import type { ClassNode, FunctionNode } from './nodes.ts'
import { defineOwn } from './rebuild-object.ts'
import { late } from './rebuilding.ts'
import type { Done, Rebuilding } from './rebuilding.ts'

/** The function of a node. */
export function rebuildOrdinary(node: FunctionNode, graph: Rebuilding, done: Done): Function {
  const code = graph.code(node.code)
  const args = node.captures.map(ref => graph.value(ref))
  const lateParams = args.flatMap((arg, i) => (arg === late ? [i] : []))
  for (const i of lateParams) args[i] = undefined
  const [made, setLate] = instantiate(code, args, lateParams)
  const f = node.home === undefined ? made : methodOf(made, node, graph)
  setName(f, node.name)
  done(f)
  for (const i of lateParams) graph.whenDone(node.captures[i], value => setLate(code.params[i]!, value))
  if (node.proto !== undefined) graph.whenDone(node.proto, proto => Object.setPrototypeOf(f, proto as object | null))
  if (node.prototype) {
    const prototype = f.prototype as object
    if (node.prototype.proto !== undefined) graph.whenDone(node.prototype.proto, proto => Object.setPrototypeOf(prototype, proto as object | null))
    defineOwn(prototype, node.prototype.own, graph)
  }
  if (node.own) defineOwn(f, node.own, graph)
  return f
}

const classes = new WeakMap<Function, SetLate>()

/**
 * The class of a node: one per uid in this thread, so that `instanceof` holds from task to task.
 *
 * A class that is here already gets its captured variables and static fields anew.
 */
export function rebuildClass(node: ClassNode, graph: Rebuilding, done: Done): Function {
  const code = graph.code(node.code)
  const ref: ClassRef = { kind: 'shipped', uid: node.uid }
  const known = registeredClass(ref)
  if (known !== undefined && !classes.has(known)) return done(known) // it is the original: this thread is the driver
  const ctor = done(known ?? makeClass(node, ref, graph))
  const setLate = classes.get(ctor)
  for (let i = code.eagerParams; i < code.params.length; i++) graph.whenDone(node.captures[i], value => setLate?.(code.params[i]!, value))
  if (node.own) defineOwn(ctor, known ? node.own.filter(([, flags]) => (flags & propertyFlags.configurable) !== 0) : node.own, graph)
  if (node.prototype && !known) defineOwn(ctor.prototype as object, node.prototype.own, graph)
  return ctor
}

function makeClass(node: ClassNode, ref: ClassRef, graph: Rebuilding): Function {
  const code = graph.code(node.code)
  const args = node.captures.map((capture, i) => (i < code.eagerParams ? graph.value(capture) : undefined))
  const [ctor, setLate] = instantiate(code, args, code.params.map((_, i) => i).slice(code.eagerParams))
  setName(ctor, node.name)
  registerClass(ctor, ref)
  classes.set(ctor, setLate)
  return ctor
}

/** A method that uses `super` belongs to an object literal, whose prototype is what `super` means. */
function methodOf(made: Function, node: FunctionNode, graph: Rebuilding): Function {
  const literal = made as unknown as { $method: Function }
  graph.whenDone(node.home, proto => Object.setPrototypeOf(literal, proto as object | null))
  return literal.$method
}

function setName(f: Function, name: string): void {
  if (f.name !== name) Object.defineProperty(f, 'name', { value: name, configurable: true })
}
