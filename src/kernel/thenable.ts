// Promises where a plain value is needed: what a function that should be synchronous gives when it is not.

import { types } from 'node:util'
import { kernelErrors } from './errors.ts'

/** The error for a Promise or other thenable; undefined for any other value. */
export function refusalOfThenable(value: unknown): Error | undefined {
  if (typeof value !== 'object' || value === null || typeof (value as { then?: unknown }).then !== 'function') return undefined
  if (types.isPromise(value)) value.catch(() => {}) // its own failure has no reader
  return kernelErrors.RIV_ASYNC_FUNCTION()
}

/** The value, which is no thenable. */
export function plain<T>(value: T): T {
  const refusal = refusalOfThenable(value)
  if (refusal !== undefined) throw refusal
  return value
}
