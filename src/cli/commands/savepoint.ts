// `rivulet savepoint`: has a running program write a savepoint.

import { resolve } from 'node:path'
import { ask } from '../../control/control-client.ts'
import { controlErrors } from '../../control/errors.ts'

/** Prints the savepoint's path. Errors: RIV_CONTROL_APP, RIV_CONTROL_ANSWER with the program's own code. */
export async function savepoint(app: string, dir: string | undefined): Promise<void> {
  for await (const answer of ask(app, { cmd: 'savepoint', ...(dir !== undefined && { dir: resolve(dir) }) }, waits(app))) {
    if ('savepoint' in answer) process.stdout.write(`${answer.savepoint}\n`)
  }
}

/** Says that it waits for a program that is silent. */
export const waits = (app: string) => (pid: number | undefined): void => {
  const { message } = controlErrors.RIV_CONTROL_SILENT(app, pid)
  process.stderr.write(`waiting: ${message}\n`)
}
