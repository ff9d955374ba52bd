// Puts rows together from columns, by functions that are written for each shape: a literal with all its parts is made several times
// faster than an array or object that is filled, and all records get the same hidden class.

/** Rows of columns, the first `count` of each. */
export type Rows = (columns: readonly (readonly unknown[])[], count: number) => unknown[]

/** Shapes kept; the least recently made goes first. */
const maxShapes = 1_000

const byArity = new Map<number, Rows>()
const byNames = new Map<string, Rows>()
const byPrototype = new WeakMap<object, Map<string, Rows>>()

/** Makes arrays of `arity` elements. */
export function tupleRows(arity: number): Rows {
  return shaped(byArity, arity, () => compile(arity, parts => `[${parts.join(', ')}]`))
}

/** Makes plain objects with these properties, in this order. */
export function recordRows(names: readonly string[]): Rows {
  return shaped(byNames, JSON.stringify(names), () => compile(names.length, parts => `{ ${parts.map((part, i) => `[${JSON.stringify(names[i])}]: ${part}`).join(', ')} }`))
}

/** Makes instances with these properties, in this order; no constructor of the class runs, and no setter. */
export function instanceRows(names: readonly string[], prototype: object): Rows {
  if (names.some(name => name in prototype)) return definedRows(names, prototype)
  let shapes = byPrototype.get(prototype)
  if (shapes === undefined) byPrototype.set(prototype, shapes = new Map())
  return shaped(shapes, JSON.stringify(names), () => compile(names.length, parts => `new Row(${parts.join(', ')})`, parts => `
function Row(${parts.join(', ')}) { ${parts.map((part, i) => `this[${JSON.stringify(names[i])}] = ${part}`).join('; ')} }
Row.prototype = prototype`, prototype))
}

/** For properties that stand in the way of the prototype's own, which an assignment would call. */
const definedRows = (names: readonly string[], prototype: object): Rows => (columns, count) => Array.from({ length: count }, (_, i) =>
  Object.create(prototype, Object.fromEntries(names.map((name, place) => [name, { value: columns[place]![i], configurable: true, enumerable: true, writable: true }]))) as unknown)

function shaped<K>(shapes: Map<K, Rows>, key: K, make: () => Rows): Rows {
  let rows = shapes.get(key)
  if (rows === undefined) {
    if (shapes.size >= maxShapes) shapes.delete(shapes.keys().next().value!)
    shapes.set(key, rows = make())
  }
  return rows
}

/** `row` writes the expression of a row of its parts; `before` what it needs, once. */
function compile(arity: number, row: (parts: readonly string[]) => string, before: (parts: readonly string[]) => string = () => '', prototype?: object): Rows {
  const names = Array.from({ length: arity }, (_, i) => `c${i}`)
  return (new Function('prototype', `'use strict'
${before(names)}
return (columns, count) => {
const [${names.join(', ')}] = columns
const out = new Array(count)
for (let i = 0; i < count; i++) out[i] = ${row(names.map(name => `${name}[i]`))}
return out
}`) as (prototype?: object) => Rows)(prototype)
}
