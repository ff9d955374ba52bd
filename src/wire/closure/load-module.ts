// Importing, in a worker, what travels by reference.
//
// - An import is made as if written in the module that holds the import statement: packages resolve from there, and loader
//   hooks (tsx, --import) see the right parent.
// - Builtins and CommonJS modules load at once; ES modules need a promise, once per worker.

import { createRequire } from 'node:module'
import { Script, constants } from 'node:vm'
import { closureErrors } from './errors.ts'
import { moduleKey } from './module-ref.ts'
import type { ModuleRef } from './module-ref.ts'

type Importer = (spec: string, options?: ImportCallOptions) => Promise<unknown>

const loaded = new Map<string, unknown>()
const importers = new Map<string, Importer>()

/** The loader for `import()` in compiled scripts: the one that the main program has. */
export const mainLoader = constants.USE_MAIN_CONTEXT_DEFAULT_LOADER

let isQuiet = false

/** Uses up the warning that Node prints when `mainLoader` imports for the first time. */
export function quietMainLoader(): void {
  if (isQuiet) return
  isQuiet = true
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    new Script("import('node:module')", { importModuleDynamically: mainLoader }).runInThisContext()
  } finally {
    process.emitWarning = emitWarning
  }
}

/** `import()` as a function, as if written in the module `parent`. */
export function importerOf(parent: string): Importer {
  let importer = importers.get(parent)
  if (importer === undefined) {
    quietMainLoader()
    importer = new Script('((spec, options) => import(spec, options))', { filename: parent, importModuleDynamically: mainLoader }).runInThisContext() as Importer
    importers.set(parent, importer)
  }
  return importer
}

let prepare: (() => Promise<void>) | undefined

/** Has `task` done before the first import of a module of the user, and not at all without one. */
export function beforeImports(task: () => Promise<void>): void {
  let done: Promise<void> | undefined
  prepare = () => (done ??= task().then(() => { prepare = undefined }))
}

/** Resolves when modules of the user can be imported; undefined when they can be already. */
export function readyToImport(): Promise<void> | undefined {
  return prepare?.()
}

/** Makes the module of a reference available to `moduleValue`; a promise when that takes an import. */
export function loadModule(ref: ModuleRef): Promise<void> | undefined {
  const key = moduleKey(ref)
  if (loaded.has(key)) return undefined
  const ready = ref.kind === 'builtin' || ref.spec.includes('/node_modules/') ? undefined : readyToImport()
  if (ready) return ready.then(() => loadModule(ref))
  if (ref.kind === 'cjs') loaded.set(key, createRequire(ref.spec)(ref.spec))
  else if (ref.kind === 'builtin') loaded.set(key, process.getBuiltinModule(ref.spec))
  else {
    const imported = ref.parent === undefined ? import(ref.spec) as Promise<unknown> : importerOf(ref.parent)(ref.spec)
    return imported.then(module => { loaded.set(key, module) })
  }
  return undefined
}

/** The value of a reference whose module is loaded. */
export function moduleValue(ref: ModuleRef): unknown {
  const module = loaded.get(moduleKey(ref))
  if (ref.name === undefined || (ref.kind === 'builtin' && ref.name === 'default')) return module
  if (ref.kind === 'builtin') return ref.name.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], module)
  const value = (module as Record<string, unknown>)[ref.name]
  if (value === undefined && !(ref.name in (module as object))) throw closureErrors.RIV_CLOSURE_MODULE(ref.spec, ref.name)
  return value
}
