// Which running attempts take so long that a copy is worth starting: Spark's rule. Times in, attempts out; no clock of its own.
//
// - A stage is judged when `quantile` of its tasks have succeeded: what runs longer than `multiplier` times their median is slow.
// - Never below 100 ms: starting a copy of something short gains nothing.
// - Stages whose tasks do something besides giving a result have no copies: stateful ones, `foreach`, saves, and what adds to accumulators.

import type { StageRun, TaskAttempt } from './dag-scheduler.ts'
import type { StageEnd, TaskDescription } from './describe-task.ts'

const leastMs = 100

export interface SpeculationRules {
  readonly multiplier: number
  readonly quantile: number
  readonly minTaskRuntimeMs: number
}

interface StageTimes {
  readonly durations: number[]
  readonly running: Map<TaskAttempt, number>
}

export class Speculation {
  readonly #rules: SpeculationRules
  readonly #stages = new Map<StageRun, StageTimes>()

  constructor(rules: SpeculationRules) {
    this.#rules = rules
  }

  started(task: TaskAttempt, nowMs: number): void {
    let times = this.#stages.get(task.stage)
    if (times === undefined) this.#stages.set(task.stage, times = { durations: [], running: new Map() })
    times.running.set(task, nowMs)
  }

  ended(task: TaskAttempt, nowMs: number, succeeded: boolean): void {
    const times = this.#stages.get(task.stage)
    const startedMs = times?.running.get(task)
    if (times === undefined || startedMs === undefined) return
    times.running.delete(task)
    if (succeeded) times.durations.push(nowMs - startedMs)
  }

  stageOver(stage: StageRun): void {
    this.#stages.delete(stage)
  }

  /** The attempts that are slow now. */
  slow(nowMs: number): TaskAttempt[] {
    const { multiplier, quantile, minTaskRuntimeMs } = this.#rules
    const found: TaskAttempt[] = []
    for (const [stage, { durations, running }] of this.#stages) {
      if (running.size === 0 || durations.length < Math.max(1, Math.floor(quantile * stage.numTasks))) continue
      const limitMs = Math.max(leastMs, minTaskRuntimeMs, multiplier * median(durations))
      for (const [task, startedMs] of running) if (nowMs - startedMs > limitMs) found.push(task)
    }
    return found
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Whether two attempts at a task may run at once. */
export function mayHaveCopies(end: StageEnd, { countedFor }: TaskDescription): boolean {
  return givesResultOnly(end) && countedFor.every(use => use === undefined)
}

function givesResultOnly(end: StageEnd): boolean {
  if (end.kind === 'map') return true
  const { sink } = end
  switch (sink.to) {
    case 'collect': case 'count': case 'reduce': return true
    case 'partition': return sink.fn.kind === 'builtin' && sink.fn.name !== 'forRows' && !sink.fn.name.startsWith('saved')
    default: return false
  }
}
