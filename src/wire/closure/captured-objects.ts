// Captured plain objects that the program changes afterwards: what threads have is the value of the capture.
//
// Plain objects, arrays, Maps and Sets are compared, as deep as they go; objects of classes and functions only where they stand in those.

import { isDeepStrictEqual } from 'node:util'
import { deepCopy } from '../../base/deep-copy.ts'

/** A variable of a captured function that holds a plain object. */
export interface CapturedObject {
  readonly name: string
  readonly value: object
}

const plain: readonly unknown[] = [Object.prototype, null, Array.prototype, Map.prototype, Set.prototype]

/** Objects with more parts than this are tables: comparing them would cost more than it tells. */
const maxParts = 1_000

export function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || !plain.includes(Object.getPrototypeOf(value))) return false
  return (value instanceof Map || value instanceof Set ? value.size : Array.isArray(value) ? value.length : Object.keys(value).length) <= maxParts
}

/** Remembers how the objects are now; the function gives the names of those that have changed since, each once. */
export function watchObjects(objects: readonly CapturedObject[]): () => string[] {
  let watched = objects.map(({ name, value }) => ({ name, value, before: deepCopy(value) }))
  return () => {
    const changed = watched.filter(({ value, before }) => !isDeepStrictEqual(value, before))
    if (changed.length > 0) watched = watched.filter(each => !changed.includes(each))
    return changed.map(({ name }) => name)
  }
}
