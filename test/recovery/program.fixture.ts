// The programs of recovery tests: what an operation makes of a stream of pairs, and what it puts out. plan.fixture.ts says what that must be.

import { milliseconds } from 'rivulet'
import type { DStream, State } from 'rivulet'
import { batchMs, type Plan, recordOf } from './plan.fixture.ts'

/** Puts out what a stream gives, under a name. */
export type Output = (name: string, stream: DStream<unknown>) => void

/** Makes the streams and outputs of an operation; `others` gives a second stream of numbers, `partitions` may be others in each life. */
export function describe(operation: Plan['operations'][number], pairs: DStream<[string, number]>, others: () => DStream<number>, output: Output, partitions?: number): void {
  switch (operation) {
    case 'window': return output('window', pairs.reduceByKeyAndWindow(add, milliseconds(3 * batchMs)))
    case 'inverse': return output('inverse', pairs.reduceByKeyAndWindow(add, (a, b) => a - b, milliseconds(4 * batchMs), milliseconds(2 * batchMs), { filter: ([, n]) => n > 0, ...(partitions !== undefined && { numPartitions: partitions }) }))
    case 'state': return output('state', partitions === undefined ? pairs.updateStateByKey(sum) : pairs.updateStateByKey(sum, partitions))
    case 'slow': return output('slow', pairs.window(milliseconds(batchMs), milliseconds(5 * batchMs)).updateStateByKey(sum))
    case 'mapped': {
      const mapped = pairs.mapWithState((key, n, state: State<number>): [string, number | string] => {
        mayFail()
        if (state.isTimingOut()) return [key, 'out']
        state.update((state.getOption() ?? 0) + n!)
        return [key, state.get()]
      }, { timeout: milliseconds(3 * batchMs) })
      output('mapped', mapped)
      return output('snapshots', mapped.stateSnapshots())
    }
    case 'join': {
      const numbers = others()
      output('others', numbers)
      return output('join', pairs.join(numbers.map((n): [string, number] => recordOf(n))))
    }
    case 'two': return output('two', pairs.updateStateByKey(sum, 1).mapWithState((key, n, state: State<number>): [string, number] => {
      mayFail()
      state.update((state.getOption() ?? 0) + n!)
      return [key, state.get()]
    }, { numPartitions: 3 }))
  }
}

let fault = (): void => {}

/** Sets what happens in the functions of states: the simulation lets some calls throw. */
export function onCall(happens: () => void): void {
  fault = happens
}

export function mayFail(): void {
  fault()
}

export function add(a: number, b: number): number {
  return a + b
}

export function sum(ns: number[], total: number | undefined): number {
  mayFail()
  return ns.reduce(add, total ?? 0)
}
