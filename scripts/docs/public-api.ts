// The public surface as text: every export of the package's doors with its members and signatures, from the type checker.
//
// Sorted by name, one member a line, so that a change of the surface is a readable difference.

import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { root } from './tables.ts'

const doors = { rivulet: 'src/index.ts', 'rivulet/testing': 'src/testing/index.ts' }
const flags = ts.TypeFormatFlags.NoTruncation | ts.TypeFormatFlags.UseAliasDefinedOutsideCurrentScope

/** The golden page. */
export function publicApiPage(): string {
  const config = ts.getParsedCommandLineOfConfigFile(fileURLToPath(new URL('tsconfig.json', root)), {}, { ...ts.sys, onUnRecoverableConfigFileDiagnostic: d => { throw new Error(String(d.messageText)) } })!
  const files = Object.values(doors).map(path => fileURLToPath(new URL(path, root)))
  const program = ts.createProgram(files, config.options)
  const sections = Object.keys(doors).map((door, i) => {
    const source = program.getSourceFile(files[i]!)
    if (source === undefined) throw new Error(`${files[i]} is missing`)
    return `## ${door}\n\n${new Surface(program.getTypeChecker()).exportsOf(source)}`
  })
  return `# Public API\n\nWritten by \`npm run docs\`; test/public-api.test.ts compares. Every export, its members and signatures.\n\n${sections.join('\n')}`
}

class Surface {
  readonly #checker: ts.TypeChecker

  constructor(checker: ts.TypeChecker) {
    this.#checker = checker
  }

  exportsOf(source: ts.SourceFile): string {
    const module = this.#checker.getSymbolAtLocation(source)
    const symbols = module === undefined ? [] : this.#checker.getExportsOfModule(module)
    return byName(symbols).map(symbol => `### ${symbol.name}\n\n\`\`\`ts\n${this.#describe(this.#resolve(symbol), symbol.name)}\n\`\`\`\n`).join('\n')
  }

