// Node's SQLite, without the warning that it is experimental where a version of Node gives it; other warnings stay.
// A Node that was built without it, or runs with --no-experimental-sqlite, has none.

import type * as sqlite from 'node:sqlite'
import { kernelErrors } from '../errors.ts'

type Sqlite = typeof sqlite

let loaded: Sqlite | undefined

/** Errors: RIV_STATE_SQLITE. */
export function loadSqlite(): Sqlite {
  if (loaded !== undefined) return loaded
  const { emitWarning } = process
  process.emitWarning = (warning: string | Error, ...rest: unknown[]): void => {
    if (String(warning).startsWith('SQLite is an experimental feature')) return
    Reflect.apply(emitWarning, process, [warning, ...rest])
  }
  try {
    loaded = process.getBuiltinModule('node:sqlite') as Sqlite | undefined
  } finally {
    process.emitWarning = emitWarning
  }
  if (loaded === undefined) throw kernelErrors.RIV_STATE_SQLITE(process.version)
  return loaded
}
