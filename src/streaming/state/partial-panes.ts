// Panes of a window that are combined ahead: eight panes become one partial, eight of those the next larger one, and so on.
//
//   panes     0 1 2 3 4 5 6 7 | 8 9 …            a window takes the largest partials that lie in it, so 3 000 panes are read as some 50 lists,
//   level 1   └──── 0 ──────┘   └─ 1 …           and each pane is combined once a level
//
// - It is made of panes alone, so nothing of it is journalled: after a restart windows read what there is.
// - A batch that was rolled back has no pane, and what ends with it is not made.

import type { CallSite } from '../../base/call-site.ts'
import { builtin, combine, union } from '../../rdd/nodes.ts'
import { keyPartitioning, type Partitioning, type Plan, type PlanFunction } from '../../rdd/plan.ts'
import type { JobRunner } from '../../rdd/job-runner.ts'
import type { RDDContext } from '../../rdd/rdd-context.ts'
import type { Stateful } from '../graph/stateful.ts'
import type { StreamNode } from '../graph/stream-node.ts'
import { keep } from './keep.ts'
import { KeptBatch } from './kept-batch.ts'

export const fanOut = 8

export interface PartialPanesOptions {
  readonly context: RDDContext
  readonly parent: StreamNode
  readonly lengthMs: number
  /** Combines two values of a key. */
  readonly merge: PlanFunction
  readonly op: string
  readonly site: CallSite
}

interface Partial { readonly batch: KeptBatch; readonly endMs: number }

export class PartialPanes implements Stateful {
  readonly kind = 'partial panes'
  readonly fingerprint = {}
  readonly isDerived = true
  readonly needsCheckpoint = false
  readonly #options: PartialPanesOptions
  /** By level, from 1, and place. */
  readonly #partials: Map<number, Partial>[] = []

  constructor(options: PartialPanesOptions) {
    this.#options = options
  }

  get advanceMs(): number {
    return this.#options.parent.slideMs
  }

  /** Makes the partials that end with a batch, as far as a window can hold them. */
  async advance(timeMs: number): Promise<void> {
    const panes = this.#options.lengthMs / this.advanceMs
    const place = this.#placeOf(timeMs)
    for (let level = 1, width = fanOut; width < panes && (place + 1) % width === 0; level++, width *= fanOut) {
      const first = place + 1 - width
      const parts = this.#cover(first, place, level - 1)
      const partitioning = parts[0] && keyPartitioning(parts[0])
      if (partitioning === undefined || partitioning === 'unresolved') return // nothing to combine, or not by key
      await this.#combine(level, first / width, parts, partitioning, timeMs)
    }
  }

  rollback(timeMs: number): void {
    this.#dropWhere(({ endMs }) => endMs === timeMs)
  }

  deltaOf(): undefined {
    return undefined
  }

  restore(): void {}

  forget(upToMs: number, _runner: JobRunner): void {
    const gone = upToMs === Infinity ? Infinity : upToMs - this.#options.lengthMs
    this.#dropWhere(({ endMs }) => endMs <= gone)
  }

  /** The panes of (fromMs, toMs], as few plans as there can be, in order of time. */
  cover(fromMs: number, toMs: number): Plan[] {
    return this.#cover(Math.max(0, this.#placeOf(fromMs) + 1), this.#placeOf(toMs), this.#partials.length)
  }

  #cover(first: number, last: number, highest: number): Plan[] {
    const plans: Plan[] = []
    for (let place = first; place <= last;) {
      let level = highest
      let width = fanOut ** level
      while (level > 0 && (place % width !== 0 || place + width - 1 > last || !this.#partials[level - 1]?.has(place / width))) {
        level--
        width /= fanOut
      }
      const plan = level === 0 ? this.#options.parent.remembered(this.#timeOf(place)) : this.#partials[level - 1]!.get(place / width)!.batch.plan
      if (plan !== undefined) plans.push(plan)
      place += width
    }
    return plans
  }

  async #combine(level: number, place: number, parts: readonly Plan[], partitioning: Partitioning, endMs: number): Promise<void> {
    const { context, merge, op, site } = this.#options
    const combined = combine(union(parts, op, site), op, site, partitioning, { merge, mergeCombiners: merge, mapSide: true })
    const kept = await keep(context, { plan: combined, op, site, fn: builtin('keepRows') })
    const partials = (this.#partials[level - 1] ??= new Map<number, Partial>())
    partials.set(place, { batch: new KeptBatch(kept.map(({ lists }) => lists[0]!), op, site, partitioning), endMs })
  }

  #dropWhere(isGone: (partial: Partial) => boolean): void {
    for (const partials of this.#partials) {
      for (const [place, partial] of partials) {
        if (!isGone(partial)) continue
        partials.delete(place)
        partial.batch.release(this.#options.context.runner)
      }
    }
  }

  #placeOf(timeMs: number): number {
    const { parent } = this.#options
    return (timeMs - parent.zeroMs) / parent.slideMs - 1
  }

  #timeOf(place: number): number {
    const { parent } = this.#options
    return parent.zeroMs + (place + 1) * parent.slideMs
  }
}
