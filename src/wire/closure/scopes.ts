// Which names a piece of syntax declares.
//
// - Only names matter, not where in a scope they are declared: the text has been compiled by V8 before.

import type { AnyNode, Pattern, Statement } from 'acorn'

export interface Scope { readonly names: Set<string>; readonly parent: Scope | undefined }

/** An empty scope within another. */
export function scopeIn(parent: Scope | undefined): Scope {
  return { names: new Set(), parent }
}

/** The syntax nodes right below a node. */
export function childrenOf(node: AnyNode): AnyNode[] {
  const children: AnyNode[] = []
  for (const [key, value] of Object.entries(node)) {
    if (key === 'type' || key === 'start' || key === 'end') continue
    for (const item of Array.isArray(value) ? value as unknown[] : [value as unknown]) {
      if (typeof item === 'object' && item !== null && typeof (item as { type?: unknown }).type === 'string') children.push(item as AnyNode)
    }
  }
  return children
}

/** Declares the names of a pattern. */
export function declarePattern(pattern: Pattern | null, scope: Scope): void {
  switch (pattern?.type) {
    case 'Identifier': scope.names.add(pattern.name); break
    case 'ObjectPattern':
      for (const property of pattern.properties) declarePattern(property.type === 'RestElement' ? property.argument : property.value, scope)
      break
    case 'ArrayPattern':
      for (const element of pattern.elements) declarePattern(element, scope)
      break
    case 'AssignmentPattern': declarePattern(pattern.left, scope); break
    case 'RestElement': declarePattern(pattern.argument, scope)
  }
}

/** A scope with what the statements of a block declare: let, const, class, function. */
export function blockScope(statements: readonly AnyNode[], parent: Scope): Scope {
  const scope = scopeIn(parent)
  for (const statement of statements) {
    if (statement.type === 'VariableDeclaration' && statement.kind !== 'var') for (const d of statement.declarations) declarePattern(d.id, scope)
    else if ((statement.type === 'FunctionDeclaration' || statement.type === 'ClassDeclaration') && statement.id) scope.names.add(statement.id.name)
  }
  return scope
}

/** A scope with what a function body declares, its hoisted `var`s included. */
export function functionScope(block: { readonly body: readonly Statement[] }, parent: Scope): Scope {
  const scope = blockScope(block.body as readonly AnyNode[], parent)
  for (const statement of block.body) hoistVars(statement as AnyNode, scope)
  return scope
}

/** `var` declarations anywhere below, not in nested functions. */
function hoistVars(node: AnyNode, scope: Scope): void {
  if (/Function|^Class|StaticBlock/.test(node.type)) return
  if (node.type === 'VariableDeclaration' && node.kind === 'var') for (const d of node.declarations) declarePattern(d.id, scope)
  for (const child of childrenOf(node)) hoistVars(child, scope)
}
