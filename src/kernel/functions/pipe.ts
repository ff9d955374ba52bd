// Pipes the records of a partition through a program.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Writable } from 'node:stream'
import { kernelErrors } from '../errors.ts'
import { recordText } from '../record-text.ts'
import type { TaskIO } from '../task-io.ts'
import type { Args, Rows } from './kinds.ts'

/** Records go in as lines, lines of its output are records; the program is ended with the task. */
export const piped = ([command]: Args) => async function* (rows: Rows, _partition: number, io: TaskIO): AsyncGenerator<string> {
  const [file, ...args] = typeof command === 'string' ? [command] : command as string[]
  const child = spawn(file!, args, { shell: typeof command === 'string', stdio: ['pipe', 'pipe', 'inherit'], signal: io.signal })
  const ended = once(child, 'close') as Promise<[number | null, string | null]>
  ended.catch(() => {}) // read below; an earlier end of the loop must not leave it unhandled
  child.stdin.on('error', () => {}) // a program may stop reading: its exit code says whether that is an error
  const writing = write(child.stdin, rows).then(() => undefined, (error: unknown) => { child.kill(); return { error } })
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

async function write(input: Writable, rows: Rows): Promise<void> {
  for (const record of rows) {
    if (input.destroyed) return
    if (input.write(`${recordText(record)}\n`)) continue
    await new Promise<void>(resolve => {
      const go = (): void => { input.off('drain', go).off('close', go); resolve() }
      input.on('drain', go).on('close', go)
    })
  }
  input.end()
}
