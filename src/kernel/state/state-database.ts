// The database of one partition of a state: cells by sequence number, with an index by key, and a note of what it holds.
//
// - One connection at a time has it: whoever opens it while another one has it, in this process or another, is refused, and takes another file.
// - What is written in one call of `write` is there as a whole or not at all, whatever dies.

import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { isRivuletError } from '../../base/define-errors.ts'
import { kernelErrors } from '../errors.ts'
import type { CellRow, RowKey } from './cell-codec.ts'
import { loadSqlite } from './load-sqlite.ts'

/** What a database holds. */
export interface DatabaseNote {
  readonly format: number
  /** The run of a program that wrote it last. */
  readonly run: string
  /** Everything up to this batch is in it … */
  readonly doneMs: number
  /** … and nothing of later ones than this. */
  readonly newestMs: number
}

export const databaseFormat = 1

export interface DatabasePlace {
  readonly folder: string
  /** Names the partition in the folder. */
  readonly name: string
  /** Whether what was written must outlast the machine's death. */
  readonly survivesPower: boolean
}

const schema = `
  CREATE TABLE IF NOT EXISTS cells (seq INTEGER PRIMARY KEY, k NOT NULL UNIQUE, at INTEGER NOT NULL, v BLOB NOT NULL);
  CREATE TABLE IF NOT EXISTS note (id INTEGER PRIMARY KEY CHECK (id = 0), text TEXT NOT NULL)`

/** SQLite's codes for a file that is no database, and for one that is damaged. */
const damagedCodes = new Set([11, 26])
/** … and for one that another connection has. */
const busyCodes = new Set([5, 6])
const codeOf = (error: unknown): number => (((error as { errcode?: number }).errcode ?? 0) & 0xff)

export class StateDatabase {
  readonly path: string
  readonly #db: DatabaseSync
  readonly #get: StatementSync
  readonly #after: StatementSync
  readonly #update: StatementSync
  readonly #insert: StatementSync
  readonly #delete: StatementSync
  readonly #setNote: StatementSync
  #due: StatementSync | undefined
  note: DatabaseNote | undefined

  /** Opens the database of a partition whose note fits, or else an empty one. Others of the partition that nobody has are removed. */
  static open({ folder, name, survivesPower }: DatabasePlace, fits: (note: DatabaseNote) => boolean): StateDatabase {
    mkdirSync(folder, { recursive: true })
    let found: StateDatabase | undefined
    let last = 0
    for (const file of readdirSync(folder)) {
      if (!file.startsWith(`${name}.`) || !file.endsWith('.db')) continue
      last = Math.max(last, Number(file.slice(name.length + 1, -'.db'.length)))
      const path = join(folder, file)
      try {
        const database = StateDatabase.#tried(path, survivesPower)
        if (database === undefined) continue
        const { note } = database
        if (found === undefined && note !== undefined && fits(note)) found = database
        else database.remove()
      } catch (error) {
        if (!isRivuletError(error) || error.code !== 'RIV_STATE_DAMAGED') throw error
        removeFiles(path)
      }
    }
    return found ?? StateDatabase.#tried(join(folder, `${name}.${last + 1}.db`), survivesPower) ?? StateDatabase.open({ folder, name, survivesPower }, fits)
  }

