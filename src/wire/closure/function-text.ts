// What is known of a function from its text alone, cached by text: free names, and the expression that workers evaluate.
//
// - Rewriting keeps line numbers, and columns where the new piece is as long as the old one, so that stacks stay right.
// - The cache is bounded by the bytes of its texts; programs that make new texts for ever do not fill it.

import type { FunctionExpression } from 'acorn'
import { parseFunction } from './function-syntax.ts'
import type { FunctionSyntax } from './function-syntax.ts'
import { freeNames } from './free-variables.ts'
import type { Edit, FreeNames } from './free-variables.ts'
import { LruCache } from './lru-cache.ts'

/** Names that the rewritten text uses for what it gets from outside. */
export const handedIn = { superclass: '$super', arguments: '$arguments', importMeta: '$importMeta', private: (name: string) => `$private_${name}`, cell: (name: string) => `$cell_${name}` }

/** A rewritten text; the character `anchor` of it is the character `sourceAnchor` of the original, and so on from there. */
export interface Expression { readonly text: string; readonly anchor: number; readonly sourceAnchor: number }

const cache = new LruCache<FunctionText>(8 << 20)

/** The analysis of a function's text. */
export function functionText(text: string): FunctionText {
  let known = cache.get(text)
  if (known === undefined) {
    known = new FunctionText(text)
    cache.set(text, known, text.length)
  }
  return known
}

export class FunctionText {
  readonly text: string
  readonly kind: FunctionSyntax['kind']
  readonly names: FreeNames
  readonly isGenerator: boolean
  readonly hasSuperclass: boolean
  readonly ownName: string | undefined
  readonly #ownNameAt: number
  readonly #method: { readonly head: string; readonly paramsAt: number } | undefined
  readonly #plain: Expression

  constructor(text: string) {
    const syntax = parseFunction(text)
    this.text = text
    this.kind = syntax.kind
    this.names = freeNames(syntax)
    const id = syntax.kind === 'function' || syntax.kind === 'class' ? syntax.root.id : null
    this.ownName = id?.name
    this.#ownNameAt = (id?.start ?? 0) - syntax.shift
    this.hasSuperclass = syntax.kind === 'class' && syntax.root.superClass != null
    this.isGenerator = syntax.kind === 'function' ? syntax.root.generator : syntax.kind === 'method' && (syntax.root.value as { generator?: boolean }).generator === true
    this.#method = methodHead(syntax)
    this.#plain = this.#rewrite(new Map(), false)
  }

  /**
   * The expression that a worker evaluates.
   *
   * `cells` are captured variables that are read and written through a shared cell. With `hideOwnName` the function has no
   * name of its own: the body means a variable outside, to which something else was assigned.
   */
  expression(cells: ReadonlyMap<string, string> = new Map(), hideOwnName = false): Expression {
    return cells.size === 0 && !hideOwnName ? this.#plain : this.#rewrite(cells, hideOwnName)
  }

  #rewrite(cells: ReadonlyMap<string, string>, hideOwnName: boolean): Expression {
    const pieces = this.names.edits.map(edit => ({ start: edit.start, end: edit.end, text: replacement(edit, this.text.slice(edit.start, edit.end)) }))
    const inEdit = (at: number): boolean => this.names.edits.some(edit => !edit.become.startsWith('arguments') && at >= edit.start && at < edit.end)
    for (const [name, cell] of cells) {
      for (const { start, end, form } of this.names.free.get(name)?.uses ?? []) {
        if (!inEdit(start)) pieces.push({ start, end, text: form === 'callee' ? `(0,${cell}.v)` : form === 'shorthand' ? `${name}:${cell}.v` : `${cell}.v` })
      }
    }
    if (hideOwnName && this.ownName !== undefined) {
      pieces.push({ start: this.#ownNameAt, end: this.#ownNameAt + this.ownName.length, text: ' '.repeat(this.ownName.length) })
    }
    let text = this.text
    for (const piece of pieces.sort((a, b) => b.start - a.start)) text = text.slice(0, piece.start) + piece.text + text.slice(piece.end)
    if (this.#method === undefined) return { text, anchor: 0, sourceAnchor: 0 }
    const { head, paramsAt } = this.#method // nothing before the parameters is rewritten
    return { text: `{${head}${text.slice(paramsAt)}}${this.names.usesSuper ? '' : '.$method'}`, anchor: 1 + head.length, sourceAnchor: paramsAt }
  }
}

/** `async *[key](…) {…}` becomes `{async *"$method"(…) {…}}.$method`; getters and setters become plain methods. With `super` it stays an object. */
function methodHead(syntax: FunctionSyntax): { head: string; paramsAt: number } | undefined {
  if (syntax.kind !== 'method') return undefined
  const { async, generator, start } = syntax.root.value as FunctionExpression // it starts at its parameters
  return { head: `${async ? 'async ' : ''}${generator ? '*' : ''}"$method"`, paramsAt: start - syntax.shift }
}

function replacement({ become }: Edit, old: string): string {
  if (become === 'blank') return ';' + old.slice(1).replace(/[^\n]/g, ' ')
  if (become === 'superclass') return handedIn.superclass.padEnd(Math.min(old.length, 80)) + old.replace(/[^\n]/g, '')
  if (become === 'importMeta') return handedIn.importMeta
  if (become === 'arguments') return handedIn.arguments
  return become === 'arguments: arguments' ? `arguments:${handedIn.arguments}` : handedIn.private(become.slice('private '.length))
}
