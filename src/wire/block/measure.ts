// Chooses codecs for the columns of one block.
//
// - A column's codec is chosen by its first value, and all values are verified; what does not fit is escaped to v8's format.
// - Columns take values apart, which is only right for trees. Records that contain themselves, by any way, are written by v8 as one graph.

import { types } from 'node:util'
import { serialize } from 'node:v8'
import { baseOf, classOf, Inspection, replaceInstances } from './class-instances.ts'
import type { ClassTable } from './class-instances.ts'
import { nested } from './column.ts'
import type { Column } from './column.ts'
import { blockErrors } from './errors.ts'
import { hiddenState } from './hidden-state.ts'
import { codec, mark } from './layout.ts'
import { measureBooleans, measureBytes, measureDates, measureNumbers, measureStrings } from './leaf-columns.ts'

const maxArity = 8
const maxProperties = 64
/** Of a block, and on the way to a value; more is a sign of records that contain themselves. */
const maxColumns = 256
const maxDepth = 16
/** One in so many records is looked at closely; a power of two. See `isBare`. */
const closeLook = 16

const noPrototypes: ReadonlySet<unknown> = new Set()

/** Thrown where records turn out to contain themselves. */
const notTrees = Symbol('not trees')

/** The column of a block's records. Refuses what cannot travel with RIV_RECORD_NOT_ENCODABLE. */
export function measureRecords(values: readonly unknown[], classes: ClassTable | undefined): Column {
  return asTrees(() => new Measure(classes).column(values, '')) ?? graph(values, classes)
}

/** The column of tuples that are given as columns: the same as of the records. */
export function measureTuples(parts: readonly (readonly unknown[])[], classes: ClassTable | undefined): Column {
  return asTrees(() => new Measure(classes).tuple(parts, '')) ?? graph(parts[0]!.map((_, i) => parts.map(part => part[i])), classes)
}

function asTrees(measure: () => Column): Column | undefined {
  try {
    return measure()
  } catch (error) {
    if (error === notTrees) return undefined
    throw error
  }
}

/** All records in v8's format, as one graph. */
function graph(values: readonly unknown[], classes: ClassTable | undefined): Column {
  return escape(values, classes, '', [])
}

/** `path` leads to a column's values, for refusals. */
class Measure {
  readonly #classes: ClassTable | undefined
  #columns = 0
  #depth = 0
  /** Columns of values that were taken apart. */
  readonly #apart: (readonly unknown[])[] = []

  constructor(classes: ClassTable | undefined) {
    this.#classes = classes
  }

  column(values: readonly unknown[], path: string): Column {
    return this.#typed(values, path) ?? this.#escape(values, path)
  }

  /** A tuple column of its parts. Texts that stand in two of them, as records do that are sorted by themselves, are written once. */
  tuple(parts: readonly (readonly unknown[])[], path: string): Column {
    return nested(codec.tuple, [parts.length], parts.map((part, place) => (isSame(part, parts[place - 1]) ? same : this.column(part, `${path}[${place}]`))))
  }

  #typed(values: readonly unknown[], path: string): Column | undefined {
    if (++this.#columns > maxColumns || ++this.#depth > maxDepth) throw notTrees
    const column = this.#uniform(values, path) ?? this.#optional(values, path)
    this.#depth--
    return column
  }

