// The graph of a StreamingContext: its inputs, its outputs, and the nodes between them.
//
//   initialized ──start──→ active ──stop──→ stopped       described only while initialized
//
// At start the nodes that outputs need are put in order, parents first; it says what each must remember:
// a window of length L over a stream needs the panes of (t + batch − L, t] after batch t, everything else only the batch that runs.

import { callSite, type CallSite } from '../../base/call-site.ts'
import type { Time } from '../../base/time.ts'
import type { JobRunner } from '../../rdd/job-runner.ts'
import type { RDDContext } from '../../rdd/rdd-context.ts'
import { streamingErrors } from '../errors.ts'
import type { InputInfo } from '../events/streaming-listener.ts'
import type { DeadLetters } from './dead-letters.ts'
import type { InputNode } from './input-node.ts'
import type { OutputOperation } from './output-operation.ts'
import type { Stateful } from './stateful.ts'
import type { StreamNode } from './stream-node.ts'

/** Where a StreamingContext is in its life. */
export type StreamingState = 'initialized' | 'active' | 'stopped'

/** Something that remembers, with its place in the graph, and the name that the program gave to the stream for which it remembers. */
export interface StatefulAt { readonly node: StreamNode; readonly stateful: Stateful; readonly uid: string | undefined }

/** Spark's interval of checkpoints where the program says none: as many batches as ten seconds need. */
const leastCheckpointMs = 10_000

export class DStreamGraph {
  readonly context: RDDContext
  readonly batchMs: number
  readonly inputs: InputNode[] = []
  readonly outputs: OutputOperation[] = []
  readonly letters: DeadLetters[] = []
  state: StreamingState = 'initialized'
  /** Where keys go where the program does not say: the same in every batch, and in every run that goes on from a checkpoint. */
  readonly defaultTarget: { by: 'hash'; partitions: number }
  /** Where state is kept: a directory, or `memory:`. */
  checkpointDirectory: string | undefined
  /** Which start of the program this is. */
  epoch = 1
  /** How long every RDD is kept after its batch. */
  rememberMs = 0
  /** The newest batch. */
  lastMs = 0
  /** Every node that outputs need, and every input; parents first. */
  #order: readonly StreamNode[] = []
  #stateful: readonly StatefulAt[] = []
  readonly #uids = new Set<string>()
  #watches: readonly (() => void)[] = []

  constructor(context: RDDContext, batchMs: number) {
    this.context = context
    this.batchMs = batchMs
    this.defaultTarget = { by: 'hash', partitions: context.runner.defaultParallelism }
  }

  /** Refuses to add to a graph that has been started. */
  assertOpen(operation: string, site: CallSite = callSite()): void {
    if (this.state !== 'initialized') throw streamingErrors.RIV_STREAMING_STARTED(operation, site.place, this.state)
    this.context.assertRunning(operation)
  }

  addInput(input: InputNode): void {
    input.streamId = this.inputs.length
    this.inputs.push(input)
  }

  addOutput(output: Omit<OutputOperation, 'id'>): void {
    this.outputs.push({ ...output, id: this.outputs.length })
  }

  /** Where records go for which a function throws; the first call on a stream wins. */
  addLetters(node: StreamNode, letters: DeadLetters): void {
    this.assertOpen('deadLetter', letters.site)
    if (node.letters !== undefined) return
    node.letters = letters
    this.letters.push(letters)
  }

