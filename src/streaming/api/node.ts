// The lowest rung of DStream: what it is, and how operators derive from it.
//
// - A stream is a node of its context's graph; operators add nodes, outputs say which are computed.
// - A function given to an operator is made part of the node at the call, and captured when the context starts.

import { inspect } from 'node:util'
import { callSite, type CallSite } from '../../base/call-site.ts'
import { Duration } from '../../base/time.ts'
import { pipeline, userFunction } from '../../rdd/nodes.ts'
import type { Plan, PlanFunction, PlanStep } from '../../rdd/plan.ts'
import type { AnyFunction } from '../../rdd/types.ts'
import { refuseSymbol } from '../../wire/closure/symbols.ts'
import type { DStream } from '../dstream.ts'
import { DerivedNode } from '../graph/derived-node.ts'
import type { DStreamGraph } from '../graph/dstream-graph.ts'
import type { StreamNode } from '../graph/stream-node.ts'

/** An operation on each batch of one stream: how its plan is described, and the functions in it. */
export interface Operation {
  readonly op: string
  readonly site: CallSite
  readonly functions: readonly PlanFunction[]
  readonly describe: (plan: Plan) => Plan
  /** See `NodeOptions`. */
  readonly varies?: boolean
}

/** What every DStream has; operators live in the rungs above. */
export abstract class DStreamNode<out T> {
  /** Only for types: the records. */
  declare protected readonly element: T
  /** The graph of the stream's context. Not for programs. */
  readonly graph: DStreamGraph
  /** The stream's place in it. Not for programs. */
  readonly node: StreamNode

  constructor(graph: DStreamGraph, node: StreamNode) {
    graph.assertOpen(node.op, node.site)
    this.graph = graph
    this.node = node
  }

  /** The time between two RDDs of the stream. */
  get slideDuration(): Duration {
    return new Duration(this.node.slideMs)
  }

  /** A new stream of the same context. */
  protected abstract derive<U>(node: StreamNode): DStream<U>

  /** A stream whose every batch is an operation on this one's. */
  protected apply<U>({ describe, ...operation }: Operation): DStream<U> {
    return this.derive<U>(new DerivedNode({ ...operation, parents: [this.node], slideMs: this.node.slideMs, describe: plans => describe(plans[0]!) }))
  }

  /** A pipeline of steps on each batch. */
  protected steps<U>(op: string, site: CallSite, steps: readonly PlanStep[], keepsKeys = false): DStream<U> {
    return this.apply({ op, site, functions: steps.map(step => step.fn), describe: plan => pipeline(plan, op, site, steps, keepsKeys) })
  }

  /** A pipeline with one user function: what most operators are. */
  protected step<U>(op: Exclude<PlanStep['op'], 'mapAsync'>, f: AnyFunction, keepsKeys = false): DStream<U> {
    const site = callSite()
    return this.steps(op, site, [{ op, fn: userFunction(f, op, site) }], keepsKeys)
  }

  /** Why a function that captures a stream is refused. */
  get [refuseSymbol](): string {
    return `it is ${this.toString()}; a D-Stream cannot be used inside a function of an RDD or D-Stream: use transform or transformWith, whose functions get RDDs`
  }

  toString(): string {
    return `DStream ${this.node.describe()}`
  }

  [inspect.custom](): string {
    return `${this.toString()} (an RDD every ${this.node.slideMs} ms; add an output such as print())`
  }
}
