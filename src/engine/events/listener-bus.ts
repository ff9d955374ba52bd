// Calls the listeners of a context, after the event and not inside it: in order, before the action that it is about settles.

import { Listeners, type Events } from '../../base/listeners.ts'
import type { Logger } from '../../base/log.ts'
import type { ContextListener } from './context-listener.ts'

export class ListenerBus extends Listeners<ContextListener> {
  #queue: (() => void)[] = []

  constructor(log: Logger) {
    super(log, 'a listener threw')
  }

  post<E extends keyof ContextListener>(event: E, payload: Events<ContextListener>[E]): void {
    if (this.isEmpty) return
    if (this.#queue.length === 0) queueMicrotask(() => this.#deliver())
    this.#queue.push(() => this.tell(event, payload))
  }

  /** Delivers what was posted; nobody is called afterwards. */
  override close(): void {
    this.#deliver()
    super.close()
  }

  #deliver(): void {
    const events = this.#queue
    this.#queue = []
    for (const deliver of events) deliver()
  }
}
