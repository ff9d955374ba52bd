// How the shell shows values and errors.
//
// - An error is its name or code, its message, its hint on a line of its own, and of its stack what the user wrote.

import { inspect } from 'node:util'
import { isOwnFrame, shortenPath } from '../../base/call-site.ts'
import { isRivuletError } from '../../base/define-errors.ts'

const maxFrames = 4

/** A value as the shell shows it: on several lines where it is large. */
export function showValue(value: unknown, colors: boolean): string {
  return inspect(value, { colors, depth: 4, maxArrayLength: 100, maxStringLength: 10_000 })
}

/** An error as the shell shows it, causes included. */
export function showError(error: unknown): string {
  if (!isErrorLike(error)) return `Uncaught ${inspect(error)}`
  const cause = error.cause === undefined ? '' : `\n  cause: ${isErrorLike(error.cause) ? showError(error.cause).replaceAll('\n', '\n  ') : inspect(error.cause)}`
  if (!isRivuletError(error)) return `${error.name}: ${error.message}${frames(error)}${cause}`
  const hint = ` (${error.hint})`
  const message = error.message.endsWith(hint) ? error.message.slice(0, -hint.length) : error.message
  return `${error.code}: ${message}${error.hint === '' ? '' : `\n  hint: ${error.hint}`}${cause}`
}

/** Errors of workers and of other contexts are no instances of this one's class. */
function isErrorLike(value: unknown): value is Error {
  return value instanceof Error || (typeof value === 'object' && value !== null && 'message' in value && 'stack' in value)
}

function frames({ stack = '' }: Error): string {
  const own = stack.split('\n').filter(line => /^\s+at /.test(line) && !isOwnFrame(line) && !/node:|evalmachine/.test(line))
  return own.slice(0, maxFrames).map(line => `\n    at ${line.trim().slice(3).replace(/(?:file:\/\/)?\/[^()]*$/, place => shortenPath(place))}`).join('')
}
