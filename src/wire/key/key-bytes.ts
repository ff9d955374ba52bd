// The canonical bytes of a key: two keys are equal if and only if their bytes are.
//
//   key    = tag content           content by tag:
//   undefined, null, false, true   nothing
//   number                         f64 little endian; one NaN, no -0
//   bigint                         sign, then the magnitude in hexadecimal digits
//   string                         WTF-8: UTF-8, lone surrogates as three bytes each
//   Date                           f64 of its milliseconds
//   typed array, ArrayBuffer       length of name, name, bytes (a Buffer is a Uint8Array)
//   array                          count, then each element as length and key; a hole is undefined
//   plain object                   count, then name and value by name; own enumerable string keys, undefined values included
//   Map, Set                       count, then entries ordered by their bytes
//   instance of a class            name of the class, then as a plain object
//
// NaN equals NaN, 0 equals -0, the order of properties and of entries does not matter: Spark's structural equality.

import { types } from 'node:util'
import { keyErrors } from './errors.ts'

export const keyTag = { undefined: 0, null: 1, false: 2, true: 3, number: 4, bigint: 5, string: 6, date: 7, bytes: 8, array: 9, object: 10, map: 11, set: 12, instance: 13 } as const

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
  if (types.isPromise(key) || types.isProxy(key) || types.isExternal(key) || types.isWeakMap(key) || types.isWeakSet(key)) throw keyErrors.RIV_KEY(`a ${(prototype as { constructor?: { name?: string } }).constructor?.name ?? 'value'}`)
  return keyTag.instance
}

/** Grows while keys are written into it; one per thread, since encoding never yields. */
class KeyWriter {
  buffer = Buffer.allocUnsafeSlow(1 << 12)
  length = 0

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

  /** Writes with its length in front. */
  measured(write: () => void): void {
    this.count(0)
    const start = this.length
    write()
    this.buffer.writeUInt32LE(this.length - start, start - 4)
  }

  key(key: unknown): void {
    this.measured(() => {
      const tag = tagOf(key)
      this.byte(tag)
      this.content(tag, key)
    })
  }

  content(tag: number, key: unknown): void {
    switch (tag) {
      case keyTag.number: return this.number(key as number)
      case keyTag.string: return this.string(key as string)
      case keyTag.bigint: return this.string(key as bigint < 0n ? `-${(-(key as bigint)).toString(16)}` : `+${(key as bigint).toString(16)}`)
      case keyTag.date: return this.number((key as Date).getTime())
      case keyTag.bytes: return this.#view(key as ArrayBufferView | ArrayBufferLike)
      case keyTag.array: {
        const array = key as readonly unknown[]
        this.count(array.length)
        for (let i = 0; i < array.length; i++) this.key(array[i])
        return
      }
      case keyTag.object: return this.#object(key as object)
      case keyTag.instance:
        this.measured(() => this.string((Object.getPrototypeOf(key) as { constructor: { name: string } }).constructor.name))
        return this.#object(key as object)
      case keyTag.map: return this.#sorted([...(key as Map<unknown, unknown>)].map(([k, v]) => () => { this.key(k); this.key(v) }))
      case keyTag.set: return this.#sorted([...(key as Set<unknown>)].map(k => () => this.key(k)))
      default: return // the tag says it all
    }
  }

  #view(key: ArrayBufferView | ArrayBufferLike): void {
    const view = ArrayBuffer.isView(key) ? key : new Uint8Array(key)
    const name = Buffer.isBuffer(view) ? 'Uint8Array' : Object.prototype.toString.call(view).slice(8, -1)
    this.measured(() => this.string(name))
    this.bytes(new Uint8Array(view.buffer, view.byteOffset, view.byteLength))
  }

  #object(key: object): void {
    const names = Object.keys(key).sort()
    this.count(names.length)
    for (const name of names) {
      this.measured(() => this.string(name))
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

const writer = new KeyWriter()

/** The content bytes of a key with a known tag; a view that the next call overwrites. */
export function keyContent(tag: number, key: unknown): Buffer {
  writer.length = 0
  writer.content(tag, key)
  return writer.buffer.subarray(0, writer.length)
}

/** The canonical bytes of a key, in memory of its own. */
export function encodeKey(key: unknown): Uint8Array {
  const tag = tagOf(key)
  writer.length = 0
  writer.byte(tag)
  writer.content(tag, key)
  return new Uint8Array(writer.buffer.subarray(0, writer.length))
}

/** Whether a key's own value serves as the key of a JavaScript Map: Map's equality is then that of the canonical bytes. */
export const isPrimitiveKey = (key: unknown): boolean => typeof key !== 'object' || key === null

/** What stands for an object key in a Map of its own: its canonical bytes as a one-byte string. */
export function objectIdentity(key: object): string {
  const tag = tagOf(key)
  writer.length = 0
  writer.byte(tag)
  writer.content(tag, key)
  return writer.buffer.toString('latin1', 0, writer.length)
}
