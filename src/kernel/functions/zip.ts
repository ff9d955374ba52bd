// Puts the records of two partitions side by side.

import { FinalFailure, kernelErrors } from '../errors.ts'
import type { Args, Rows } from './kinds.ts'

/** Pairs of records, as many as each side has; the argument is the operation's name and place, for the error. */
export const zipped = ([operation]: Args) => function* (left: Rows, right: Rows): Generator<unknown> {
  const others = right[Symbol.iterator]()
  try {
    for (const record of left) {
      const { done, value } = others.next()
      if (done === true) throw uneven(operation)
      yield [record, value]
    }
    if (others.next().done !== true) throw uneven(operation)
  } finally {
    others.return?.()
  }
}

const uneven = (operation: unknown): FinalFailure => new FinalFailure(kernelErrors.RIV_ZIP_LENGTH(String(operation)))
