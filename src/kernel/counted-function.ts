// A function that adds to accumulators, so that what it adds is known to be its own: a node that is computed twice counts once.
//
// - What it gives lazily (a generator, an iterator) runs later, between functions of others: each step is its own too.

import { taskUpdates, type TaskUpdates } from '../wire/shared/accumulator.ts'

type AnyFunction = (this: unknown, ...args: unknown[]) => unknown
type Steps = Partial<Record<'next' | 'return' | 'throw', (value?: unknown) => unknown>>

/** The function of a stage's table at an index. */
export function countedFunction(fn: AnyFunction, index: number): AnyFunction {
  return function counted(...args) {
    const updates = taskUpdates.getStore()?.of(index)
    return updates === undefined ? fn.apply(this, args) : taskUpdates.run(updates, () => countedSteps(fn.apply(this, args), updates))
  }
}

function countedSteps(result: unknown, updates: TaskUpdates): unknown {
  const lazy = result instanceof Iterator || (typeof result === 'object' && result !== null && Symbol.asyncIterator in result && 'next' in result)
  if (!lazy) return result
  const source = result as Steps
  const steps: Steps & { [Symbol.iterator]?: unknown; [Symbol.asyncIterator]?: unknown } = {}
  for (const step of ['next', 'return', 'throw'] as const) {
    if (typeof source[step] === 'function') steps[step] = value => taskUpdates.run(updates, () => source[step]!(value))
  }
  return Object.assign(steps, { [result instanceof Iterator ? Symbol.iterator : Symbol.asyncIterator]: () => steps })
}
