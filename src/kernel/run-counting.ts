// Runs a task and counts: its metrics, and what it adds to accumulators, which is part of its output.

import { GCProfiler } from 'node:v8'
import type { BlockRef } from '../wire/slab/block-ref.ts'
import { taskUpdates, TaskUpdates } from '../wire/shared/accumulator.ts'
import type { TaskMetrics } from '../wire/task-metrics.ts'
import type { RunTask } from './compile.ts'
import type { TaskOutput } from './compile-runtime.ts'
import type { TaskIO } from './task-io.ts'

/** `watched`: somebody wants to know the time of garbage collection, which costs some 20 µs a task. */
export function runCounting(run: RunTask, slots: readonly unknown[], io: TaskIO, watched: boolean): TaskOutput | Promise<TaskOutput> {
  const { metrics } = io
  const updates = new TaskUpdates()
  const startedMs = performance.now()
  const collections = watched ? new GCProfiler() : undefined
  collections?.start()
  const over = (): void => {
    metrics.runTimeMs = performance.now() - startedMs
    for (const { cost } of collections?.stop()?.statistics ?? []) metrics.gcTimeMs += cost / 1_000
  }
  const finish = (output: TaskOutput): TaskOutput => {
    over()
    countOutput(metrics, output)
    const all = updates.all()
    return all.length === 0 ? output : { ...output, updates: [io.writeRecords(all, 0, all.length)] }
  }
  const failed = (error: unknown): never => {
    over()
    throw error
  }
  let output: TaskOutput | Promise<TaskOutput>
  try {
    output = taskUpdates.run(updates, () => run(slots, io))
  } catch (error) {
    return failed(error)
  }
  return output instanceof Promise ? output.then(finish, failed) : finish(output)
}

function countOutput(metrics: TaskMetrics, { blocks, shuffle = [], kept }: TaskOutput): void {
  const sum = (refs: readonly BlockRef[]): number => {
    let bytes = 0
    for (const ref of refs) {
      metrics.recordsWritten += ref.count
      bytes += ref.bytes
    }
    return bytes
  }
  metrics.resultSize += sum(blocks)
  for (const refs of shuffle) metrics.shuffleWriteBytes += sum(refs)
  for (const refs of kept?.lists ?? []) sum(refs)
}
