// What V8 alone knows of a value: the scopes of a function, the target of a bound function, private fields, weak entries.
//
// - Values cross in both directions through a side table on a builtin module object (the same in every vm context of the
//   thread), so what comes out is the live value, not a copy.

import { debuggerWindow, post, postForRemote } from './inspector.ts'
import type { RemoteValue } from './inspector.ts'

/** One scope around a function; read its variables with `valueIn`. */
export interface Scope { readonly description: string; readonly object: Record<string, unknown> }
export interface Location { readonly scriptId: string; readonly lineNumber: number; readonly columnNumber: number }

interface Property { readonly name: string; readonly value?: RemoteValue }
interface Properties { readonly internalProperties?: readonly Property[]; readonly privateProperties?: readonly Property[] }

/** The value of a variable that is declared but not defined yet: `const`, `let` or class before its line has run. */
export const unset = Symbol('unset')

/** The value of a variable of a scope. (Node 24's V8 throws for one that is unset; before, it gave undefined.) */
export function valueIn({ object }: Scope, name: string): unknown {
  try {
    return object[name]
  } catch {
    return unset
  }
}

const sideKey = Symbol.for('rivulet.closure.side')
const sideText = "globalThis.process.getBuiltinModule('node:inspector')[Symbol.for('rivulet.closure.side')]"

interface SideTable { given: unknown; taken: unknown }

function sideTable(): SideTable {
  const host = process.getBuiltinModule('node:inspector') as unknown as Record<symbol, SideTable>
  return (host[sideKey] ??= { given: undefined, taken: undefined })
}

function inspect<T>(value: object, read: (find: (name: string) => RemoteValue | undefined, privates: readonly Property[]) => T): T {
  const side = sideTable()
  return debuggerWindow(() => {
    side.given = value
    try {
      const { result } = postForRemote<{ result: RemoteValue }>('Runtime.evaluate', { expression: `${sideText}.given` })
      const properties = post<Properties>('Runtime.getProperties', { objectId: result.objectId, ownProperties: true })
      return read(name => properties.internalProperties?.find(p => p.name === name)?.value, properties.privateProperties ?? [])
    } finally {
      side.given = undefined
    }
  })
}

/** The live value behind a remote one. */
function live(value: RemoteValue | undefined): unknown {
  if (value?.objectId === undefined) return value?.unserializableValue === undefined ? value?.value : unserializable(value.unserializableValue)
  const side = sideTable()
  postForRemote('Runtime.callFunctionOn', { objectId: value.objectId, functionDeclaration: `function () { ${sideText}.taken = this }` })
  const taken = side.taken
  side.taken = undefined
  return taken
}

function unserializable(text: string): number | bigint {
  return text.endsWith('n') ? BigInt(text.slice(0, -1)) : Number(text)
}

/** Where a function was written, and the scopes around it, innermost first. */
export function functionInternals(f: Function): { readonly location: Location | undefined; readonly scopes: readonly Scope[] } {
  return inspect(f, find => {
    const scopes = live(find('[[Scopes]]')) as ArrayLike<Scope> | undefined
    return { location: find('[[FunctionLocation]]')?.value as Location | undefined, scopes: scopes ? Array.from(scopes) : [] }
  })
}

/** What a bound function calls; undefined for any other native function. */
export function boundInternals(f: Function): { readonly target: Function; readonly self: unknown; readonly args: readonly unknown[] } | undefined {
  return inspect(f, find => {
    const target = live(find('[[TargetFunction]]'))
    if (typeof target !== 'function') return undefined
    return { target, self: live(find('[[BoundThis]]')), args: Array.from((live(find('[[BoundArgs]]')) ?? []) as ArrayLike<unknown>) }
  })
}

/** Target and handler of a Proxy; both undefined once it is revoked. */
export function proxyInternals(proxy: object): { readonly target: unknown; readonly handler: unknown } {
  return inspect(proxy, find => ({ target: live(find('[[Target]]')) ?? undefined, handler: live(find('[[Handler]]')) ?? undefined }))
}

/** The entries of a WeakMap (`key`, `value`) or WeakSet (`value`). */
export function weakEntries(collection: object): readonly { readonly key?: object; readonly value: unknown }[] {
  return inspect(collection, find => Array.from((live(find('[[Entries]]')) ?? []) as ArrayLike<{ key?: object; value: unknown }>))
}

/** Private fields and their values, by name with `#`; methods without a value. */
export function privateMembers(value: object): ReadonlyMap<string, unknown> {
  return inspect(value, (find, privates) => {
    const members = new Map<string, unknown>(privates.map(p => [p.name, live(p.value)]))
    if (find('[[PrivateMethods]]')) members.set('#method', undefined)
    return members
  })
}
