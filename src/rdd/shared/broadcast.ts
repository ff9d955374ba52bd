// The driver half of broadcasts.
//
// - The value is encoded once, into memory that all threads share; functions that capture the broadcast carry its id.
// - A thread decodes it when a task first asks. With the inline master tasks see the program's own value.
// - The memory goes with `destroy()`, or when nothing refers to the broadcast any more: no RDD, and no batch that is remembered.

import type { SharedValue } from '../job-runner.ts'
import { receivedBroadcast } from '../../wire/shared/broadcast.ts'
import { sharedErrors } from '../../wire/shared/errors.ts'
import { shipSymbol } from '../../wire/closure/symbols.ts'

/** Gives back the memory of broadcasts that were dropped. */
const dropped = new FinalizationRegistry<SharedValue>(shared => shared.release())

/**
 * A read-only value that tasks share: a table to look things up in, a model.
 *
 * Made by `ctx.broadcast(value)`. Captured by a function it costs nothing, however large the value: there is one copy in shared memory, and
 * what each thread decodes of it when it is first used. Changes made to the value afterwards do not reach tasks.
 * Semantics: `org.apache.spark.broadcast.Broadcast`.
 *
 * @example
 * import { Context } from 'rivulet'
 * const ctx = new Context()
 * const names = ctx.broadcast(new Map([['de', 'Germany'], ['fr', 'France']]))
 * await ctx.parallelize(['fr', 'de']).map(code => names.value.get(code)).collect()   // ['France', 'Germany']
 * await names.destroy()
 */
export class Broadcast<out T> {
  /** A number that no other broadcast of the process has. */
  readonly id: number
  readonly #shared: SharedValue
  #state: { readonly value: T } | undefined

  /** Not for programs: `ctx.broadcast(value)` makes them. */
  constructor(value: T, shared: SharedValue) {
    this.#state = { value }
    this.#shared = shared
    this.id = shared.id
    dropped.register(this, shared, this)
  }

  /** The value. Throws RIV_BROADCAST_DESTROYED after `destroy()`. */
  get value(): T {
    return this.#live().value
  }

  /**
   * Drops what threads decoded; the next use decodes it again.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const table = ctx.broadcast(new Map([['a', 1]]))
   * await ctx.parallelize(['a']).map(key => table.value.get(key)).collect()   // [1]
   * await table.unpersist()
   */
  async unpersist(): Promise<void> {
    this.#live()
    this.#shared.unpersist()
  }

  /**
   * Gives the memory back at once; it is given back anyway when nothing refers to the broadcast any more. Later uses throw
   * RIV_BROADCAST_DESTROYED. May be called twice.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const table = ctx.broadcast(new Map([['a', 1]]))
   * await table.destroy()
   */
  async destroy(): Promise<void> {
    if (this.#state === undefined) return
    this.#state = undefined
    dropped.unregister(this)
    this.#shared.release()
  }

  #live(): { readonly value: T } {
    if (this.#state === undefined) throw sharedErrors.RIV_BROADCAST_DESTROYED(this.id)
    return this.#state
  }

  /** How it travels into tasks: as its id. */
  [shipSymbol](): readonly [typeof receivedBroadcast, number] {
    this.#live()
    return [receivedBroadcast, this.id]
  }

  toString(): string {
    return `Broadcast ${this.id}${this.#state === undefined ? ' (destroyed)' : ''}`
  }
}
