// The driver half of accumulators: totals to which tasks add.
//
// - What a function adds for a partition of an RDD counts once in a job, by the first successful attempt; what fails, or is computed again, does not count.
// - Totals are found by id when a task reports; an accumulator that the program dropped is not kept for it.

import { copier } from '../../base/deep-copy.ts'
import { shipSymbol } from '../../wire/closure/symbols.ts'
import { addNumber, addUpdate, mergeNumbers, receivedAccumulator, taskUpdates, type AccumulatorState, type NumberTotal } from '../../wire/shared/accumulator.ts'
import { sharedErrors } from '../../wire/shared/errors.ts'

type Add<T, X> = (total: T, value: X) => T
type Merge<T> = (a: T, b: T) => T

const accumulators = new Map<number, WeakRef<Total<unknown, unknown>>>()
const dropped = new FinalizationRegistry<number>(id => accumulators.delete(id))
let lastId = 0

/** An accumulator with a name, as listeners see it. */
export interface NamedTotal { readonly id: number; readonly name: string; readonly value: unknown }

/** Adds what a task reported: pairs of an accumulator's id and its update. Gives those that have names. */
export function applyUpdates(updates: readonly (readonly [number, unknown])[]): NamedTotal[] {
  const named: NamedTotal[] = []
  for (const [id, update] of updates) {
    const accumulator = accumulators.get(id)?.deref()
    accumulator?.take(update)
    if (accumulator?.name !== undefined) named.push({ id, name: accumulator.name, value: (accumulator as unknown as { value: unknown }).value })
  }
  return named
}

/** What all accumulators are; they differ in what they show of the total. */
export abstract class Total<T, X> {
  /** A number that no other accumulator of the process has. */
  readonly id: number
  /** The name it was given, for messages. */
  readonly name: string | undefined
  readonly #zero: () => T
  readonly #add: Add<T, X>
  readonly #merge: Merge<T> | undefined
  readonly #state: AccumulatorState
  #total: T

  constructor(zero: T, add: Add<T, X>, merge: Merge<T> | undefined, name: string | undefined) {
    this.id = ++lastId
    this.name = name
    this.#zero = copier(zero)
    this.#add = add
    this.#merge = merge
    this.#total = this.#zero()
    this.#state = { id: this.id, label: String(this), ...(merge && { partial: { zero: this.#zero(), add: add as Add<unknown, unknown> } }) }
    accumulators.set(this.id, new WeakRef<Total<unknown, unknown>>(this as never))
    dropped.register(this, this.id)
  }

  /**
   * Adds a value, in a task or in the program.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const seen = ctx.longAccumulator()
   * await ctx.range(0, 10).foreach(() => seen.add(2))
   * seen.value   // 20
   */
  add(value: X): void {
    const updates = taskUpdates.getStore()
    if (updates === undefined) this.#total = this.#add(this.#total, value)
    else addUpdate(updates, this.#state, value)
  }

  /**
   * Back to the zero.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const seen = ctx.longAccumulator()
   * seen.add(3)
   * seen.reset()
   * seen.value   // 0
   */
  reset(): void {
    this.#total = this.#zero()
  }

  /** Takes what a task reported. Not for programs. */
  take(update: unknown): void {
    if (this.#merge !== undefined) this.#total = this.#merge(this.#total, update as T)
    else for (const value of update as X[]) this.#total = this.#add(this.#total, value)
  }

  /** The total; in the program only. */
  protected get total(): T {
    if (taskUpdates.getStore() !== undefined) throw sharedErrors.RIV_ACCUMULATOR_IN_TASK(String(this))
    return this.#total
  }

  /** How it travels into tasks. */
  [shipSymbol](): readonly [typeof receivedAccumulator, AccumulatorState] {
    return [receivedAccumulator, this.#state]
  }

  toString(): string {
    return `accumulator ${this.name ?? this.id}`
  }
}

/**
 * A total to which tasks add values. Made by `ctx.accumulator(zero, add)`.
 *
 * Semantics: `org.apache.spark.util.AccumulatorV2`.
 *
 * @example
 * import { Context } from 'rivulet'
 * const ctx = new Context()
 * const longest = ctx.accumulator('', (a, b) => (b.length > a.length ? b : a))
 * await ctx.parallelize(['to', 'question', 'be']).foreach(word => longest.add(word))
 * longest.value   // 'question'
 */
export class Accumulator<T, X = T> extends Total<T, X> {
  /** The total so far. In a task: RIV_ACCUMULATOR_IN_TASK. */
  get value(): T {
    return this.total
  }
}

/**
 * Sums and counts numbers. Made by `ctx.longAccumulator()` and `ctx.doubleAccumulator()`.
 *
 * Semantics: `org.apache.spark.util.LongAccumulator` and `DoubleAccumulator`.
 *
 * @example
 * import { Context } from 'rivulet'
 * const ctx = new Context()
 * const bad = ctx.longAccumulator('bad lines')
 * await ctx.parallelize(['1', 'x', '3']).foreach(line => { if (Number.isNaN(Number(line))) bad.add(1) })
 * bad.value   // 1
 */
export class NumberAccumulator extends Total<NumberTotal, number> {
  constructor(name?: string) {
    super({ sum: 0, count: 0 }, addNumber, mergeNumbers, name)
  }

  /** The sum so far. In a task: RIV_ACCUMULATOR_IN_TASK. */
  get value(): number { return this.total.sum }
  /** The same as `value`. */
  get sum(): number { return this.total.sum }
  /** How many numbers were added. */
  get count(): number { return this.total.count }
  /** The mean; NaN where nothing was added. */
  get avg(): number { return this.total.sum / this.total.count }
  /** Whether nothing was added. */
  get isZero(): boolean { return this.total.count === 0 }
}

/** Adds to a list in place. */
export const appended = <X>(list: X[], value: X): X[] => { list.push(value); return list }
