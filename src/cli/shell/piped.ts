// The shell without a terminal: statements from a stream, their values on stdout.
//
// - A statement runs as soon as it is complete; a next line that is already there and begins with a dot still belongs to it.
// - The first error ends the run.

import type { Readable } from 'node:stream'
import { cliErrors } from '../errors.ts'
import type { ShellSession } from './shell-session.ts'
import { showValue } from './show.ts'
import { statementOf } from './statement.ts'

/** Runs what the input holds; rejects with the first error. */
export async function runPiped(session: ShellSession, input: Readable): Promise<void> {
  const failure = Promise.withResolvers<never>()
  const fail = (error: unknown): void => failure.reject(error)
  process.on('unhandledRejection', fail).on('uncaughtException', fail)
  try {
    await Promise.race([failure.promise, statements(session, input)])
  } finally {
    process.off('unhandledRejection', fail).off('uncaughtException', fail)
  }
}

async function statements(session: ShellSession, input: Readable): Promise<void> {
  let open = ''
  let line = ''
  for await (const chunk of input.setEncoding('utf8') as AsyncIterable<string>) {
    const lines = (line + chunk).split('\n')
    line = lines.pop()!
    for (const [i, text] of lines.entries()) {
      open = await runComplete(session, `${open}${text}\n`, lines[i + 1] ?? '')
      if (open === 'exit') return
    }
  }
  open = await runComplete(session, `${open}${line}`, '')
  if (open !== 'exit' && open.trim() !== '') throw cliErrors.RIV_SHELL_INCOMPLETE(open.trim().split('\n', 1)[0]!)
}

/** Runs the text if it is complete; gives what is left: all of it, nothing, or `exit`. */
async function runComplete(session: ShellSession, text: string, next: string): Promise<string> {
  if (text.trim() === '.exit') return 'exit'
  if (/^\s*\??\.[\w$]/.test(next) && next.trim() !== '.exit') return text
  const code = statementOf(text)
  if (code === undefined) return text
  const value = await session.run(code)
  if (value !== undefined) process.stdout.write(`${showValue(value, false)}\n`)
  return ''
}
