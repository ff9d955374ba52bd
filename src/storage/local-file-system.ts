// The file system of this machine.
//
// - `rename` of a file is a link and an unlink, because the system's own rename replaces what stands in the way.
// - A name is on the disk only when its folder is too: what promises to survive a crash syncs both.

import { randomUUID } from 'node:crypto'
import { constants, existsSync } from 'node:fs'
import { link, mkdir, open, readdir, readFile, rename, rm, stat, unlink } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isRivuletError } from '../base/define-errors.ts'
import { failpoint } from '../base/failpoint.ts'
import { storageErrors } from './errors.ts'
import { fileError } from './file-error.ts'
import type { FileAppender, FileStatus, FileSystem, FileWriter } from './file-system.ts'

/** Sizes of reads: the first is small, since a line that ends a range is often short. */
const firstChunkBytes = 64 << 10
const maxChunkBytes = 1 << 20
/** Small writes are gathered up to this. */
const writeBufferBytes = 256 << 10

class LocalFileSystem implements FileSystem {
  async status(path: string): Promise<FileStatus | undefined> {
    return coded('status', path, async () => statusOf(path))
  }

  async list(directory: string): Promise<readonly FileStatus[]> {
    const names = await coded('list', directory, async () => readdir(localPath(directory)))
    const found = await Promise.all(names.sort().map(name => this.status(childPath(directory, name))))
    return found.filter(status => status !== undefined) // undefined: removed meanwhile, or a link to nothing
  }

  async read(path: string): Promise<Uint8Array> {
    return coded('read', path, async () => readFile(localPath(path)))
  }

  async* readRange(path: string, from: number, to: number): AsyncGenerator<Uint8Array> {
    const handle = await coded('read', path, async () => open(localPath(path), 'r'))
    try {
      let size = firstChunkBytes
      for (let at = from; at < to;) {
        const buffer = Buffer.allocUnsafeSlow(Math.min(size, to - at))
        const { bytesRead } = await coded('read', path, async () => handle.read(buffer, 0, buffer.length, at))
        if (bytesRead === 0) return
        yield buffer.subarray(0, bytesRead)
        at += bytesRead
        size = Math.min(2 * size, maxChunkBytes)
      }
    } finally {
      await handle.close()
    }
  }

  async create(path: string): Promise<FileWriter> {
    return new LocalFileWriter(path, await coded('create', path, async () => open(localPath(path), 'w')))
  }

  async append(path: string): Promise<FileAppender> {
    return new LocalFileAppender(path, await coded('open', path, async () => open(localPath(path), constants.O_WRONLY | constants.O_APPEND)))
  }

  async createExclusive(path: string, content: Uint8Array | string): Promise<void> {
    const handle = await coded('createExclusive', path, async () => open(localPath(path), 'wx'))
    await writeAll(new LocalFileWriter(path, handle), content)
    await syncFolder(path)
  }

  async writeAtomic(path: string, content: Uint8Array | string): Promise<void> {
    const target = localPath(path)
    const temporary = join(dirname(target), `.${basename(target)}.${randomUUID()}`)
    try {
      const handle = await coded('writeAtomic', path, async () => open(temporary, 'wx'))
      await writeAll(new LocalFileWriter(path, handle), content)
      await coded('writeAtomic', path, async () => rename(temporary, target))
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
    await syncFolder(path)
  }

  async rename(from: string, to: string): Promise<void> {
    const source = await this.status(from)
    if (source === undefined) throw storageErrors.RIV_FILE_NOT_FOUND('rename', from)
    if (await this.status(to) !== undefined) throw storageErrors.RIV_FILE_EXISTS('rename', to)
    if (source.directory) {
      await syncFolder(join(localPath(from), 'any'))
      await coded('rename', to, async () => rename(localPath(from), localPath(to)))
      return syncFolder(to)
    }
    await coded('rename', to, async () => link(localPath(from), localPath(to)))
    await coded('rename', from, async () => unlink(localPath(from)))
  }

  async makeDirectory(path: string, { sync = false }: { sync?: boolean } = {}): Promise<void> {
    if (sync) return this.#makeSynced(path, resolve(localPath(path)))
    await coded('makeDirectory', path, async () => makeFolders(resolve(localPath(path))))
  }

  /** One level after another: what is there is synced, but for what is above that. */
  async #makeSynced(path: string, folder: string): Promise<void> {
    const isThere = await this.status(folder) !== undefined
    const above = dirname(folder)
    if (!isThere && (await this.status(above))?.directory !== false) await this.#makeSynced(path, above)
    await coded('makeDirectory', path, async () => makeFolders(folder))
    if (isThere) await syncForeign(folder)
    else await syncFolder(folder)
  }

  async remove(path: string): Promise<void> {
    await coded('remove', path, async () => rm(localPath(path), { recursive: true, force: true, maxRetries: 3 }))
  }
}

