// The task half of broadcasts: what a worker thread has of them, by id.
//
// - A value is decoded when a task first asks for it, once a thread; all tasks of the thread share what was decoded.
// - The driver says what there is before a task begins that may ask, and what to forget between tasks.

import { sharedErrors } from './errors.ts'

/** A broadcast as functions in tasks see it. */
export interface ReceivedBroadcast {
  readonly id: number
  readonly value: unknown
}

interface Entry { decode: (() => unknown) | undefined; value?: unknown }

const entries = new Map<number, Entry>()

export function installBroadcast(id: number, decode: () => unknown): void {
  entries.set(id, { decode })
}

export function forgetBroadcast(id: number): void {
  entries.delete(id)
}

/** What a captured broadcast is in a task. */
export const receivedBroadcast = (id: number): ReceivedBroadcast => ({ id, get value() { return valueOf(id) } })

function valueOf(id: number): unknown {
  const entry = entries.get(id)
  if (entry === undefined) throw sharedErrors.RIV_BROADCAST_DESTROYED(id)
  if (entry.decode !== undefined) {
    entry.value = entry.decode()
    entry.decode = undefined
  }
  return entry.value
}
