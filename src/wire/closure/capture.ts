// Closure capture: a function of the driver becomes code (texts, sent once) and an environment (captured values).
//
// - Synchronous and atomic: no user code runs in between (but the `ship` methods of captured objects), so all values are of one moment.
// - Code and environment have separate identities: a function made anew for every batch installs its code once.
// - What cannot travel is refused with the path to it, in the user's words; nothing half is ever returned.

import { serialize } from 'node:v8'
import { encodeFunction } from './capture-function.ts'
import { makeCells } from './capture-cells.ts'
import { encodeObject } from './capture-object.ts'
import { defaultOptions } from './capture-options.ts'
import type { CaptureOptions } from './capture-options.ts'
import { largestCapture } from './capture-size.ts'
import { identityOf, withHash } from './code.ts'
import type { FunctionCode } from './code.ts'
import type { CapturedObject } from './captured-objects.ts'
import { closureErrors } from './errors.ts'
import type { CaptureWarning } from './errors.ts'
import { globalPath } from './globals.ts'
import { GraphBuilder, tooDeep } from './graph-builder.ts'
import type { FunctionDraft } from './graph-builder.ts'
import { debuggerWindow, isDebugged } from './inspector.ts'
import { weakEntries } from './internals.ts'
import { refreshModules } from './main-script.ts'
import { moduleKey } from './module-ref.ts'
import type { Graph, Node, Ref } from './nodes.ts'

/** A function on its way to workers. */
export interface CapturedFunction {
  /** Identity of the texts and module references: equal for each capture of the same text with captures of the same shape. */
  readonly codeHash: string
  /** Identity of the code and the captured values. */
  readonly envHash: string
  /** What workers must have installed before they rebuild the function. */
  readonly codes: readonly FunctionCode[]
  /** The captured values (a serialised graph), in which functions are named by the hash of their code. */
  readonly env: Uint8Array
  readonly warnings: readonly CaptureWarning[]
  /** The variables that hold plain objects, of this function and of those that it captures. */
  readonly objects: readonly CapturedObject[]
  /** Revivers of the objects that said how they travel: which kinds of shared things are captured. */
  readonly revivers: ReadonlySet<unknown>
}

/**
 * Captures a function with everything it uses.
 *
 * `label` names it in errors: "the function given to map() at app.ts:3:9". Throws `RIV_CLOSURE_…`.
 */
export function captureFunction(fn: Function, label: string, options: Partial<CaptureOptions> = {}): CapturedFunction {
  const graph = new GraphBuilder(label, { ...defaultOptions, ...options }, encode)
  try {
    return debuggerWindow(() => {
      refreshModules()
      const root = graph.ref(fn, '')
      fillWeakCollections(graph)
      makeCells(graph)
      return finish(root, graph)
    })
  } catch (error) {
    throw error instanceof RangeError && error.message.startsWith('Maximum call stack') ? tooDeep(label, error) : error
  }
}

/** Calls `f`, whose captures share one window of V8's debugger: opening it costs more than a capture. */
export function captureWindow<T>(f: () => T): T {
  return debuggerWindow(f)
}

function encode(value: object | symbol, graph: GraphBuilder): Node {
  if (typeof value === 'function') return encodeFunction(value, graph)
  return typeof value === 'symbol' ? encodeSymbol(value) : encodeObject(value, graph)
}

function encodeSymbol(symbol: symbol): Node {
  const path = globalPath(symbol)
  if (path !== undefined) return { t: 'global', path }
  const key = Symbol.keyFor(symbol)
  if (key !== undefined) return { t: 'symbol', key }
  return symbol.description === undefined ? { t: 'symbol' } : { t: 'symbol', description: symbol.description }
}

/** Entries travel when their keys do: the others could not be looked up there. Values may bring further keys along. */
function fillWeakCollections(graph: GraphBuilder): void {
  const done = new Set<Ref>()
  for (let before = -1; before !== done.size;) {
    before = done.size
    for (const { collection, node } of graph.weak) {
      for (const { key, value } of weakEntries(collection)) {
        const member = key ?? value
        const link = graph.linkOf(member)
        const mark = `${graph.weak.findIndex(w => w.collection === collection)} ${link?.$}`
        if (link === undefined || done.has(mark)) continue
        done.add(mark)
        node.entries.push(link)
        if (node.keyed) node.entries.push(graph.ref(value, { via: 'a value of a WeakMap' }))
      }
    }
  }
}

function finish(root: Ref, graph: GraphBuilder): CapturedFunction {
  const codes = new Map<string, FunctionCode>()
  const identity: string[] = []
  for (const draft of graph.drafts) {
    const code = codeOf(draft)
    draft.node.code = code.hash
    codes.set(code.hash, code)
    identity.push(code.hash)
  }
  for (const node of graph.nodes) {
    if (node.t === 'module') identity.push(`${moduleKey(node.ref)} ${node.ref.name}`)
    else if (node.t === 'global') identity.push(node.path)
  }
  const env = serialize({ root, nodes: graph.nodes } satisfies Graph)
  checkSize(env.byteLength, graph)
  if (graph.drafts.length > 200) {
    graph.warn('RIV_CLOSURE_MANY_FUNCTIONS', `${graph.label} takes ${graph.drafts.length} functions along, probably of a package that is part of a bundle (keep packages external, so that workers import them)`)
  }
  return { codeHash: identityOf(identity.join('\n')), envHash: identityOf(env), codes: [...codes.values()], env, warnings: graph.warnings, objects: graph.objects, revivers: graph.revivers }
}

function codeOf({ text, params, eagerParams, script, start, cells, hideOwnName }: FunctionDraft): FunctionCode {
  const expression = text.expression(cells, hideOwnName)
  const place = script && start !== undefined ? script.placeOf(start + expression.sourceAnchor) : { line: 0, column: 0 }
  return withHash({
    text: expression.text,
    isClass: text.kind === 'class',
    params,
    eagerParams,
    strict: script?.isModule === true || text.kind === 'class' || /^\s*(?:\/\*[^]*?\*\/\s*)*["']use strict["']/.test(script?.source?.slice(0, 500) ?? ''),
    usesImport: text.names.usesImport,
    url: script === undefined ? 'shipped-function' : isDebugged() ? script.url : `${script.url || 'evalmachine'}?shipped=${script.id}`, // breakpoints go by names
    line: place.line,
    column: place.column - expression.anchor,
  })
}

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`

function checkSize(bytes: number, graph: GraphBuilder): void {
  const { warnBytes, maxBytes } = graph.options
  if (bytes <= Math.min(warnBytes, maxBytes)) return
  const what = `${mebibytes(bytes)}${largestCapture(graph)}`
  if (bytes > maxBytes) throw closureErrors.RIV_CLOSURE_TOO_LARGE(graph.label, what, mebibytes(maxBytes))
  graph.warn('RIV_CLOSURE_LARGE', `${graph.label} captures ${what}, which is copied to every worker (use a broadcast variable: ctx.broadcast(data))`)
}
