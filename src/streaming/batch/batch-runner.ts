// Carries out what the job generator decides: the machine is pure, the clock, the engine and the user's functions are here.
//
//   clock ──tick──→ JobGenerator ──effects──→ fix inputs │ advance │ output │ complete ──→ JobGenerator …
//
// - The promise of a tick resolves when the batches it made are over: ManualClock.advance waits for it.
// - Everything of a batch runs in its scope: plan nodes belong to it, its actions hold a lease on it.

import { setImmediate as turn } from 'node:timers/promises'
import { unreachable } from '../../base/assert.ts'
import { failpoint } from '../../base/failpoint.ts'
import { causeWithCode } from '../../base/define-errors.ts'
import { ManualClock, type Clock } from '../../base/clock.ts'
import type { Context } from '../../context/context.ts'
import { inScope } from '../../rdd/nodes.ts'
import { RDD } from '../../rdd/rdd.ts'
import type { ListenerBus } from '../events/listener-bus.ts'
import type { Checkpointer } from '../checkpoint/checkpointer.ts'
import { streamingErrors } from '../errors.ts'
import type { DStreamGraph } from '../graph/dstream-graph.ts'
import { describeOutput, type OutputOperation } from '../graph/output-operation.ts'
import { streamingSettings } from '../settings.ts'
import { ActionLeases } from './action-leases.ts'
import { Batch, currentBatch, withinBatch } from './batch.ts'
import { Lateness } from './lateness.ts'
import { JobGenerator, type BatchEffect } from './job-generator.ts'
import { outputFailure } from './output-failure.ts'

/** What listeners know a batch's jobs by: Spark's local properties. */
const internal = 'spark.streaming.internal'

export interface BatchRunnerOptions {
  readonly context: Context
  readonly graph: DStreamGraph
  readonly clock: Clock
  readonly bus: ListenerBus
  /** The batch before the first one. */
  readonly lastMs: number
  readonly checkpointer: Checkpointer
  /** An output failed for good; the streams stop when its batch is over. */
  readonly onFailure: (error: Error) => void
}

export class BatchRunner {
  readonly #options: BatchRunnerOptions
  readonly #generator: JobGenerator
  readonly #lateness: Lateness
  /** Batches that are not over. */
  readonly #batches = new Map<number, Batch>()
  #newest: Batch | undefined
  /** Batches that are over and remembered, in order. */
  readonly #remembered: Batch[] = []
  readonly #halted = Promise.withResolvers<void>()
  #cancelAlarm = (): void => {}

  constructor(options: BatchRunnerOptions) {
    this.#options = options
    this.#lateness = new Lateness(options.graph.batchMs, options.context.log, options.context.platform.clock)
    const outputsAtOnce = Math.max(1, options.context.conf.get(streamingSettings['spark.streaming.concurrentJobs']))
    this.#generator = new JobGenerator(options.lastMs, options.graph.batchMs, { outputsAtOnce, begunMs: options.checkpointer.begunMs })
  }

  start(): void {
    this.#apply(this.#generator.start(this.#options.clock.now()))
  }

  /** Batches that are not over. */
  get pending(): number {
    return this.#batches.size
  }

  /** Resolves when the last batch is over. */
  get halted(): Promise<void> {
    return this.#halted.promise
  }

  /** Ends the batches: those that are due still run if `graceful`, and one more for data that waits; else running actions are cancelled. */
  stop(graceful: boolean): Promise<void> {
    this.#cancelAlarm()
    if (!graceful) for (const batch of this.#batches.values()) if (batch !== currentBatch()) batch.abort.abort(new Error('the StreamingContext was stopped'))
    this.#apply(this.#generator.stop({ graceful, oneMore: graceful && this.#options.graph.inputs.some(input => input.hasPending) }))
    return this.halted
  }

  /** Forgets everything, also what was remembered for the user. */
  forgetAll(): void {
    for (const batch of this.#batches.values()) batch.over.resolve() // one whose output never returns
    this.#options.graph.forget(Infinity)
    for (const { scope } of this.#remembered.splice(0)) scope.release()
  }

  async #tick(): Promise<void> {
    // Under a manual clock what producers have ready belongs to this batch: let them store it.
    if (this.#options.clock instanceof ManualClock) await turn()
    this.#apply(this.#generator.tick(this.#options.clock.now()))
    await this.#newest?.over.promise
  }

  #apply(effects: readonly BatchEffect[]): void {
    for (const effect of effects) this.#carryOut(effect)
  }

  #carryOut(effect: BatchEffect): void {
    const { clock } = this.#options
    switch (effect.effect) {
      case 'arm': {
        this.#cancelAlarm = clock.at(effect.timeMs, () => this.#tick())
        return
      }
      case 'fix': return this.#fix(effect.timeMs)
      case 'advance': return this.#advance(this.#batch(effect.timeMs))
      case 'output': return this.#output(this.#batch(effect.timeMs), effect.index)
      case 'complete': return this.#complete(this.#batch(effect.timeMs))
      case 'drop': return this.#end(this.#batch(effect.timeMs))
      case 'halted': {
        this.#cancelAlarm()
        return this.#halted.resolve()
      }
      default: unreachable(effect)
    }
  }

  #batch(timeMs: number): Batch {
    return this.#batches.get(timeMs)!
  }

