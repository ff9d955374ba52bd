// The input of a source with offsets: each batch covers the offsets from where the last one ended to the latest.

import type { CallSite } from '../../base/call-site.ts'
import type { Logger } from '../../base/log.ts'
import { Time } from '../../base/time.ts'
import type { Plan, PlanFunction } from '../../rdd/plan.ts'
import { streamingErrors } from '../errors.ts'
import { InputNode, type InputEnvironment } from '../graph/input-node.ts'
import type { RateControl } from '../rates/rate-control.ts'
import type { OffsetSource } from './replayable-source.ts'

export interface SourceInputOptions<Offset, Part> {
  readonly op: string
  readonly site: CallSite
  readonly slideMs: number
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
  /** Where each batch that has not completed ends. */
  readonly #ends = new Map<number, Offset>()
  /** Where the next batch begins; batches take turns, also when several are due at once. */
  #next: Promise<Offset> | undefined
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
    const initial = await this.#ask('initial', () => this.#source.initial(this.#stop.signal, new Time(clock.now())))
    this.#next = Promise.resolve(initial)
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('the stream was stopped'))
    await this.#commits
  }

  protected override async compute(timeMs: number): Promise<Plan> {
    const before = this.#next!
    const after = before.then(from => this.#ask('latest', () => this.#source.latest(from, this.#control!.recordsPerBatch, this.#stop.signal, new Time(timeMs))))
    this.#next = after.catch(() => before) // a batch whose end is not known leaves its records to the next one
    const [from, to] = [await before, await after]
    this.#ends.set(timeMs, to)
    const description = this.#source.describe?.(from, to)
    this.setInfo(timeMs, this.#source.count?.(from, to) ?? 0, description === undefined ? {} : { Description: description })
    const parts = await this.#ask('split', () => this.#source.split(from, to))
    return this.#read(parts)
  }

  override completed(timeMs: number): void {
    const to = this.#ends.get(timeMs)
    this.#ends.delete(timeMs)
    if (to === undefined || this.#source.committed === undefined) return
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
