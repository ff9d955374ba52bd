// Node's SQLite, without the warning that it is experimental where a version of Node gives it; other warnings stay.

import type * as sqlite from 'node:sqlite'

type Sqlite = typeof sqlite

let loaded: Sqlite | undefined

export function loadSqlite(): Sqlite {
  if (loaded !== undefined) return loaded
  const { emitWarning } = process
  process.emitWarning = (warning: string | Error, ...rest: unknown[]): void => {
    if (String(warning).startsWith('SQLite is an experimental feature')) return
    Reflect.apply(emitWarning, process, [warning, ...rest])
  }
  try {
    return (loaded = process.getBuiltinModule('node:sqlite'))
  } finally {
    process.emitWarning = emitWarning
  }
}
