// The imports of TypeScript sources, read by the compiler's parser.
//
// - A specifier that Node keeps at run time counts as run time: `import { type X }` does, only `import type` and `import('…').X` in a type do not.
// - Dynamic imports count when their specifier is a literal.

import { posix } from 'node:path'
import ts from 'typescript'

/** One import or re-export, as written. */
export interface Import {
  readonly specifier: string
  /** The file in the project, or undefined for a package or a built-in module. */
  readonly target: string | undefined
  readonly typeOnly: boolean
  /** The imported names; empty for `import x`, `import *` and dynamic imports. */
  readonly names: readonly string[]
  readonly line: number
}

/** The imports of one file; `path` is relative to the project. */
export function importsOf(path: string, text: string): Import[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  const found: Import[] = []
  const add = (node: ts.Node, specifier: string, typeOnly: boolean, names: readonly string[]): void => {
    const target = specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : undefined
    found.push({ specifier, target, typeOnly, names, line: source.getLineAndCharacterOfPosition(node.getStart()).line + 1 })
  }
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
      const clause = node.importClause
      const bindings = clause?.namedBindings
      const names = bindings !== undefined && ts.isNamedImports(bindings) ? bindings.elements.map(e => (e.propertyName ?? e.name).text) : []
      add(node, node.moduleSpecifier.text, clause?.phaseModifier === ts.SyntaxKind.TypeKeyword, names)
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined && ts.isStringLiteral(node.moduleSpecifier)) {
      const clause = node.exportClause
      const names = clause !== undefined && ts.isNamedExports(clause) ? clause.elements.map(e => (e.propertyName ?? e.name).text) : []
      add(node, node.moduleSpecifier.text, node.isTypeOnly, names)
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const argument = node.arguments[0]
      if (argument !== undefined && ts.isStringLiteralLike(argument)) add(node, argument.text, false, [])
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument) && ts.isStringLiteral(node.argument.literal)) {
      add(node, node.argument.literal.text, true, [])
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}
