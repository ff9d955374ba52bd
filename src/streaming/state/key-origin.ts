// Whether the keys of a state are made as they were: a program that was changed to make keys of another kind would find none of them again.
//
// One program may make keys of several kinds, so what it left itself is not looked at. What another one left has to have a kind in common
// with the first keys that come.

import { describeKinds } from '../../kernel/state/key-kinds.ts'
import { streamingErrors } from '../errors.ts'

export class KeyOrigin {
  #operator = ''
  /** What makes keys in this program: see codeOf. */
  #code = 0
  /** What made those of the state, if that is not this program, or not known. */
  #by: number | undefined
  /** The kinds of keys that another program left, until this one has brought some. */
  #kinds = 0

  /** Is called before anything else. */
  placed(operator: string, code: number): void {
    this.#operator = operator
    this.#code = this.#by = code
  }

  /** What makes the keys of the newest version: to be journalled with it. */
  get by(): number | undefined {
    return this.#by
  }

  /** A version was restored. */
  restore(by: number | undefined): void {
    this.#by = by
  }

  /** The newest version was restored, with keys of these kinds. */
  restored(kinds: number, anyKeys: boolean): void {
    if (anyKeys || kinds === 0) this.#by = this.#code
    else if (this.#by !== this.#code) this.#kinds = kinds
  }

  /** A batch brought keys of these kinds. Errors: RIV_STATE_KEY_KIND. */
  check(brought: number): void {
    if (this.#kinds === 0 || brought === 0) return
    if ((brought & this.#kinds) === 0) throw streamingErrors.RIV_STATE_KEY_KIND(this.#operator, describeKinds(this.#kinds), describeKinds(brought))
    this.#kinds = 0
    this.#by = this.#code
  }
}
