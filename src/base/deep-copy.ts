// Copies of values that users change in place: zero values of aggregations, so that no two keys, partitions or runs share one.

/** A copy that shares nothing that can be changed. Functions, promises and the like stay themselves; instances keep their class. */
export function deepCopy<T>(value: T): T {
  return typeof value === 'object' && value !== null ? copyObject(value, new Map()) as T : value
}

/** Makes copies of one value; a primitive is its own. */
export function copier<T>(value: T): () => T {
  if (typeof value !== 'object' || value === null) return () => value
  const original = deepCopy(value)
  return () => deepCopy(original)
}

function copyObject(value: object, seen: Map<object, object>): object {
  const known = seen.get(value)
  if (known !== undefined) return known
  const copy = emptyCopy(value)
  if (copy === undefined) return value
  seen.set(value, copy)
  const inner = (x: unknown): unknown => (typeof x === 'object' && x !== null ? copyObject(x, seen) : x)
  if (value instanceof Map) for (const [k, v] of value) (copy as Map<unknown, unknown>).set(inner(k), inner(v))
  else if (value instanceof Set) for (const x of value) (copy as Set<unknown>).add(inner(x))
  if (ArrayBuffer.isView(value)) return copy
  for (const key of Reflect.ownKeys(value)) {
    const property = Reflect.getOwnPropertyDescriptor(value, key)!
    if ('value' in property) property.value = inner(property.value)
    Object.defineProperty(copy, key, property)
  }
  return copy
}

/** An object of the same kind without what it holds; undefined for kinds that cannot be copied. */
function emptyCopy(value: object): object | undefined {
  const as = (copy: object): object => (Object.getPrototypeOf(copy) === Object.getPrototypeOf(value) ? copy : Object.setPrototypeOf(copy, Object.getPrototypeOf(value) as object | null))
  if (Array.isArray(value)) return as(new Array(value.length))
  if (value instanceof Map) return as(new Map())
  if (value instanceof Set) return as(new Set())
  if (value instanceof Date) return as(new Date(value.getTime()))
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return as(structuredClone(value))
  if (Object.prototype.toString.call(value) === '[object Promise]' || value instanceof WeakMap || value instanceof WeakSet || value instanceof WeakRef) return undefined
  return Object.create(Object.getPrototypeOf(value) as object | null) as object
}
