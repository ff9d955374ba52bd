// A node without parents: where the data of a batch comes from.
//
// The graph
// - starts inputs in the order in which they were made, before the first batch, and stops each once, in two steps;
// - asks for the plan of every batch at its tick, before anything of the batch runs: that fixes the batch's input;
// - tells when a batch has completed and when it is forgotten.

import type { Clock } from '../../base/clock.ts'
import type { Conf } from '../../base/define-settings.ts'
import type { JobRunner } from '../../rdd/job-runner.ts'
import type { ReceiverEvents } from '../events/streaming-listener.ts'
import { StreamNode, type NodeOptions } from './stream-node.ts'

/** What inputs are given at start. */
export interface InputEnvironment {
  readonly clock: Clock
  readonly runner: JobRunner
  readonly conf: Conf
  readonly batchMs: number
  /** The stream's number among all inputs, from 0. */
  readonly streamId: number
  readonly events: ReceiverEvents
}

export abstract class InputNode extends StreamNode {
  readonly #records = new Map<number, number>()

  constructor({ op, site, slideMs, functions = [] }: Omit<NodeOptions, 'parents'>) {
    super({ op, site, parents: [], slideMs, functions })
  }

  abstract start(environment: InputEnvironment): void | Promise<void>

  /** Takes nothing in any more from outside; what came before is kept. Called once, before the last batch of a graceful stop. */
  stopReceiving(): void | Promise<void> {}

  /** Ends it and gives up what no batch took. Called once, after the last batch. */
  abstract stop(): void | Promise<void>

  /** Whether it has data that belongs to no batch yet; a graceful stop runs one more batch for it. */
  get hasPending(): boolean {
    return false
  }

  /** The batch and all before it have completed. It may go on in the background until stop(). */
  completed(_timeMs: number): void {}

  /** Records of a batch's input, where they are known. */
  recordsAt(timeMs: number): number {
    return this.#records.get(timeMs) ?? 0
  }

  protected setRecords(timeMs: number, records: number): void {
    this.#records.set(timeMs, records)
  }

  override forget(upToMs: number, runner: JobRunner): void {
    super.forget(upToMs, runner)
    for (const timeMs of this.#records.keys()) if (timeMs <= upToMs) this.#records.delete(timeMs)
  }
}
