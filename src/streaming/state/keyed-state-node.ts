// A node with a keyed state: what updateStateByKey, mapWithState and windows with an inverse function have in common.
//
// Besides the state's versions a node keeps something of each batch (what it emitted, its pane), which goes with them.

import { source } from '../../rdd/nodes.ts'
import type { Partitioning, Plan, PlanFunction } from '../../rdd/plan.ts'
import type { JobRunner } from '../../rdd/job-runner.ts'
import type { RDDContext } from '../../rdd/rdd-context.ts'
import { codeOf } from '../graph/code-of.ts'
import type { Delta, Stateful, StatePlace } from '../graph/stateful.ts'
import { StreamNode, type NodeOptions } from '../graph/stream-node.ts'
import { KeyedState } from './keyed-state.ts'

export interface KeyedStateOptions extends Omit<NodeOptions, 'parents' | 'functions'> {
  readonly context: RDDContext
  readonly parent: StreamNode
  readonly target: Partitioning
}

export abstract class KeyedStateNode extends StreamNode implements Stateful {
  readonly needsCheckpoint = true
  readonly logList = 0
  protected readonly context: RDDContext
  protected readonly parent: StreamNode
  protected readonly target: Partitioning
  protected readonly state: KeyedState

  constructor({ op, site, slideMs, context, parent, target }: KeyedStateOptions, functions: readonly PlanFunction[]) {
    super({ op, site, slideMs, parents: [parent], functions })
    this.context = context
    this.parent = parent
    this.target = target
    this.state = new KeyedState(context.runner, target)
  }

  abstract get advanceMs(): number
  abstract advance(timeMs: number): Promise<void>
  abstract deltaOf(timeMs: number): Delta | undefined
  abstract restore(timeMs: number, delta: Delta): void
  /** Gives up what is kept of one batch besides the state. */
  protected abstract drop(timeMs: number): void
  /** Gives up what is kept of batches that are not read any more. */
  protected abstract dropUpTo(timeMs: number): void

  get kind(): string {
    return this.op
  }

  /** Ranges of hashes split and merge: a program may ask for another number of them. */
  get fingerprint(): Readonly<Record<string, unknown>> {
    const { by, partitions } = this.target
    return by === 'hash' ? { by } : { by, partitions }
  }

  override get stateful(): readonly Stateful[] {
    return [this, ...super.stateful]
  }

  placed(place: StatePlace, operator: string): readonly string[] {
    return this.state.placed(place, operator, codeOf(this.parent))
  }

  get readsFromMs(): number {
    return this.state.readsFromMs
  }

  get keys(): number {
    return this.state.keys
  }

  get withData(): number | undefined {
    return this.state.withData
  }

  rollback(timeMs: number): void {
    this.state.rollback(timeMs)
    this.drop(timeMs)
  }

  journalled(bytesSince: (timeMs: number) => number, spareBytes: number): void {
    this.state.journalled(bytesSince, spareBytes)
  }

  override forget(upToMs: number, runner: JobRunner): void {
    super.forget(upToMs, runner)
    this.state.forget(upToMs)
    this.dropUpTo(upToMs)
    if (upToMs === Infinity) this.state.close()
  }

  /** What the parent brings; where it has no RDD, partitions without records. */
  protected async batchAt(timeMs: number, rows: (plan: Plan) => Plan = plan => plan): Promise<Plan> {
    const plan = await this.parent.getOrCompute(timeMs)
    return plan === undefined ? source(this.op, this.site, Array.from({ length: this.target.partitions }, () => ({ kind: 'blocks', blocks: [] })), this.target) : rows(plan)
  }
}
