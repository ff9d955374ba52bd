// The input of a source with offsets: each batch covers the offsets from where the last one ended to the latest.

import type { CallSite } from '../../base/call-site.ts'
import type { Logger } from '../../base/log.ts'
import { Time } from '../../base/time.ts'
import type { Plan, PlanFunction } from '../../rdd/plan.ts'
import { streamingErrors } from '../errors.ts'
import type { RateControl } from '../rates/rate-control.ts'
import { InputNode, type EarlierInput, type InputEnvironment } from '../graph/input-node.ts'
import type { OffsetSource } from './replayable-source.ts'

export interface SourceInputOptions<Offset, Part> {
  readonly op: string
  readonly site: CallSite
  readonly slideMs: number
  readonly origin: string
  readonly source: OffsetSource<Offset, Part>
  /** The functions in what `read` describes. */
  readonly functions: readonly PlanFunction[]
  /** The RDD of a batch's parts. */
  readonly read: (parts: readonly Part[]) => Plan
}

export class SourceInput<Offset, Part> extends InputNode {
  readonly #source: OffsetSource<Offset, Part>
  readonly #read: (parts: readonly Part[]) => Plan
  readonly #stop = new AbortController()
  /** What each batch covers that has not completed. */
  readonly #ranges = new Map<number, { readonly from: Offset; readonly to: Offset }>()
  /** What batches of an earlier run cover that did not complete. */
  #earlier: ReadonlyMap<number, unknown> = new Map()
  /** Where the next batch begins; batches take turns, also when several are due at once. */
  #next: Promise<Offset> | undefined
  #begins: Offset | undefined
  #commits: Promise<void> = Promise.resolve()
  #log: Logger | undefined
  #control: RateControl | undefined

  constructor({ source, read, ...node }: SourceInputOptions<Offset, Part>) {
    super(node)
    this.#source = source
    this.#read = read
  }

  async start({ runner, clock, conf, batchMs }: InputEnvironment): Promise<void> {
    this.#log = runner.log
    this.#control = this.startControl(conf, batchMs)
    if (this.#next !== undefined) return // an earlier run has begun it
    const initial = await this.#ask('initial', () => this.#source.initial(this.#stop.signal, new Time(clock.now())))
    this.#begins = initial
    this.#next = Promise.resolve(initial)
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('the stream was stopped'))
    await this.#commits
  }

  override inputOf(timeMs: number): unknown {
    return this.#ranges.get(timeMs)
  }

  override get begins(): unknown {
    return this.#begins === undefined ? undefined : { from: this.#begins, to: this.#begins }
  }

  override restore({ batches, newest }: EarlierInput): void {
    this.#earlier = batches
    if (newest !== undefined) this.#next = Promise.resolve((newest as { readonly to: Offset }).to)
  }

  protected override async compute(timeMs: number): Promise<Plan> {
    const { from, to } = (this.#earlier.get(timeMs) as { readonly from: Offset; readonly to: Offset } | undefined) ?? await this.#fresh(timeMs)
    this.#ranges.set(timeMs, { from, to })
    const description = this.#source.describe?.(from, to)
    this.setInfo(timeMs, this.#source.count?.(from, to) ?? 0, description === undefined ? {} : { Description: description })
    const parts = await this.#ask('split', () => this.#source.split(from, to))
    return this.#read(parts)
  }

  /** From where the last batch ended to the latest. */
  async #fresh(timeMs: number): Promise<{ readonly from: Offset; readonly to: Offset }> {
    const before = this.#next!
    const after = before.then(from => this.#ask('latest', () => this.#source.latest(from, this.#control!.recordsPerBatch, this.#stop.signal, new Time(timeMs))))
    this.#next = after.catch(() => before) // a batch whose end is not known leaves its records to the next one
    return { from: await before, to: await after }
  }

  override completed(timeMs: number): void {
    const range = this.#ranges.get(timeMs)
    this.#ranges.delete(timeMs)
    if (range === undefined || this.#source.committed === undefined) return
    const { to } = range
    this.#commits = this.#commits.then(() => this.#ask('committed', () => this.#source.committed!(to))).catch(error => this.#log!.warn({ batch: timeMs }, String(error)))
  }

  async #ask<R>(what: keyof OffsetSource<Offset, Part>, call: () => R | Promise<R>): Promise<R> {
    try {
      return await call()
    } catch (error) {
      throw streamingErrors.RIV_SOURCE.withCause(error, this.op, this.site.place, what, String(error))
    }
  }
}
