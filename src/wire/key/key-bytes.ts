// The canonical bytes of a key: two keys are equal if and only if their bytes are.
//
//   key    = tag content           content by tag:
//   undefined, null, false, true   nothing
//   number                         f64 little endian; one NaN, no -0
//   bigint                         sign, then the magnitude in hexadecimal digits
//   string                         WTF-8: UTF-8, lone surrogates as three bytes each
//   Date                           f64 of its milliseconds
//   typed array, ArrayBuffer       length of name, name, bytes (a Buffer is a Uint8Array; floats with one NaN and no -0)
//   array                          count, then each element as length and key; a hole is undefined
//   plain object                   count, then name and value by name; own enumerable string keys, undefined values included
//   Map, Set                       count, then entries ordered by their bytes
//   instance of a class            name of the class, then as a plain object
//   RegExp, Error, boxed primitive as an instance, its source and flags, name and message, or value in front of the properties
//
// - NaN equals NaN, 0 equals -0, the order of properties and of entries does not matter: Spark's structural equality.
// - An instance without properties of its own is refused: what it holds is private (a URL, a handle), so any two would be equal.
// - Subclasses of Array, Map, Set, Date and typed arrays are what they extend.

import { types } from 'node:util'
import { keyErrors } from './errors.ts'

export const keyTag = { undefined: 0, null: 1, false: 2, true: 3, number: 4, bigint: 5, string: 6, date: 7, bytes: 8, array: 9, object: 10, map: 11, set: 12, instance: 13, builtin: 14 } as const

/** Levels of a key; more is a sign of one that contains itself. */
const maxDepth = 500
/** Longest string that is written without a call into native code. */
const shortText = 32

/** The tag of a key, which is also its place in the hash's seed. */
export function tagOf(key: unknown): number {
  switch (typeof key) {
    case 'string': return keyTag.string
    case 'number': return keyTag.number
    case 'boolean': return key ? keyTag.true : keyTag.false
    case 'undefined': return keyTag.undefined
    case 'bigint': return keyTag.bigint
    case 'symbol': throw keyErrors.RIV_KEY(`the symbol ${String(key)}`)
    case 'function': throw keyErrors.RIV_KEY(`the function ${key.name || '(anonymous)'}`)
    case 'object': return key === null ? keyTag.null : tagOfObject(key)
  }
}

function tagOfObject(key: object): number {
  if (Array.isArray(key)) return keyTag.array
  const prototype: unknown = Object.getPrototypeOf(key)
  if (prototype === Object.prototype || prototype === null) return keyTag.object
  if (types.isDate(key)) return keyTag.date
  if (ArrayBuffer.isView(key) || types.isAnyArrayBuffer(key)) return keyTag.bytes
  if (types.isMap(key)) return keyTag.map
  if (types.isSet(key)) return keyTag.set
  if (types.isRegExp(key) || types.isNativeError(key) || types.isBoxedPrimitive(key)) return keyTag.builtin
  if (Object.keys(key).length === 0) throw keyErrors.RIV_KEY(`an instance of ${classNameOf(key) || 'a class'} that has no properties of its own`)
  return keyTag.instance
}

function classNameOf(key: object): string {
  const { constructor } = key as { constructor?: unknown }
  return typeof constructor === 'function' ? constructor.name : ''
}

/** What a built-in object holds besides its properties. */
function heldBy(key: object): unknown {
  if (types.isRegExp(key)) return [key.source, key.flags]
  if (types.isNativeError(key)) return [key.name, key.message, key.cause, (key as AggregateError).errors]
  return (key as { valueOf(): unknown }).valueOf()
}

/** Grows while keys are written into it; one per thread, since encoding never yields. */
class KeyWriter {
  buffer = Buffer.allocUnsafeSlow(1 << 12)
  length = 0
  #depth = 0

  /** Begins a key of its own. */
  restart(): void {
    this.length = 0
    this.#depth = 0
  }

  room(bytes: number): void {
    if (this.length + bytes <= this.buffer.length) return
    const bigger = Buffer.allocUnsafeSlow(Math.max(this.buffer.length * 2, this.length + bytes))
    bigger.set(this.buffer.subarray(0, this.length))
    this.buffer = bigger
  }

  byte(value: number): void {
    this.room(1)
    this.buffer[this.length++] = value
  }

  count(value: number): void {
    this.room(4)
    this.length = this.buffer.writeUInt32LE(value, this.length)
  }

  number(value: number): void {
    this.room(8)
    this.length = this.buffer.writeDoubleLE(Number.isNaN(value) ? NaN : value + 0, this.length) // -0 + 0 is 0
  }

  bytes(value: Uint8Array): void {
    this.room(value.length)
    this.buffer.set(value, this.length)
    this.length += value.length
  }

