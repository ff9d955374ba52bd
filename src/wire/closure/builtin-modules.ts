// Node's own modules and what they export, by identity.
//
// - Only modules that the process has loaded: nobody holds a value of another.

import { isBuiltin } from 'node:module'
import type { ModuleRef } from './module-ref.ts'

/** Members that are objects full of functions, `fs.promises.readFile`; some are getters. */
const groups = new Set(['types', 'promises', 'posix', 'win32', 'strict', 'performance', 'constants'])

const refs = new Map<unknown, ModuleRef>()
const isObject = (value: unknown): value is Record<string, unknown> => (typeof value === 'object' && value !== null) || typeof value === 'function'
let scanned = 0

/** The reference of a value that a module of Node exports; the module itself has the name `default`. */
export function builtinRef(value: unknown): ModuleRef | undefined {
  const loaded = (process as unknown as { moduleLoadList: readonly string[] }).moduleLoadList
  for (; scanned < loaded.length; scanned++) {
    const id = /^NativeModule ((?!internal\/).*)$/.exec(loaded[scanned]!)?.[1]
    if (id !== undefined && isBuiltin(`node:${id}`)) scan(`node:${id}`)
  }
  return refs.get(value)
}

function put(value: unknown, spec: string, name: string): boolean {
  if (!isObject(value) || refs.has(value)) return false
  refs.set(value, { kind: 'builtin', spec, name })
  return true
}

function scan(spec: string): void {
  const exported = process.getBuiltinModule(spec) as unknown
  if (!isObject(exported)) return
  put(exported, spec, 'default')
  for (const name of Object.keys(exported)) {
    const value = groups.has(name) ? exported[name] : Object.getOwnPropertyDescriptor(exported, name)!.value as unknown
    if (!isObject(value)) continue
    if (put(value, spec, name) && typeof value === 'function') put((value as { prototype?: unknown }).prototype, spec, `${name}.prototype`)
    if (groups.has(name) && typeof value === 'object') for (const inner of Object.keys(value)) put(value[inner], spec, `${name}.${inner}`)
  }
}
