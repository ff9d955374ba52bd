// The shell at a terminal, on node:repl: lines, history, completion, Ctrl-C.
//
//   idle ──complete statement──→ busy ──value, error, Ctrl-C──→ idle
//
// - While busy, what is typed waits and is handled afterwards; Ctrl-C cancels.
// - The console's own evaluation guards the part of a statement that does not give way to the event loop: meanwhile the terminal is
//   out of raw mode, Ctrl-C is a signal, and the signal ends the call. Nobody else may listen to SIGINT: Node's watchdog would lose it.

import type { EventEmitter } from 'node:events'
import { mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { Recoverable, start, type REPLServer } from 'node:repl'
import { completions } from './completion.ts'
import { guardedCall } from './evaluator.ts'
import type { ShellSession } from './shell-session.ts'
import { showError, showValue } from './show.ts'
import { statementOf } from './statement.ts'

interface Key { readonly name?: string; readonly ctrl?: boolean }
/** What node:readline calls for every key. */
interface KeyReader { _ttyWrite: (text: string | undefined, key: Key) => void }
type Done = (error: Error | null, value?: unknown) => void

/** Runs the shell until Ctrl-D or `.exit`. */
export async function runTerminal(session: ShellSession, version: string): Promise<void> {
  const { stdout } = process
  const colors = stdout.hasColors?.() ?? false
  stdout.write(`Rivulet ${version} on Node ${process.versions.node}: ctx is ${String(session.ctx)}\n`
    + 'Tab completes, Ctrl-C cancels the running job, Ctrl-D ends, .help says more\n')

  const server: REPLServer = start({
    prompt: 'rivulet> ',
    useGlobal: true,
    ignoreUndefined: true,
    preview: false,
    useColors: colors,
    completer: (line: string) => completions(line, Object.keys(server.commands)),
    writer: value => showValue(value, colors),
    breakEvalOnSigint: true,
  })
  const report = (error: unknown): void => {
    stdout.write(`${showError(error)}\n`)
  }
  const reportLater = (error: unknown): void => {
    if ((error as { code?: string } | undefined)?.code === 'ERR_SCRIPT_EXECUTION_INTERRUPTED') return
    stdout.write('\n')
    report(error)
    if (!session.evaluator.isBusy) server.displayPrompt(true)
  }

  const evaluate = async (text: string, done: Done): Promise<void> => {
    let running: Promise<unknown>
    try {
      const code = statementOf(text)
      if (code === undefined) return done(new Recoverable(new SyntaxError('more has to come')))
      running = session.run(code)
    } catch (error) {
      report(error)
      return done(null)
    }
    const value = await running.catch(report)
    done(null, value)
    typeHeld()
  }

  const consoleEval = server.eval
  ;(server as { eval: REPLServer['eval'] }).eval = (text, _context, _file, done) => { void evaluate(text, done as Done) }
  // It runs statements in a domain, which would show what they leave behind in its own way.
  consoleEval.call(server, '0', server.context, 'guard', () => {
    ;(process as { domain?: EventEmitter }).domain?.removeAllListeners('error').on('error', reportLater)
  })
  session.evaluator.guard = () => {
    let isBroken = true // it does not call back then, but says so to its domain
    consoleEval.call(server, guardedCall, server.context, 'guard', error => { isBroken = error !== null })
    return isBroken
  }
  const whenIdle = server.rawListeners('SIGINT') as (() => void)[]
  const onInterrupt = (): void => {
    if (session.evaluator.isBusy) session.cancel()
    else for (const listener of whenIdle) listener.call(server)
  }
  server.removeAllListeners('SIGINT').on('SIGINT', onInterrupt)

  const keys = server as unknown as KeyReader
  const onKey = keys._ttyWrite.bind(server)
  const held: [string | undefined, Key][] = []
  keys._ttyWrite = (text, key) => {
    if (!session.evaluator.isBusy) onKey(text, key)
    else if (key.ctrl === true && key.name === 'c') session.cancel()
    else held.push([text, key])
  }
  const typeHeld = (): void => {
    while (held.length > 0 && !session.evaluator.isBusy) onKey(...held.shift()!)
  }

  process.on('unhandledRejection', reportLater).on('uncaughtException', reportLater)
  keepHistory(server)
  await new Promise(resolve => server.once('exit', resolve))
  process.off('unhandledRejection', reportLater).off('uncaughtException', reportLater)
}

/** Keeps what was typed in the user's folder for state; where that cannot be written, only for this run. */
function keepHistory(server: REPLServer): void {
  const file = join(process.env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state'), 'rivulet', 'shell-history')
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  } catch {
    return
  }
  server.setupHistory(file, () => {})
}
