// Parsing the text that Function.prototype.toString gives: a function, a class, or a method without its object.
//
// - Positions in the syntax tree count in a text with `prefix` before; `shift` takes them back to the function's own text.

import { parse } from 'acorn'
import type { AnyNode, ArrowFunctionExpression, ClassExpression, FunctionExpression, MethodDefinition, Options, Property } from 'acorn'

const options: Options = {
  ecmaVersion: 'latest',
  sourceType: 'script',
  allowReturnOutsideFunction: true,
  allowSuperOutsideMethod: true,
  allowImportExportEverywhere: true,
  checkPrivateFields: false,
}

export type FunctionSyntax = { readonly shift: number } & (
  | { readonly kind: 'arrow'; readonly root: ArrowFunctionExpression }
  | { readonly kind: 'function'; readonly root: FunctionExpression }
  | { readonly kind: 'class'; readonly root: ClassExpression }
  | { readonly kind: 'method'; readonly root: Property | MethodDefinition }
)

/** The syntax of a function's text; throws acorn's SyntaxError when it is none of the known forms. */
export function parseFunction(text: string): FunctionSyntax {
  let first: unknown
  for (const [prefix, suffix] of [['(', ')'], ['({', '})'], ['(class{', '})'], ['(class{static ', '})']] as const) {
    try {
      const syntax = syntaxOf(parse(prefix + text + suffix, options).body[0] as AnyNode | undefined, prefix.length)
      if (syntax) return syntax
    } catch (error) {
      first ??= error
    }
  }
  throw first ?? new SyntaxError('not the text of a function')
}

function syntaxOf(statement: AnyNode | undefined, shift: number): FunctionSyntax | undefined {
  if (statement?.type !== 'ExpressionStatement') return undefined
  const root = statement.expression
  if (shift === 1) {
    if (root.type === 'ArrowFunctionExpression') return { kind: 'arrow', root, shift }
    if (root.type === 'FunctionExpression') return { kind: 'function', root, shift }
    return root.type === 'ClassExpression' ? { kind: 'class', root, shift } : undefined
  }
  const member = root.type === 'ObjectExpression' ? root.properties[0] : root.type === 'ClassExpression' ? root.body.body[0] : undefined
  return member?.type === 'Property' || member?.type === 'MethodDefinition' ? { kind: 'method', root: member, shift } : undefined
}
