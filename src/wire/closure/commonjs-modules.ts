// What loaded CommonJS modules export, by identity in `require.cache`.
//
// - The main script is not in it: a worker must not run it again. JSON travels by value.

import { createRequire } from 'node:module'
import { isAbsolute } from 'node:path'
import { types } from 'node:util'
import type { ModuleRef } from './module-ref.ts'

const maxExports = 5_000
const cache = createRequire(`${process.cwd()}/`).cache
let refs = new WeakMap<object, ModuleRef[]>()
let scanned = -1

/** Looks for modules that were loaded since; returns their number. Once per capture, as it reads the whole cache's names. */
export function refreshCommonJs(): number {
  const files = Object.keys(cache)
  if (files.length !== scanned) {
    scanned = files.length
    refs = new WeakMap()
    for (const file of files) scan(file.replace(/\?.*$/, ''), cache[file])
  }
  return scanned
}

/** Every way to import a value from a CommonJS module. */
export function commonJsRefs(value: object): readonly ModuleRef[] {
  return refs.get(value) ?? []
}

function scan(file: string, module: NodeJS.Module | undefined): void {
  const exported = module?.exports as unknown
  if (!module?.loaded || module.id === '.' || file.endsWith('.json') || !isAbsolute(file)) return
  if (!put(exported, { kind: 'cjs', spec: file })) return
  const names = Object.keys(exported)
  if (names.length > maxExports) return
  for (const name of names) {
    const value = exportOf(exported, name)
    if (typeof value === 'function') put(value, { kind: 'cjs', spec: file, name })
  }
}

/** Only compilers define exports as getters without side effects; any other getter is left alone. */
function exportOf(exported: object, name: string): unknown {
  const property = Object.getOwnPropertyDescriptor(exported, name)!
  if ('value' in property) return property.value
  if (!Object.hasOwn(exported, '__esModule')) return undefined
  try {
    return (exported as Record<string, unknown>)[name]
  } catch {
    return undefined // a binding whose module is still being evaluated
  }
}

function put(value: unknown, ref: ModuleRef): value is object {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false
  const known = refs.get(value)
  if (known) known.push(ref)
  else refs.set(value, [ref])
  return true
}

/** The files that a CommonJS module has required; undefined for what is no CommonJS module. */
export function requiredFiles(test: (file: string) => boolean): readonly string[] | undefined {
  const file = Object.keys(cache).find(test)
  const module = file === undefined ? undefined : cache[file]
  // An entry for a `require`d or importing ES module has no file name, or a namespace for its exports: its text says what it imports.
  if (module?.filename === undefined || types.isModuleNamespaceObject(module.exports)) return undefined
  return module.children.flatMap(child => child.filename ?? [])
}
