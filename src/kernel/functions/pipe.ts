// Pipes the records of a partition through a program.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Writable } from 'node:stream'
import { kernelErrors } from '../errors.ts'
import { recordText } from '../record-text.ts'
import type { TaskIO } from '../task-io.ts'
import type { Args, Fns, Rows } from './kinds.ts'

interface Options { readonly env?: Readonly<Record<string, string>>; readonly cwd?: string; readonly header?: readonly string[] }

/** Records go in as lines, lines of its output are records; the program is ended with the task. */
export const piped = ([command, options]: Args, [linesOf]: Fns) => async function* (rows: Rows, _partition: number, io: TaskIO): AsyncGenerator<string> {
  const [file, ...args] = typeof command === 'string' ? [command] : command as string[]
  const { env, cwd, header = [] } = options as Options
  const child = spawn(file!, args, { shell: typeof command === 'string', stdio: ['pipe', 'pipe', 'inherit'], signal: io.signal, ...(cwd !== undefined && { cwd }), ...(env && { env: { ...process.env, ...env } }) })
  const ended = once(child, 'close') as Promise<[number | null, string | null]>
  ended.catch(() => {}) // read below; an earlier end of the loop must not leave it unhandled
  child.stdin.on('error', () => {}) // a program may stop reading: its exit code says whether that is an error
  const writing = write(child.stdin, linesFor(rows, header, linesOf)).then(() => undefined, (error: unknown) => { child.kill(); return { error } })
  try {
    yield* createInterface({ input: child.stdout, crlfDelay: Infinity })
    const failed = await writing
    if (failed !== undefined) throw failed.error
    const [code, signal] = await ended
    if (code !== 0) throw kernelErrors.RIV_PIPE(String(Array.isArray(command) ? command.join(' ') : command), code ?? signal)
  } finally {
    child.kill()
  }
}

function* linesFor(rows: Rows, header: readonly string[], linesOf: Fns[number] | undefined): Generator<string> {
  yield* header
  for (const record of rows) {
    if (linesOf === undefined) yield recordText(record)
    else for (const line of linesOf(record) as Iterable<unknown>) yield recordText(line)
  }
}

async function write(input: Writable, lines: Iterable<string>): Promise<void> {
  for (const line of lines) {
    if (input.destroyed) return
    if (input.write(`${line}\n`)) continue
    await new Promise<void>(resolve => {
      const go = (): void => { input.off('drain', go).off('close', go); resolve() }
      input.on('drain', go).on('close', go)
    })
  }
  input.end()
}
