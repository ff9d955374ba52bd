// Type-checks examples in one pass, each as a module of its own that is never written to disk.

import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import type { Example } from './extract.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The type errors of each example, '' where there are none. */
export function typeErrors(examples: readonly Example[]): string[] {
  const unrecoverable = (d: ts.Diagnostic): never => { throw new Error(String(d.messageText)) }
  const { options } = ts.getParsedCommandLineOfConfigFile(`${root}tsconfig.json`, { noUnusedLocals: false, noEmit: true }, { ...ts.sys, onUnRecoverableConfigFileDiagnostic: unrecoverable })!
  const pathOf = (i: number): string => `${root}examples/documentation-${i}.ts`
  const texts = new Map(examples.map(({ code }, i) => [pathOf(i), `${code}\nexport {}\n`]))
  const host = ts.createCompilerHost(options)
  const { getSourceFile, fileExists, readFile } = host
  host.getSourceFile = (name, ...rest) => (texts.has(name) ? ts.createSourceFile(name, texts.get(name)!, ts.ScriptTarget.Latest, true) : getSourceFile.call(host, name, ...rest))
  host.fileExists = name => texts.has(name) || fileExists.call(host, name)
  host.readFile = name => texts.get(name) ?? readFile.call(host, name)
  const program = ts.createProgram([...texts.keys()], options, host)
  return examples.map((example, i) => {
    const source = program.getSourceFile(pathOf(i))!
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(({ start = 0, messageText }) => {
      const line = example.line + source.getLineAndCharacterOfPosition(start).line
      return `${example.file}:${line} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
    }).join('\n')
  })
}
