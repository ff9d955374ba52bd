// `rivulet run`: a program in a Node of its own.
//
// - SIGINT and SIGTERM are passed on. In a terminal Ctrl-C goes to the whole process group, so the program has it already and must not
//   get a second one.
// - Ends with the program's exit code, or 128 + n when signal n ended it.

import type { ProgramOptions } from '../environment.ts'
import { checkProgram, exitCode, startProgram } from '../program-process.ts'

/** Runs the program to its end; the result is the exit code. */
export async function run(app: string, args: readonly string[], options: ProgramOptions): Promise<number> {
  checkProgram(app)
  const child = startProgram(app, args, options)
  const passOn = (signal: NodeJS.Signals): void => { child.kill(signal) }
  const ignore = (): void => {}
  const onInterrupt = process.stdin.isTTY ? ignore : passOn
  process.on('SIGINT', onInterrupt).on('SIGTERM', passOn)
  try {
    return await new Promise<number>((resolve, reject) => {
      child.on('error', reject)
      child.on('exit', (code, signal) => resolve(exitCode(code, signal)))
    })
  } finally {
    process.off('SIGINT', onInterrupt).off('SIGTERM', passOn)
  }
}