  /** Undefined where another connection has it. */
  static #tried(path: string, survivesPower: boolean): StateDatabase | undefined {
    const { DatabaseSync } = loadSqlite()
    const db = new DatabaseSync(path)
    try {
      return new StateDatabase(path, db, survivesPower)
    } catch (error) {
      db.close()
      if (busyCodes.has(codeOf(error))) return undefined
      throw stateError(error)
    }
  }

  private constructor(path: string, db: DatabaseSync, survivesPower: boolean) {
    this.path = path
    this.#db = db
    db.exec(`PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = ${survivesPower ? 'NORMAL' : 'OFF'}; PRAGMA wal_autocheckpoint = 8192; PRAGMA mmap_size = ${2 ** 32}; PRAGMA cache_size = -16384`)
    db.exec(`BEGIN IMMEDIATE; ${schema}; COMMIT`) // takes the lock for good
    this.#get = db.prepare('SELECT seq, k, at, v FROM cells WHERE k = ?')
    this.#after = db.prepare('SELECT seq, k, at, v FROM cells WHERE seq > ? ORDER BY seq LIMIT ?')
    this.#update = db.prepare('UPDATE cells SET at = ?, v = ? WHERE seq = ? AND k = ?')
    this.#insert = db.prepare('INSERT OR REPLACE INTO cells VALUES (?, ?, ?, ?)')
    this.#delete = db.prepare('DELETE FROM cells WHERE k = ?')
    this.#setNote = db.prepare('INSERT OR REPLACE INTO note VALUES (0, ?)')
    for (const statement of [this.#get, this.#after]) statement.setReturnArrays(true)
    const text = (db.prepare('SELECT text FROM note').get() as { text: string } | undefined)?.text
    const note = text === undefined ? undefined : parsed(text)
    this.note = note?.format === databaseFormat ? note : undefined
  }

  get(k: RowKey): CellRow | undefined {
    return guarded(() => this.#get.get(k) as unknown as CellRow | undefined)
  }

  /** The next rows after a sequence number. */
  after(seq: number, count: number): CellRow[] {
    return guarded(() => this.#after.all(seq, count) as unknown as CellRow[])
  }

  /** Rows whose time is in (fromMs, toMs]. */
  due(fromMs: number, toMs: number): CellRow[] {
    return guarded(() => {
      if (this.#due === undefined) {
        this.#db.exec('CREATE INDEX IF NOT EXISTS by_time ON cells (at)')
        this.#due = this.#db.prepare('SELECT seq, k, at, v FROM cells WHERE at > ? AND at <= ?')
        this.#due.setReturnArrays(true)
      }
      return this.#due.all(Math.max(fromMs, Number.MIN_SAFE_INTEGER), toMs) as unknown as CellRow[]
    })
  }

  get lastSeq(): number {
    return guarded(() => (this.#db.prepare('SELECT max(seq) AS last FROM cells').get() as { last: number | null }).last ?? -1)
  }

  /** Puts, deletes, and a new note, together. */
  write(changes: () => void, note: DatabaseNote): void {
    guarded(() => {
      this.#db.exec('BEGIN')
      try {
        changes()
        this.#setNote.run(JSON.stringify(note, (_, value: unknown) => (typeof value === 'number' && !Number.isFinite(value) ? String(value) : value)))
        this.#db.exec('COMMIT')
      } catch (error) {
        if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
        throw error
      }
    })
    this.note = note
  }

  put(seq: number, k: RowKey, at: number, v: Uint8Array): void {
    if (this.#update.run(at, v, seq, k).changes === 0) this.#insert.run(seq, k, at, v)
  }

  delete(k: RowKey): void {
    this.#delete.run(k)
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close()
  }

  /** Closes it and removes its files. */
  remove(): void {
    this.close()
    removeFiles(this.path)
  }
}

function removeFiles(path: string): void {
  for (const end of ['', '-wal', '-shm', '-journal']) rmSync(path + end, { force: true })
}

function parsed(text: string): DatabaseNote | undefined {
  try {
    const note = JSON.parse(text) as DatabaseNote
    return { ...note, doneMs: Number(note.doneMs), newestMs: Number(note.newestMs) }
  } catch {
    return undefined
  }
}

function guarded<R>(body: () => R): R {
  try {
    return body()
  } catch (error) {
    throw stateError(error)
  }
}

function stateError(error: unknown): unknown {
  const { code, message } = error as { code?: unknown; message: string }
  if (code !== 'ERR_SQLITE_ERROR') return error
  return damagedCodes.has(codeOf(error)) ? kernelErrors.RIV_STATE_DAMAGED.withCause(error, message) : kernelErrors.RIV_STATE_DISK.withCause(error, message)
}
