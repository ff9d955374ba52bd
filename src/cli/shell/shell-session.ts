// What the terminal and the piped shell share: the context, the evaluator, the names in scope.

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Context } from '../../context/context.ts'
import { StreamingContext } from '../../streaming/streaming-context.ts'
import { cliErrors } from '../errors.ts'
import { Evaluator } from './evaluator.ts'
import { keep, keepName } from './keep.ts'
import { importName, shellImport } from './shell-import.ts'
import { statementOf } from './statement.ts'

export class ShellSession {
  readonly ctx = new Context({ appName: 'rivulet-shell' })
  readonly evaluator = new Evaluator()
  #statements = 0

  /** Makes `ctx` and the exports of 'rivulet' global variables. */
  async open(): Promise<void> {
    const names = { ...await import('../../index.ts'), ctx: this.ctx, [importName]: shellImport, [keepName]: keep }
    for (const [name, value] of Object.entries(names)) Object.defineProperty(globalThis, name, { value, writable: true, configurable: true })
  }

  /** The value of a statement in JavaScript, see `statementOf`. */
  run(code: string): Promise<unknown> {
    return this.evaluator.evaluate(code, `REPL${++this.#statements}`)
  }

  /** Runs a file as if it had been typed: what it declares stays. */
  async load(file: string): Promise<void> {
    const path = resolve(file)
    let text: string
    try {
      text = readFileSync(path, 'utf8')
    } catch (error) {
      throw cliErrors.RIV_CLI_PROGRAM.withCause(error, file, 'it cannot be read')
    }
    const code = statementOf(text, path)
    if (code === undefined) throw cliErrors.RIV_SHELL_INCOMPLETE(file)
    await this.evaluator.evaluate(code, path)
  }

  /** Ends the jobs that run, and the statement that waits for them. */
  cancel(): void {
    this.ctx.cancelAllJobs()
    this.evaluator.interrupt()
  }

  async close(): Promise<void> {
    await StreamingContext.getActive()?.stop()
    await this.ctx.stop()
    this.evaluator.close()
  }
}
