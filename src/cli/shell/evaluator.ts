// Evaluates statements in this process, one after another, in V8's own mode for consoles.
//
// - `Runtime.evaluate` with `replMode`: top-level await; `let`, `const`, `class` stay for later statements and may be declared again.
//   They live in V8's script scope, where closure capture finds them as it does in scripts.
// - The value of a statement that is a promise is awaited.
// - `interrupt()` ends the waiting, not the work: what runs is the caller's to cancel. A loop that never comes back to the event loop
//   is ended by a guard that the terminal gives: it makes SIGINT end the call.

import { Session, type Runtime } from 'node:inspector'
import { cliErrors } from '../errors.ts'
import { takeValue, type Post } from './take-value.ts'

const door = Symbol.for('rivulet.shell.run')
/** The script with which a guard makes the call. */
export const guardedCall = `globalThis[Symbol.for('${door.description}')]()`
/** Runs `guardedCall` at once, and says whether it was broken off. */
export type Guard = () => boolean

type Callback<R> = (error: Error | null, answer: R) => void

export class Evaluator {
  readonly #session = new Session()
  #interrupt: ((reason: Error) => void) | undefined

  constructor() {
    this.#session.connect()
  }

  /** Runs the part of a statement that does not give way to the event loop; without one it is just called. */
  guard: Guard | undefined

  /** Whether a statement is under way. */
  get isBusy(): boolean {
    return this.#interrupt !== undefined
  }

  /** The value of a statement; `name` stands for its file in stacks. Rejects with what it throws, or with RIV_SHELL_INTERRUPTED. */
  async evaluate(code: string, name: string): Promise<unknown> {
    const interrupted = new Promise<never>((_, reject) => { this.#interrupt = reject })
    try {
      return await Promise.race([interrupted, this.#evaluate(`${code}\n//# sourceURL=${name}`)])
    } finally {
      this.#interrupt = undefined
    }
  }

  /** Gives up waiting for the statement that is under way. */
  interrupt(): void {
    this.#interrupt?.(cliErrors.RIV_SHELL_INTERRUPTED())
  }

  close(): void {
    this.#session.disconnect()
  }

  #evaluate(expression: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      // Not at once: when SIGINT ends a loop, V8 drops the microtasks that were queued meanwhile.
      const later = (settle: () => void): void => { setImmediate(settle) }
      const onAnswer: Callback<Runtime.EvaluateReturnType> = (error, answer) => {
        if (error !== null) return later(() => reject(/terminated/.test(error.message) ? cliErrors.RIV_SHELL_INTERRUPTED() : error))
        const { result, exceptionDetails } = answer
        const value = takeValue(exceptionDetails === undefined ? result : exceptionDetails.exception!, this.#ask)
        later(() => (exceptionDetails === undefined ? resolve(value) : reject(value as Error)))
        this.#post('Runtime.releaseObjectGroup', { objectGroup: 'statement' })
      }
      const run = (): void => this.#post('Runtime.evaluate', { expression, replMode: true, objectGroup: 'statement' }, onAnswer)
      if (this.guard === undefined) return run()
      Object.defineProperty(globalThis, door, { value: run, configurable: true })
      if (!this.guard()) return
      finishWrites()
      later(() => reject(cliErrors.RIV_SHELL_INTERRUPTED()))
    })
  }

  #post<R>(method: string, params: object, onAnswer?: Callback<R>): void {
    (this.#session.post as unknown as (method: string, params: object, onAnswer?: Callback<R>) => void).call(this.#session, method, params, onAnswer)
  }

  /** A command that is answered before it returns. */
  readonly #ask: Post = <R>(method: string, params: object): R => {
    let answer: R
    this.#post<R>(method, params, (_, given) => { answer = given })
    return answer!
  }
}

interface WriteState { readonly writecb?: unknown; readonly onwrite: () => void }

/** Writes that SIGINT broke off in the middle are over: a stream that waited for one would never write again. */
function finishWrites(): void {
  for (const stream of [process.stdout, process.stderr]) {
    const state = (stream as unknown as { _writableState?: WriteState })._writableState
    if (stream.writableLength > 0 && typeof state?.writecb === 'function') state.onwrite()
  }
}
