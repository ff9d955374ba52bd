// The graph of a capture while it is made: nodes by identity, the path for messages, functions that wait for their final text.
//
// - One builder per capture; a failed capture is thrown away whole.
// - `encode` turns one value into its node and comes from capture.ts, which knows every kind of value.

import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { CaptureOptions } from './capture-options.ts'
import type { CapturedObject } from './captured-objects.ts'
import { closureErrors, refusal } from './errors.ts'
import type { CaptureWarning, closureWarnings } from './errors.ts'
import type { FunctionText } from './function-text.ts'
import type { Scope } from './internals.ts'
import { isMainScript, reachesMain } from './main-script.ts'
import type { ClassNode, FunctionNode, Link, Node, OwnProperty, Ref } from './nodes.ts'
import { isPrimitive, propertyFlags } from './nodes.ts'
import { memberStep, renderPath } from './path.ts'
import type { Step } from './path.ts'
import type { Script } from './script.ts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** A function or class of the graph whose text is settled at the end: variables may become shared cells until then. */
export interface FunctionDraft {
  readonly node: Mutable<FunctionNode> | Mutable<ClassNode>
  readonly text: FunctionText
  readonly params: string[]
  readonly captures: Ref[]
  readonly eagerParams: number
  readonly script: Script | undefined
  /** Index in the script's source; undefined where V8 does not know it. */
  readonly start: number | undefined
  readonly cells: Map<string, string>
  readonly hideOwnName: boolean
}

/** A variable of a scope that a draft captures. */
export interface CapturedVariable {
  readonly draft: FunctionDraft
  readonly name: string
  readonly assigned: boolean
  readonly scopes: readonly Scope[]
  /** Index of the variable's scope in `scopes`. */
  readonly at: number
}

export class GraphBuilder {
  readonly label: string
  readonly options: CaptureOptions
  readonly nodes: Node[] = []
  readonly drafts: FunctionDraft[] = []
  readonly variables: CapturedVariable[] = []
  readonly warnings: CaptureWarning[] = []
  readonly objects: CapturedObject[] = []
  /** Revivers of the objects that said how they travel. */
  readonly revivers = new Set<unknown>()
  /** Weak collections, filled at the end with the entries whose keys travel. */
  readonly weak: { readonly collection: object; readonly node: Node & { t: 'weak' } }[] = []
  /** URL of the module that holds what is looked at: the innermost function's, or the one a variable is imported from. */
  holder: string | undefined
  readonly #encode: (value: object | symbol, graph: GraphBuilder) => Node
  readonly #ids = new Map<unknown, number>()
  readonly #shared = new Map<string, Link>()
  readonly #homes = new Map<Function, object>()
  #path: Step[] = []

  constructor(label: string, options: CaptureOptions, encode: (value: object | symbol, graph: GraphBuilder) => Node) {
    this.label = label
    this.options = options
    this.#encode = encode
  }

  /** A value's place in the graph. */
  ref(value: unknown, step: Step): Ref {
    if (isPrimitive(value)) return value
    const known = this.#ids.get(value)
    if (known !== undefined) return { $: known }
    const id = this.#reserve(value)
    this.#path.push(step)
    this.nodes[id] = this.#encode(value as object | symbol, this)
    this.#path.pop()
    return { $: id }
  }

  /** A node for something that is no value of the program, or whose value has this node from now on. */
  add(node: Node, value?: object): Link {
    const id = this.nodes.push(node) - 1
    if (value !== undefined) this.#ids.set(value, id)
    return { $: id }
  }

  /** The one node with this key. */
  shared(key: string, make: () => Node): Link {
    let link = this.#shared.get(key)
    if (link === undefined) this.#shared.set(key, link = this.add(make()))
    return link
  }

  /** The node of a value that is in the graph. */
  linkOf(value: unknown): Link | undefined {
    const id = this.#ids.get(value)
    return id === undefined ? undefined : { $: id }
  }

  /** Calls `f` with a further step in the path, and in the module it leads to. */
  within<T>(step: Step, holder: string | undefined, f: () => T): T {
    const before = this.holder
    this.holder = holder ?? before
    this.#path.push(step)
    const result = f()
    this.#path.pop()
    this.holder = before
    return result
  }

  /** An own property of an object; `of` is the path to the object where it is not the object itself. */
  property(object: object, key: PropertyKey, of = ''): OwnProperty {
    const property = Object.getOwnPropertyDescriptor(object, key)!
    const step = of + memberStep(key)
    for (const f of [property.value, property.get, property.set]) if (typeof f === 'function') this.noteHome(f, object)
    const keyRef = typeof key === 'symbol' ? this.ref(key, step) : (key as string)
    const flags = (property.enumerable ? propertyFlags.enumerable : 0) | (property.configurable ? propertyFlags.configurable : 0)
    if ('value' in property) return [keyRef, flags | (property.writable ? propertyFlags.writable : 0), this.ref(property.value, step)]
    return [keyRef, flags | propertyFlags.accessor, this.ref(property.get, step), this.ref(property.set, step)]
  }

  /** Remembers the object whose method a function is: V8 does not tell, and `super` needs it. */
  noteHome(f: Function, object: object): void {
    if (!this.#homes.has(f)) this.#homes.set(f, object)
  }

  homeOf(f: Function): object | undefined {
    return this.#homes.get(f)
  }

  warn(code: keyof typeof closureWarnings, message: string): void {
    if (!this.warnings.some(w => w.message === message)) this.warnings.push({ code, message })
  }

  /** Refuses what the path leads to. */
  fail(code: 'RIV_CLOSURE_UNSHIPPABLE' | 'RIV_CLOSURE_THIS' | 'RIV_CLOSURE_PRIVATE' | 'RIV_CLOSURE_EVAL' | 'RIV_CLOSURE_REFUSED', reason: string, cure?: string): never {
    const message = `cannot ship ${this.label}${renderPath(this.#path)}: ${reason}${this.#path.some(s => typeof s === 'object' && 'variable' in s) ? '\n ' : ''}`
    throw refusal(code, message, code === 'RIV_CLOSURE_UNSHIPPABLE' ? this.#breakImport() ?? cure : cure)
  }

  /** The path to where the capture is, for errors of its own. */
  get path(): string {
    return renderPath(this.#path)
  }

  #breakImport(): string | undefined {
    if (this.holder === undefined || isMainScript(this.holder) || !reachesMain(this.holder)) return undefined
    return `\`${shortFile(this.holder)}\` imports \`${process.argv[1] === undefined ? 'the main script' : shortFile(process.argv[1])}\`, so workers cannot import it; break that import, and there is one per worker`
  }

  #reserve(value: unknown): number {
    const id = this.nodes.push(undefined as unknown as Node) - 1
    this.#ids.set(value, id)
    return id
  }
}

/** A file's name relative to the working folder. */
export function shortFile(url: string): string {
  if (url.startsWith('/')) return relative(process.cwd(), url)
  return url.startsWith('file:') ? relative(process.cwd(), fileURLToPath(url)) : url
}

/** The error for a function whose values nest too deep for the stack. */
export function tooDeep(label: string, cause: unknown): Error {
  return closureErrors.RIV_CLOSURE_TOO_LARGE.withCause(cause, label, 'values nested thousands of levels deep', 'the stack')
}