  string(value: string): void {
    this.room(value.length * 3)
    if (value.length <= shortText && this.#shortAscii(value)) return
    if (value.isWellFormed()) {
      this.length += this.buffer.write(value, this.length, 'utf8')
      return
    }
    for (const character of value) { // a lone surrogate is a character of its own here
      const code = character.codePointAt(0)!
      if (code < 0xd800 || code > 0xdfff) this.length += this.buffer.write(character, this.length, 'utf8')
      else {
        this.buffer[this.length++] = 0xe0 | (code >> 12)
        this.buffer[this.length++] = 0x80 | ((code >> 6) & 0x3f)
        this.buffer[this.length++] = 0x80 | (code & 0x3f)
      }
    }
  }

  /** Writes a string of ASCII; false, and nothing written, for others. */
  #shortAscii(value: string): boolean {
    let all = 0
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i)
      all |= code
      this.buffer[this.length + i] = code
    }
    if (all > 0x7f) return false
    this.length += value.length
    return true
  }

  /** Leaves room for a length; `close` puts it in. */
  #open(): number {
    this.count(0)
    return this.length
  }

  #close(start: number): void {
    this.buffer.writeUInt32LE(this.length - start, start - 4)
  }

  #text(value: string): void {
    const start = this.#open()
    this.string(value)
    this.#close(start)
  }

  key(key: unknown): void {
    if (++this.#depth > maxDepth) throw keyErrors.RIV_KEY(`a value of more than ${maxDepth} levels, or one that contains itself,`)
    const start = this.#open()
    const tag = tagOf(key)
    this.byte(tag)
    this.content(tag, key)
    this.#close(start)
    this.#depth--
  }

  content(tag: number, key: unknown): void {
    switch (tag) {
      case keyTag.number: return this.number(key as number)
      case keyTag.string: return this.string(key as string)
      case keyTag.bigint: return this.string(key as bigint < 0n ? `-${(-(key as bigint)).toString(16)}` : `+${(key as bigint).toString(16)}`)
      case keyTag.date: return this.number(Date.prototype.getTime.call(key))
      case keyTag.bytes: return this.#view(key as ArrayBufferView | ArrayBufferLike)
      case keyTag.array: {
        const array = key as readonly unknown[]
        this.count(array.length)
        for (let i = 0; i < array.length; i++) this.key(array[i])
        return
      }
      case keyTag.object: return this.#object(key as object)
      case keyTag.instance: case keyTag.builtin:
        this.#text(classNameOf(key as object))
        if (tag === keyTag.builtin) this.key(heldBy(key as object))
        return this.#object(key as object)
      case keyTag.map: return this.#sorted(Array.from(key as Map<unknown, unknown>, ([k, v]) => () => { this.key(k); this.key(v) }))
      case keyTag.set: return this.#sorted(Array.from(key as Set<unknown>, k => () => this.key(k)))
      default: return // the tag says it all
    }
  }

  #view(key: ArrayBufferView | ArrayBufferLike): void {
    const given = ArrayBuffer.isView(key) ? key : new Uint8Array(key)
    const name = ArrayBuffer.isView(key) ? types.isUint8Array(key) ? 'Uint8Array' : viewName(key) : 'ArrayBuffer'
    const view = given instanceof Float64Array || given instanceof Float32Array || name === 'Float16Array' ? normalized(given as Float64Array) : given
    this.#text(name)
    this.bytes(new Uint8Array(view.buffer, view.byteOffset, view.byteLength))
  }

  #object(key: object): void {
    const names = Object.keys(key).sort()
    this.count(names.length)
    for (const name of names) {
      this.#text(name)
      this.key((key as Record<string, unknown>)[name])
    }
  }

  /** Entries in the order of their bytes. */
  #sorted(entries: readonly (() => void)[]): void {
    this.count(entries.length)
    const start = this.length
    const encoded = entries.map(write => {
      write()
      const bytes = Buffer.from(this.buffer.subarray(start, this.length))
      this.length = start
      return bytes
    })
    for (const bytes of encoded.sort(Buffer.compare)) this.bytes(bytes)
  }
}

const viewName = (view: ArrayBufferView): string => Object.prototype.toString.call(view).slice(8, -1)

/** Floats with one NaN, and 0 for -0. */
const normalized = (floats: Float64Array): Float64Array => floats.map(value => (Number.isNaN(value) ? NaN : value + 0))

const writer = new KeyWriter()

/** The content bytes of a key with a known tag; a view that the next call overwrites. */
export function keyContent(tag: number, key: unknown): Buffer {
  writer.restart()
  writer.content(tag, key)
  return writer.buffer.subarray(0, writer.length)
}

/** The canonical bytes of a key, in memory of its own. Refuses what cannot be a key with RIV_KEY. */
export function encodeKey(key: unknown): Uint8Array {
  return new Uint8Array(tagged(key))
}

function tagged(key: unknown): Buffer {
  const tag = tagOf(key)
  writer.restart()
  writer.byte(tag)
  writer.content(tag, key)
  return writer.buffer.subarray(0, writer.length)
}

/** Whether a key's own value serves as the key of a JavaScript Map: Map's equality is then that of the canonical bytes. */
export const isPrimitiveKey = (key: unknown): boolean => typeof key !== 'object' || key === null

/**
 * What stands for an object key in a Map of its own: equal strings for equal keys.
 *
 * Arrays of primitives, the usual compound keys, are written out; all others are their canonical bytes, which begin with a tag and
 * so with another character.
 */
export function objectIdentity(key: object): string {
  return (Array.isArray(key) ? identityOfFlat(key) : undefined) ?? tagged(key).toString('latin1')
}

function identityOfFlat(key: readonly unknown[]): string | undefined {
  let text = '['
  for (let i = 0; i < key.length; i++) {
    const part = key[i]
    switch (typeof part) {
      case 'string': text += `${part.length}:${part}`; break
      case 'number': text += `n${part};`; break // -0 is written as 0
      case 'bigint': text += `b${part};`; break
      case 'boolean': text += part ? 't' : 'f'; break
      case 'undefined': text += 'u'; break
      default:
        if (part !== null) return undefined
        text += '-'
    }
  }
  return text
}