/** On a disk that may only be read Node's recursive mkdir says that there is no such folder: then the plain one tells the reason. */
async function makeFolders(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true })
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOENT') throw error
    let missing = path
    while (!existsSync(dirname(missing))) missing = dirname(missing)
    await mkdir(missing)
    await mkdir(path, { recursive: true })
  }
}

/** The file system of this machine: plain paths and `file:` URLs. */
export const localFileSystem: FileSystem = new LocalFileSystem()

class LocalFileWriter implements FileWriter {
  readonly #path: string
  readonly #handle: FileHandle
  #pending: Uint8Array[] = []
  #bytes = 0
  #closed = false

  constructor(path: string, handle: FileHandle) {
    this.#path = path
    this.#handle = handle
  }

  async write(bytes: Uint8Array | string): Promise<void> {
    const chunk = typeof bytes === 'string' ? Buffer.from(bytes) : Uint8Array.prototype.slice.call(bytes)
    this.#bytes += chunk.length
    this.#pending.push(chunk)
    if (this.#bytes >= writeBufferBytes) await this.#flush()
  }

  async close(options: { sync?: boolean } = {}): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    try {
      await this.#flush()
      if (options.sync === true) await coded('sync', this.#path, async () => this.#handle.datasync())
    } finally {
      await this.#handle.close()
    }
  }

  async #flush(): Promise<void> {
    const pending = this.#pending
    this.#pending = []
    this.#bytes = 0
    if (pending.length > 0) await coded('write', this.#path, async () => this.#handle.writeFile(Buffer.concat(pending)))
  }
}

class LocalFileAppender implements FileAppender {
  readonly #path: string
  readonly #handle: FileHandle

  constructor(path: string, handle: FileHandle) {
    this.#path = path
    this.#handle = handle
  }

  async append(chunks: readonly Uint8Array[]): Promise<void> {
    let rest = chunks.filter(chunk => chunk.length > 0)
    while (rest.length > 0) {
      const { bytesWritten } = await coded('append', this.#path, async () => this.#handle.writev(rest))
      rest = withoutFirst(rest, bytesWritten)
    }
  }

  async sync(): Promise<void> {
    await coded('sync', this.#path, async () => this.#handle.datasync())
  }

  async close(): Promise<void> {
    await this.#handle.close()
  }
}

/** What is left of chunks when so many of their bytes are written. */
function withoutFirst(chunks: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let left = bytes
  let i = 0
  while (i < chunks.length && chunks[i]!.length <= left) left -= chunks[i++]!.length
  return i === chunks.length ? [] : [chunks[i]!.subarray(left), ...chunks.slice(i + 1)]
}

async function writeAll(writer: FileWriter, content: Uint8Array | string): Promise<void> {
  try {
    await writer.write(content)
  } finally {
    await writer.close({ sync: true })
  }
}

/** Puts a new name of a folder on the disk. Systems that cannot open folders (Windows) do so on their own. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  await coded('syncFolder', path, async () => {
    const handle = await open(dirname(localPath(path)), constants.O_RDONLY)
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  })
}

/** Syncs the name of a folder that is there: who made it may have died before. Folders around it that may not be read were made by somebody else. */
async function syncForeign(path: string): Promise<void> {
  await syncFolder(path).catch((error: unknown) => { if (!isRivuletError(error) || error.code !== 'RIV_FILE_ACCESS') throw error })
}

async function statusOf(path: string): Promise<FileStatus | undefined> {
  try {
    const { size, mtimeMs, isDirectory } = await stat(localPath(path)).then(s => ({ size: s.size, mtimeMs: s.mtimeMs, isDirectory: s.isDirectory() }))
    return { path, bytes: isDirectory ? 0 : size, modifiedMs: mtimeMs, directory: isDirectory }
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}

/** The path as the operating system takes it. A scheme has two letters at least: one is a drive of Windows. */
function localPath(path: string): string {
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(path)?.[1]
  if (scheme === undefined) return path
  if (scheme.toLowerCase() !== 'file') throw storageErrors.RIV_FILE_SCHEME(path, scheme)
  return fileURLToPath(path)
}

function childPath(directory: string, name: string): string {
  const url = /^file:/i.test(directory)
  return `${directory.replace(/(?<=.)\/+$/, '')}${directory === '/' ? '' : '/'}${url ? encodeURIComponent(name) : name}`
}

/** Runs an operation of the system; its errors get our codes. */
async function coded<R>(operation: string, path: string, body: () => Promise<R>): Promise<R> {
  try {
    failpoint(`file.${operation}.before`)
    const result = await body()
    failpoint(`file.${operation}.after`)
    return result
  } catch (error) {
    throw fileError(error, operation, path)
  }
}
