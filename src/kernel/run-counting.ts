// Runs a task so that what it adds to accumulators is part of its output.

import { taskUpdates, type TaskUpdates } from '../wire/shared/accumulator.ts'
import type { RunTask } from './compile.ts'
import type { TaskOutput } from './compile-runtime.ts'
import type { TaskIO } from './task-io.ts'

export function runCounting(run: RunTask, slots: readonly unknown[], io: TaskIO): TaskOutput | Promise<TaskOutput> {
  const updates: TaskUpdates = new Map()
  const finish = (output: TaskOutput): TaskOutput => (updates.size === 0 ? output : { ...output, updates: [io.writeRecords([...updates], 0, updates.size)] })
  const output = taskUpdates.run(updates, () => run(slots, io))
  return output instanceof Promise ? output.then(finish) : finish(output)
}