  /** Values of one kind. */
  #uniform(values: readonly unknown[], path: string): Column | undefined {
    if (values.length === 0) return measureNumbers(values)
    const first = values[0]
    switch (typeof first) {
      case 'string': return measureStrings(values)
      case 'number': return measureNumbers(values)
      case 'boolean': return measureBooleans(values)
      case 'object':
        if (first === null) return undefined
        if (Array.isArray(first)) return this.#tuples(values, first.length, path) ?? this.#lists(values, path)
        if (types.isDate(first)) return measureDates(values)
        return types.isUint8Array(first) ? measureBytes(values) : this.#records(values, first, path)
      default: return undefined
    }
  }

  /** Values of one kind, with null and undefined among them. */
  #optional(values: readonly unknown[], path: string): Column | undefined {
    const marks = new Uint8Array(values.length)
    const present: unknown[] = []
    for (let i = 0; i < marks.length; i++) {
      const value = values[i]
      if (value === null) marks[i] = mark.null
      else if (value === undefined) marks[i] = mark.undefined
      else present.push(value)
    }
    if (present.length === marks.length) return undefined
    const column = this.#uniform(present, path)
    return column && nested(codec.optional, [present.length], [{ codec: codec.marks, bytes: marks.length, write: (target, at) => { target.set(marks, at) } }, column])
  }

  /** Arrays of one short length. */
  #tuples(values: readonly unknown[], arity: number, path: string): Column | undefined {
    if (arity === 0 || arity > maxArity) return undefined
    const parts: unknown[][] = Array.from({ length: arity }, () => new Array<unknown>(values.length))
    for (let i = 0; i < values.length; i++) {
      const value = values[i]
      if (!isBareArray(value, i) || value.length !== arity) return undefined
      for (let place = 0; place < arity; place++) {
        const element = value[place]
        if (element === undefined && !(place in value)) return undefined
        parts[place]![i] = element
      }
    }
    this.#apart.push(values)
    return this.tuple(parts, path)
  }

  /** Arrays of any length whose elements are all of one kind. */
  #lists(values: readonly unknown[], path: string): Column | undefined {
    const lengths = new Array<number>(values.length)
    const elements: unknown[] = []
    for (let i = 0; i < values.length; i++) {
      const value = values[i]
      if (!isBareArray(value, i)) return undefined
      lengths[i] = value.length
      for (let place = 0; place < value.length; place++) {
        const element = value[place]
        if (element === undefined && !(place in value)) return undefined
        elements.push(element)
      }
    }
    this.#apart.push(values)
    const column = this.#typed(elements, `${path}[…]`)
    if (column === undefined) this.#apart.pop()
    return column && nested(codec.list, [elements.length], [measureNumbers(lengths)!, column])
  }

  /** Plain objects, or instances of one class, with the same properties in the same order. */
  #records(values: readonly unknown[], first: object, path: string): Column | undefined {
    const names = Object.keys(first)
    const arity = names.length
    if (arity === 0 || arity > maxProperties || names.includes('__proto__')) return undefined
    const prototype = Object.getPrototypeOf(first) as object | null
    const type = prototype === Object.prototype ? undefined : this.#nameOfClass(prototype)
    if (prototype !== Object.prototype && type === undefined) return undefined
    const parts: unknown[][] = names.map(() => new Array<unknown>(values.length))
    for (let i = 0; i < values.length; i++) {
      const value = values[i] as Record<string, unknown> | null
      if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== prototype || ((i & (closeLook - 1)) === 0 && baseOf(value) !== 'object')) return undefined
      let place = 0
      for (const name in value) { // finds what a prototype has been given too, which is then one name too many
        if (name !== names[place]) return undefined
        parts[place++]![i] = value[name]
      }
      if (place !== arity) return undefined
    }
    this.#apart.push(values)
    const columns = [measureStrings(names)!, ...parts.map((part, place) => this.column(part, `${path}.${names[place]}`))]
    return type === undefined ? nested(codec.record, [arity], columns) : nested(codec.instances, [arity], [type, ...columns])
  }

  /** The name of a class that extends no built-in one and hides nothing, as a column of one value. */
  #nameOfClass(prototype: object | null): Column | undefined {
    const type = classOf(prototype)
    const ref = type === undefined || hiddenState(prototype, noPrototypes) !== '' ? undefined : this.#classes?.refOf(type)
    return ref === undefined ? undefined : escape([ref], undefined, '', [])
  }

  /** Values of several kinds, or of kinds without a codec of their own. */
  #escape(values: readonly unknown[], path: string): Column {
    return escape(values, this.#classes, path, this.#apart)
  }
}

const same: Column = { codec: codec.same, bytes: 0, write: () => {} }

/** Whether two columns are the same texts. */
function isSame(values: readonly unknown[], before: readonly unknown[] | undefined): boolean {
  if (before === undefined) return false
  for (let i = 0; i < values.length; i++) if (values[i] !== before[i] || typeof values[i] !== 'string') return false
  return values.length > 0
}

/**
 * Whether a value is a plain array with nothing but elements.
 *
 * Asking an array for the names of its properties costs more than writing it. So all are asked for those that JavaScript itself gives to
 * arrays (`index` of a RegExp's match, `raw` of a template), and one in sixteen for any.
 */
function isBareArray(value: unknown, i: number): value is readonly unknown[] {
  return Array.isArray(value) && Object.getPrototypeOf(value) === Array.prototype
    && (value as { index?: unknown }).index === undefined && (value as { raw?: unknown }).raw === undefined
    && ((i & (closeLook - 1)) !== 0 || (!types.isProxy(value) && Object.keys(value).length === value.length))
}

/** A column in v8's format; `apart` are the columns that its values are parts of. */
function escape(values: readonly unknown[], classes: ClassTable | undefined, path: string, apart: readonly (readonly unknown[])[]): Column {
  const inspection = new Inspection(classes, path)
  for (const value of values) inspection.visit(value)
  if (apart.some(column => inspection.met(column))) throw notTrees
  let bytes: Buffer
  try {
    bytes = serialize(inspection.found ? replaceInstances(values, classes) : values)
  } catch (error) {
    throw blockErrors.RIV_RECORD_NOT_ENCODABLE.withCause(error, path, (error as Error).message)
  }
  return { codec: inspection.found ? codec.classes : codec.v8, bytes: bytes.length, write: (target, at) => { target.set(bytes, at) } }
}