  /** Names what a node remembers. */
  nameState(node: StreamNode, id: string, site: CallSite): void {
    this.assertOpen('uid', site)
    if (this.#uids.has(id)) throw streamingErrors.RIV_UID(id, site.place)
    this.#uids.add(id)
    node.uid = id
  }

  /** Fixes the graph: order, what is remembered, captured functions. */
  start(): void {
    if (this.outputs.length === 0) throw streamingErrors.RIV_NO_OUTPUT()
    this.#order = inOrder([...this.inputs, ...this.outputs.map(output => output.node)])
    const readers = (node: StreamNode): readonly StreamNode[] => this.#order.filter(child => child.readsBackMs > 0 && child.parents.includes(node))
    this.#stateful = this.#order.flatMap(node => node.stateful.flatMap(stateful => {
      const calls = stateful === node.panes ? readers(node) : [node]
      return calls.length === 0 ? [] : { node, stateful, uid: node.uid ?? this.#uidOf(calls) }
    }))
    const keyed = this.#stateful.find(({ stateful }) => stateful.needsCheckpoint)
    if (keyed !== undefined && this.checkpointDirectory === undefined) throw streamingErrors.RIV_NO_CHECKPOINT(keyed.node.describe())
    for (const node of this.#order) this.#checkInterval(node)
    for (const node of this.#order) node.rememberMs = this.rememberMs
    for (const node of this.#order) for (const parent of node.parents) parent.rememberMs = Math.max(parent.rememberMs, this.rememberMs + node.readsBackMs - this.batchMs)
    for (const { functions = [] } of [...this.#order, ...this.outputs]) for (const fn of functions) this.context.runner.freeze(fn)
  }

  /** From here on `checkCaptured` compares captured plain objects with what they are now. */
  watchCaptured(): void {
    this.#watches = this.#order.flatMap(node => node.functions.map(fn => this.#runner.watch(fn)))
  }

  /** Warns of captured plain objects that were changed. */
  checkCaptured(): void {
    for (const check of this.#watches) check()
  }

  /** Batches between two checkpoints, at most: the shortest interval of any stream. */
  get checkpointBatches(): number {
    return Math.min(...this.#order.map(({ checkpointMs = Infinity }) => checkpointMs)) / this.batchMs
  }

  /** Sets the time before the first batch. */
  begin(zeroMs: number): void {
    this.lastMs = zeroMs
    for (const node of this.#order) node.zeroMs = zeroMs
  }

  /** What remembers more than a batch, parents first. */
  get stateful(): readonly StatefulAt[] {
    return this.#stateful
  }

  /** How many keys have a state; undefined where there is no keyed state. */
  get keys(): number | undefined {
    return this.#stateful.reduce<number | undefined>((sum, { stateful: { keys } }) => (keys === undefined ? sum : (sum ?? 0) + keys), undefined)
  }

  /** What would not give the same again, parents first. */
  get varying(): readonly StreamNode[] {
    return this.#order.filter(node => node.varies)
  }

  /** The outputs that commit in two phases. */
  get sinks(): readonly number[] {
    return this.outputs.filter(({ committer }) => committer !== undefined).map(({ id }) => id)
  }

  /** Partitions where the program does not say. */
  get parallelism(): number {
    return this.defaultTarget.partitions
  }

  /** What makes a new version in a batch, before its outputs; parents first. */
  statefulAt(timeMs: number): StatefulAt[] {
    return this.#stateful.filter(({ node, stateful }) => timeMs > node.zeroMs && (timeMs - node.zeroMs) % stateful.advanceMs === 0)
  }

  outputsAt(timeMs: number): OutputOperation[] {
    return this.outputs.filter(({ node }) => node.isDue(timeMs))
  }

  /** The outputs that need a node, whether or not they are due. */
  outputsOver(node: StreamNode): OutputOperation[] {
    return this.outputs.filter(output => inOrder([output.node]).includes(node))
  }

  /** What is known of a batch's inputs, by stream. */
  inputsAt(timeMs: number): Readonly<Record<number, InputInfo>> {
    return Object.fromEntries(this.inputs.flatMap(input => input.infoAt(timeMs) ?? []).map(info => [info.inputStreamId, info]))
  }

  /** Makes what a two-phase sink has prepared show. */
  async commit(output: number, handles: readonly unknown[], time: Time): Promise<void> {
    await this.outputs[output]?.committer?.commit(handles, { output, time, epoch: this.epoch })
  }

  /** Gives up what a two-phase sink has prepared; failing to is no harm, since a later begin does it again. */
  async abort(output: number, handles: readonly unknown[], time: Time): Promise<void> {
    try {
      await this.outputs[output]?.committer?.abort(handles, { output, time, epoch: this.epoch })
    } catch (error) {
      this.context.runner.log.warn({ batch: time.milliseconds }, `abort failed: ${String(error)}`)
    }
  }

  /** Takes in what no output needs, so that it is forgotten with the rest. */
  include(node: StreamNode): void {
    if (this.#order.includes(node)) return
    const [{ zeroMs }] = this.#order as [StreamNode]
    const added = inOrder([node]).filter(each => !this.#order.includes(each))
    for (const each of added) Object.assign(each, { zeroMs, rememberMs: this.rememberMs })
    this.#order = [...this.#order, ...added]
  }

  /** The advance of a batch failed: for everything that remembers it brought nothing. */
  rollback(timeMs: number, failed: StreamNode, error: Error): void {
    const skipped = streamingErrors.RIV_BATCH_ROLLED_BACK.withCause(error, timeMs, failed.describe())
    for (const { node, stateful } of this.#stateful) {
      stateful.rollback(timeMs)
      node.fail(timeMs, this.outputsOver(node).some(output => this.outputsOver(failed).includes(output)) ? error : skipped, this.#runner)
    }
  }

  /** Drops what nobody needs after a batch. */
  forget(completedMs: number): void {
    for (const node of this.#order) node.forget(completedMs - node.rememberMs, this.#runner)
  }

  /** The name of the stream that a call of the program gave: what the call remembers may stand in a stream before that one. */
  #uidOf(calls: readonly StreamNode[]): string | undefined {
    const sites = new Set(calls.map(({ site }) => site))
    return this.#order.find(({ uid, site }) => uid !== undefined && sites.has(site))?.uid
  }

  /** Spark's rules for streams that are checkpointed: those with state, and those of which the program wants it. */
  #checkInterval(node: StreamNode): void {
    const { checkpointMs: said, slideMs, storage } = node
    if (node.stateful.some(({ needsCheckpoint }) => needsCheckpoint)) node.checkpointMs ??= slideMs * Math.ceil(leastCheckpointMs / slideMs)
    const { checkpointMs } = node
    if (checkpointMs === undefined) return
    if (this.checkpointDirectory === undefined) throw streamingErrors.RIV_NO_CHECKPOINT(node.describe())
    if (checkpointMs < slideMs || checkpointMs % slideMs !== 0) throw streamingErrors.RIV_CHECKPOINT_INTERVAL(node.describe(), checkpointMs, slideMs)
    if (storage === 'none') throw streamingErrors.RIV_CHECKPOINT_STORAGE(node.describe(), checkpointMs)
    if (said !== undefined && this.rememberMs > 0 && this.rememberMs <= said) throw streamingErrors.RIV_CHECKPOINT_REMEMBER(node.describe(), said, this.rememberMs)
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