  #resolve(symbol: ts.Symbol): ts.Symbol {
    return symbol.flags & ts.SymbolFlags.Alias ? this.#checker.getAliasedSymbol(symbol) : symbol
  }

  #describe(symbol: ts.Symbol, name: string): string {
    const checker = this.#checker
    const parts: string[] = []
    if (symbol.flags & ts.SymbolFlags.Class) {
      const made = checker.getTypeOfSymbol(symbol)
      const heading = symbol.declarations?.some(d => ts.canHaveModifiers(d) && d.modifiers?.some(m => m.kind === ts.SyntaxKind.AbstractKeyword)) ? 'abstract class' : 'class'
      const statics = byName(made.getProperties().filter(p => p.name !== 'prototype' && isOurs(p))).flatMap(p => this.#member(p).map(line => `static ${line}`))
      const news = made.getConstructSignatures().filter(s => s.declaration === undefined || !isHidden(s.declaration)).map(s => `constructor${this.#signature(s, undefined)}`)
      parts.push(this.#block(`${heading} ${name}${typeParameters(symbol)}${this.#heritage(symbol)}`, [...news, ...statics, ...this.#members(checker.getDeclaredTypeOfSymbol(symbol))]))
    } else if (symbol.flags & ts.SymbolFlags.Interface) {
      parts.push(this.#block(`interface ${name}${typeParameters(symbol)}`, this.#members(checker.getDeclaredTypeOfSymbol(symbol))))
    } else if (symbol.flags & ts.SymbolFlags.TypeAlias) {
      const declaration = symbol.declarations!.find(ts.isTypeAliasDeclaration)!
      parts.push(`type ${name}${typeParameters(symbol)} = ${oneLine(declaration.type.getText())}`)
    }
    if (symbol.flags & ts.SymbolFlags.Function) parts.push(...checker.getTypeOfSymbol(symbol).getCallSignatures().map(s => `function ${name}${this.#signature(s, ': ')}`))
    if (symbol.flags & ts.SymbolFlags.Variable) {
      const type = checker.getTypeOfSymbol(symbol)
      const members = type.getCallSignatures().length === 0 && !type.symbol?.declarations?.some(ts.isClassLike) ? type.getProperties().filter(isOurs) : []
      parts.push(members.length > 1 ? this.#block(`const ${name}:`, byName(members).flatMap(m => this.#member(m))) : `const ${name}: ${this.#text(type)}`)
    }
    return parts.join('\n')
  }

  #heritage(symbol: ts.Symbol): string {
    const base = symbol.declarations?.find(ts.isClassDeclaration)?.heritageClauses?.map(clause => clause.getText()).join(' ')
    return base === undefined ? '' : ` ${oneLine(base)}`
  }

  #members(type: ts.Type): string[] {
    const calls = type.getCallSignatures().map(s => this.#signature(s, ': '))
    return [...calls, ...byName(type.getProperties().filter(isOurs)).flatMap(p => this.#member(p))]
  }

  #member(symbol: ts.Symbol): string[] {
    const checker = this.#checker
    const declaration = symbol.declarations?.[0]
    if (declaration === undefined || isHidden(declaration)) return []
    const name = displayName(symbol)
    const type = checker.getTypeOfSymbol(symbol)
    const optional = symbol.flags & ts.SymbolFlags.Optional ? '?' : ''
    if (symbol.flags & ts.SymbolFlags.Method) return checker.getNonNullableType(type).getCallSignatures().map(s => `${name}${optional}${this.#signature(s, ': ')}`)
    const readonly = (ts.getCombinedModifierFlags(declaration) & ts.ModifierFlags.Readonly) !== 0 || (symbol.flags & ts.SymbolFlags.Accessor) === ts.SymbolFlags.GetAccessor
    return [`${readonly ? 'readonly ' : ''}${name}${optional}: ${this.#text(type)}`]
  }

  /** As written where it was written, so that aliases keep their names; a constructor has no `result`. */
  #signature(signature: ts.Signature, result: ': ' | undefined): string {
    const declaration = signature.declaration
    const list = (nodes: readonly ts.Node[] | undefined): string => (nodes ?? []).map(node => oneLine(node.getText())).join(', ')
    if (declaration === undefined || ts.isJSDocSignature(declaration)) return this.#checker.signatureToString(signature, undefined, flags)
    const generics = declaration.typeParameters === undefined || result === undefined ? '' : `<${list(declaration.typeParameters)}>`
    const returned = declaration.type === undefined ? this.#text(signature.getReturnType()) : oneLine(declaration.type.getText())
    return `${generics}(${list(declaration.parameters)})${result === undefined ? '' : result + returned}`
  }

  #text(type: ts.Type): string {
    return this.#checker.typeToString(type, undefined, flags).replaceAll(/import\("[^"]*"\)\./g, '')
  }

  #block(heading: string, lines: readonly string[]): string {
    return lines.length === 0 ? `${heading} {}` : `${heading} {\n${lines.map(line => `  ${line}`).join('\n')}\n}`
  }
}

function typeParameters(symbol: ts.Symbol): string {
  const declaration = symbol.declarations?.find(d => ts.isClassDeclaration(d) || ts.isInterfaceDeclaration(d) || ts.isTypeAliasDeclaration(d))
  const parameters = declaration?.typeParameters
  return parameters === undefined ? '' : `<${parameters.map(p => oneLine(p.getText())).join(', ')}>`
}

const isOurs = (symbol: ts.Symbol): boolean => symbol.declarations?.some(d => !/\/node_modules\//.test(d.getSourceFile().fileName)) ?? false
const isHidden = (declaration: ts.Declaration): boolean => {
  const name = ts.getNameOfDeclaration(declaration)
  return (ts.getCombinedModifierFlags(declaration) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) !== 0 ||
    ts.getJSDocTags(declaration).some(tag => tag.tagName.text === 'internal') || (name !== undefined && ts.isPrivateIdentifier(name))
}
/** `[Symbol.asyncDispose]` instead of the checker's inner name. */
const displayName = (symbol: ts.Symbol): string => {
  const name = symbol.declarations?.[0] && ts.getNameOfDeclaration(symbol.declarations[0])
  return name !== undefined && ts.isComputedPropertyName(name) ? name.getText() : symbol.name
}
const oneLine = (text: string): string => text.replaceAll(/\s*\/\*[\s\S]*?\*\/\s*|\/\/.*$/gm, ' ').replaceAll(/\s+/g, ' ').trim()
const byName = (symbols: readonly ts.Symbol[]): ts.Symbol[] => [...symbols].sort((a, b) => (displayName(a) < displayName(b) ? -1 : 1))
