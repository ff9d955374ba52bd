// Assertions for invariants of our own: they say that Rivulet has a bug, never that the user has one.

/** Throws when an invariant of ours does not hold; `message` may be lazy. */
export function assert(condition: unknown, message: string | (() => string)): asserts condition {
  if (!condition) throw new Error(`Rivulet bug: ${typeof message === 'string' ? message : message()}`)
}

/** Closes a switch over a union: a new member no longer compiles. */
export function unreachable(value: never): never {
  throw new Error(`Rivulet bug: unreachable case ${JSON.stringify(value)}`)
}

/** The value, which an invariant says is there. */
export function present<T>(value: T | undefined | null, what: string): T {
  if (value === undefined || value === null) throw new Error(`Rivulet bug: ${what} is missing`)
  return value
}
