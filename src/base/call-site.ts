// Where the user's code called an operator: it names operators in errors, plans and listeners.
//
// Taken on every operator call, so it must be cheap: a short stack is captured as a string and only read when somebody asks.

import { fileURLToPath } from 'node:url'

/** Of our own sources; a path, because loaders such as tsx write paths where Node writes URLs. */
const root = fileURLToPath(new URL('..', import.meta.url))

/** The place of a call in the user's code. */
export interface CallSite {
  /** `file:line:column`, relative to the working folder where possible; '' when unknown. */
  readonly place: string
}

class LazyCallSite implements CallSite {
  readonly #stack: string
  #place: string | undefined
  constructor(stack: string) { this.#stack = stack }
  get place(): string { return (this.#place ??= firstUserFrame(this.#stack)) }
}

/** The call site of the code that called into Rivulet. */
export function callSite(): CallSite {
  const holder: { stack?: string } = {}
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 12
  Error.captureStackTrace(holder, callSite)
  Error.stackTraceLimit = limit
  return new LazyCallSite(holder.stack ?? '')
}

/** Whether a stack line is one of our own sources or of Node itself. */
export function isOwnFrame(frame: string): boolean {
  return (frame.includes(root) && !/\.test\.|\.fixture\./.test(frame)) || frame.includes('node:internal') || frame.includes('(<anonymous>)') || frame.includes('at async Promise.all')
}

function firstUserFrame(stack: string): string {
  for (const frame of stack.split('\n').slice(1)) {
    if (isOwnFrame(frame)) continue
    const match = /\(?((?:file:\/\/|\/|[A-Za-z]:\\|REPL|evalmachine|\[eval)[^()]*:\d+:\d+)\)?$/.exec(frame)
    if (match) return shortenPath(match[1]!)
  }
  return ''
}

/** A `file://` URL or path, relative to the working folder where it lies below it. */
export function shortenPath(place: string): string {
  const path = decodeURIComponent(place.replace(/^file:\/\//, '').replace(/\?[^:]*(?=:)/, ''))
  const cwd = process.cwd() + '/'
  return path.startsWith(cwd) ? path.slice(cwd.length) : path
}
