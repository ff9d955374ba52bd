// From nodes to live values: the mirror of capture.ts.
//
// - A node that is being made is `late`: whoever needs it then is called when it is done. So cycles close in any order.
// - An object is done as soon as it exists, before its content; a function as soon as it is compiled.

import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { assert, unreachable } from '../../base/assert.ts'
import type { FunctionCode } from './code.ts'
import { giving } from './giving.ts'
import { globalValue } from './globals.ts'
import { moduleValue } from './load-module.ts'
import type { Node, Ref } from './nodes.ts'
import { rebuildClass, rebuildOrdinary } from './rebuild-function.ts'
import { emptyObject, fillObject } from './rebuild-object.ts'
import { late } from './rebuilding.ts'
import type { Rebuilding } from './rebuilding.ts'
import { viteImporter } from './vite-import.ts'

const noInputs: readonly Ref[] = []
type Finished = (value: unknown) => void

export class Rebuild implements Rebuilding {
  readonly #nodes: readonly Node[]
  readonly #codes: ReadonlyMap<string, FunctionCode>
  readonly #values: unknown[]
  readonly #states: Uint8Array
  readonly #waiting = new Map<number, Finished[]>()
  readonly #atEnd: (() => void)[] = []

  constructor(nodes: readonly Node[], codes: ReadonlyMap<string, FunctionCode>) {
    this.#nodes = nodes
    this.#codes = codes
    this.#values = new Array<unknown>(nodes.length)
    this.#states = new Uint8Array(nodes.length)
  }

  /** The value of the graph's root, complete. */
  root(ref: Ref): unknown {
    const value = this.value(ref)
    for (const then of this.#atEnd) then()
    return value
  }

  atEnd(then: () => void): void {
    this.#atEnd.push(then)
  }

  code(hash: string): FunctionCode {
    const code = this.#codes.get(hash)
    assert(code !== undefined, () => `the code ${hash} is not installed in this worker`)
    return code
  }

  value(ref: Ref): unknown {
    return typeof ref === 'object' && ref !== null ? this.#node(ref.$) : ref
  }

  whenDone(ref: Ref, then: Finished): void {
    const value = this.value(ref)
    if (value !== late) return then(value)
    const id = (ref as { $: number }).$
    const input = inputsOf(this.#nodes[id]!).find(ref => this.value(ref) === late)
    if (input !== undefined) return this.whenDone(input, () => this.whenDone(ref, then))
    const waiting = this.#waiting.get(id)
    if (waiting) waiting.push(then)
    else this.#waiting.set(id, [then])
  }

  #node(id: number): unknown {
    if (this.#states[id] === 2) return this.#values[id]
    if (this.#states[id] === 1) return late
    this.#states[id] = 1
    const node = this.#nodes[id]!
    if (inputsOf(node).some(ref => this.value(ref) === late)) {
      this.#states[id] = 0
      return late
    }
    const done = <T>(value: T): T => {
      this.#values[id] = value
      this.#states[id] = 2
      const waiting = this.#waiting.get(id)
      this.#waiting.delete(id)
      for (const then of waiting ?? []) then(value)
      return value
    }
    switch (node.t) {
      case 'function': return rebuildOrdinary(node, this, done)
      case 'class': return rebuildClass(node, this, done)
      case 'global': return done(globalValue(node.path))
      case 'symbol': return done(node.key === undefined ? Symbol(node.description) : Symbol.for(node.key))
      case 'module': return done(moduleValue(node.ref))
      case 'require': return done(createRequire(node.file))
      case 'viteImport': return done(viteImporter(node.parent))
      case 'importMeta': return done(importMeta(node.url))
      case 'keepName': return done((f: unknown) => f)
      case 'interop': return done(interop(this.value(node.module) as Record<string, unknown>))
      case 'prototypeOf': return done((this.value(node.of) as Function).prototype as unknown)
      case 'giving': return done(giving(this.value(node.value)))
      case 'bound': return done((this.value(node.target) as Function).bind(this.value(node.self), ...node.args.map(arg => this.value(arg))))
      case 'proxy': return done(new Proxy(this.value(node.target) as object, this.value(node.handler) as ProxyHandler<object>))
      case 'cell': {
        const cell = done<{ v: unknown }>({ v: undefined })
        this.whenDone(node.value, value => { cell.v = value })
        return cell
      }
      case 'weak': return this.#weak(node, done)
      case 'ship': return done((this.value(node.revive) as Function)(this.value(node.state)))
      case 'construct': return done(Reflect.construct(globalValue(node.path) as Function, node.args) as object)
      case 'object': case 'array': case 'sparse': case 'plain': case 'regexp': case 'map': case 'set': case 'bytes':
      case 'view': case 'boxed': case 'error': case 'arguments': {
        const object = done(emptyObject(node, this))
        fillObject(object, node, this)
        return object
      }
      default: return unreachable(node)
    }
  }

  #weak({ keyed, entries }: Node & { t: 'weak' }, done: <T>(value: T) => T): object {
    if (!keyed) {
      const set = done(new WeakSet())
      for (const ref of entries) this.whenDone(ref, member => set.add(member as object))
      return set
    }
    const map = done(new WeakMap())
    for (let i = 0; i < entries.length; i += 2) this.whenDone(entries[i], key => this.whenDone(entries[i + 1], value => map.set(key as object, value)))
    return map
  }
}

function importMeta(url: string): object {
  const isFile = url.startsWith('file:')
  const require = createRequire(isFile ? url : `${process.cwd()}/`)
  const filename = isFile ? fileURLToPath(url) : url
  const resolve = (spec: string): string => (spec.startsWith('.') ? new URL(spec, url).href : new URL(`file://${require.resolve(spec)}`).href)
  return { url, filename, dirname: dirname(filename), resolve }
}

/** What must be there before the node's value can be made at all; other nodes are filled later. */
function inputsOf(node: Node): readonly Ref[] {
  switch (node.t) {
    case 'prototypeOf': return [node.of]
    case 'giving': return [node.value]
    case 'bound': return [node.target, node.self, ...node.args]
    case 'proxy': return [node.target, node.handler]
    case 'ship': return [node.revive, node.state]
    case 'interop': return [node.module]
    case 'boxed': return [node.value]
    case 'view': return [node.buffer]
    default: return noInputs
  }
}

/** What esbuild's `__toESM` makes of the exports of a CommonJS module. */
function interop(module: Record<string, unknown>): object {
  const namespace = Object.create(Object.getPrototypeOf(module) as object) as object
  for (const key of Object.getOwnPropertyNames(module)) {
    if (key !== 'default') Object.defineProperty(namespace, key, { get: () => module[key], enumerable: true, configurable: true })
  }
  return Object.defineProperty(namespace, 'default', { value: module, enumerable: true })
}
