// The database of one partition of a state: cells by sequence number, with an index by key, and a note of what it holds.
//
// - One connection at a time has it: whoever opens it while another one has it, in this process or another, is refused, and takes another file.
// - What is written in one call of `write` is there as a whole or not at all, whatever dies. What the machine's death takes back are the
//   last calls. Where it does not sync, parts of it might be missing then, and it would look whole: so it says since which start of the
//   machine it is, and is not used after another one.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { failpoint } from '../../base/failpoint.ts'
import { FinalFailure, kernelErrors, SpillFailure } from '../errors.ts'
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

/** As it is in the database; one that does not sync says since which start of the machine it is. */
type StoredNote = DatabaseNote & { readonly boot?: string }

/** Names the time since the machine was started, where that is known. */
const boot = existsSync('/proc/sys/kernel/random/boot_id') ? readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim() : undefined

export const databaseFormat = 1

export interface DatabasePlace {
  readonly folder: string
  /** Names the partition in the folder. */
  readonly name: string
  /** Whether it syncs, so that it is whole after the machine's death, too; otherwise it is not used after that. */
  readonly syncs: boolean
}

const schema = `
  CREATE TABLE IF NOT EXISTS cells (seq INTEGER PRIMARY KEY, k NOT NULL UNIQUE, at INTEGER NOT NULL, v BLOB NOT NULL);
  CREATE TABLE IF NOT EXISTS note (id INTEGER PRIMARY KEY CHECK (id = 0), text TEXT NOT NULL)`

/** SQLite's codes for a file that is no database, and for one that is damaged. */
const damagedCodes = new Set([11, 26])
/** … and for one that another connection has. */
const busyCodes = new Set([5, 6])
/** Others may take a new file before it is locked. */
const mostTries = 20
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
  readonly #boot: string | undefined
  note: DatabaseNote | undefined

  /** The last sequence number; −1 where there is none. */
  readonly lastSeq: number

  /** Opens the database of a partition whose note fits, or else an empty one. Others of the partition that nobody has are removed. */
  static open({ folder, name, syncs }: DatabasePlace, fits: (note: DatabaseNote) => boolean): StateDatabase {
    let found: StateDatabase | undefined
    let number = 0
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      for (const file of readdirSync(folder)) {
        if (!file.startsWith(`${name}.`) || !file.endsWith('.db')) continue
        number = Math.max(number, Number(file.slice(name.length + 1, -'.db'.length)))
        const database = StateDatabase.#tried(join(folder, file), syncs)
        if (database === undefined) continue
        const { note } = database
        if (found === undefined && note !== undefined && fits(note)) found = database
        else database.remove()
      }
      for (let tries = 0; found === undefined && tries < mostTries; tries++) found = StateDatabase.#tried(join(folder, `${name}.${++number}.db`), syncs)
    } catch (error) {
      found?.close()
      throw stateError(error)
    }
    if (found === undefined) throw new FinalFailure(kernelErrors.RIV_STATE_DISK(`no file in ${folder} can be locked`))
    return found
  }

  /** Undefined where another connection has it, or it was damaged and is gone. */
  static #tried(path: string, syncs: boolean): StateDatabase | undefined {
    const { DatabaseSync } = loadSqlite()
    let db: DatabaseSync | undefined
    try {
      db = new DatabaseSync(path)
      return new StateDatabase(path, db, syncs)
    } catch (error) {
      db?.close()
      const code = codeOf(error)
      if (damagedCodes.has(code)) removeFiles(path)
      else if (!busyCodes.has(code)) throw error
      return undefined
    }
  }

  /** Removes the databases that have none of these names: of streams that are gone, of partitions as they were. */
  static removeOthers(folder: string, names: readonly string[]): void {
    if (!existsSync(folder)) return
    for (const file of readdirSync(folder)) {
      const name = /^(.+)\.\d+\.db(-wal|-shm|-journal)?$/.exec(file)?.[1]
      if (name === undefined || names.includes(name)) continue
      try { rmSync(join(folder, file), { force: true }) } catch { /* somebody has it open who is about to end */ }
    }
  }

  private constructor(path: string, db: DatabaseSync, syncs: boolean) {
    this.path = path
    this.#db = db
    db.exec(`PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = ${syncs || boot === undefined ? 'NORMAL' : 'OFF'}; PRAGMA wal_autocheckpoint = 8192; PRAGMA mmap_size = ${2 ** 32}; PRAGMA cache_size = -16384`)
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
    this.note = note?.format === databaseFormat && (note.boot === undefined || note.boot === boot) ? note : undefined
    this.#boot = text === undefined ? (syncs ? undefined : boot) : note?.boot // once unsynced, it stays so
    this.lastSeq = (db.prepare('SELECT max(seq) AS last FROM cells').get() as { last: number | null }).last ?? -1
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

  /** Puts, deletes, and a new note, together. */
  write(changes: () => void, note: DatabaseNote): void {
    guarded(() => {
      this.#db.exec('BEGIN')
      try {
        failpoint('state.write.before')
        changes()
        failpoint('state.write.commit')
        this.#setNote.run(JSON.stringify({ ...note, boot: this.#boot }, (_, value: unknown) => (typeof value === 'number' && !Number.isFinite(value) ? String(value) : value)))
        this.#db.exec('COMMIT')
      } catch (error) {
        if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
        throw error
      }
    })
    this.note = note
    failpoint('state.write.after')
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

function parsed(text: string): StoredNote | undefined {
  try {
    const note = JSON.parse(text) as StoredNote
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

/** As the scheduler is told of it: what is damaged is tried again, no function is to blame. */
function stateError(error: unknown): unknown {
  const { code, message, syscall } = error as { code?: unknown; message: string; syscall?: unknown }
  if (code !== 'ERR_SQLITE_ERROR' && syscall === undefined) return error
  return damagedCodes.has(codeOf(error)) ? new SpillFailure(kernelErrors.RIV_STATE_DAMAGED.withCause(error, message)) : new FinalFailure(kernelErrors.RIV_STATE_DISK.withCause(error, message))
}
