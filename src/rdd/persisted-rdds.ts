// The RDDs of a context that are persisted. An RDD that the program dropped is not kept for it.

import type { RDD } from './rdd.ts'

export class PersistedRDDs {
  readonly #rdds = new Map<number, WeakRef<RDD<unknown>>>()

  add(rdd: RDD<unknown>): void {
    this.#rdds.set(rdd.id, new WeakRef(rdd))
  }

  delete(id: number): void {
    this.#rdds.delete(id)
  }

  /** Those there are, by id. */
  all(): Map<number, RDD<unknown>> {
    const found = new Map<number, RDD<unknown>>()
    for (const [id, ref] of this.#rdds) {
      const rdd = ref.deref()
      if (rdd === undefined) this.#rdds.delete(id)
      else found.set(id, rdd)
    }
    return found
  }
}
