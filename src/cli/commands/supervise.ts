// `rivulet supervise`: a program that is started again when it fails.
//
//   running ──code 0──→ ended                    failure: another code, a signal, death by memory
//      │  ↑
//   failure │ after the pause
//      ↓  │
//    waiting ──limits hit, or a signal──→ ended
//
// - The first SIGINT or SIGTERM is passed on, and the program is not started again; the second kills it. In a terminal Ctrl-C goes to
//   the whole process group, so the program has it already.
// - Ends with the code of the program's last run.

import { setTimeout as pause } from 'node:timers/promises'
import type { ProgramOptions } from '../environment.ts'
import { checkProgram, exitCode, startProgram } from '../program-process.ts'
import { RestartPolicy, type RestartLimits } from '../restart-policy.ts'

/** Options of `rivulet supervise`. */
export interface SuperviseOptions extends ProgramOptions, RestartLimits {}

/** Runs the program until it ends well or is given up; the result is the exit code. */
export async function supervise(app: string, args: readonly string[], options: SuperviseOptions): Promise<number> {
  checkProgram(app)
  const policy = new RestartPolicy(options)
  const stopping = new AbortController()
  let kill = (_signal: NodeJS.Signals): void => {}
  const onSignal = (signal: NodeJS.Signals): void => {
    const isFirst = !stopping.signal.aborted
    stopping.abort()
    if (!isFirst) kill('SIGKILL')
    else if (signal === 'SIGTERM' || !process.stdin.isTTY) kill(signal)
  }
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  try {
    for (;;) {
      const startMs = performance.now()
      const { code, how } = await new Promise<{ code: number; how: string }>((resolve, reject) => {
        const child = startProgram(app, args, options)
        kill = signal => { child.kill(signal) }
        child.on('error', reject)
        child.on('exit', (code, signal) => resolve({ code: exitCode(code, signal), how: signal === null ? `ended with code ${code}` : `was ended by ${signal}` }))
      })
      kill = () => {}
      if (code === 0 || stopping.signal.aborted) return code
      const verdict = policy.judge(performance.now())
      const what = `rivulet: ${app} ${how} after ${seconds(performance.now() - startMs)}`
      if (verdict === 'give up') {
        process.stderr.write(`${what}; given up after ${options.maxRestarts} restarts within ${seconds(options.window)}\n`)
        return code
      }
      process.stderr.write(`${what}; restart ${verdict.restart} of ${options.maxRestarts} in ${seconds(verdict.afterMs)}\n`)
      await pause(verdict.afterMs, undefined, { signal: stopping.signal }).catch(() => {})
      if (stopping.signal.aborted) return code
    }
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
  }
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
