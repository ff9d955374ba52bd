// A statement of a console, made ready for V8: its imports and its top-level awaits become calls.
//
// - Scripts of the inspector have no loader: `import d, { a as b } from 's'` becomes `const { default: d, a: b } = await importer('s')`,
//   `import(s)` becomes `importer(s)`, in functions too.
// - Top-level `await x` becomes `await keep(x)`: the inspector answers from inside the garbage collector, which ends the process, when
//   a promise that it waits for is collected.
// - Everything stays on its line.

import { parse, type AnyNode, type ImportDeclaration } from 'acorn'
import { childrenOf } from './scopes.ts'

/** What stands in the place of imports and before awaited values: expressions. */
export interface ConsoleCalls { readonly importer: string; readonly keep: string }

interface Edit { readonly start: number; readonly end: number; readonly text: string }

/** The text with calls in it; one that the parser does not know comes back as it is, for V8 to judge. */
export function consoleScript(source: string, calls: ConsoleCalls): string {
  if (!/\b(import|await)\b/.test(source)) return source
  let root: AnyNode
  try {
    root = parse(source, { ecmaVersion: 'latest', sourceType: 'script', allowAwaitOutsideFunction: true, allowImportExportEverywhere: true }) as AnyNode
  } catch {
    return source
  }
  const edits: Edit[] = []
  collect(root, source, calls, edits, true)
  let text = ''
  let at = 0
  for (const edit of edits.toSorted((a, b) => a.start - b.start)) {
    text += source.slice(at, edit.start) + edit.text
    at = edit.end
  }
  return text + source.slice(at)
}

function collect(node: AnyNode, source: string, calls: ConsoleCalls, edits: Edit[], isTop: boolean): void {
  const wrap = ({ start, end }: { start: number; end: number }): void => {
    edits.push({ start, end: start, text: `${calls.keep}(` }, { start: end, end, text: ')' })
  }
  if (node.type === 'ImportDeclaration') {
    const statement = source.slice(node.start, node.end)
    edits.push({ start: node.start, end: node.end, text: declaration(node, calls.importer) + statement.replace(/[^\n]/g, '') })
    return
  }
  if (node.type === 'ImportExpression') edits.push({ start: node.start, end: source.indexOf('(', node.start + 'import'.length), text: calls.importer })
  if (isTop && node.type === 'AwaitExpression') wrap(node.argument)
  if (isTop && node.type === 'ForOfStatement' && node.await) wrap(node.right)
  const within = isTop && !/Function|^Class/.test(node.type)
  for (const child of childrenOf(node)) collect(child, source, calls, edits, within)
}

function declaration({ specifiers, source, attributes }: ImportDeclaration, importer: string): string {
  const options = attributes.map(({ key, value }) => `${key.type === 'Identifier' ? key.name : JSON.stringify(key.value)}: ${JSON.stringify(value.value)}`).join(', ')
  const module = `await ${importer}(${JSON.stringify(source.value)}${options === '' ? '' : `, { with: { ${options} } }`})`
  if (specifiers.length === 0) return `void ${module};`
  const space = specifiers.find(item => item.type === 'ImportNamespaceSpecifier')?.local.name
  const names = specifiers.flatMap(item => {
    if (item.type === 'ImportNamespaceSpecifier') return []
    const name = item.type === 'ImportDefaultSpecifier' ? 'default' : item.imported.type === 'Identifier' ? item.imported.name : JSON.stringify(item.imported.value)
    return [`${name}: ${item.local.name}`]
  })
  if (space === undefined) return `const { ${names.join(', ')} } = ${module};`
  return names.length === 0 ? `const ${space} = ${module};` : `const ${space} = ${module}, { ${names.join(', ')} } = ${space};`
}
