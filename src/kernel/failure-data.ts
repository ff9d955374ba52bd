// A throw out of a task, as the scheduler is told of it.

import type { FailureData } from '../wire/messages.ts'
import { showRecord } from '../wire/remote-error.ts'
import { FinalFailure, SpillFailure, TaskCancelled, TooLarge, UserFailure } from './errors.ts'

/** What did not come out of the function that was being called. */
const ours = [TaskCancelled, FinalFailure, SpillFailure, TooLarge]

/** What failed, and the error itself; values that are no errors are wrapped. */
export function failureData(thrown: unknown): { data: FailureData; cause: Error } {
  if (thrown instanceof TaskCancelled) return { data: { kind: 'cancelled', fn: -1, record: '' }, cause: thrown }
  if (thrown instanceof FinalFailure) return { data: { kind: 'fatal', fn: -1, record: '' }, cause: thrown.cause as Error }
  if (thrown instanceof SpillFailure) return { data: { kind: 'other', fn: -1, record: '' }, cause: thrown.cause as Error }
  if (thrown instanceof TooLarge) return { data: { kind: 'memory', fn: -1, record: '' }, cause: thrown }
  if (!(thrown instanceof UserFailure)) return { data: { kind: 'other', fn: -1, record: '' }, cause: asError(thrown) }
  if (ours.some(type => thrown.cause instanceof type)) return failureData(thrown.cause)
  const record = thrown.record === undefined ? '' : showRecord(thrown.record)
  return { data: { kind: 'user', fn: thrown.fn, record }, cause: asError(thrown.cause) }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : Object.assign(new Error(`thrown: ${showRecord(thrown)}`), { thrown })
}
