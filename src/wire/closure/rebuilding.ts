// What the makers of functions and objects need of the graph they are in.

import type { FunctionCode } from './code.ts'
import type { Ref } from './nodes.ts'

/** Stands for a value that is being made further out. */
export const late = Symbol('late')

export interface Rebuilding {
  /** Installed code. */
  code(hash: string): FunctionCode
  /** The value of a reference, or `late`. */
  value(ref: Ref): unknown
  /** Calls `then` with the value, now or when it exists. */
  whenDone(ref: Ref, then: (value: unknown) => void): void
  /** Calls `then` when the whole graph is made. */
  atEnd(then: () => void): void
}

/** Tells that a node's value exists, before it has its content. */
export type Done = <T>(value: T) => T
