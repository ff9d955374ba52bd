// Coded errors.
//
// - Every folder declares its codes once, in `errors.ts`, with `defineErrors`; the docs page is generated from those tables.
// - A row says what happened (`message`, with the value and the limit), what to do (`hint`) and, in a paragraph, why (`docs`).
// - Codes are unique over the project (a test holds it) and never change their meaning.

export type ErrorCode = `RIV_${string}`

/** One row of an error table. */
export interface ErrorRow {
  /** What happened: the thing, the value, the limit. Gets the arguments of the call that makes the error. */
  readonly message: (...args: never[]) => string
  /** The cure, in one sentence. */
  readonly hint: string
  /** A paragraph for the docs page. */
  readonly docs: string
}

const brand = Symbol.for('rivulet.error')

/**
 * The class of every error that Rivulet throws.
 *
 * `code` is stable and documented; `message` ends with the cure; `cause` is the user's own error where there is one.
 *
 * @example
 * import { Context, isRivuletError } from 'rivulet'
 * const ctx = new Context({ master: 'inline' })
 * await ctx.stop()
 * try { ctx.parallelize([1]) } catch (e) { if (isRivuletError(e)) console.log(e.code) }   // RIV_CONTEXT_STOPPED
 */
export class RivuletError extends Error {
  static { Object.defineProperty(this.prototype, brand, { value: true }) }

  override name = 'RivuletError'
  /** The stable code, `RIV_…`. */
  readonly code: ErrorCode
  /** What to do about it. */
  readonly hint: string
  /** Where the code is explained. */
  readonly docs: string

  constructor(code: ErrorCode, message: string, hint: string, options?: ErrorOptions) {
    super(hint === '' ? message : `${message} (${hint})`, options)
    this.code = code
    this.hint = hint
    this.docs = `docs/errors.md#${code.toLowerCase()}`
  }
}

/** Whether `error` is a RivuletError, also when it comes from another copy of this package. */
export function isRivuletError(error: unknown): error is RivuletError {
  return typeof error === 'object' && error !== null && brand in error
}

/** The first error that matches, be it this one or below it; what comes from another thread may have lost its class. */
export function findCause(error: unknown, matches: (cause: Error & { readonly code?: unknown }) => boolean): Error | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) if (matches(cause)) return cause
  return undefined
}

/** The error with a code, be it this one or below it. */
export const causeWithCode = (error: unknown, code: ErrorCode): Error | undefined => findCause(error, cause => cause.code === code)

type Table = Record<ErrorCode, ErrorRow>
type Makers<T extends Table> = {
  readonly [C in keyof T & ErrorCode]: ((...args: Parameters<T[C]['message']>) => RivuletError) & { readonly row: T[C]; withCause(cause: unknown, ...args: Parameters<T[C]['message']>): RivuletError }
}

/** Turns a table of rows into makers: `errors.RIV_DURATION(args)` builds the error, `errors.RIV_DURATION.withCause(e, args)` keeps the cause. */
export function defineErrors<const T extends Table>(table: T): Makers<T> {
  const makers: Record<string, unknown> = {}
  for (const [code, row] of Object.entries(table) as [ErrorCode, ErrorRow][]) {
    const message = row.message as (...args: unknown[]) => string
    const make = (...args: unknown[]): RivuletError => new RivuletError(code, message(...args), row.hint)
    makers[code] = Object.assign(make, { row, withCause: (cause: unknown, ...args: unknown[]) => new RivuletError(code, message(...args), row.hint, { cause }) })
  }
  return makers as Makers<T>
}
