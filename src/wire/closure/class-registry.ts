// Classes by the name under which both sides of a thread border know them.
//
// - The driver gives a class that travels by value a uid; a worker that rebuilds it registers it under that uid, so the
//   instances of one class stay instances of it wherever they go, and from task to task.
// - Nothing is kept alive: a class that nobody holds has no instances either.

import { randomUUID } from 'node:crypto'
import { moduleKey } from './module-ref.ts'
import type { ModuleRef } from './module-ref.ts'

/** A class as plain data. */
export type ClassRef =
  | { readonly kind: 'global'; readonly path: string }
  | { readonly kind: 'module'; readonly ref: ModuleRef }
  | { readonly kind: 'shipped'; readonly uid: string }

const refs = new WeakMap<Function, ClassRef>()
const classes = new Map<string, WeakRef<Function>>()
const gone = new FinalizationRegistry<string>(key => { if (classes.get(key)?.deref() === undefined) classes.delete(key) })
const prefix = randomUUID().slice(0, 8)
let count = 0
/** Never given twice: threads may still know the class that had it. */
const names = new Set<string>()

function keyOf(ref: ClassRef): string {
  if (ref.kind === 'shipped') return ref.uid
  return ref.kind === 'global' ? ref.path : `${moduleKey(ref.ref)} ${ref.ref.name}`
}

/** Makes a class known under a reference. */
export function registerClass(ctor: Function, ref: ClassRef): ClassRef {
  const key = keyOf(ref)
  if (!refs.has(ctor)) refs.set(ctor, ref)
  if (classes.get(key)?.deref() !== ctor) {
    classes.set(key, new WeakRef(ctor))
    gone.register(ctor, key)
  }
  return ref
}

/** The reference under which a class is known. */
export function registeredRef(ctor: Function): ClassRef | undefined {
  return refs.get(ctor)
}

/** The class that is known under a reference. */
export function registeredClass(ref: ClassRef): Function | undefined {
  return classes.get(keyOf(ref))?.deref()
}

/**
 * The uid of a class that travels by value: its name, so that a program that is started again finds instances in its checkpoint to be of it. Of
 * several classes of a name the first has it.
 */
export function uidOfClass(ctor: Function): string {
  const known = refs.get(ctor)
  if (known?.kind === 'shipped') return known.uid
  const { name } = ctor
  const uid = name === '' || names.has(name) ? `${prefix}-${++count}` : `class ${name}`
  names.add(name)
  const ref: ClassRef = { kind: 'shipped', uid }
  refs.set(ctor, ref)
  registerClass(ctor, ref)
  return ref.uid
}

/** Whether a function is written as a class, or as a constructor with methods on its prototype. */
export function isClass(value: unknown): value is Function {
  return typeof value === 'function' && typeof value.prototype === 'object' && value.prototype !== null && value.prototype.constructor === value
}
