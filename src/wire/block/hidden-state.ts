// What instances of a class hold besides their properties, and nobody outside can copy: private members, and the insides of built-in classes.

import { parse } from 'acorn'
import type { Class, ExpressionStatement } from 'acorn'

const nativeCode = /\{\s*\[native code\]\s*\}$/
const known = new WeakMap<Function, string>()

/** In words, what is hidden in objects with this prototype; '' where nothing is. `provided` are built-in classes whose insides are written. */
export function hiddenState(prototype: object | null, provided: ReadonlySet<unknown>): string {
  for (let at = prototype; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at) as object | null) {
    const type = (at as { constructor?: unknown }).constructor
    if (typeof type !== 'function' || provided.has(at)) continue
    let hidden = known.get(type)
    if (hidden === undefined) known.set(type, hidden = hiddenBy(type))
    if (hidden !== '') return hidden
  }
  return ''
}

function hiddenBy(type: Function): string {
  const text = Function.prototype.toString.call(type)
  if (nativeCode.test(text)) return 'which holds more than its properties'
  if (!text.includes('#')) return ''
  const statement = parse(`(${text})`, { ecmaVersion: 'latest', checkPrivateFields: false }).body[0] as ExpressionStatement
  const { body } = (statement.expression as Class).body
  for (const member of Array.isArray(body) ? body : []) {
    if (member.type !== 'StaticBlock' && !member.static && member.key.type === 'PrivateIdentifier') return `whose #${member.key.name} is private to its class`
  }
  return ''
}
