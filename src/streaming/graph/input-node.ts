// A node without parents: where the data of a batch comes from.
//
// The graph
// - starts inputs in the order in which they were made, before the first batch, and stops each once, in two steps;
// - asks for the plan of every batch at its tick, before anything of the batch runs: that fixes the batch's input;
// - tells when a batch has completed and when it is forgotten.

import type { Clock } from '../../base/clock.ts'
import type { Conf } from '../../base/define-settings.ts'
import type { JobRunner } from '../../rdd/job-runner.ts'
import type { InputInfo, ReceiverEvents } from '../events/streaming-listener.ts'
import { RateControl } from '../rates/rate-control.ts'
import type { Processed } from '../rates/rate-estimator.ts'
import type { BlockRef } from '../../wire/slab/block-ref.ts'
import { StreamNode, type NodeOptions } from './stream-node.ts'

/** What inputs are given at start. */
export interface InputEnvironment {
  readonly clock: Clock
  readonly runner: JobRunner
  readonly conf: Conf
  readonly batchMs: number
  readonly events: ReceiverEvents
  readonly journalBlock: JournalBlock
  /** Whether only a batch of an earlier run is run again: nothing is received. */
  readonly replays: boolean
}

/** What an earlier run left of an input. */
export interface EarlierInput {
  /** By time, what the batches had that have to run again. */
  readonly batches: ReadonlyMap<number, unknown>
  /** What the newest batch of all had. */
  readonly newest: unknown
  /** The stored blocks that no complete batch had, in order of their numbers. */
  readonly blocks: readonly { readonly number: number; readonly records: number; readonly ref: BlockRef }[]
  /** The number of the next block. */
  readonly nextBlock: number
}

/** Journals a block that an input stored; resolves when it is durable. */
export type JournalBlock = (number: number, records: number, ref: BlockRef) => Promise<void>

export abstract class InputNode extends StreamNode {
  readonly #infos = new Map<number, InputInfo>()
  #control: RateControl | undefined
  /** Its number among all inputs, from 0. */
  streamId = -1
  /** Where it reads from, as far as that is known: a folder, an address. */
  readonly origin: string

  constructor({ op, site, slideMs, functions = [], origin = '' }: Omit<NodeOptions, 'parents'> & { readonly origin?: string }) {
    super({ op, site, parents: [], slideMs, functions })
    this.origin = origin
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

  /** What is known of a batch's input. */
  infoAt(timeMs: number): InputInfo | undefined {
    return this.#infos.get(timeMs)
  }

  /** What a batch's input is made of again: plain data; undefined where it makes it anew from the time alone. */
  inputOf(_timeMs: number): unknown {
    return undefined
  }

  /** Where it begins, as `inputOf` would tell it of the batch before the first; undefined where that does not matter. */
  get begins(): unknown {
    return undefined
  }

  /** Goes on from an earlier run. Called before `start`. */
  restore(_earlier: EarlierInput): void {}

  /** Why its batches cannot be made again by another run; undefined where they can. */
  get unrecoverable(): string | undefined {
    return undefined
  }

  /** A batch is over, whether or not it failed: the rate follows how long it took. */
  processed(timeMs: number, delays: Omit<Processed, 'elements'>): void {
    const control = this.#control
    if (control === undefined) return
    const before = control.rate
    control.processed({ ...delays, elements: this.infoAt(timeMs)?.numRecords ?? 0 })
    if (control.rate !== before) this.rateChanged(control.rate)
  }

  /** Makes the control of an input whose rate can be limited. */
  protected startControl(conf: Conf, batchMs: number): RateControl {
    return (this.#control = new RateControl(conf, batchMs))
  }

  protected rateChanged(_rate: number): void {}

  protected setInfo(timeMs: number, numRecords: number, metadata: Readonly<Record<string, unknown>> = {}): void {
    this.#infos.set(timeMs, { inputStreamId: this.streamId, numRecords, metadata })
  }

  override forget(upToMs: number, runner: JobRunner): void {
    super.forget(upToMs, runner)
    for (const timeMs of this.#infos.keys()) if (timeMs <= upToMs) this.#infos.delete(timeMs)
  }
}
