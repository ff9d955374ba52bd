// The worker's half of closure shipping: installed code plus an environment become a live function.
//
// - Code is installed once and kept: a program has finitely many texts. Environments come with each change of captured values.
// - Rebuilding is synchronous unless a module must be imported first.

import { deserialize } from 'node:v8'
import type { FunctionCode } from './code.ts'
import { loadModule, readyToImport } from './load-module.ts'
import type { Graph, Node } from './nodes.ts'
import { Rebuild } from './rebuild-graph.ts'

const installed = new Map<string, FunctionCode>()

/** Keeps code for `rebuildFunction`. */
export function installCode(codes: readonly FunctionCode[]): void {
  for (const code of codes) installed.set(code.hash, code)
}

/** The function of an environment, whose code must be installed; a promise when a module has to be imported for it. */
export function rebuildFunction(env: Uint8Array): Function | Promise<Function> {
  const graph = deserialize(env) as Graph
  const make = (): Function => new Rebuild(graph.nodes, installed).root(graph.root) as Function
  const load = (): Promise<unknown>[] => graph.nodes.flatMap(node => (node.t === 'module' ? loadModule(node.ref) ?? [] : []))
  const loading = graph.nodes.some(importsLater) ? readyToImport()?.then(() => Promise.all(load())) : undefined
  if (loading !== undefined) return loading.then(make)
  const imports = load()
  return imports.length === 0 ? make() : Promise.all(imports).then(make)
}

/** Whether the function may import or require something when it runs. */
function importsLater(node: Node): boolean {
  return node.t === 'require' || node.t === 'viteImport' || ((node.t === 'function' || node.t === 'class') && installed.get(node.code)?.usesImport === true)
}
