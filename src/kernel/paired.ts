// Records of pair operations are arrays of two elements; what is none got past the compiler as `any`.

import { showRecord } from '../wire/remote-error.ts'
import { FinalFailure, kernelErrors } from './errors.ts'

/** The record, which is a pair; RIV_NOT_A_PAIR for any other. */
export function paired(record: unknown): readonly [unknown, unknown] {
  if (Array.isArray(record)) return record as unknown as readonly [unknown, unknown]
  throw new FinalFailure(kernelErrors.RIV_NOT_A_PAIR(showRecord(record)))
}
