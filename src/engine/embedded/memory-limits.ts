// How the memory of the process is divided, where settings do not say.
//
//   ├─ blocks 1/4 ─┬─ heaps of all workers together 1/2 ──────────────┬─ driver, code, what is on its way 1/4 ─┤
//                  └ of each: what its task holds, at most a quarter of the heap; the rest is garbage, and the user's
//
// - A heap is given to V8 as a limit, so it collects garbage before it takes more: resident memory follows from these numbers.
// - A task's output to a shuffle goes to a file before the tasks that run at once could fill half of block memory with theirs.

import type { Conf } from '../../base/define-settings.ts'
import { engineSettings } from '../settings.ts'

export interface MemoryLimits {
  readonly blockBytes: number
  /** Heap of one worker; or what tasks take for theirs in the driver's thread. */
  readonly heapBytes: number
  /** What one task holds of what it aggregates, groups and sorts. */
  readonly taskBytes: number
  /** What one task holds of what has to stay together: the values of a key that are one list. A part that is read from a file comes on top. */
  readonly groupBytes: number
  /** Most block memory that one task fills with what it gives to a shuffle. */
  readonly outputBytes: number
  /** Decoded records that a thread holds. */
  readonly decodedBytes: number
}

const leastHeap = 256 * 2 ** 20
const mostHeap = 4 * 2 ** 30
/** What V8's limit counts of young objects at most; what stays has no room there. */
const youngHeap = 192 * 2 ** 20

/** `threads` is 0 where tasks run in the driver's thread, whose heap has a limit already. */
export function memoryLimits(conf: Conf, threads: number, driverHeapBytes: number): MemoryLimits {
  const memory = conf.get(engineSettings['spark.driver.memory'])
  const given = (key: `memory.${'blocks' | 'shuffle' | 'worker' | 'decoded'}`, otherwise: number): number => (conf.has(engineSettings[key]) ? conf.get(engineSettings[key]) : Math.floor(otherwise))
  const atOnce = Math.max(1, threads)
  const blockBytes = given('memory.blocks', memory / 4)
  const heapBytes = threads === 0
    ? Math.min(Math.max(driverHeapBytes / 2, driverHeapBytes - youngHeap), memory / 2)
    : given('memory.worker', Math.max(leastHeap, Math.min(mostHeap, memory / 2 / threads)))
  return {
    blockBytes,
    heapBytes,
    taskBytes: Math.min(given('memory.shuffle', memory / 8) / atOnce, heapBytes / 4),
    groupBytes: heapBytes / 3,
    outputBytes: blockBytes / 2 / atOnce,
    decodedBytes: Math.min(given('memory.decoded', Infinity), heapBytes / 2),
  }
}
