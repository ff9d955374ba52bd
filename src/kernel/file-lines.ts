// The lines of a byte range of a text file.
//
// - A line belongs to the range in which it begins: ranges that share a border give every line once, wherever the border falls.
// - Lines end at `\n`; a `\r` before it is dropped; the last line of a file needs no end. Chunks are cut at line ends, never inside a character.
// - A file whose name ends in `.gz` or `.zst` is decompressed as it is read, and is one range.
// - UTF-8; invalid bytes become U+FFFD, and their lines are counted; a byte order mark at the start of a file is dropped.

import { codecOf, decompressed } from '../storage/compression.ts'
import type { FileSystem } from '../storage/file-system.ts'
import { decodeLinePieces } from '../wire/block/lines.ts'
import type { FileSlot } from '../wire/shape.ts'

const newline = 10

/** Arrays of lines; `onInvalid` is told how many lines were no UTF-8. */
export async function* readLines(fs: FileSystem, file: FileSlot, onInvalid: (lines: number) => void): AsyncGenerator<string[]> {
  const slot = codecOf(file.path) !== undefined ? { path: file.path, from: 0, to: Infinity } : file
  const cutter = new RangeCutter(slot)
  for await (const chunk of chunksOf(fs, slot, cutter)) {
    yield* decoded(cutter.push(chunk), onInvalid)
    if (cutter.done) return
  }
  yield* decoded(cutter.end(), onInvalid)
}

/** Where a line of a range stands, for messages: by its number where the range begins the file, or else by the byte at which it begins. */
export async function placeOfLine(fs: FileSystem, { path, from }: FileSlot, index: number): Promise<string> {
  return from === 0 ? `line ${index + 1}` : `the line at byte ${await byteOfLine(fs, path, from, index)}`
}

/** The byte at which line `index` of the lines that begin at `from` or later begins. */
export async function byteOfLine(fs: FileSystem, path: string, from: number, index: number): Promise<number> {
  let left = from === 0 ? index : index + 1 // the line that began before the range ends first
  let at = Math.max(0, from - 1)
  if (left === 0) return at
  for await (const chunk of fs.readRange(path, at, Infinity)) {
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, end + 1)) if (--left === 0) return at + end + 1
    at += chunk.length
  }
  return at
}

function* decoded(text: Buffer, onInvalid: (lines: number) => void): Generator<string[]> {
  for (const { lines, invalidLines } of decodeLinePieces(text)) {
    if (invalidLines > 0) onInvalid(invalidLines)
    yield lines
  }
}

/** The bytes from the range's start on; past its end only while a line that began inside has not ended. */
async function* chunksOf(fs: FileSystem, { path, from, to }: FileSlot, cutter: RangeCutter): AsyncGenerator<Uint8Array> {
  if (codecOf(path) !== undefined) return yield* decompressed(path, fs.readRange(path, 0, Infinity))
  yield* fs.readRange(path, cutter.start, to)
  if (to > from && !cutter.done) yield* fs.readRange(path, to, Infinity)
}

const nothing = Buffer.alloc(0)
const byteOrderMark = Buffer.from('\uFEFF')

/** Cuts whole lines out of the chunks of a range. */
class RangeCutter {
  /** Where reading begins: one byte before the range, which tells whether a line begins with it. */
  readonly start: number
  /** The line that ends the range has been cut. */
  done: boolean
  readonly #to: number
  #at: number
  /** Still inside the line that began before the range. */
  #skipping: boolean
  #first: boolean
  /** The pieces of an unfinished line. */
  #rest: Uint8Array[] = []

  constructor({ from, to }: FileSlot) {
    this.start = Math.max(0, from - 1)
    this.done = from >= to
    this.#to = to
    this.#at = this.start
    this.#skipping = from > 0
    this.#first = from === 0
  }

  /** The lines that the chunk completes. */
  push(chunk: Uint8Array): Buffer {
    const at = this.#at
    this.#at += chunk.length
    let from = 0
    if (this.#skipping) {
      from = chunk.indexOf(newline) + 1
      if (from === 0) return nothing
      this.#skipping = false
      if (at + from >= this.#to) { this.done = true; return nothing }
    }
    // The line that ends at the first \n from the range's last byte on is its last one.
    const last = chunk.indexOf(newline, Math.max(from, this.#to - 1 - at))
    this.done = last !== -1
    const end = this.done ? last : chunk.lastIndexOf(newline)
    if (end < from) {
      this.#rest.push(chunk.subarray(from))
      return nothing
    }
    const head = chunk.subarray(from, end + 1)
    const lines = this.#text([...this.#rest, head])
    this.#rest = end + 1 < chunk.length && !this.done ? [chunk.subarray(end + 1)] : []
    return lines
  }

  /** The last line of a file that does not end with one. */
  end(): Buffer {
    return this.#skipping ? nothing : this.#text(this.#rest)
  }

  #text([only, ...more]: readonly Uint8Array[]): Buffer {
    if (only === undefined) return nothing
    const bytes = more.length === 0 ? Buffer.from(only.buffer, only.byteOffset, only.byteLength) : Buffer.concat([only, ...more])
    const marked = this.#first && bytes.subarray(0, 3).equals(byteOrderMark)
    this.#first = false
    return marked ? bytes.subarray(3) : bytes
  }
}
