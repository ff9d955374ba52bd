// The graph of a StreamingContext: its inputs, its outputs, and the nodes between them.
//
//   initialized ──start──→ active ──stop──→ stopped       described only while initialized
//
// At start the nodes that outputs need are put in order, parents first; it says what each must remember:
// a window of length L over a stream needs the panes of (t + batch − L, t] after batch t, everything else only the batch that runs.

import { callSite, type CallSite } from '../../base/call-site.ts'
import type { JobRunner } from '../../rdd/job-runner.ts'
import type { RDDContext } from '../../rdd/rdd-context.ts'
import { streamingErrors } from '../errors.ts'
import type { InputNode } from './input-node.ts'
import type { OutputOperation } from './output-operation.ts'
import type { StreamNode } from './stream-node.ts'
import { WindowNode } from './window-node.ts'

/** Where a StreamingContext is in its life. */
export type StreamingState = 'initialized' | 'active' | 'stopped'

export class DStreamGraph {
  readonly context: RDDContext
  readonly batchMs: number
  readonly inputs: InputNode[] = []
  readonly outputs: OutputOperation[] = []
  state: StreamingState = 'initialized'
  /** How long every RDD is kept after its batch. */
  rememberMs = 0
  /** The newest batch. */
  lastMs = 0
  /** Every node that outputs need, and every input; parents first. */
  #order: readonly StreamNode[] = []
  #panes: readonly StreamNode[] = []
  #watches: readonly (() => void)[] = []

  constructor(context: RDDContext, batchMs: number) {
    this.context = context
    this.batchMs = batchMs
  }

  /** Refuses to add to a graph that has been started. */
  assertOpen(operation: string, site: CallSite = callSite()): void {
    if (this.state !== 'initialized') throw streamingErrors.RIV_STREAMING_STARTED(operation, site.place, this.state)
    this.context.assertRunning(operation)
  }

  addInput(input: InputNode): void {
    this.inputs.push(input)
  }

  addOutput(output: Omit<OutputOperation, 'id'>): void {
    this.outputs.push({ ...output, id: this.outputs.length })
  }

  /** Fixes the graph: order, what is remembered, captured functions. */
  start(): void {
    if (this.outputs.length === 0) throw streamingErrors.RIV_NO_OUTPUT()
    this.#order = inOrder([...this.inputs, ...this.outputs.map(output => output.node)])
    this.#panes = this.#order.filter(node => node.isPane && this.#order.some(child => child instanceof WindowNode && child.parents.includes(node)))
    for (const node of this.#order) node.rememberMs = this.rememberMs
    for (const node of this.#order) {
      if (!(node instanceof WindowNode)) continue
      for (const pane of node.parents) pane.rememberMs = Math.max(pane.rememberMs, this.rememberMs + node.lengthMs - this.batchMs)
    }
    for (const node of this.#order) for (const fn of node.functions) this.context.runner.freeze(fn)
  }

  /** From here on `checkCaptured` compares captured plain objects with what they are now. */
  watchCaptured(): void {
    this.#watches = this.#order.flatMap(node => node.functions.map(fn => this.#runner.watch(fn)))
  }

  /** Warns of captured plain objects that were changed. */
  checkCaptured(): void {
    for (const check of this.#watches) check()
  }

  /** Sets the time before the first batch. */
  begin(zeroMs: number): void {
    this.lastMs = zeroMs
    for (const node of this.#order) node.zeroMs = zeroMs
  }

  /** The nodes whose plans are computed in a batch before its outputs, parents first. */
  panesAt(timeMs: number): StreamNode[] {
    return this.#panes.filter(node => node.isDue(timeMs))
  }

  outputsAt(timeMs: number): OutputOperation[] {
    return this.outputs.filter(({ node }) => node.isDue(timeMs))
  }

  /** The outputs that need a node, whether or not they are due. */
  outputsOver(node: StreamNode): OutputOperation[] {
    return this.outputs.filter(output => inOrder([output.node]).includes(node))
  }

  recordsAt(timeMs: number): number {
    return this.inputs.reduce((sum, input) => sum + input.recordsAt(timeMs), 0)
  }

  /** Takes in what no output needs, so that it is forgotten with the rest. */
  include(node: StreamNode): void {
    if (this.#order.includes(node)) return
    const [{ zeroMs }] = this.#order as [StreamNode]
    const added = inOrder([node]).filter(each => !this.#order.includes(each))
    for (const each of added) Object.assign(each, { zeroMs, rememberMs: this.rememberMs })
    this.#order = [...this.#order, ...added]
  }

  /** Makes the panes of a failed batch empty for the windows to come. */
  discardPanes(timeMs: number): void {
    for (const pane of this.#panes) pane.discard(timeMs, this.#runner)
  }

  /** Drops what nobody needs after a batch. */
  forget(completedMs: number): void {
    for (const node of this.#order) node.forget(completedMs - node.rememberMs, this.#runner)
  }

  get #runner(): JobRunner {
    return this.context.runner
  }
}

/** Every node reachable from `roots`, parents first. */
function inOrder(roots: readonly StreamNode[]): StreamNode[] {
  const order = new Set<StreamNode>()
  const visit = (node: StreamNode): void => {
    if (order.has(node)) return
    for (const parent of node.parents) visit(parent)
    order.add(node)
  }
  for (const root of roots) visit(root)
  return [...order]
}
