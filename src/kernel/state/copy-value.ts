// What functions are given of values that are kept: a copy where they could change it.

import { deepCopy } from '../../base/deep-copy.ts'

const isPrimitive = (value: unknown): boolean => typeof value !== 'object' || value === null

/** A copy that shares nothing that can be changed; plain objects and arrays of primitives the fast way. */
export function copyValue<T>(value: T): T {
  if (isPrimitive(value)) return value
  if (Array.isArray(value)) return (Object.getPrototypeOf(value) === Array.prototype && value.every(isPrimitive) && Object.keys(value).length === value.length ? value.slice() : deepCopy(value)) as T
  if (Object.getPrototypeOf(value) !== Object.prototype) return deepCopy(value)
  const copy: Record<string, unknown> = {}
  for (const name in value) {
    const inner: unknown = value[name]
    if (!isPrimitive(inner) || name === '__proto__') return deepCopy(value)
    copy[name] = inner
  }
  return copy as T
}
