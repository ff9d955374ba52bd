// The progress of long stages in the last row of a terminal, as Spark draws it:
//
//   [Stage 3:=====>   (12 + 2) / 40]        12 tasks of 40 are done, 2 run
//
// - It asks while actions run; nothing is made for it otherwise. A stage is shown when it has run for half a second, three at most.

import { TerminalRow, type Terminal } from '../base/terminal-row.ts'
import type { JobStatuses, StageStatus } from '../engine/job-status.ts'

const askMs = 200
const longMs = 500
const mostStages = 3

export interface ProgressBarOptions {
  readonly status: JobStatuses
  /** Where the bar stands: stderr. */
  readonly terminal: Terminal
  /** What else writes to the same terminal: stdout. */
  readonly others: readonly Terminal[]
  /** Milliseconds since 1970. */
  readonly now: () => number
}

export class ProgressBar {
  readonly #options: ProgressBarOptions
  #row: TerminalRow | undefined
  #asking: NodeJS.Timeout | undefined

  constructor(options: ProgressBarOptions) {
    this.#options = options
  }

  /** Shows the progress of what `action` runs; the row is clean when it settles, unless others run. */
  async during<R>(action: () => Promise<R>): Promise<R> {
    this.#asking ??= setInterval(() => this.refresh(), askMs).unref()
    try {
      return await action()
    } finally {
      this.refresh()
    }
  }

  /** Draws what there is to show, or takes the bar away. */
  refresh(): void {
    const { status, terminal, others, now } = this.#options
    if (status.activeJobs().length === 0) return this.close()
    const stages = status.activeStages().filter(({ submissionTime = Infinity }) => now() - submissionTime > longMs).slice(0, mostStages)
    if (stages.length === 0) {
      this.#row?.close()
      this.#row = undefined
      return
    }
    const row = (this.#row ??= TerminalRow.open(terminal, others))
    row?.show(stages.map(stage => barOf(stage, Math.floor(row.columns / stages.length))).join(''))
  }

  close(): void {
    clearInterval(this.#asking)
    this.#asking = undefined
    this.#row?.close()
    this.#row = undefined
  }
}

function barOf({ stageId, numTasks, numCompletedTasks, numActiveTasks }: StageStatus, width: number): string {
  const head = `[Stage ${stageId}:`
  const tail = `(${numCompletedTasks} + ${numActiveTasks}) / ${numTasks}]`
  const room = Math.max(0, width - head.length - tail.length)
  const done = Math.floor((room * numCompletedTasks) / numTasks)
  return `${head}${`${'='.repeat(done)}>`.padEnd(room).slice(0, room)}${tail}`
}
