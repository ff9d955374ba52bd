// The input of a receiver: its blocks, batch by batch.
//
// Two kinds share it: receivers of records (the program's, and iterables), and receivers of text, whose bytes only tasks decode.

import type { CallSite } from '../../base/call-site.ts'
import type { JobRunner } from '../../rdd/job-runner.ts'
import { source } from '../../rdd/nodes.ts'
import type { Plan, SourcePartition } from '../../rdd/plan.ts'
import { streamingErrors } from '../errors.ts'
import { InputNode, type EarlierInput, type InputEnvironment } from '../graph/input-node.ts'
import { streamingSettings } from '../settings.ts'
import type { BlockCutter, CutterOptions } from './block-cutter.ts'
import { RateLimit } from './rate-limit.ts'
import { ReceivedBlocks } from './received-blocks.ts'
import { ReceiverSupervisor, type Startable } from './receiver-supervisor.ts'

const longestBlockMs = 200

/** What a kind of receiver is made of. */
export interface ReceiverParts {
  readonly receiver: Startable
  readonly cutter: BlockCutter
}

/** Makes the parts at start; the supervisor is there when the receiver begins. */
export type MakeReceiver = (options: CutterOptions, supervisor: () => ReceiverSupervisor, streamId: number) => ReceiverParts

export class ReceiverInput extends InputNode {
  readonly #kind: Extract<SourcePartition['kind'], 'blocks' | 'lines'>
  readonly #make: MakeReceiver
  #running: { readonly blocks: ReceivedBlocks; readonly cutter: BlockCutter; readonly supervisor: ReceiverSupervisor; readonly limit: RateLimit } | undefined

  #earlier: EarlierInput | undefined
  /** By batch that is not forgotten, the numbers of its blocks. */
  readonly #taken = new Map<number, readonly number[]>()

  constructor(op: string, site: CallSite, slideMs: number, origin: string, kind: 'blocks' | 'lines', make: MakeReceiver) {
    super({ op, site, slideMs, origin })
    this.#kind = kind
    this.#make = make
  }

  start({ clock, runner, conf, batchMs, events, journalBlock, replays }: InputEnvironment): void {
    const blocks = new ReceivedBlocks(conf.get(streamingSettings['receiver.maxWaitingBytes']), journalBlock)
    if (this.#earlier !== undefined) {
      const { batches, nextBlock, blocks: stored } = this.#earlier
      blocks.restore(batches, stored.map(({ number, records, ref }) => ({ number, records, block: { ref, release: () => runner.release([ref]) } })), nextBlock)
    }
    const intervalMs = conf.get(streamingSettings['spark.streaming.blockInterval']) || Math.min(longestBlockMs, batchMs / 2)
    const limit = new RateLimit({ clock, blocks, batchMs, intervalMs, rate: this.startControl(conf, batchMs).rate })
    const options = { clock, runner, blocks, limit, intervalMs, maxBytes: conf.get(streamingSettings['receiver.blockBytes']) }
    const { receiver, cutter } = this.#make(options, () => supervisor, this.streamId)
    const restartDelayMs = conf.get(streamingSettings['spark.streaming.receiverRestartDelay'])
    const supervisor = new ReceiverSupervisor({ log: runner.log, receiver, clock, events, streamId: this.streamId, name: this.describe(), restartDelayMs })
    this.#running = { blocks, cutter, supervisor, limit }
    if (!replays) supervisor.start()
  }

  override inputOf(timeMs: number): unknown {
    return this.#taken.get(timeMs)
  }

  override restore(earlier: EarlierInput): void {
    this.#earlier = earlier
  }

  override get hasPending(): boolean {
    return this.#running !== undefined && !(this.#running.blocks.isEmpty && this.#running.cutter.isEmpty)
  }

  override async stopReceiving(): Promise<void> {
    await this.#running?.supervisor.stop()
    this.#running?.limit.lift()
    this.#running?.cutter.drain()
  }

  protected override rateChanged(rate: number): void {
    this.#running!.limit.rate = rate
  }

  stop(): void {
    this.#running?.blocks.clear()
  }

  override forget(upToMs: number, runner: JobRunner): void {
    super.forget(upToMs, runner)
    for (const timeMs of this.#taken.keys()) if (timeMs <= upToMs) this.#taken.delete(timeMs)
    this.#running?.blocks.release(upToMs)
  }

  protected override compute(timeMs: number): Plan {
    const { blocks, cutter, supervisor, limit } = this.#running!
    try {
      cutter.drain()
      cutter.cut()
      limit.nextBatch()
    } catch (error) {
      supervisor.reportError(streamingErrors.RIV_RECEIVER.withCause(error, this.describe(), `records could not be stored: ${String(error)}`).message, error)
    }
    const taken = blocks.take(timeMs)
    const metadata = taken.flatMap(received => ('metadata' in received ? [received.metadata] : []))
    this.setInfo(timeMs, taken.reduce((sum, { records }) => sum + records, 0), metadata.length > 0 ? { blocks: metadata } : {})
    this.#taken.set(timeMs, taken.map(({ number }) => number))
    return source(this.op, this.site, taken.map(({ block }) => ({ kind: this.#kind, blocks: [block.ref] })))
  }
}
