// The error of a failed attempt as the user meets it: operator, call site, record, their own stack as the cause.

import { rddErrors } from '../../rdd/errors.ts'
import { engineErrors } from '../errors.ts'
import type { TaskFailure } from './dag-scheduler.ts'
import type { FnOrigin } from './describe-task.ts'
import type { TaskOutcome } from './task-backend.ts'

/** What is known of the attempt. */
export interface AttemptInfo {
  readonly action: string
  readonly partition: number
  readonly attempt: number
  /** Whether it ran while nothing else did. */
  readonly alone: boolean
  readonly origins: readonly FnOrigin[]
}

/** Turns an outcome that is no output into the failure that the scheduler counts. */
export function failureOf(outcome: Exclude<TaskOutcome, { kind: 'done' }>, { action, partition, attempt, alone, origins }: AttemptInfo): TaskFailure {
  if (outcome.kind === 'lost') {
    const memory = outcome.reason === 'memory'
    const make = memory ? engineErrors.RIV_TASK_MEMORY : engineErrors.RIV_WORKER_LOST
    return { error: make.withCause(outcome.error, action, partition, outcome.detail, attempt), retry: !memory || !alone }
  }
  const { failure, cause } = outcome
  if (failure.kind === 'cancelled') return { error: engineErrors.RIV_JOB_CANCELLED(action), retry: false }
  if (failure.kind === 'fatal') return { error: cause, retry: false }
  if (failure.kind === 'memory') return { error: engineErrors.RIV_TASK_MEMORY(action, partition, cause.message, attempt), retry: false }
  const origin = origins[failure.fn]
  if (failure.kind === 'user' && origin !== undefined) {
    const thrown = `${cause.name}: ${cause.message}`
    return { error: rddErrors.RIV_USER_FUNCTION.withCause(cause, origin.op, origin.site.place, failure.record, thrown.slice(0, 2_000), attempt), retry: true }
  }
  return { error: engineErrors.RIV_TASK.withCause(cause, action, partition, cause.message.slice(0, 2_000), attempt), retry: true }
}
