// Bounded asynchronous mapping: at most `concurrency` calls at a time, results in order or as they come.
//
// - Each call gets the record and a signal that aborts when the task is cancelled or its own time is up.
// - The first failure ends it: the others are aborted and no further call begins.

import { kernelErrors, UserFailure } from './errors.ts'
import type { TaskIO } from './task-io.ts'

export interface MapAsyncOptions { readonly concurrency: number; readonly ordered: boolean; readonly timeoutMs: number }

type AsyncFn = (record: unknown, signal: AbortSignal) => Promise<unknown>
type Settled = { readonly turn: number; readonly value: unknown }

/** Chunks of results; `fn` is the function's index, for failures. */
export async function* mapAsync(f: AsyncFn, fn: number, rows: Iterable<unknown> | AsyncIterable<unknown>, options: MapAsyncOptions, io: TaskIO): AsyncGenerator<unknown[]> {
  const stop = new AbortController()
  const signal = AbortSignal.any([io.signal, stop.signal])
  const running = new Map<number, Promise<Settled>>()
  const waiting = new Map<number, unknown>() // settled before their turn, when ordered
  const source = Symbol.asyncIterator in rows ? rows[Symbol.asyncIterator]() : rows[Symbol.iterator]()
  let started = 0
  let emitted = 0
  let ended = false
  try {
    for (;;) {
      while (!ended && running.size + waiting.size < options.concurrency) {
        const next = await source.next()
        if (next.done === true) { ended = true; break }
        const turn = started++
        running.set(turn, call(f, fn, next.value, turn, options.timeoutMs, signal))
      }
      if (running.size === 0) break
      const first = await Promise.race(running.values())
      running.delete(first.turn)
      if (!options.ordered) { yield [first.value]; continue }
      waiting.set(first.turn, first.value)
      const ready: unknown[] = []
      for (; waiting.has(emitted); emitted++) {
        ready.push(waiting.get(emitted))
        waiting.delete(emitted)
      }
      if (ready.length > 0) yield ready
    }
  } finally {
    stop.abort()
    for (const call of running.values()) call.catch(() => {}) // their failures have no reader any more
    await source.return?.()
  }
}

async function call(f: AsyncFn, fn: number, record: unknown, turn: number, timeoutMs: number, signal: AbortSignal): Promise<Settled> {
  const own = timeoutMs > 0 ? AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) : signal
  try {
    return { turn, value: await abortable(f(record, own), own) }
  } catch (error) {
    if (!signal.aborted && own.aborted) throw new UserFailure(fn, record, kernelErrors.RIV_ASYNC_TIMEOUT(timeoutMs))
    throw new UserFailure(fn, record, error)
  }
}

/** The promise, or a rejection as soon as the signal aborts, whether or not the function listens to it. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    Promise.resolve(promise).then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
