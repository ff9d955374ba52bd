// About how many bytes of heap a value takes, for values of any kind, in bounded time: of many elements the first few speak for all.
//
// - The same elements are looked at each time, so that the size of a list before and after something was added tells what it takes.
// - A slot of an array or object is counted with what holds it; small integers and constants take nothing else.

const looksAt = 8
const maxDepth = 4
const slotBytes = 8

/** Values that the last call looked at. */
let looked = 0

/** The size of a value, and how many values had to be looked at. */
export function sizeOf(value: unknown): number {
  looked = 0
  return size(value, 0)
}

export const lastCost = (): number => looked

function size(value: unknown, depth: number): number {
  switch (typeof value) {
    case 'number': return (value | 0) === value ? 0 : 16
    case 'string': return 24 + value.length * (isOneByte(value) ? 1 : 2)
    case 'bigint': return 24
    case 'object': return value === null ? 0 : sizeOfObject(value, depth)
    default: return 0
  }
}

function isOneByte(text: string): boolean {
  const last = Math.min(text.length, 32)
  for (let i = 0; i < last; i++) if (text.charCodeAt(i) > 0xff) return false
  return true
}

function sizeOfObject(value: object, depth: number): number {
  if (ArrayBuffer.isView(value)) return 200 + value.byteLength
  if (value instanceof ArrayBuffer) return 150 + value.byteLength
  if (depth === maxDepth) return 64
  if (Array.isArray(value)) return 32 + value.length * (slotBytes + mean(value, value.length, depth))
  if (value instanceof Map) return 64 + value.size * (48 + mean(value.keys(), value.size, depth) + mean(value.values(), value.size, depth))
  if (value instanceof Set) return 64 + value.size * (36 + mean(value, value.size, depth))
  const names = Object.keys(value)
  looked += names.length
  return 24 + names.length * slotBytes + (names.length === 0 ? 0 : names.length * mean(firstOf(value, names), names.length, depth))
}

function* firstOf(value: object, names: readonly string[]): Generator<unknown> {
  for (let i = 0; i < names.length && i < looksAt; i++) yield (value as Record<string, unknown>)[names[i]!]
}

/** The mean size of the first few of `count` values. */
function mean(values: Iterable<unknown>, count: number, depth: number): number {
  const n = Math.min(count, looksAt)
  let sum = 0
  let i = 0
  for (const value of values) {
    if (i++ === n) break
    sum += size(value, depth + 1)
  }
  looked += n
  return n === 0 ? 0 : sum / n
}
