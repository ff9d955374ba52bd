// A map that forgets what was not used for longest, bounded by the sum of the sizes given.

export class LruCache<V> {
  readonly #limit: number
  readonly #entries = new Map<string, { readonly value: V; readonly size: number }>()
  #size = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  get(key: string): V | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    return entry.value
  }

  /** Adds a value under a key that is not there yet; the newest stays, however large. */
  set(key: string, value: V, size: number): void {
    this.#entries.set(key, { value, size })
    this.#size += size
    for (const [oldest, entry] of this.#entries) {
      if (this.#size <= this.#limit || oldest === key) break
      this.#entries.delete(oldest)
      this.#size -= entry.size
    }
  }

  get size(): number {
    return this.#size
  }
}
