// What Tab offers: names in scope, members of values, members of an RDD after a call.
//
// - Nothing is called to find out: expressions are names joined by dots, evaluated where V8 sees to it that nothing changes.
// - After a call that nobody made yet the members of RDDs are offered: that is what most calls here give.

import type { Runtime } from 'node:inspector'
import { RDD } from '../../rdd/rdd.ts'
import { post } from '../../wire/closure/inspector.ts'
import { takeValue } from './take-value.ts'

/** Completions of a line, and the part of it that they complete, as node:readline wants it. */
export function completions(line: string, commands: readonly string[]): [names: string[], part: string] {
  if (/^\s*\.\w*$/.test(line)) return matching(commands.map(name => `.${name}`), line.trim())
  const [, call, path, part] = /(\)\s*\??\.)?((?:[\w$]+\??\.)*)([\w$]*)$/.exec(line)!
  if (call !== undefined && path === '') return matching(membersOf(RDD.prototype), part!)
  if (call !== undefined || /[\])]\s*\??\.[\w$.]*$/.test(line)) return [[], part!]
  if (path === '') return part === '' ? [[], ''] : matching(globalNames(), part!)
  const value = peek(path!.replace(/\??\.$/, ''))
  return value === undefined || value === null ? [[], part!] : matching(membersOf(Object(value) as object), part!)
}

function matching(names: readonly string[], part: string): [string[], string] {
  return [names.filter(name => name.startsWith(part)).toSorted(), part]
}

/** Names of members, inherited ones too; those that every object has are left out. */
function membersOf(object: object): string[] {
  const names = new Set<string>()
  for (let at: object | null = object; at !== null && at !== Object.prototype && at !== Function.prototype; at = Object.getPrototypeOf(at) as object | null) {
    for (const name of Object.getOwnPropertyNames(at)) if (/^[A-Za-z$][\w$]*$/.test(name) && name !== 'constructor') names.add(name)
  }
  return [...names]
}

function globalNames(): string[] {
  const { names } = post<Runtime.GlobalLexicalScopeNamesReturnType>('Runtime.globalLexicalScopeNames')
  return [...names, ...Object.getOwnPropertyNames(globalThis), 'await', 'const', 'class', 'function', 'import', 'return', 'throw', 'typeof']
}

/** The value of names joined by dots; undefined when reading it would run code that changes something. */
function peek(expression: string): unknown {
  const { result, exceptionDetails } = post<Runtime.EvaluateReturnType>('Runtime.evaluate', { expression, throwOnSideEffect: true })
  if (exceptionDetails !== undefined) return undefined
  return result.objectId === undefined ? result.value : takeValue(result, post)
}
