// The State that mapWithState's function gets: one key's state, for one call.

import { kernelErrors } from '../errors.ts'
import { copyValue } from './copy-value.ts'
import { absent } from './state-store.ts'

/**
 * The state of one key, in the function of `mapWithState`.
 *
 * What `get` gives is the function's own: changing it changes no state before `update` is called with it. Errors: RIV_STATE_ABSENT (`get`
 * without a value), RIV_STATE_ENDED (`update` or `remove` while timing out or after `remove`). Semantics: `org.apache.spark.streaming.State`.
 *
 * @example
 * import type { State } from 'rivulet'
 * import { runBatches } from 'rivulet/testing'
 * await runBatches([['a', 'a']], words => words.map(word => [word, 1]).mapWithState((word, _one, state: State<number>) => {
 *   if (state.exists()) return [word, 'again']
 *   state.update(1)
 *   return [word, 'first']
 * }, { numPartitions: 1 }))   // [[['a', 'first'], ['a', 'again']]]
 */
export interface State<S> {
  /** Whether the key has a state. */
  exists(): boolean
  /** The state; RIV_STATE_ABSENT where there is none. */
  get(): S
  /** The state, or undefined. */
  getOption(): S | undefined
  /** Gives the key a new state. */
  update(state: S): void
  /** Forgets the key's state. */
  remove(): void
  /** Whether the key has been idle for longer than the timeout: this is its last call. */
  isTimingOut(): boolean
}

export class KeyState implements State<unknown> {
  #key: unknown
  #value: unknown = absent
  #copied = false
  #timingOut = false
  /** What the call did to it. */
  change: 'none' | 'updated' | 'removed' = 'none'

  /** Begins a call. */
  wrap(key: unknown, value: unknown, timingOut: boolean): void {
    this.#key = key
    this.#value = value
    this.#copied = false
    this.#timingOut = timingOut
    this.change = 'none'
  }

  exists(): boolean {
    return this.#value !== absent
  }

  get(): unknown {
    if (this.#value === absent) throw kernelErrors.RIV_STATE_ABSENT(this.#key)
    if (!this.#copied) {
      this.#value = copyValue(this.#value)
      this.#copied = true
    }
    return this.#value
  }

  getOption(): unknown {
    return this.exists() ? this.get() : undefined
  }

  update(state: unknown): void {
    this.#assertOpen('update')
    this.#value = state
    this.#copied = true
    this.change = 'updated'
  }

  remove(): void {
    this.#assertOpen('remove')
    this.#value = absent
    this.change = 'removed'
  }

  isTimingOut(): boolean {
    return this.#timingOut
  }

  #assertOpen(what: string): void {
    if (this.#timingOut) throw kernelErrors.RIV_STATE_ENDED(what, this.#key, 'is timing out')
    if (this.change === 'removed') throw kernelErrors.RIV_STATE_ENDED(what, this.#key, 'was removed')
  }
}
