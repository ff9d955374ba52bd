// Types of the streaming layer that RDDs have no counterpart for.

import type { Wide } from '../rdd/types.ts'
import type { DStream } from './dstream.ts'

/** Pairs as a D-Stream; `any` in, `any` out. */
// oxlint-disable-next-line no-explicit-any
export type PairStream<K, V> = unknown extends K & V ? DStream<any> : DStream<[K, Wide<V>]>
