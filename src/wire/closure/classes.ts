// Classes as values: block codecs carry instances with a reference to their class, and give them back as instances of it.
//
// - A class that another thread can import, or that is a global, has a reference on both sides.
// - A class of the driver that cannot be imported is known by uid. A worker has it once a shipped function brought it along,
//   or asks the driver (`onUnknownClass`).
// - A class that exists in one worker only (defined inside a shipped function) has no reference; its instances stay there.

import { builtinRef } from './builtin-modules.ts'
import { importableRef } from './capture-module.ts'
import { defaultOptions } from './capture-options.ts'
import { captureFunction } from './capture.ts'
import type { CapturedFunction } from './capture.ts'
import { registerClass, registeredClass, registeredRef, uidOfClass } from './class-registry.ts'
import type { ClassRef } from './class-registry.ts'
import { closureErrors } from './errors.ts'
import { exportedRef } from './es-modules.ts'
import { functionSite } from './function-site.ts'
import { globalPath, globalValue, isNative } from './globals.ts'
import { debuggerWindow } from './inspector.ts'
import { loadModule, moduleValue } from './load-module.ts'
import { refreshModules } from './main-script.ts'
import { installCode, rebuildFunction } from './rebuild.ts'
import { workerSymbol } from './symbols.ts'

export type { ClassRef }

/** The reference of a class; undefined when other threads cannot know it. */
export function refOfClass(ctor: Function): ClassRef | undefined {
  const known = registeredRef(ctor)
  if (known) return known
  const path = globalPath(ctor)
  if (path !== undefined) return registerClass(ctor, { kind: 'global', path })
  const ref = builtinRef(ctor) ?? debuggerWindow(() => moduleRefOf(ctor))
  if (ref) return registerClass(ctor, { kind: 'module', ref })
  if (isNative(ctor) || (globalThis as Record<symbol, unknown>)[workerSymbol] === true) return undefined
  return { kind: 'shipped', uid: uidOfClass(ctor) }
}

function moduleRefOf(ctor: Function): ReturnType<typeof importableRef> {
  refreshModules()
  const required = importableRef(ctor, { options: defaultOptions })
  if (required || isNative(ctor)) return required
  const { script, start, scopes } = functionSite(ctor)
  return script && start !== undefined ? exportedRef(ctor, script, start, scopes, 'ref') : undefined
}

/** The class of a reference, if this thread has it. */
export function resolveClass(ref: ClassRef): Function | undefined {
  return registeredClass(ref) ?? (ref.kind === 'global' ? globalValue(ref.path) as Function | undefined : undefined)
}

type ClassSource = (uid: string) => Promise<Pick<CapturedFunction, 'codes' | 'env'>>

let askDriver: ClassSource | undefined

/** Says how this worker gets a class of the driver that no shipped function has brought; the driver answers with `captureClass`. */
export function onUnknownClass(source: ClassSource): void {
  askDriver = source
}

/** A class of the driver on its way to a worker that met an instance of it. */
export function captureClass(uid: string): CapturedFunction {
  const ctor = registeredClass({ kind: 'shipped', uid })
  if (ctor === undefined) throw closureErrors.RIV_CLOSURE_CLASS(uid)
  return captureFunction(ctor, `the class ${ctor.name}, of which there are instances in a data set`)
}

/** The class of a reference, imported or asked for if need be. */
export async function loadClass(ref: ClassRef): Promise<Function> {
  const known = resolveClass(ref)
  if (known) return known
  if (ref.kind === 'module') {
    await loadModule(ref.ref)
    const ctor = moduleValue(ref.ref)
    if (typeof ctor === 'function') registerClass(ctor, ref)
    return ctor as Function
  }
  if (ref.kind === 'global' || askDriver === undefined) throw closureErrors.RIV_CLOSURE_CLASS(ref.kind === 'global' ? ref.path : ref.uid)
  const { codes, env } = await askDriver(ref.uid)
  installCode(codes)
  return rebuildFunction(env)
}
