// Data whose serialized bytes are the same on each run.
//
// V8 writes what it holds: an integer as such or as a double, a list as dense or with holes, by how its code happens to be optimized. In a
// copy made here integers are integers, lists are dense, and properties stand in dictionaries, of which V8 assumes nothing.

/** A copy of what plain objects, arrays and numbers are in `data`; what else is in it stays. */
export function canonical(data: unknown, copies = new Map<object, unknown>()): unknown {
  if (typeof data === 'number') return Object.is(data | 0, data) ? data | 0 : data
  if (typeof data !== 'object' || data === null) return data
  const known = copies.get(data)
  if (known !== undefined) return known
  if (Array.isArray(data)) return Object.keys(data).length === data.length ? copyArray(data, copies) : data
  const proto: unknown = Object.getPrototypeOf(data)
  return proto === Object.prototype || proto === null ? copyObject(data as Record<string, unknown>, copies) : data
}

function copyArray(array: readonly unknown[], copies: Map<object, unknown>): unknown[] {
  const copy: unknown[] = ['', null] // of anything from the start
  copy.length = 0
  copies.set(array, copy)
  for (const item of array) copy.push(canonical(item, copies))
  return copy
}

function copyObject(object: Readonly<Record<string, unknown>>, copies: Map<object, unknown>): object {
  const copy = Object.create(null) as Record<string, unknown>
  copies.set(object, copy)
  for (const key of Object.keys(object)) copy[key] = canonical(object[key], copies)
  return copy
}
