// What was typed, as JavaScript: types stripped, imports and awaits as calls; or the news that it goes on in the next line.
//
// - A text that begins with a brace is an object where that makes sense, as in consoles.
// - Incomplete means that the parser met the end of the text: its message then marks no place.

import { stripTypeScriptTypes } from 'node:module'
import { pathToFileURL } from 'node:url'
import { consoleScript } from '../../wire/closure/console-script.ts'
import { keepName } from './keep.ts'
import { importName } from './shell-import.ts'

/** JavaScript of a complete text, or undefined when more has to come; throws SyntaxError. `file` is the one it comes from. */
export function statementOf(text: string, file?: string): string | undefined {
  const isBrace = /^\s*\{/.test(text) && !/;\s*$/.test(text)
  const asObject = isBrace ? strip(`(${text}\n)`) : undefined
  const parsed = asObject?.code === undefined ? strip(text) : asObject
  if (parsed.code !== undefined) return consoleScript(parsed.code, { keep: keepName, importer: importerOf(file) })
  if (isIncomplete(parsed.error) || (isBrace && isIncomplete(strip(`(${text}`).error))) return undefined
  throw syntaxError(parsed.error!)
}

function importerOf(file: string | undefined): string {
  if (file === undefined) return importName
  return `((spec, options) => ${importName}(spec, options, ${JSON.stringify(pathToFileURL(file).href)}))`
}

interface Stripped { readonly code?: string; readonly error?: Error }

function strip(text: string): Stripped {
  quiet()
  try {
    return { code: stripTypeScriptTypes(text) }
  } catch (error) {
    return { error: error as Error }
  }
}

let isQuiet = false

/** Uses up the warning that Node prints for the first call. */
function quiet(): void {
  if (isQuiet) return
  isQuiet = true
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    stripTypeScriptTypes('')
  } finally {
    process.emitWarning = emitWarning
  }
}

/** The lines before the message show the text, with carets below the place; there are none for the end of the text. */
const picture = (error: Error): string => (error.stack ?? '').split('\nSyntaxError', 1)[0]!.replace(/^:\d+\n/, '')

function isIncomplete(error: Error | undefined): boolean {
  if ((error as { code?: string } | undefined)?.code !== 'ERR_INVALID_TYPESCRIPT_SYNTAX') return false
  return !/^\s*\^+\s*$/m.test(picture(error!))
}

function syntaxError(error: Error): SyntaxError {
  const lines = picture(error).trimEnd()
  return Object.assign(new SyntaxError(/\^/.test(lines) ? `${error.message}\n${lines}` : error.message), { stack: '' })
}
