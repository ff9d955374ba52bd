// Calls the listeners of a StreamingContext, at the event.

import { Listeners, type Events } from '../../base/listeners.ts'
import type { Logger } from '../../base/log.ts'
import type { ReceiverEvents, StreamingListener } from './streaming-listener.ts'

export class ListenerBus extends Listeners<StreamingListener> implements ReceiverEvents {
  #depth = 0

  constructor(log: Logger) {
    super(log, 'a streaming listener threw')
  }

  post<E extends keyof StreamingListener>(event: E, payload: Events<StreamingListener>[E]): void {
    this.#depth++
    this.tell(event, payload)
    this.#depth--
  }

  /** Whether a listener is being called right now. */
  get isPosting(): boolean {
    return this.#depth > 0
  }
}
