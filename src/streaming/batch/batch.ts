// One batch: its time, the lifetime of what it makes, and what is known of its course.

import { AsyncLocalStorage } from 'node:async_hooks'
import { Time } from '../../base/time.ts'
import { PlanScope } from '../../rdd/plan.ts'
import type { BatchInfo, InputInfo, OutputOperationInfo } from '../events/streaming-listener.ts'
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
  /** Rejects where nothing of this program may be seen any more. */
  readonly assertNewest: () => Promise<void>
  /** Whether an earlier start of the program began it. */
  readonly again: boolean
  readonly submittedMs: number
  startedMs: number | undefined
  endedMs: number | undefined
  inputs: Readonly<Record<number, InputInfo>> = {}
  readonly outputs: Record<number, OutputOperationInfo> = {}
  /** Outputs that have ended. */
  outputsEnded = 0
  /** What two-phase sinks have prepared. */
  readonly prepared: Prepared[] = []
  /** Whether its advance failed: it brought nothing to any state. */
  rolledBack = false
  /** Whether the batch failed for good. */
  failed = false
  isOver = false

  constructor(timeMs: number, submittedMs: number, { assertNewest, again }: Pick<Batch, 'assertNewest' | 'again'>) {
    this.again = again
    this.assertNewest = assertNewest
    this.time = new Time(timeMs)
    this.submittedMs = submittedMs
  }

  /** What listeners are told. */
  get info(): BatchInfo {
    const { submittedMs, startedMs, endedMs, inputs } = this
    const numRecords = Object.values(inputs).reduce((sum, input) => sum + input.numRecords, 0)
    const numbers = {
      batchTime: this.time.milliseconds, numRecords, submissionTime: submittedMs,
      ...(startedMs !== undefined && { processingStartTime: startedMs, schedulingDelay: startedMs - submittedMs }),
      ...(startedMs !== undefined && endedMs !== undefined && { processingEndTime: endedMs, processingDelay: endedMs - startedMs, totalDelay: endedMs - submittedMs }),
    }
    return Object.defineProperties(numbers, { streamIdToInputInfo: { value: inputs }, outputOperationInfos: { value: { ...this.outputs } } }) as unknown as BatchInfo
  }
}

/** The handles of an output's partitions. */
export interface Prepared { readonly output: number; readonly handles: readonly unknown[] }

const current = new AsyncLocalStorage<Batch>()

/** Runs `body` as part of a batch, across awaits. */
export function withinBatch<R>(batch: Batch, body: () => R): R {
  return current.run(batch, body)
}

/** The batch in which code runs. Code that a batch left behind (a timer) runs in none once the batch is over. */
export function currentBatch(): Batch | undefined {
  const batch = current.getStore()
  return batch?.isOver === true ? undefined : batch
}
