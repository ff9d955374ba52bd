// `rivulet shell`: statements from a terminal, or from a pipe.
//
// - From a terminal it ends with Ctrl-D, with 0. From a pipe it ends with the input, or at the first error with 1.

import { environmentOf, type ProgramOptions } from '../environment.ts'
import { runPiped } from '../shell/piped.ts'
import { ShellSession } from '../shell/shell-session.ts'
import { showError } from '../shell/show.ts'
import { runTerminal } from '../shell/terminal.ts'

/** Runs the shell to its end; the result is the exit code. */
export async function shell(files: readonly string[], options: ProgramOptions, version: string): Promise<number> {
  Object.assign(process.env, environmentOf(options))
  const session = new ShellSession()
  await session.open()
  const { stdin, stdout } = process
  let code = 0
  try {
    for (const file of files) await session.load(file)
    if (stdin.isTTY) await runTerminal(session, version)
    else await runPiped(session, stdin)
  } catch (error) {
    process.stderr.write(`${showError(error)}\n`)
    code = 1
  }
  await session.close()
  stdout.write('', () => process.exit(code)) // timers and sockets of the user's do not hold a shell that was left
  return code
}
