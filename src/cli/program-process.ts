// A program in a Node of its own, under `rivulet run` and `rivulet supervise`.
//
// - The command line's master and settings reach it as RIVULET_MASTER and RIVULET_CONF_*; what the program's code says goes before them.
// - Its streams stop gracefully on SIGINT and SIGTERM, and it listens on its control socket; it is named for its file.
// - It ends when this process ends, however that happens: it holds one end of a pipe (end-with-parent.ts).

import { spawn, type ChildProcess } from 'node:child_process'
import { statSync } from 'node:fs'
import { constants } from 'node:os'
import { basename } from 'node:path'
import { parentPipe } from './end-with-parent.ts'
import { environmentOf, type ProgramOptions } from './environment.ts'
import { cliErrors } from './errors.ts'

const preload = new URL(import.meta.url.endsWith('.ts') ? './end-with-parent.ts' : './end-with-parent.js', import.meta.url).href

/** Refuses what is no program: RIV_CLI_PROGRAM, RIV_CLI_TYPESCRIPT. */
export function checkProgram(app: string): void {
  const stat = statSync(app, { throwIfNoEntry: false })
  if (stat === undefined) throw cliErrors.RIV_CLI_PROGRAM(app, 'there is no such file')
  if (stat.isDirectory()) throw cliErrors.RIV_CLI_PROGRAM(app, 'it is a folder')
  if (/\.[cm]?ts$/.test(app) && process.features.typescript === false) throw cliErrors.RIV_CLI_TYPESCRIPT(app, process.versions.node)
}

/** Starts the program; a `--` right after its name is not for it. */
export function startProgram(app: string, args: readonly string[], options: ProgramOptions): ChildProcess {
  const defaults = { 'spark.app.name': basename(app).replace(/\.[^.]*$/, ''), 'spark.streaming.stopGracefullyOnShutdown': 'true', 'control.socket': 'true' }
  const env = { ...environmentOf({ conf: defaults }), ...process.env, ...environmentOf(options), [parentPipe.variable]: String(parentPipe.fd) }
  return spawn(process.execPath, [...(options.inspectBrk === true ? ['--inspect-brk'] : []), '--import', preload, app, ...(args[0] === '--' ? args.slice(1) : args)], { stdio: ['inherit', 'inherit', 'inherit', 'pipe'], env })
}

/** The exit code of a program that has ended: its own, or 128 + n when signal n ended it. */
export function exitCode(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? 128 + constants.signals[signal!]
}
