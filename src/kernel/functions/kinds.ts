// What the library's functions are made of and given.

export type Args = readonly unknown[]
/** A function of the user, or another one of the library. */
export type Fn = (...args: unknown[]) => unknown
export type Fns = readonly Fn[]
export type Rows = Iterable<unknown>
export type PairRow = readonly [unknown, unknown]
