// The aggregation map of a task: one cell per key.
//
// - A cell is found once a record and changed in place, so a record costs one hash look-up, not the two of `map.set(k, f(map.get(k)))`.
// - Primitive keys are Map keys themselves: Map's equality (NaN equals NaN, 0 equals -0) is the key codec's.
// - Objects as keys are compared by structure, through their canonical encoding.
// - Iteration is in the order of first appearance, primitives before objects: the same on each run.

import { objectIdentity } from '../wire/key/key-bytes.ts'

/** The combiner of one key. */
export class Cell {
  v: unknown
  constructor(v: unknown) { this.v = v }
}

class ObjectCell extends Cell {
  readonly key: unknown
  constructor(key: unknown, v: unknown) { super(v); this.key = key }
}

export class CombineMap {
  /** Read directly by the generated loop. */
  readonly primitives = new Map<unknown, Cell>()
  readonly #objects = new Map<string, ObjectCell>()

  /** The cell of a key, if there is one. */
  cell(key: unknown): Cell | undefined {
    return typeof key === 'object' && key !== null ? this.objectCell(key) : this.primitives.get(key)
  }

  /** The cell of an object key, if there is one. */
  objectCell(key: object): Cell | undefined {
    return this.#objects.get(objectIdentity(key))
  }

  /** Adds a key that has no cell yet. */
  add(key: unknown, value: unknown): void {
    if (typeof key === 'object' && key !== null) this.#objects.set(objectIdentity(key), new ObjectCell(key, value))
    else this.primitives.set(typeof key === 'string' && key.length > 12 ? (' ' + key).slice(1) : key, new Cell(value))
  }

  clear(): void {
    this.primitives.clear()
    this.#objects.clear()
  }

  get size(): number {
    return this.primitives.size + this.#objects.size
  }

  /** Every key with its combiner. */
  forEach(visit: (key: unknown, value: unknown) => void): void {
    for (const [key, cell] of this.primitives) visit(key, cell.v)
    for (const cell of this.#objects.values()) visit(cell.key, cell.v)
  }

  /** Every key with its cell. */
  * cells(): Generator<[unknown, Cell]> {
    yield* this.primitives
    for (const cell of this.#objects.values()) yield [cell.key, cell]
  }

  /** Every key with its combiner, as pairs. */
  * pairs(): Generator<[unknown, unknown]> {
    for (const [key, cell] of this.primitives) yield [key, cell.v]
    for (const cell of this.#objects.values()) yield [cell.key, cell.v]
  }
}