  /** Runs `body` as part of a batch, then tells the generator. `body` catches what the user's functions throw. */
  #inBatch(batch: Batch, body: () => Promise<BatchEffect[]>, leases = batch.leases, outputId?: number): void {
    const { context } = this.#options
    const local = { [`${internal}.batchTime`]: String(batch.time.milliseconds), ...(outputId !== undefined && { [`${internal}.outputOpId`]: String(outputId) }) }
    const scope = { tracker: leases.track, signal: batch.abort.signal, local }
    void withinBatch(batch, () => inScope(batch.scope, () => context.trackActions(scope, body))).then(effects => this.#apply(effects))
  }

  /** The inputs' plans are made at the tick: what comes later belongs to the next batch. A failing input fails the outputs that need it. */
  #fix(timeMs: number): void {
    const { graph, clock, bus, checkpointer } = this.#options
    const batch = new Batch(timeMs, clock.now(), { assertNewest: () => checkpointer.assertMayShow(timeMs), again: checkpointer.runsAgain(timeMs) })
    this.#batches.set(timeMs, batch)
    this.#newest = batch
    graph.lastMs = timeMs
    this.#inBatch(batch, async () => {
      await Promise.allSettled(graph.inputs.map(input => input.getOrCompute(timeMs)))
      batch.inputs = graph.inputsAt(timeMs)
      checkpointer.inputs(timeMs)
      if (!bus.isEmpty) bus.post('onBatchSubmitted', { batchInfo: batch.info })
      return this.#generator.fixed(timeMs)
    })
  }

  #advance(batch: Batch): void {
    const { context, graph, clock, bus } = this.#options
    const timeMs = batch.time.milliseconds
    batch.startedMs = clock.now()
    if (!bus.isEmpty) bus.post('onBatchStarted', { batchInfo: batch.info })
    for (const letters of graph.letters) letters.begin()
    this.#inBatch(batch, async () => {
      let unfit: Error | undefined
      for (const { node, stateful } of graph.statefulAt(timeMs)) {
        const startedMs = context.platform.clock.now()
        try {
          await stateful.advance(timeMs)
          if (!(clock instanceof ManualClock)) this.#lateness.advanced(stateful, node.describe(), context.platform.clock.now() - startedMs)
        } catch (error) {
          batch.rolledBack = true
          graph.rollback(timeMs, node, error as Error)
          unfit = causeWithCode(error, 'RIV_STATE_KEY_KIND')
          if (unfit !== undefined) { // whatever outputs do about failures: the program does not fit its state
            batch.failed = true
            this.#options.onFailure(unfit)
            break
          }
          // Outputs that are due find it out themselves; those of a window that is due later would never.
          for (const output of graph.outputsOver(node)) if (!output.node.isDue(timeMs)) this.#judge(output, batch, outputFailure(output, timeMs, error))
          break
        }
      }
      const { checkpointer } = this.#options
      const { lastBorrowed } = checkpointer
      if (!batch.rolledBack) checkpointer.deltas(timeMs)
      await checkpointer.ready(timeMs, lastBorrowed).catch(() => { batch.failed = true }) // the checkpointer has told the program
      return this.#generator.advanced(timeMs, checkpointer.failed || unfit !== undefined ? 0 : graph.outputsAt(timeMs).length, batch.failed ? 'stop' : 'ok')
    })
  }

  #output(batch: Batch, index: number): void {
    const { graph, bus, clock } = this.#options
    const timeMs = batch.time.milliseconds
    const outputs = graph.outputsAt(timeMs)
    const output = outputs[index]!
    const leases = new ActionLeases() // of its own: another output that runs beside it neither waits nor fails with it
    this.#inBatch(batch, async () => {
      const startTime = clock.now()
      const started = { batchTime: timeMs, id: output.id, name: output.op, description: describeOutput(output), startTime }
      batch.outputs[output.id] = started
      if (!bus.isEmpty) bus.post('onOutputOperationStarted', { outputOperationInfo: started })
      const ended = clock instanceof ManualClock ? undefined : this.#lateness.watch(output) // its interval says nothing about wall time
      const failed = await this.#attempts(output, batch, leases)
      const isLast = ++batch.outputsEnded === outputs.length
      const failure = failed ?? (isLast ? await this.#deliverLetters(batch, leases) : undefined)
      ended?.()
      const endTime = clock.now()
      const info = { ...started, endTime, duration: endTime - startTime, ...(failure && { failureReason: failure.message }) }
      batch.outputs[output.id] = info
      if (!bus.isEmpty) bus.post('onOutputOperationCompleted', { outputOperationInfo: info })
      leases.close()
      return this.#generator.outputDone(timeMs, this.#judge(output, batch, failure))
    }, leases, output.id)
  }

  /** Hands the records that the batch lost to their handlers; one that throws fails the batch. */
  async #deliverLetters(batch: Batch, leases: ActionLeases): Promise<Error | undefined> {
    for (const letters of this.#options.graph.letters) {
      try {
        await letters.deliver(batch.time)
        await leases.settled()
      } catch (error) {
        return outputFailure(letters, batch.time.milliseconds, error)
      }
    }
    return undefined
  }

  /** Runs an output until it succeeds or its attempts are used up; gives the last failure. */
  async #attempts(output: OutputOperation, batch: Batch, leases: ActionLeases): Promise<Error | undefined> {
    const { onFailure } = output
    let left = typeof onFailure === 'object' ? onFailure.retry : 0
    for (;;) {
      try {
        return await this.#attempt(output, batch, leases)
      } catch (error) {
        const fenced = await batch.assertNewest().then(() => undefined, (reason: Error) => reason) // then the error is a consequence
        if (fenced !== undefined) return fenced
        if (left-- <= 0 || batch.abort.signal.aborted) return outputFailure(output, batch.time.milliseconds, error)
        output.node.retry(batch.time.milliseconds)
      }
    }
  }

  async #attempt({ id, node, run, committer }: OutputOperation, batch: Batch, leases: ActionLeases): Promise<undefined> {
    const plan = await node.getOrCompute(batch.time.milliseconds)
    if (plan === undefined) return
    await batch.assertNewest()
    try {
      failpoint('batch.output.before')
      const result = await run(new RDD(this.#options.context, plan), batch.time)
      if (committer !== undefined) batch.prepared.push({ output: id, handles: result as unknown[] })
    } catch (error) {
      await leases.settled().catch(() => {}) // the function's own error tells more
      throw error
    }
    await leases.settled()
    await batch.leases.settled() // what transform began before the outputs
    failpoint('batch.output.after')
  }

  #judge(output: OutputOperation, batch: Batch, failure: Error | undefined): 'ok' | 'stop' {
    if (failure === undefined || batch.abort.signal.aborted) return 'ok'
    if (output.onFailure === 'skip' || isRolledBack(failure)) {
      this.#options.context.log.warn({ batch: batch.time.milliseconds }, `an output failed and is skipped: ${failure.message}`)
      return 'ok'
    }
    batch.failed = true
    this.#options.onFailure(failure)
    return 'stop'
  }

  #complete(batch: Batch): void {
    const { graph, clock, bus } = this.#options
    const timeMs = batch.time.milliseconds
    failpoint('batch.complete')
    graph.checkCaptured()
    batch.endedMs = clock.now()
    this.#lateness.completed(batch.info)
    if (!bus.isEmpty) bus.post('onBatchCompleted', { batchInfo: batch.info })
    const delays = { timeMs: batch.endedMs, processingDelayMs: batch.endedMs - batch.startedMs!, schedulingDelayMs: batch.startedMs! - batch.submittedMs }
    for (const input of graph.inputs) input.processed(timeMs, delays)
    if (!batch.failed && !batch.abort.signal.aborted) {
      this.#options.checkpointer.completed(timeMs, batch, () => { for (const input of graph.inputs) input.completed(timeMs) })
    } else {
      for (const { output, handles } of batch.prepared) void graph.abort(output, handles, batch.time)
    }
    graph.forget(timeMs)
    this.#end(batch)
    while (this.#remembered.length > 0 && this.#remembered[0]!.time.milliseconds <= timeMs - graph.rememberMs) this.#remembered.shift()!.scope.release()
  }

  #end(batch: Batch): void {
    this.#batches.delete(batch.time.milliseconds)
    this.#remembered.push(batch)
    batch.isOver = true
    batch.leases.close()
    batch.over.resolve()
  }

  /** Refuses to advance a clock from inside a batch. */
  static assertOutside(): void {
    const batch = currentBatch()
    if (batch !== undefined) throw streamingErrors.RIV_ADVANCE_INSIDE_BATCH(batch.time.milliseconds)
  }
}

/** Another stream's state failed to advance: its outputs say what happens. */
const isRolledBack = (failure: Error): boolean => causeWithCode(failure, 'RIV_BATCH_ROLLED_BACK') !== undefined
