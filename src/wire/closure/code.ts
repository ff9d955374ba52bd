// The text of one shipped function, as it is installed in workers and compiled there.
//
// - The hash covers everything else in it: equal hashes mean equal code at the same place.
// - Captured values are no part of it; they are handed to the compiled text as arguments, in the order of `params`.

import { hash } from 'node:crypto'

/** One function's or class's text with what is needed to compile it. */
export interface FunctionCode {
  readonly hash: string
  /** An expression that evaluates to the function; its free variables are `params` and globals. */
  readonly text: string
  readonly isClass: boolean
  readonly params: readonly string[]
  /** So many of `params` are needed to evaluate the text (superclass, computed keys of a class); the others only when it is called. */
  readonly eagerParams: number
  readonly strict: boolean
  readonly usesImport: boolean
  /** The script that V8 compiled, with the mark by which `remapStack` knows it; line and column (from 0) where `text` begins in it. */
  readonly url: string
  readonly line: number
  readonly column: number
}

/** A short identity of texts or bytes: 128 bits of SHA-256. */
export function identityOf(data: string | Uint8Array): string {
  return hash('sha256', data, 'base64url').slice(0, 22)
}

/** The code with its hash. */
export function withHash(code: Omit<FunctionCode, 'hash'>): FunctionCode {
  const { text, isClass, params, eagerParams, strict, usesImport, url, line, column } = code
  return { hash: identityOf(JSON.stringify([text, isClass, params, eagerParams, strict, usesImport, url, line, column])), ...code }
}
