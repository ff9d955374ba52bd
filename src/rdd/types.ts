// Types that RDD and DStream share: hints that make array literals tuples, guards of pair operations.
// Why they are as they are: the techniques that lost (const parameters, overloads, subclasses) break generic helpers or double the errors.

import type { RDD } from './rdd.ts'

/** No value has this type. In `U | Hint` it only tells TypeScript to read an array literal as a tuple. */
export type Hint = readonly [Hint, ...Hint[]]

/** What pair operations ask of their records. */
export type Pair = readonly [unknown, unknown]

type IsAny<T> = 0 extends 1 & T ? true : false

/** The key of a pair type; `any` gives `any`. */
// oxlint-disable-next-line no-explicit-any
export type Key<T> = IsAny<T> extends true ? any : T extends readonly [infer K, unknown] ? K : never

/** The value of a pair type; `any` gives `any`. */
// oxlint-disable-next-line no-explicit-any
export type Val<T> = IsAny<T> extends true ? any : T extends readonly [unknown, infer V] ? V : never

/** A literal number type as `number`: counts that start as 1 must be able to grow. */
export type Wide<V> = V extends number ? number : V

/** Pairs as an RDD; `any` in, `any` out. */
// oxlint-disable-next-line no-explicit-any
export type Pairs<K, V> = unknown extends K & V ? RDD<any> : RDD<[K, Wide<V>]>

/** Any function, as plans hold them. */
export type AnyFunction = (...args: never[]) => unknown
