// Calls the listeners of a StreamingContext.
//
// - In the order of registration; each event reaches all listeners before the next one.
// - A listener that throws, or whose promise rejects, is logged and does no harm.
// - After close() nobody is called.

import type { Logger } from '../../base/log.ts'
import type { ReceiverEvents, StreamingListener } from './streaming-listener.ts'

type Events = { readonly [E in keyof StreamingListener]-?: Parameters<NonNullable<StreamingListener[E]>>[0] }

export class ListenerBus implements ReceiverEvents {
  readonly #listeners = new Set<StreamingListener>()
  readonly #log: Logger
  #closed = false
  #depth = 0

  constructor(log: Logger) {
    this.#log = log
  }

  add(listener: StreamingListener): void {
    this.#listeners.add(listener)
  }

  remove(listener: StreamingListener): void {
    this.#listeners.delete(listener)
  }

  /** Whether somebody listens: payloads need not be made otherwise. */
  get isEmpty(): boolean {
    return this.#closed || this.#listeners.size === 0
  }

  post<E extends keyof Events>(event: E, payload: Events[E]): void {
    if (this.#closed) return
    for (const listener of this.#listeners) {
      this.#depth++
      try {
        const result = (listener[event] as ((payload: Events[E]) => unknown) | undefined)?.call(listener, payload)
        if (result instanceof Promise) result.catch(error => this.#failed(event, error))
      } catch (error) {
        this.#failed(event, error)
      } finally {
        this.#depth--
      }
    }
  }

  /** Whether a listener is being called right now. */
  get isPosting(): boolean {
    return this.#depth > 0
  }

  close(): void {
    this.#closed = true
  }

  #failed(event: string, error: unknown): void {
    this.#log.warn({ event, error: String(error) }, 'a streaming listener threw')
  }
}
