// The driver's half of reduce: the partitions' results into one, by the same function.

import { kernelErrors } from '../../kernel/errors.ts'
import { showRecord } from '../../wire/remote-error.ts'
import { rddErrors } from '../errors.ts'
import type { UserFunction } from '../plan.ts'

/** Combines the values in order; there is at least one. */
export function reduceInDriver(fn: UserFunction, values: readonly unknown[]): unknown {
  return values.reduce((a, b) => inDriver(fn, [a, b], b))
}

/** Calls a user's function in the driver; its errors look like those out of a task. */
export function inDriver({ fn, op, site }: UserFunction, args: readonly unknown[], record: unknown): unknown {
  try {
    const value = (fn as (...args: unknown[]) => unknown)(...args)
    if (typeof (value as { then?: unknown } | null | undefined)?.then !== 'function') return value
    ;(value as Promise<unknown>).then(undefined, () => {}) // its own failure has no reader
    throw kernelErrors.RIV_ASYNC_FUNCTION()
  } catch (thrown) {
    const cause = thrown instanceof Error ? thrown : new Error(`thrown: ${showRecord(thrown)}`)
    throw rddErrors.RIV_USER_FUNCTION.withCause(cause, op, site.place, showRecord(record), `${cause.name}: ${cause.message}`.slice(0, 2_000), 1)
  }
}
