// The protocol by which objects say how they travel into a shipped function, or why they never do.
//
// - Registered symbols, so that two copies of this package and user code understand each other.

/**
 * An object with this method says how it travels: `[Symbol.for('rivulet.ship')]() { return [reviver, state] }`.
 *
 * The state and the reviver are captured like any other value; the worker gets `reviver(state)`. It is the way for
 * objects with `#private` fields, which nobody outside of their class can copy.
 */
export const shipSymbol: unique symbol = Symbol.for('rivulet.ship') as never

/** An object with this property (own or inherited) never travels; its string says why: "an RDD cannot be used inside another RDD's function". */
export const refuseSymbol: unique symbol = Symbol.for('rivulet.refuse') as never

/** Set to true on `globalThis` by the entry of a worker, so that a program that is run again there by an import is told at once. */
export const workerSymbol: unique symbol = Symbol.for('rivulet.worker') as never
