// A function of the driver: its text, where it was written, and the scopes around it now.

import type { VariableUse } from './free-variables.ts'
import { functionText } from './function-text.ts'
import type { FunctionText } from './function-text.ts'
import { shortFile } from './graph-builder.ts'
import { scriptOf } from './inspector.ts'
import { functionInternals, valueIn } from './internals.ts'
import type { Scope } from './internals.ts'
import { fileUrlOf } from './script.ts'
import type { Script } from './script.ts'

export interface FunctionSite {
  readonly text: FunctionText
  readonly scopes: readonly Scope[]
  readonly script: Script | undefined
  /** Index of the text in the script's source. */
  readonly start: number | undefined
}

/** A variable as the function sees it. */
export interface Found { readonly value: unknown; readonly isGlobal: boolean; readonly scope: Scope; readonly at: number }

const places = new WeakMap<Function, { readonly script: Script | undefined; readonly start: number | undefined }>()

/** Text, place and scopes of a function; throws acorn's SyntaxError for a text that cannot be parsed. */
export function functionSite(f: Function): FunctionSite {
  const source = Function.prototype.toString.call(f)
  const { location, scopes } = functionInternals(f)
  let place = places.get(f)
  if (place === undefined) {
    const script = location && scriptOf(location.scriptId)
    // The location is the parenthesis of a function, the first character of an arrow, the constructor of a class.
    const start = script?.source?.lastIndexOf(source, script.offsetAt(location!.lineNumber, location!.columnNumber)) ?? -1
    places.set(f, place = { script, start: start < 0 ? undefined : start })
  }
  return { text: functionText(source), scopes, ...place }
}

/** URL of the script in which a function was written. */
export function scriptUrlOf(f: Function): string {
  const { location } = functionInternals(f)
  return location === undefined ? '' : scriptOf(location.scriptId)?.url ?? ''
}

/** The variable that a name means in the function. */
export function findVariable(scopes: readonly Scope[], name: string): Found | undefined {
  for (const [at, scope] of scopes.entries()) {
    const isGlobal = scope.object === globalThis || scope.description?.startsWith('Global') === true
    if (isGlobal ? name in scope.object : Object.hasOwn(scope.object, name)) return { value: isGlobal ? scope.object[name] : valueIn(scope, name), isGlobal, scope, at }
  }
  return undefined
}

/** `function \`enrich\` at app.ts:7:1`, in the user's own file. */
export function describeFunction(name: string, site: FunctionSite): string {
  const place = originalPlaceOf(site, 0)
  const what = `${site.text.kind === 'class' ? 'class' : 'function'} ${name === '' ? '(anonymous)' : `\`${name}\``}`
  return place === undefined ? what : `${what} at ${shortFile(fileUrlOf(place.url)) || '(no file)'}:${place.line + 1}:${place.column + 1}`
}

/** A variable's name in the user's own file: bundlers rename. */
export function originalName(site: FunctionSite, use: VariableUse | undefined, name: string): string {
  return (use && site.script?.sourceMapURL ? originalPlaceOf(site, use.start)?.name : undefined) ?? name
}

function originalPlaceOf(site: FunctionSite, offset: number): { url: string; line: number; column: number; name?: string } | undefined {
  if (site.script === undefined || site.start === undefined) return undefined
  const { line, column } = site.script.placeOf(site.start + offset)
  return site.script.originalPlace(line, column)
}

/** Whether the function stands as a declaration: its name is then a variable outside, to which something else may be assigned. */
export function isDeclaration({ script, start }: FunctionSite): boolean {
  if (script?.source === undefined || start === undefined) return false
  const before = script.source.slice(Math.max(0, start - 300), start).replace(/\/\*[^]*?\*\//g, ' ').replace(/\/\/[^\n]*\n/g, '\n')
  const word = /(\S+)\s*$/.exec(before)?.[1]
  if (word === undefined || /[;{})]$/.test(word) || /^(export|default|else)$/.test(word)) return true
  return /\n\s*$/.test(before) && !/[=(,:?&|+\-*/%<>!~^[]$|^(return|typeof|void|await|yield|new|in|of)$/.test(word)
}
