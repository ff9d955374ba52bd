// Modules as values: namespaces, CommonJS exports, and what bundlers and TypeScript make of them.

import { types } from 'node:util'
import { pathToFileURL } from 'node:url'
import { builtinRef } from './builtin-modules.ts'
import { isClass, registerClass } from './class-registry.ts'
import { commonJsRefs } from './commonjs-modules.ts'
import { exportedRef } from './es-modules.ts'
import { functionSite } from './function-site.ts'
import type { GraphBuilder } from './graph-builder.ts'
import { isNative } from './globals.ts'
import { importable, syntaxOf } from './main-script.ts'
import type { ModuleRef } from './module-ref.ts'
import type { Link, Node } from './nodes.ts'
import { memberStep } from './path.ts'

/** The node of a value that workers import; classes are known by that name from then on. */
export function moduleNode(ref: ModuleRef, value: unknown): Node {
  if (ref.name !== undefined && isClass(value)) registerClass(value, { kind: 'module', ref })
  return { t: 'module', ref }
}

/** The CommonJS module, or export of one, that a value is. */
export function importableRef(value: object, graph: Pick<GraphBuilder, 'options'>): ModuleRef | undefined {
  return commonJsRefs(value).find(ref => importable(pathToFileURL(ref.spec).href, graph.options.userModules))
}

/** The node of a module as an object: a builtin, CommonJS exports, a namespace, esbuild's stand-in for one. */
export function encodeModule(value: object, graph: GraphBuilder): Node | undefined {
  const ref = builtinRef(value) ?? importableRef(value, graph)
  if (ref) return moduleNode(ref, value)
  if (!types.isModuleNamespaceObject(value)) return encodeInterop(value, graph)
  const namespace = namespaceRef(value as Record<string, unknown>, graph)
  if (namespace) return { t: 'module', ref: namespace }
  return graph.fail('RIV_CLOSURE_UNSHIPPABLE', 'it is the namespace of a module that is not known', 'use a static `import`, or import() inside the function')
}

/** A namespace that cannot be imported and of which only certain members are used: an object with those. */
export function narrowedNamespace(value: object, members: ReadonlySet<string>, graph: GraphBuilder): Link | undefined {
  if (!isNamespaceLike(value) || graph.linkOf(value) || builtinRef(value) || importableRef(value, graph)) return undefined
  if (types.isModuleNamespaceObject(value)) {
    const ref = namespaceRef(value as Record<string, unknown>, graph)
    if (ref) return graph.add({ t: 'module', ref }, value)
  } else if (interopTarget(value, graph) !== undefined) return undefined
  const keys = [...members].filter(member => member in value)
  return graph.add({ t: 'object', proto: null, keys, values: keys.map(key => graph.ref((value as Record<string, unknown>)[key], memberStep(key))) })
}

/** Real namespaces, and the stand-ins of vite (`Module` tag) and of bundlers and TypeScript (`__esModule`). */
function isNamespaceLike(value: object): boolean {
  return types.isModuleNamespaceObject(value) || Object.hasOwn(value, '__esModule') || Object.getOwnPropertyDescriptor(value, Symbol.toStringTag)?.value === 'Module'
}

function namespaceRef(namespace: Record<string, unknown>, graph: GraphBuilder): ModuleRef | undefined {
  const fallback = namespace['default']
  if ((typeof fallback === 'object' && fallback !== null) || typeof fallback === 'function') {
    const builtin = builtinRef(fallback)
    if (builtin?.name === 'default') return { kind: 'builtin', spec: builtin.spec }
    const cjs = importableRef(fallback, graph)
    if (cjs && cjs.name === undefined) return { kind: 'esm', spec: pathToFileURL(cjs.spec).href }
  }
  for (const value of Object.values(namespace)) {
    if (typeof value !== 'function' || types.isProxy(value) || isNative(value)) continue
    const { script, start, scopes } = functionSite(value)
    const exported = script && start !== undefined ? exportedRef(value, script, start, scopes, graph.options.userModules) : undefined
    if (exported && sameNames([...syntaxOf(script!).exports.values()], Object.keys(namespace))) return { kind: 'esm', spec: exported.spec }
  }
  return undefined
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.toSorted().join() === b.toSorted().join()
}

/** esbuild's `__toESM(require('x'))`: getters over the exports of a CommonJS module, and those as `default`. */
function encodeInterop(value: object, graph: GraphBuilder): Node | undefined {
  const target = interopTarget(value, graph)
  return target === undefined ? undefined : { t: 'interop', module: graph.ref(target, '.default') }
}

function interopTarget(value: object, graph: GraphBuilder): object | undefined {
  if (types.isProxy(value) || Object.getPrototypeOf(value) === null) return undefined
  const target = Object.getOwnPropertyDescriptor(value, 'default')?.value as unknown
  if ((typeof target !== 'object' && typeof target !== 'function') || target === null) return undefined
  const ref = importableRef(target, graph) ?? builtinRef(target)
  const isWhole = ref !== undefined && (ref.kind === 'builtin' ? ref.name === 'default' : ref.name === undefined)
  return isWhole && (Object.keys(value).length > 1 || Object.getPrototypeOf(value) !== Object.prototype) ? target : undefined
}
