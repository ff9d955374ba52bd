// The input of a ReplayableSource: each batch covers the offsets from where the last one ended to the latest.

import type { CallSite } from '../../base/call-site.ts'
import type { Logger } from '../../base/log.ts'
import { source, userFunction } from '../../rdd/nodes.ts'
import type { Plan, UserFunction } from '../../rdd/plan.ts'
import { streamingErrors } from '../errors.ts'
import { InputNode, type InputEnvironment } from '../graph/input-node.ts'
import type { ReplayableSource } from './replayable-source.ts'

export class SourceInput<Offset> extends InputNode {
  readonly #source: ReplayableSource<Offset, unknown, unknown>
  readonly #read: UserFunction
  readonly #stop = new AbortController()
  /** Where each batch that has not completed ends. */
  readonly #ends = new Map<number, Offset>()
  /** Where the next batch begins; batches take turns, also when several are due at once. */
  #next: Promise<Offset> | undefined
  #commits: Promise<void> = Promise.resolve()
  #log: Logger | undefined

  constructor(from: ReplayableSource<Offset, unknown, unknown>, site: CallSite, slideMs: number) {
    // oxlint-disable-next-line unbound-method -- tasks call it without the source object, as the contract says
    const read = userFunction(from.read, 'sourceStream', site)
    super({ op: 'sourceStream', site, slideMs, functions: [read] })
    this.#source = from
    this.#read = read
  }

  async start({ runner }: InputEnvironment): Promise<void> {
    this.#log = runner.log
    const initial = await this.#ask('initial', () => this.#source.initial(this.#stop.signal))
    this.#next = Promise.resolve(initial)
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('the stream was stopped'))
    await this.#commits
  }

  protected override async compute(timeMs: number): Promise<Plan> {
    const before = this.#next!
    const after = before.then(from => this.#ask('latest', () => this.#source.latest(from, Infinity, this.#stop.signal)))
    this.#next = after.catch(() => before) // a batch whose end is not known leaves its records to the next one
    const [from, to] = [await before, await after]
    this.#ends.set(timeMs, to)
    const parts = await this.#ask('split', () => this.#source.split(from, to))
    return source(this.op, this.site, parts.map(part => ({ kind: 'part', part, read: this.#read })))
  }

  override completed(timeMs: number): void {
    const to = this.#ends.get(timeMs)
    this.#ends.delete(timeMs)
    if (to === undefined || this.#source.committed === undefined) return
    this.#commits = this.#commits.then(() => this.#ask('committed', () => this.#source.committed!(to))).catch(error => this.#log!.warn({ batch: timeMs }, String(error)))
  }

  async #ask<R>(what: keyof ReplayableSource<Offset, unknown, unknown>, call: () => R | Promise<R>): Promise<R> {
    try {
      return await call()
    } catch (error) {
      throw streamingErrors.RIV_SOURCE.withCause(error, this.op, this.site.place, what, String(error))
    }
  }
}
