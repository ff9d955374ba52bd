// What generated loops call: kept out of the text so that it is typed, tested and compiled once.

import type { BlockRef } from '../wire/slab/block-ref.ts'
import type { FileSlot, KeepOutput, StoreSlot } from '../wire/shape.ts'
import { FinalFailure, SpillFailure, TaskCancelled, TooLarge, UnknownClass, UserFailure } from './errors.ts'
import { readLines as readFileLines } from './file-lines.ts'
import { Collected } from './outputs.ts'
import type { TaskIO } from './task-io.ts'
import { plain, refusalOfThenable } from './thenable.ts'

export { UserFailure } from './errors.ts'
export { PouringMap } from './spill/pouring-map.ts'
export { SpillingMap } from './spill/spilling-map.ts'
export { mapAsync } from './map-async.ts'
export { Collected, customPartitionOf, DealtBuckets, hashPartitionOf, PairBuckets, rangePartitionOf } from './outputs.ts'
export { paired } from './paired.ts'

/** What a task gives back. */
export interface TaskOutput {
  /** Records counted by a `count` sink. */
  readonly count: number
  /** Result records. */
  readonly blocks: readonly BlockRef[]
  /** For each reducer its blocks, in order. */
  readonly shuffle?: readonly (readonly BlockRef[])[]
  /** Partitions kept on the way, by slot. */
  readonly stored: readonly StoredPartition[]
  /** What the function of a `keep` sink gave. */
  readonly kept?: KeepOutput
  /** Pairs of an accumulator's id and what the task added to it. */
  readonly updates?: readonly BlockRef[]
}

export interface StoredPartition { readonly slot: number; readonly blocks: readonly BlockRef[] }

/** Thrown by a synchronous loop when mapPartitions returned an async iterable: run the async form. */
export const needsAsync = Symbol('needs the async form')

/** Errors that say what they are already. */
const passing = [UserFailure, TaskCancelled, FinalFailure, UnknownClass, SpillFailure, TooLarge]

/** The error to throw for a throw inside the loop; `at` is the function that was being called, or -1 for our own code. */
export function failed(error: unknown, at: number, record: unknown): unknown {
  if (error instanceof UserFailure && error.fn === -1) return new UserFailure(at, error.record, error.cause) // a library function tells the record
  if (error === needsAsync || at === -1 || passing.some(type => error instanceof type)) return error
  return new UserFailure(at, record, error)
}

/** Throws where a synchronous function returned a thenable. */
export function refuseThenable(value: unknown, fn: number, record: unknown): void {
  const refusal = refusalOfThenable(value)
  if (refusal !== undefined) throw new UserFailure(fn, record, refusal)
}

/** Checks what mapPartitions returned; asks for the async form where it is needed. */
export function iterableResult(value: unknown, asyncForm: boolean): unknown {
  if (typeof value === 'string') return value
  if (typeof value === 'object' && value !== null) {
    if (Symbol.iterator in value) return value
    if (Symbol.asyncIterator in value) {
      if (!asyncForm) throw needsAsync
      return value
    }
    plain(value)
  }
  throw new TypeError(`the function returned ${value === null ? 'null' : typeof value}; it must return an iterable`)
}

/** Rows whose first one is computed already: that the asynchronous form is needed shows before a user's function is called, which might catch it. */
export function begun(rows: Iterable<unknown>): Iterable<unknown> {
  const iterator = rows[Symbol.iterator]()
  let first: IteratorResult<unknown> | undefined = iterator.next()
  const rest: IterableIterator<unknown> = {
    [Symbol.iterator]: () => rest,
    next: () => {
      const next = first ?? iterator.next()
      first = undefined
      return next
    },
    return: value => iterator.return?.(value) ?? { done: true, value },
  }
  return rest
}

/** The records of an iterable or async iterable as arrays, so that the loop awaits once a chunk. */
export async function* chunks(rows: unknown): AsyncGenerator<unknown[]> {
  const source = await rows
  if (typeof source === 'object' && source !== null && Symbol.asyncIterator in source) {
    for await (const x of source as AsyncIterable<unknown>) yield [x]
    return
  }
  let chunk: unknown[] = []
  for (const x of source as Iterable<unknown>) if (chunk.push(x) === 1024) { yield chunk; chunk = [] }
  if (chunk.length > 0) yield chunk
}

/** Several iterables, one after the other. */
export function* concat(parts: readonly Iterable<unknown>[]): Generator<unknown> {
  for (const part of parts) yield* part
}

/** Several iterables, some of which may be asynchronous, one after the other. */
export async function* concatAsync(parts: readonly (Iterable<unknown> | AsyncIterable<unknown>)[]): AsyncGenerator<unknown> {
  for (const part of parts) yield* part
}

/** Encodes the rows of a persisted partition. */
export function store(slot: number, where: StoreSlot, rows: readonly unknown[], io: TaskIO): StoredPartition {
  return { slot, blocks: io.keep(where, rows) }
}

/** The lines of a byte range of a file, in chunks. */
export const readLines = (io: TaskIO, slot: FileSlot): AsyncIterable<string[]> => readFileLines(io.fs, slot, lines => { io.metrics.invalidUtf8Lines += lines })

/** The output of a `partition` sink: the value its function gave, awaited. */
export function partitionOutput(value: unknown, fn: number, stored: readonly StoredPartition[], io: TaskIO): TaskOutput | Promise<TaskOutput> {
  const finish = (result: unknown): TaskOutput => {
    const out = new Collected(io)
    out.push(result)
    return { count: 0, blocks: out.finish(), stored }
  }
  if (typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function') {
    return (value as Promise<unknown>).then(finish, error => { throw failed(error, fn, undefined) })
  }
  return finish(value)
}

