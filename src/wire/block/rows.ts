// Puts rows together from columns, by functions that are written for each shape: a literal with all its parts is made several times
// faster than an array or object that is filled, and all records get the same hidden class.

/** Rows of columns, the first `count` of each. */
export type Rows = (columns: readonly (readonly unknown[])[], count: number) => unknown[]

/** Shapes kept; the least recently made goes first. */
const maxShapes = 1_000

const byArity = new Map<number, Rows>()
const byNames = new Map<string, Rows>()

/** Makes arrays of `arity` elements. */
export function tupleRows(arity: number): Rows {
  return shaped(byArity, arity, () => compile(arity, parts => `[${parts.join(', ')}]`))
}

/** Makes plain objects with these properties, in this order. */
export function recordRows(names: readonly string[]): Rows {
  return shaped(byNames, JSON.stringify(names), () => compile(names.length, parts => `{ ${parts.map((part, i) => `[${JSON.stringify(names[i])}]: ${part}`).join(', ')} }`))
}

function shaped<K>(shapes: Map<K, Rows>, key: K, make: () => Rows): Rows {
  let rows = shapes.get(key)
  if (rows === undefined) {
    if (shapes.size >= maxShapes) shapes.delete(shapes.keys().next().value!)
    shapes.set(key, rows = make())
  }
  return rows
}

function compile(arity: number, literal: (parts: readonly string[]) => string): Rows {
  const names = Array.from({ length: arity }, (_, i) => `c${i}`)
  return new Function('columns', 'count', `'use strict'
const [${names.join(', ')}] = columns
const out = new Array(count)
for (let i = 0; i < count; i++) out[i] = ${literal(names.map(name => `${name}[i]`))}
return out`) as Rows
}
