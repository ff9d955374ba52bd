// `rivulet run`: a program in a Node of its own.
//
// - The command line's master and settings reach it as RIVULET_MASTER and RIVULET_CONF_*; what the program's code says goes before them.
// - Streams stop gracefully: the setting is given, and SIGINT and SIGTERM are passed on. In a terminal Ctrl-C goes to the whole
//   process group, so the program has it already and must not get a second one.
// - Ends with the program's exit code, or 128 + n when signal n ended it.

import { spawn } from 'node:child_process'
import { statSync } from 'node:fs'
import { constants } from 'node:os'
import { environmentOf, type ProgramOptions } from '../environment.ts'
import { cliErrors } from '../errors.ts'

/** Runs the program to its end; the result is the exit code. */
export async function run(app: string, args: readonly string[], options: ProgramOptions): Promise<number> {
  const stat = statSync(app, { throwIfNoEntry: false })
  if (stat === undefined) throw cliErrors.RIV_CLI_PROGRAM(app, 'there is no such file')
  if (stat.isDirectory()) throw cliErrors.RIV_CLI_PROGRAM(app, 'it is a folder')
  if (/\.[cm]?ts$/.test(app) && process.features.typescript === false) throw cliErrors.RIV_CLI_TYPESCRIPT(app, process.versions.node)

  const env: NodeJS.ProcessEnv = { 'RIVULET_CONF_spark.streaming.stopGracefullyOnShutdown': 'true', ...process.env, ...environmentOf(options) }
  const child = spawn(process.execPath, [app, ...args], { stdio: 'inherit', env })
  const passOn = (signal: NodeJS.Signals): void => { child.kill(signal) }
  const ignore = (): void => {}
  const onInterrupt = process.stdin.isTTY ? ignore : passOn
  process.on('SIGINT', onInterrupt).on('SIGTERM', passOn)
  try {
    return await new Promise<number>((resolve, reject) => {
      child.on('error', reject)
      child.on('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal!]))
    })
  } finally {
    process.off('SIGINT', onInterrupt).off('SIGTERM', passOn)
  }
}
