// References into ES modules, found by reading, never by importing.
//
// - Importing a module to compare its exports would wait for ever for one that is still being evaluated (a main script that
//   awaits its job at top level).
// - An imported variable is a reference whatever its value is; a function reached otherwise is one when its own module exports it.

import { isBuiltin } from 'node:module'
import { valueIn } from './internals.ts'
import type { Scope } from './internals.ts'
import { importable, syntaxOf, userModule } from './main-script.ts'
import type { UserModules } from './main-script.ts'
import type { ModuleRef } from './module-ref.ts'
import { fileUrlOf } from './script.ts'
import type { Script } from './script.ts'

/** The reference of a variable that an import statement of the script declares; JSON has none, it travels by value. */
export function importedRef(script: Script, local: string, userModules: UserModules): ModuleRef | undefined {
  const binding = syntaxOf(script).imports.get(local)
  if (binding === undefined || binding.isJson) return undefined
  const name = binding.name === '*' ? {} : { name: binding.name }
  if (isBuiltin(binding.spec)) return { kind: 'builtin', spec: binding.spec, ...name }
  const file = userModule(binding.spec, script)
  if (file !== undefined && !importable(file, userModules)) return undefined
  return { kind: 'esm', spec: binding.spec, parent: fileUrlOf(script.url), ...name }
}

/** The reference of a function or class that begins at `start` of the script, when the script exports it. */
export function exportedRef(f: object, script: Script, start: number, scopes: readonly Scope[], userModules: UserModules): ModuleRef | undefined {
  if (!script.isModule || !importable(script.url, userModules)) return undefined
  const { exports, defaultAt } = syntaxOf(script)
  const ref = (name: string): ModuleRef => ({ kind: 'esm', spec: fileUrlOf(script.url), name })
  if (defaultAt === start) return ref('default')
  const moduleScope = scopes.find(scope => scope.description === 'Module')
  for (const [local, name] of moduleScope ? exports : []) {
    if (Object.hasOwn(moduleScope!.object, local) && valueIn(moduleScope!, local) === f) return ref(name)
  }
  return undefined
}
