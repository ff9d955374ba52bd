// One batch: its time, the lifetime of what it makes, and what is known of its course.

import { AsyncLocalStorage } from 'node:async_hooks'
import { Time } from '../../base/time.ts'
import { PlanScope } from '../../rdd/plan.ts'
import type { BatchInfo } from '../events/streaming-listener.ts'
import { ActionLeases } from './action-leases.ts'

export class Batch {
  readonly time: Time
  /** Owns the plan nodes made in the batch; released when it is forgotten. */
  readonly scope = new PlanScope()
  readonly leases = new ActionLeases()
  /** Cancels the batch's actions. */
  readonly abort = new AbortController()
  /** Resolves when the batch is over, whether or not it failed. */
  readonly over = Promise.withResolvers<void>()
  readonly submittedMs: number
  startedMs: number | undefined
  endedMs: number | undefined
  records = 0
  /** Whether a pane could not be computed. */
  advanceFailed = false
  /** Whether the batch failed for good. */
  failed = false

  constructor(timeMs: number, submittedMs: number) {
    this.time = new Time(timeMs)
    this.submittedMs = submittedMs
  }

  /** What listeners are told. */
  get info(): BatchInfo {
    const { submittedMs, startedMs, endedMs } = this
    const base = { batchTime: this.time.milliseconds, numRecords: this.records, submissionTime: submittedMs }
    if (startedMs === undefined) return base
    const started = { ...base, processingStartTime: startedMs, schedulingDelay: startedMs - submittedMs }
    if (endedMs === undefined) return started
    return { ...started, processingEndTime: endedMs, processingDelay: endedMs - startedMs, totalDelay: endedMs - submittedMs }
  }
}

/** The batch in which code runs, across awaits. */
export const currentBatch = new AsyncLocalStorage<Batch>()

/** The same, as long as the batch runs: a timer that a batch's function made may fire long after. */
export function runningBatch(): Batch | undefined {
  const batch = currentBatch.getStore()
  return batch?.endedMs === undefined ? batch : undefined
}
