// Errors across threads: name, message, stack, own properties and causes as plain data, and back.
//
// - The rebuilt error is an instance of the built-in class of its name where there is one, and has the user's name and own properties.
// - Thrown values that are no errors are wrapped; what was thrown stands in the message and, where it can travel, in `thrown`.
// - Properties that cannot travel are left out, never the error.

import { inspect } from 'node:util'
import { deserialize, serialize } from 'node:v8'
import { RivuletError } from '../base/define-errors.ts'
import type { ErrorCode } from '../base/define-errors.ts'
import { maxRecordChars } from '../base/limits.ts'

/** An error as data. */
export interface RemoteError {
  readonly name: string
  readonly message: string
  readonly stack: string
  /** Own enumerable properties, v8-serialised one by one. */
  readonly properties: readonly (readonly [string, Uint8Array])[]
  readonly cause?: RemoteError
  /** Set for errors of ours. */
  readonly rivulet?: { readonly code: string; readonly hint: string }
}

const builtins: Readonly<Record<string, ErrorConstructor>> = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError }

/** An error, or whatever was thrown, as data. */
export function errorToData(thrown: unknown, depth = 0): RemoteError {
  if (!(thrown instanceof Error)) {
    return { name: 'Error', message: `thrown: ${showRecord(thrown)}`, stack: `Error: thrown: ${showRecord(thrown)}`, properties: properties({ thrown }, []) }
  }
  const cause = thrown.cause !== undefined && depth < 8 ? { cause: errorToData(thrown.cause, depth + 1) } : {}
  const common = { name: String(thrown.name), message: String(thrown.message), stack: userStack(String(thrown.stack ?? '')), ...cause }
  if (thrown instanceof RivuletError) return { ...common, properties: [], rivulet: { code: thrown.code, hint: thrown.hint } }
  return { ...common, properties: properties(thrown, ['name', 'message', 'stack', 'cause']) }
}

/** The error again; `mapStack` turns positions of shipped code into the user's own. */
export function errorFromData(data: RemoteError, mapStack: (stack: string) => string = stack => stack): Error {
  const cause = data.cause && errorFromData(data.cause, mapStack)
  const options = cause && { cause }
  const error = data.rivulet ? new RivuletError(data.rivulet.code as ErrorCode, data.message, '', options) : new (builtins[data.name] ?? Error)(data.message, options)
  if (data.rivulet) Object.assign(error, { hint: data.rivulet.hint })
  else if (error.name !== data.name) Object.defineProperty(error, 'name', { value: data.name, configurable: true, writable: true })
  Object.defineProperty(error, 'stack', { value: mapStack(data.stack), configurable: true, writable: true })
  for (const [key, bytes] of data.properties) Object.defineProperty(error, key, { value: deserialize(bytes), enumerable: true, configurable: true, writable: true })
  return error
}

/** A stack without the frames below the user's function: those of the generated loop and of ours. */
function userStack(stack: string): string {
  const lines = stack.split('\n')
  const ours = lines.findIndex(line => /^\s+at .*(?:\(eval at make \(|[/\\]kernel[/\\]counted-function\.[jt]s:)/.test(line))
  return ours === -1 ? stack : lines.slice(0, ours).join('\n')
}

function properties(of: object, without: readonly string[]): (readonly [string, Uint8Array])[] {
  const kept: (readonly [string, Uint8Array])[] = []
  for (const key of Object.keys(of)) {
    if (without.includes(key)) continue
    try {
      kept.push([key, serialize((of as Record<string, unknown>)[key])])
    } catch { /* it cannot travel: the error goes without it */ }
  }
  return kept
}

/** A record as a message shows it: one line, shortened. */
export function showRecord(record: unknown): string {
  let text: string
  try {
    text = inspect(record, { depth: 3, maxStringLength: maxRecordChars, maxArrayLength: 20, breakLength: Infinity, compact: true })
  } catch {
    text = `(a record of type ${typeof record} that throws when it is shown)`
  }
  return text.length <= maxRecordChars ? text : `${text.slice(0, maxRecordChars)}… (${text.length} characters)`
}
