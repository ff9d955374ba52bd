// A script as V8 compiled it: its text, the lines in it, and the way back to the user's own file through its source map.
//
// - Lines and columns count from 0 here, as V8 and source maps do; messages count from 1.
// - `source` and maps are read on demand and kept with the script; the script table (inspector.ts) drops them with it.

import { readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import type { SourceMapPayload } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { ModuleSyntax } from './module-syntax.ts'

/** A place in a file of the user; `name` is what stands there in the original text, where the map knows it. */
export interface OriginalPlace { readonly url: string; readonly line: number; readonly column: number; readonly name?: string }

export class Script {
  readonly id: string
  readonly url: string
  readonly sourceMapURL: string
  readonly isModule: boolean
  source: string | undefined
  /** Imports and exports, once somebody asked for them. */
  syntax: ModuleSyntax | undefined
  #lineStarts: number[] | undefined
  #map: SourceMap | null | undefined

  constructor(id: string, url: string, sourceMapURL: string, isModule: boolean) {
    this.id = id
    this.url = url
    this.sourceMapURL = sourceMapURL
    this.isModule = isModule
  }

  /** Index in the source of a line and column. */
  offsetAt(line: number, column: number): number {
    return (this.#lines()[line] ?? 0) + column
  }

  /** Line and column of an index in the source. */
  placeOf(offset: number): { line: number; column: number } {
    const starts = this.#lines()
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (starts[middle]! <= offset) low = middle
      else high = middle - 1
    }
    return { line: low, column: offset - starts[low]! }
  }

  /** Where the compiled position comes from, through the script's own source map. */
  originalPlace(line: number, column: number): OriginalPlace {
    const entry = this.#sourceMap()?.findEntry(line, column)
    if (entry === undefined || !('originalSource' in entry) || entry.originalSource === undefined) return { url: this.url, line, column }
    const exact = entry.generatedLine === line && entry.generatedColumn === column
    const name = exact ? (entry as { name?: string }).name : undefined
    return { url: this.#resolve(entry.originalSource), line: entry.originalLine, column: entry.originalColumn, ...(name === undefined ? {} : { name }) }
  }

  #lines(): number[] {
    if (this.#lineStarts === undefined) {
      const source = this.source ?? ''
      this.#lineStarts = [0]
      for (let i = source.indexOf('\n'); i >= 0; i = source.indexOf('\n', i + 1)) this.#lineStarts.push(i + 1)
    }
    return this.#lineStarts
  }

  #sourceMap(): SourceMap | null {
    if (this.#map === undefined) {
      try {
        const text = this.#mapText()
        this.#map = text === undefined ? null : new SourceMap(JSON.parse(text.replace(/^\)\]\}'/, '')) as SourceMapPayload)
      } catch {
        this.#map = null // unreadable or not there: positions stay those of the compiled script
      }
    }
    return this.#map
  }

  #mapText(): string | undefined {
    if (this.sourceMapURL === '') return undefined
    const inline = /^data:application\/json[^,]*?(;base64)?,/.exec(this.sourceMapURL)
    if (inline === null) {
      const url = new URL(this.#resolve(this.sourceMapURL))
      return url.protocol === 'file:' ? readFileSync(fileURLToPath(url), 'utf8') : undefined
    }
    const data = this.sourceMapURL.slice(inline[0].length)
    return inline[1] === undefined ? decodeURIComponent(data) : Buffer.from(data, 'base64').toString()
  }

  #resolve(path: string): string {
    return URL.parse(path, fileUrlOf(this.url))?.href ?? path
  }
}

/** The URL of a script without query and fragment; CommonJS scripts have paths for URLs. */
export function fileUrlOf(url: string): string {
  const plain = url.replace(/[?#].*$/, '')
  return plain.startsWith('/') ? pathToFileURL(plain).href : plain
}
