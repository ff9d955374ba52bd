// The tables of errors and settings that the folders of src declare, found by importing every errors.ts and settings.ts.

import { globSync } from 'node:fs'
import type { ErrorRow } from '../../src/base/define-errors.ts'
import type { Setting } from '../../src/base/define-settings.ts'

export const root = new URL('../../', import.meta.url)

/** One exported table, and the file that declares it. */
export interface Table<R> { readonly file: string; readonly rows: Readonly<Record<string, R>> }

/** What the page says about a code; warnings have a paragraph only. */
export interface CodeRow { readonly docs: string; readonly error?: ErrorRow }

/** Every table of errors (made with defineErrors) and of warnings (code to paragraph), by file. */
export async function codeTables(): Promise<Table<CodeRow>[]> {
  const errors = await exportedTables('errors', maker => typeof maker === 'function' && 'row' in maker) as Table<{ row: ErrorRow }>[]
  const warnings = await exportedTables('errors', text => typeof text === 'string') as Table<string>[]
  return [
    ...errors.map(({ file, rows }) => ({ file, rows: mapRows(rows, ({ row }) => ({ docs: row.docs, error: row })) })),
    ...warnings.map(({ file, rows }) => ({ file, rows: mapRows(rows, docs => ({ docs })) })),
  ]
}

const mapRows = <A, B>(rows: Readonly<Record<string, A>>, f: (row: A) => B): Record<string, B> => Object.fromEntries(Object.entries(rows).map(([key, row]) => [key, f(row)]))

/** Every table of settings, by file. */
export async function settingTables(): Promise<Table<Setting<unknown>>[]> {
  return await exportedTables('settings', row => typeof row === 'object' && row !== null && 'parse' in row) as Table<Setting<unknown>>[]
}

async function exportedTables(name: string, isRow: (value: unknown) => boolean): Promise<Table<unknown>[]> {
  const tables: Table<unknown>[] = []
  for (const file of globSync(`src/**/${name}.ts`, { cwd: root }).map(path => path.replaceAll('\\', '/')).sort()) {
    const module = await import(new URL(file, root).href) as Record<string, unknown>
    for (const value of Object.values(module)) {
      if (typeof value !== 'object' || value === null) continue
      const rows = Object.values(value)
      if (rows.length > 0 && rows.every(isRow)) tables.push({ file, rows: value as Record<string, unknown> })
    }
  }
  return tables
}
