// The task half of accumulators: what a running task adds is gathered apart and reported with its end.
//
// - An attempt has updates of its own (AsyncLocalStorage: they follow it across awaits, also where tasks run in the program's thread).
//   Those of an attempt that fails are dropped with it.
// - Without `merge` the added values travel as they are: nobody but the driver can tell what adding two of them means.

import { AsyncLocalStorage } from 'node:async_hooks'
import { deepCopy } from '../../base/deep-copy.ts'
import { sharedErrors } from './errors.ts'

/** How the adding of a task is done in the task: each task begins with a copy of `zero`, and the driver merges. */
export interface PartialTotal {
  readonly zero: unknown
  readonly add: (total: unknown, value: unknown) => unknown
}

/** An accumulator as it travels. */
export interface AccumulatorState {
  readonly id: number
  readonly label: string
  readonly partial?: PartialTotal
}

/** By accumulator a total, or the list of added values; those of each function that adds stand apart. */
export class TaskUpdates extends Map<number, unknown> {
  readonly #root: TaskUpdates
  readonly #parts = new Map<number, TaskUpdates>()

  constructor(root?: TaskUpdates) {
    super()
    this.#root = root ?? this
  }

  /** The updates of a function, by its index in the stage's table. */
  of(fn: number): TaskUpdates {
    const root = this.#root
    let part = root.#parts.get(fn)
    if (part === undefined) root.#parts.set(fn, part = new TaskUpdates(root))
    return part
  }

  /** All of them: the function (-1 where none is known), the accumulator, the update. */
  all(): [fn: number, accumulator: number, update: unknown][] {
    const entries = [...this].map(([id, update]): [number, number, unknown] => [-1, id, update])
    for (const [fn, part] of this.#parts) for (const [id, update] of part) entries.push([fn, id, update])
    return entries
  }
}

/** The updates of the attempt that is running here. */
export const taskUpdates = new AsyncLocalStorage<TaskUpdates>()

export function addUpdate(updates: TaskUpdates, { id, partial }: AccumulatorState, value: unknown): void {
  const before = updates.get(id)
  if (partial === undefined) {
    if (before === undefined) updates.set(id, [value])
    else (before as unknown[]).push(value)
    return
  }
  const after = partial.add(before === undefined && !updates.has(id) ? deepCopy(partial.zero) : before, value)
  if (after !== before) updates.set(id, after)
}

/** What a captured accumulator is in a task. What is added after the task's end is lost. */
export const receivedAccumulator = (state: AccumulatorState): { readonly id: number; readonly value: never; add(value: unknown): void } => ({
  id: state.id,
  get value(): never { throw sharedErrors.RIV_ACCUMULATOR_IN_TASK(state.label) },
  add(value) {
    const updates = taskUpdates.getStore()
    if (updates !== undefined) addUpdate(updates, state, value)
  },
})

/** The total of a number accumulator. */
export interface NumberTotal { sum: number; count: number }

export function addNumber(total: NumberTotal, value: number): NumberTotal {
  total.sum += value
  total.count++
  return total
}

export const mergeNumbers = (a: NumberTotal, b: NumberTotal): NumberTotal => ({ sum: a.sum + b.sum, count: a.count + b.count })
