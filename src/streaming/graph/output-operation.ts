// An output operation: what a program wants done with every RDD of a stream.

import type { CallSite } from '../../base/call-site.ts'
import type { Time } from '../../base/time.ts'
import type { PlanFunction } from '../../rdd/plan.ts'
import type { RDD } from '../../rdd/rdd.ts'
import type { Committer } from '../output/sink.ts'
import type { StreamNode } from './stream-node.ts'

/** What happens when an output fails: stop the streams, report and go on, or run it up to n times more and then stop. */
export type OnFailure = 'stop' | 'skip' | { readonly retry: number }

export interface OutputOperation {
  /** Counts from 0 in the order of registration. */
  readonly id: number
  /** `foreachRDD`, `print` … */
  readonly op: string
  readonly site: CallSite
  readonly node: StreamNode
  readonly run: (rdd: RDD<unknown>, time: Time) => unknown
  readonly onFailure: OnFailure
  /** Functions that are captured at start and stay as they are. */
  readonly functions?: readonly PlanFunction[]
  /** Commits what `run` gave, once the batch's completion is durable. */
  readonly committer?: Committer
}

/** `print at app.ts:12:5`. */
export const describeOutput = ({ op, site }: Pick<OutputOperation, 'op' | 'site'>): string => `${op}${site.place === '' ? '' : ` at ${site.place}`}`
