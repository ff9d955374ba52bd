// Calls the listeners of a context, after the event and not inside it.
//
// - Events are delivered in order, each to all listeners in the order of registration, before the action that they are about settles.
// - A listener that throws, or whose promise rejects, is logged and does no harm.
// - After close() nobody is called.

import type { Logger } from '../../base/log.ts'
import type { ContextListener } from './context-listener.ts'

type Events = { readonly [E in keyof ContextListener]-?: Parameters<NonNullable<ContextListener[E]>>[0] }

export class ListenerBus {
  readonly #listeners = new Set<ContextListener>()
  readonly #log: Logger
  #queue: (() => void)[] = []
  #closed = false

  constructor(log: Logger) {
    this.#log = log
  }

  add(listener: ContextListener): void {
    this.#listeners.add(listener)
  }

  remove(listener: ContextListener): void {
    this.#listeners.delete(listener)
  }

  /** Whether somebody listens: payloads need not be made otherwise. */
  get listening(): boolean {
    return this.#listeners.size > 0 && !this.#closed
  }

  post<E extends keyof Events>(event: E, payload: Events[E]): void {
    if (!this.listening) return
    if (this.#queue.length === 0) queueMicrotask(() => this.#deliver())
    this.#queue.push(() => { for (const listener of this.#listeners) this.#call(listener, event, payload) })
  }

  /** Delivers what was posted; nobody is called afterwards. */
  close(): void {
    this.#deliver()
    this.#closed = true
    this.#listeners.clear()
  }

  #deliver(): void {
    const events = this.#queue
    this.#queue = []
    for (const deliver of events) deliver()
  }

  #call<E extends keyof Events>(listener: ContextListener, event: E, payload: Events[E]): void {
    try {
      const result = (listener[event] as ((payload: Events[E]) => unknown) | undefined)?.call(listener, payload)
      if (result instanceof Promise) result.catch(error => this.#failed(event, error))
    } catch (error) {
      this.#failed(event, error)
    }
  }

  #failed(event: string, error: unknown): void {
    this.#log.warn({ event, error: String(error) }, 'a listener threw')
  }
}
