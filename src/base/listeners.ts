// Objects with methods that are called for events.
//
// - Each event reaches all listeners, in the order of registration, before the next one.
// - A listener that throws, or whose promise rejects, is logged and does no harm.
// - After close() nobody is called.

import type { Logger } from './log.ts'

/** What the methods of a listener are given, by their names. */
export type Events<L> = { readonly [E in keyof L]-?: Parameters<Extract<L[E], (event: never) => unknown>>[0] }

export class Listeners<L extends object> {
  readonly #all = new Set<L>()
  readonly #log: Logger
  readonly #complaint: string
  #closed = false

  /** `complaint` is what is logged of one that throws. */
  constructor(log: Logger, complaint: string) {
    this.#log = log
    this.#complaint = complaint
  }

  add(listener: L): void {
    this.#all.add(listener)
  }

  remove(listener: L): void {
    this.#all.delete(listener)
  }

  /** Whether nobody listens: payloads need not be made then. */
  get isEmpty(): boolean {
    return this.#closed || this.#all.size === 0
  }

  close(): void {
    this.#closed = true
    this.#all.clear()
  }

  /** Calls all of them, now. */
  protected tell<E extends string & keyof L>(event: E, payload: Events<L>[E]): void {
    if (this.#closed) return
    for (const listener of this.#all) {
      try {
        const result = (listener[event] as ((payload: Events<L>[E]) => unknown) | undefined)?.call(listener, payload)
        if (result instanceof Promise) result.catch(error => this.#failed(event, error))
      } catch (error) {
        this.#failed(event, error)
      }
    }
  }

  #failed(event: string, error: unknown): void {
    this.#log.warn({ event, error: String(error) }, this.#complaint)
  }
}
