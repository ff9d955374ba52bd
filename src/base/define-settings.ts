// Settings.
//
// - Every folder declares its settings once, in `settings.ts`, with `defineSettings`; the docs page is generated from those tables.
// - A setting has a key (Spark's where Spark has it), a default, and a parser that refuses bad values with a code.
// - Values come from code, then from RIVULET_CONF_* (set by `rivulet run`), then the default.

import { baseErrors } from './errors.ts'
import { parseDuration } from './duration-text.ts'

/** One row of a settings table; `T` is the type of the parsed value. */
export interface Setting<T> {
  readonly key: string
  readonly default: T
  readonly docs: string
  /** Unit or kind for the docs page: `ms`, `bytes`, `boolean` … */
  readonly kind: string
  readonly parse: (text: string) => T | undefined
}

type Rows = Record<string, { readonly docs: string } & Omit<Setting<unknown>, 'key' | 'docs'>>

/** Turns rows keyed by setting name into settings that know their key. */
export function defineSettings<const R extends Rows>(rows: R): { readonly [K in keyof R & string]: Setting<R[K]['default']> } {
  return Object.fromEntries(Object.entries(rows).map(([key, row]) => [key, { key, ...row }])) as never
}

const number = (text: string): number | undefined => (text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : undefined)
const sizes: Record<string, number> = { '': 1, b: 1, k: 2 ** 10, kb: 2 ** 10, m: 2 ** 20, mb: 2 ** 20, g: 2 ** 30, gb: 2 ** 30 }

/** The kinds of values that settings have. */
export const kinds = {
  boolean: (value: boolean, docs: string) => ({ default: value, kind: 'boolean', docs, parse: (t: string) => (t === 'true' ? true : t === 'false' ? false : undefined) }),
  count: (value: number, docs: string) => ({ default: value, kind: 'count', docs, parse: (t: string) => { const n = number(t); return n !== undefined && Number.isInteger(n) && n >= 0 ? n : undefined } }),
  ratio: (value: number, docs: string) => ({ default: value, kind: 'number', docs, parse: (t: string) => { const n = number(t); return n !== undefined && n >= 0 ? n : undefined } }),
  durationMs: (value: number, docs: string) => ({ default: value, kind: 'ms', docs, parse: (t: string) => number(t) ?? parseDuration(t) }),
  bytes: (value: number, docs: string) => ({ default: value, kind: 'bytes', docs, parse: (t: string) => { const m = /^(\d+(?:\.\d+)?)\s*([kmg]?b?)$/i.exec(t.trim()); return m ? Number(m[1]) * sizes[m[2]!.toLowerCase()]! : undefined } }),
  oneOf: <const V extends string>(value: V, values: readonly V[], docs: string) => ({ default: value as V, kind: `one of ${values.join(', ')}`, docs, parse: (t: string) => values.find(v => v === t) }),
  text: (value: string, docs: string) => ({ default: value, kind: 'text', docs, parse: (t: string) => t }),
} as const

/** The configuration of one context: what the program gave, over the environment, over the defaults. */
export class Conf {
  readonly #given: ReadonlyMap<string, string>

  constructor(given: Readonly<Record<string, unknown>> = {}, environment: Readonly<Record<string, string | undefined>> = {}) {
    const values = new Map<string, string>()
    for (const [name, value] of Object.entries(environment)) {
      if (name.startsWith('RIVULET_CONF_') && value !== undefined) values.set(name.slice('RIVULET_CONF_'.length), value)
    }
    for (const [key, value] of Object.entries(given)) if (value !== undefined) values.set(key, String(value))
    this.#given = values
  }

  /** The value of a setting, or its default; a value that cannot be parsed is refused. */
  get<T>(setting: Setting<T>): T {
    const text = this.#given.get(setting.key)
    if (text === undefined) return setting.default
    const value = setting.parse(text)
    if (value === undefined) throw baseErrors.RIV_SETTING(setting.key, text, setting.kind)
    return value
  }

  /** Whether the program or the environment gave the setting. */
  has(setting: Setting<unknown>): boolean {
    return this.#given.has(setting.key)
  }

  /** Every key that was given, for checks and messages. */
  keys(): readonly string[] {
    return [...this.#given.keys()]
  }
}
