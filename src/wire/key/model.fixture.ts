// Equality of keys as a second, plain definition: no bytes, only comparisons. What the canonical bytes are held against.

import { types } from 'node:util'

/** Whether two values are the same key. */
export function sameKey(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null) return a === b || (Number.isNaN(a) && Number.isNaN(b))
  if (Array.isArray(a) || Array.isArray(b)) return Array.isArray(a) && Array.isArray(b) && sameElements(a, b)
  if (isPlain(a) || isPlain(b)) return isPlain(a) && isPlain(b) && sameProperties(a, b)
  if (types.isDate(a) && types.isDate(b)) return sameKey(a.getTime(), b.getTime())
  if (types.isMap(a) && types.isMap(b)) return sameBag([...a], [...b])
  if (types.isSet(a) && types.isSet(b)) return sameBag([...a], [...b])
  if (isBinary(a) && isBinary(b)) return viewKind(a) === viewKind(b) && sameElements(viewElements(a), viewElements(b))
  if ([a, b].some(value => types.isDate(value) || types.isMap(value) || types.isSet(value) || isBinary(value))) return false
  return a.constructor === b.constructor && sameElements(held(a), held(b)) && sameProperties(a, b)
}

const isPlain = (value: object): boolean => Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null
const isBinary = (value: object): value is ArrayBufferView | ArrayBuffer => ArrayBuffer.isView(value) || value instanceof ArrayBuffer
const viewKind = (value: object): string => Object.prototype.toString.call(value)

function viewElements(value: ArrayBufferView | ArrayBuffer): readonly unknown[] {
  if (value instanceof ArrayBuffer) return [...new Uint8Array(value)]
  return value instanceof DataView ? [...new Uint8Array(value.buffer, value.byteOffset, value.byteLength)] : [...value as Uint8Array]
}

function held(value: object): readonly unknown[] {
  if (value instanceof RegExp) return [value.source, value.flags]
  if (value instanceof Error) return [value.name, value.message, value.cause]
  return types.isBoxedPrimitive(value) ? [value.valueOf()] : []
}

const sameElements = (a: readonly unknown[], b: readonly unknown[]): boolean => a.length === b.length && Array.from(a).every((x, i) => sameKey(x, b[i]))

function sameProperties(a: object, b: object): boolean {
  const [left, right] = [Object.entries(a), Object.entries(b)]
  return left.length === right.length && left.every(([name, x]) => Object.hasOwn(b, name) && sameKey(x, (b as Record<string, unknown>)[name]))
}

/** Whether each member of one has a partner in the other. */
function sameBag(a: readonly unknown[], b: readonly unknown[]): boolean {
  const left = [...b]
  return a.length === b.length && a.every(x => {
    const i = left.findIndex(y => sameKey(x, y))
    if (i !== -1) left.splice(i, 1)
    return i !== -1
  })
}
