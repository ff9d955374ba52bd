// The files that appear in a folder, as a source with offsets: each file belongs to one batch, whole, also after a restart.
//
//   modified:      … ────────┼──────────────────────────┼──────────┼────→
//                 start, or t − remember (whichever is later)      t
//                            └── taken by batch t, unless taken before ──┘
//
// - The offset holds the start of the program's first run, the last batch that took files, and the files taken within the remembered time.
//   Older files are told by their modification times alone, so that the offset stays small.
// - A folder that is not there (yet) has no files; one that cannot be listed is warned of, and asked again with the next batch.
// - Semantics: `org.apache.spark.streaming.dstream.FileInputDStream`.

import type { Time } from '../../base/time.ts'
import type { FileStatus, FileSystem } from '../../storage/file-system.ts'
import { isDataName, matchesOf, nameOf } from '../../storage/find-inputs.ts'
import type { OffsetSource } from './replayable-source.ts'

export interface FileStreamOptions {
  /** Whether only files that are modified after the start count (the default), or those of the remembered time before it too. */
  readonly newFilesOnly?: boolean
  /** Says whether a file is wanted; runs in the driver. */
  readonly filter?: (path: string) => boolean
}

/** A file of a batch. */
export interface TakenFile {
  readonly path: string
  /** Its size when it was taken: what is appended later is not read. */
  readonly bytes: number
  /** The batch that took it. */
  readonly timeMs: number
}

export interface FileOffset {
  /** Files modified up to here are not the stream's. */
  readonly startMs: number
  /** The last batch that took files. */
  readonly timeMs: number
  readonly files: readonly TakenFile[]
}

export interface FileSourceOptions extends FileStreamOptions {
  readonly fs: FileSystem
  /** A folder, or a glob of folders. */
  readonly directory: string
  /** How long a file can be taken after its modification. */
  readonly rememberMs: number
  readonly warn: (message: string) => void
}

/** What HDFS and others name a file until it is whole. */
const unfinished = '._COPYING_'

export class FileSource implements OffsetSource<FileOffset, TakenFile> {
  readonly #options: FileSourceOptions

  constructor(options: FileSourceOptions) {
    this.#options = options
  }

  async initial(_signal: AbortSignal, now: Time): Promise<FileOffset> {
    const { newFilesOnly = true } = this.#options
    return { startMs: newFilesOnly ? now.milliseconds : 0, timeMs: now.milliseconds, files: [] }
  }

  async latest(from: FileOffset, _limit: number, _signal: AbortSignal, time: Time): Promise<FileOffset> {
    const timeMs = time.milliseconds
    const oldestMs = timeMs - this.#options.rememberMs
    const remembered = from.files.filter(file => file.timeMs > oldestMs)
    const taken = new Set(remembered.map(file => file.path))
    const isNew = ({ path, modifiedMs }: FileStatus): boolean => {
      const ms = Math.round(modifiedMs) // batch times are whole; what a file system keeps of them may be off by nanoseconds
      return ms > Math.max(from.startMs, oldestMs) && ms <= timeMs && !taken.has(path) && (this.#options.filter?.(path) ?? true)
    }
    const found = (await this.#list()).filter(isNew)
    if (found.length === 0) return from
    return { startMs: from.startMs, timeMs, files: [...remembered, ...found.map(({ path, bytes }) => ({ path, bytes, timeMs }))] }
  }

  split(from: FileOffset, to: FileOffset): TakenFile[] {
    return to.files.filter(file => file.timeMs > from.timeMs)
  }

  describe(from: FileOffset, to: FileOffset): string {
    return this.split(from, to).map(file => file.path).join('\n')
  }

  /** The data files in the folders. */
  async #list(): Promise<FileStatus[]> {
    const { fs, directory, warn } = this.#options
    try {
      const folders = (await matchesOf(fs, directory)).filter(status => status.directory)
      const lists = await Promise.all(folders.map(({ path }) => fs.list(path)))
      return lists.flat().filter(({ path, directory: folder }) => !folder && isDataName(nameOf(path)) && !nameOf(path).endsWith(unfinished))
    } catch (error) {
      warn(`${directory} could not be listed, the next batch asks again: ${String(error)}`)
      return []
    }
  }
}
