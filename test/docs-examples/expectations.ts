// What the comments behind an example's statements promise, made checkable.
//
// - `console.log(x)   // text`, and `anything   // prints text`: the output holds the text, in this order; `…` at its end leaves the rest open.
// - `expression   // literal`, `const x = …   // literal`: the value is deeply equal to the literal (numbers, strings, arrays, objects, Map, Set).
// - `expression   // => text`: as node prints the value.
// Other comments promise nothing. Only statements of the example itself count, not those inside its functions.

import ts from 'typescript'

/** An example to be run: values are checked by `__is` and `__shows`, which the runner provides; outputs by who sees the output. */
export interface Checked { readonly code: string; readonly outputs: readonly string[] }

export function withChecks(code: string): Checked {
  const source = ts.createSourceFile('example.ts', code, ts.ScriptTarget.Latest, true)
  const outputs: string[] = []
  const inserts: { at: number; text: string }[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) || ts.isClassLike(node)) return
    if (ts.isExpressionStatement(node) || ts.isVariableStatement(node)) promise(node)
    ts.forEachChild(node, visit)
  }
  const promise = (statement: ts.ExpressionStatement | ts.VariableStatement): void => {
    const range = ts.getTrailingCommentRanges(code, statement.end)?.[0]
    if (range === undefined) return
    const comment = code.slice(range.pos, range.end).replace(/^\/\/|^\/\*|\*\/$/g, '').trim()
    const printed = /^prints (.+)$/.exec(comment)?.[1]
    if (printed !== undefined) return void outputs.push(printed)
    if (ts.isExpressionStatement(statement) && /^console\.log\(/.test(statement.getText())) return void outputs.push(comment)
    const shown = /^=> (.+)$/.exec(comment)?.[1]
    const check = shown !== undefined ? ['__shows', JSON.stringify(shown)] : isLiteral(comment) ? ['__is', `(${comment})`] : undefined
    if (check === undefined) return
    if (ts.isExpressionStatement(statement)) {
      inserts.push({ at: statement.expression.getStart(), text: `;${check[0]}(` }, { at: statement.expression.end, text: `, ${check[1]})` })
    } else {
      const name = statement.declarationList.declarations.at(-1)!.name
      if (ts.isIdentifier(name)) inserts.push({ at: statement.end, text: `;${check[0]}(${name.text}, ${check[1]})` })
    }
  }
  visit(source)
  let checked = code
  for (const { at, text } of inserts.sort((a, b) => b.at - a.at)) checked = checked.slice(0, at) + text + checked.slice(at)
  return { code: checked, outputs }
}

/** Whether text is a value written out. */
export function isLiteral(text: string): boolean {
  const source = ts.createSourceFile('literal.ts', `(${text})`, ts.ScriptTarget.Latest, true) as ts.SourceFile & { parseDiagnostics: readonly unknown[] }
  const [statement, ...more] = source.statements
  if (more.length > 0 || statement === undefined || source.parseDiagnostics.length > 0 || !ts.isExpressionStatement(statement)) return false
  const plain = (node: ts.Node): boolean => {
    if (ts.isParenthesizedExpression(node)) return plain(node.expression)
    if (ts.isArrayLiteralExpression(node)) return node.elements.every(plain)
    if (ts.isObjectLiteralExpression(node)) return node.properties.every(p => ts.isPropertyAssignment(p) && plain(p.initializer))
    if (ts.isPrefixUnaryExpression(node)) return plain(node.operand)
    if (ts.isNewExpression(node)) return ['Map', 'Set', 'Date'].includes(node.expression.getText()) && (node.arguments ?? []).every(plain)
    if (ts.isIdentifier(node)) return ['undefined', 'NaN', 'Infinity'].includes(node.text)
    return ts.isLiteralExpression(node) || [ts.SyntaxKind.TrueKeyword, ts.SyntaxKind.FalseKeyword, ts.SyntaxKind.NullKeyword].includes(node.kind)
  }
  return plain(statement.expression)
}

/** The promised outputs that did not come, each looked for behind the one before it. */
export function missingOutputs(output: string, promised: readonly string[]): string[] {
  const flat = (text: string): string => text.replaceAll(/\s+/g, ' ').trim()
  const seen = flat(output)
  let from = 0
  return promised.filter(text => {
    const wanted = flat(text.replace(/…$/, ''))
    const at = seen.indexOf(wanted, from)
    if (at >= 0) from = at + wanted.length
    return at < 0
  })
}
