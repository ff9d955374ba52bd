// The graph in which a function's captured values travel: what capture writes and rebuild reads.
//
// - A graph is a list of nodes and a root; whatever has an identity (objects, functions, symbols) is a node, once.
// - Primitives stand in place; everything else is a link to its node, so cycles and shared objects keep their shape.
// - Function texts are not in it, only their hashes: the graph is what differs from batch to batch.

import type { ModuleRef } from './module-ref.ts'

export interface Link { readonly $: number }
export type Ref = string | number | boolean | bigint | null | undefined | Link

/** `[key, flags, value]` or, for accessors, `[key, flags, getter, setter]`. */
export type OwnProperty = readonly [key: Ref, flags: number, value: Ref, setter?: Ref]
export const propertyFlags = { enumerable: 1, configurable: 2, writable: 4, accessor: 8 } as const

/** What any object may have besides the content of its kind. */
export interface Shape {
  /** Its prototype, where that is not the usual one of its kind. */
  proto?: Ref
  /** Own properties that are not part of its kind's content. */
  own?: readonly OwnProperty[]
  /** 1 not extensible, 2 sealed, 3 frozen. */
  level?: 1 | 2 | 3
}

export interface FunctionNode {
  readonly t: 'function'
  readonly code: string
  readonly name: string
  readonly captures: readonly Ref[]
  /** The prototype of the object whose method it is, for `super`. */
  readonly home?: Ref
  readonly proto?: Ref
  readonly own?: readonly OwnProperty[]
  /** What was put on the `prototype` of a constructor function. */
  readonly prototype?: { readonly proto?: Ref; readonly own: readonly OwnProperty[] }
}

export interface ClassNode {
  readonly t: 'class'
  readonly code: string
  readonly name: string
  /** One class per uid in a worker, so that `instanceof` holds from task to task. */
  readonly uid: string
  readonly captures: readonly Ref[]
  readonly own?: readonly OwnProperty[]
  readonly prototype?: { readonly own: readonly OwnProperty[] }
}

export type ObjectNode = Shape & (
  | { t: 'object'; keys?: readonly string[]; values?: readonly Ref[] }
  | { t: 'array'; items: readonly Ref[] }
  | { t: 'sparse'; length: number; entries: readonly Ref[] }
  /** A value that `v8.serialize` copies as it is: array of primitives, Date, ArrayBuffer. */
  | { t: 'plain'; value: unknown }
  | { t: 'regexp'; source: string; flags: string; lastIndex: number }
  | { t: 'map'; entries: readonly Ref[] }
  | { t: 'set'; items: readonly Ref[] }
  /** Bytes of their own (`Buffer`, or a small view of a large buffer). */
  | { t: 'bytes'; type: string; bytes: Uint8Array }
  | { t: 'view'; type: string; buffer: Ref; offset: number; length: number }
  | { t: 'boxed'; value: Ref }
  | { t: 'error'; type: string; stack: string }
  | { t: 'arguments'; items: readonly Ref[] }
)

export type Node =
  | { readonly t: 'global'; readonly path: string }
  | { readonly t: 'symbol'; readonly key?: string; readonly description?: string }
  | { readonly t: 'module'; readonly ref: ModuleRef }
  | { readonly t: 'require'; readonly file: string }
  /** `import()` as vitest rewrites it. */
  | { readonly t: 'viteImport'; readonly parent: string }
  | { readonly t: 'importMeta'; readonly url: string }
  /** esbuild's `__name`: gives a function a name at every call; its work is done already. */
  | { readonly t: 'keepName' }
  /** esbuild's `__toESM` around a CommonJS module. */
  | { readonly t: 'interop'; readonly module: Ref }
  | { readonly t: 'prototypeOf'; readonly of: Ref }
  | { readonly t: 'giving'; readonly value: Ref }
  | { readonly t: 'bound'; readonly target: Ref; readonly self: Ref; readonly args: readonly Ref[] }
  | { readonly t: 'proxy'; readonly target: Ref; readonly handler: Ref }
  /** A variable that several shipped functions share and at least one assigns. */
  | { readonly t: 'cell'; readonly value: Ref }
  | { readonly t: 'weak'; readonly keyed: boolean; readonly entries: Ref[] }
  | { readonly t: 'ship'; readonly revive: Ref; readonly state: Ref }
  /** An object of a global class that its constructor makes again: `new URL(href)`. */
  | { readonly t: 'construct'; readonly path: string; readonly args: readonly unknown[] }
  | FunctionNode
  | ClassNode
  | ObjectNode

export interface Graph { readonly root: Ref; readonly nodes: readonly Node[] }

/** Whether a value stands in place of its own. */
export function isPrimitive(value: unknown): value is Exclude<Ref, Link> {
  return value === null || (typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol')
}
