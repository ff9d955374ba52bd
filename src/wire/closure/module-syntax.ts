// Imports and exports of an ES module, read from its text.
//
// - A lexer, not a parser: 16 ms instead of 2–3 s for a bundle of 5 MB (acorn is quadratic in top-level names).

import { parse as lex } from 'es-module-lexer/js'
import { parse } from 'acorn'
import type { ImportDeclaration } from 'acorn'

/** `import { name as local } from 'spec'`; `*` is the namespace. */
export interface ImportBinding { readonly spec: string; readonly name: string; readonly isJson: boolean }

export interface ModuleSyntax {
  /** By local name. */
  readonly imports: ReadonlyMap<string, ImportBinding>
  /** Every module it imports statically. */
  readonly specs: readonly string[]
  /** Exported name by local name. */
  readonly exports: ReadonlyMap<string, string>
  /** Where the expression of a nameless `export default` begins. */
  readonly defaultAt: number | undefined
}

const none: ModuleSyntax = { imports: new Map(), specs: [], exports: new Map(), defaultAt: undefined }

/** The imports and exports of a module's text; none when it cannot be read. */
export function moduleSyntax(source: string): ModuleSyntax {
  let lexed: ReturnType<typeof lex>
  try {
    lexed = lex(source)
  } catch {
    return none
  }
  const imports = new Map<string, ImportBinding>()
  const specs: string[] = []
  for (const found of lexed[0]) {
    if ((found.type !== 'static' && found.type !== 'reexport-star') || found.typeOnly) continue
    specs.push(found.specifier)
    if (found.type === 'reexport-star' || !source.startsWith('import', found.importStart)) continue
    const statement = parse(source.slice(found.importStart, found.importEnd), { ecmaVersion: 'latest', sourceType: 'module' }).body[0] as ImportDeclaration
    const isJson = found.specifier.endsWith('.json') || found.attributes?.some(([key, value]) => key === 'type' && value === 'json') === true
    for (const item of statement.specifiers) imports.set(item.local.name, { spec: found.specifier, name: importedName(item), isJson })
  }
  const exports = new Map<string, string>()
  let defaultAt: number | undefined
  for (const found of lexed[1]) {
    if (found.type !== 'direct' || found.typeOnly) continue
    if (found.localName !== undefined) exports.set(found.localName, found.name)
    else if (found.name === 'default') {
      defaultAt = found.end + /^\s*(?:\/\*[^]*?\*\/\s*)*/.exec(source.slice(found.end, found.end + 500))![0].length
      const identifier = /^([\w$]+)\s*(?:[;\n]|$)/.exec(source.slice(defaultAt, defaultAt + 300))?.[1]
      if (identifier !== undefined) exports.set(identifier, 'default')
    }
  }
  return { imports, specs, exports, defaultAt }
}

function importedName(item: ImportDeclaration['specifiers'][number]): string {
  if (item.type === 'ImportDefaultSpecifier') return 'default'
  if (item.type === 'ImportNamespaceSpecifier') return '*'
  return item.imported.type === 'Identifier' ? item.imported.name : String(item.imported.value)
}
