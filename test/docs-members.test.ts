// Each class below, and every public method of it, has a docstring with an example (which test/docs-examples.test.ts runs), every property a sentence; but what says 'Not for programs'.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const root = fileURLToPath(new URL('..', import.meta.url))
const classes = ['Context', 'RDD', 'Partitioner', 'HashPartitioner', 'RangePartitioner', 'Broadcast', 'Accumulator', 'NumberAccumulator', 'StreamingContext', 'DStream', 'InputDStream', 'ConstantInputDStream', 'Receiver', 'StateSpec']

interface Member { readonly name: string; readonly method: boolean; readonly sentence: boolean; readonly example: boolean }

/** An exported class of a program, and its public members, wherever in its ladder they are declared. */
function membersOf(program: ts.Program, door: string, name: string): Member[] {
  const checker = program.getTypeChecker()
  const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(door)!)!).find(symbol => symbol.name === name)
  if (exported === undefined) throw new Error(`${name} is not exported`)
  const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported
  const statics = checker.getTypeOfSymbol(symbol).getProperties().filter(({ name }) => name !== 'prototype')
  return [symbol, ...statics, ...checker.getDeclaredTypeOfSymbol(symbol).getProperties()].flatMap(member => {
    const declarations = (member.declarations ?? []).filter(d => ts.isClassElement(d) || ts.isClassDeclaration(d))
    if (declarations.length === 0 || declarations.some(isHidden)) return []
    const tags = declarations.flatMap(declaration => ts.getJSDocCommentsAndTags(declaration).filter(ts.isJSDoc))
    if (tags.some(({ comment }) => typeof comment === 'string' && comment.includes('Not for programs'))) return []
    return [{
      name: member === symbol ? name : `${name}.${member.name}`, method: member === symbol || (member.flags & ts.SymbolFlags.Method) !== 0,
      sentence: tags.some(({ comment }) => comment !== undefined), example: tags.some(doc => (doc.tags ?? []).some(({ tagName }) => tagName.text === 'example')),
    }]
  })
}

/** Not for programs: private, protected, overriding what is documented where it is declared first, or by a symbol. */
const isHidden = (declaration: ts.ClassElement | ts.ClassDeclaration): boolean => (
  (ts.getCombinedModifierFlags(declaration) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected | ts.ModifierFlags.Override)) !== 0
  || declaration.name === undefined || !ts.isIdentifier(declaration.name) || declaration.name.text === 'toString'
  || ts.getJSDocTags(declaration).some(({ tagName }) => tagName.text === 'internal'))

const { options } = ts.getParsedCommandLineOfConfigFile(`${root}tsconfig.json`, {}, { ...ts.sys, onUnRecoverableConfigFileDiagnostic: d => { throw new Error(String(d.messageText)) } })!
const door = `${root}src/index.ts`
const program = ts.createProgram([door], options)

for (const name of classes) {
  test(name, () => {
    const members = membersOf(program, door, name)
    assert.deepEqual(members.filter(({ sentence }) => !sentence).map(member => member.name), [], 'without a docstring')
    assert.deepEqual(members.filter(({ method, example }) => method && !example).map(member => member.name), [], 'without an example')
  })
}

test('a member without its example is found', () => {
  const path = `${root}src/index-of-the-test.ts`
  const host = ts.createCompilerHost(options)
  const { getSourceFile, fileExists } = host
  host.fileExists = file => file === path || fileExists.call(host, file)
  host.getSourceFile = (file, ...rest) => (file !== path ? getSourceFile.call(host, file, ...rest)
    : ts.createSourceFile(file, 'class Base {\n/** Does. */ a(): void {}\n b = 1\n #c = this.d\n protected d(): void {} }\nexport class X extends Base {\n/** Is. @example x.e() */ e(): void {}\n}', ts.ScriptTarget.Latest, true))
  assert.deepEqual(membersOf(ts.createProgram([path], options, host), path, 'X'), [
    { name: 'X', method: true, sentence: false, example: false },
    { name: 'X.e', method: true, sentence: true, example: true }, { name: 'X.a', method: true, sentence: true, example: false }, { name: 'X.b', method: false, sentence: false, example: false },
  ])
})
