// The journal in a folder.
//
// - Opening: claim the next epoch by creating its file exclusively, then read what is there, then create a first segment that says where
//   the log of the older epochs ends. A program that crashes in between has changed nothing.
// - Writing: one write and one sync at a time; what is appended meanwhile goes into the next one. Before a write is acknowledged, the
//   writer looks for the claim of the next epoch: whoever made one reads the log after that, and so sees all that was acknowledged.

import { assert } from '../../base/assert.ts'
import { isRivuletError } from '../../base/define-errors.ts'
import { failpoint } from '../../base/failpoint.ts'
import type { Logger } from '../../base/log.ts'
import type { FileAppender, FileSystem } from '../file-system.ts'
import { localFileSystem } from '../local-file-system.ts'
import { readBytes } from '../read-bytes.ts'
import { journalErrors } from './errors.ts'
import { claimBytes, encodeClaim, encodeRecord, encodeSegmentHeader, formatVersion, parseClaim, prunedKind, segmentHeaderBytes } from './format.ts'
import type { EncodedRecord, SegmentHeader } from './format.ts'
import type { Journal, JournalRecord, StoredRecord } from './journal.ts'
import { claimPath, journalFiles, segmentPath } from './names.ts'
import { recover } from './recover.ts'

export interface FileJournalOptions {
  readonly fs: FileSystem
  /** Made if it is missing; it belongs to the journal alone. */
  readonly directory: string
  /** What an acknowledged record survives: the loss of power (one sync a group), or the death of the process. */
  readonly durability: 'power' | 'process'
  readonly log: Logger
  /** Size from which on a new segment is begun. Default: 64 MiB. */
  readonly segmentBytes?: number
  /** Called for every record that is there, in order, before `open` resolves. */
  readonly onRecord?: (record: StoredRecord) => void
  /** Called once when a newer epoch is seen. */
  readonly onFenced?: () => void
}

interface Segment { readonly path: string; readonly header: SegmentHeader }
interface Queued { readonly record: EncodedRecord; readonly opensSegment: boolean; readonly syncs: boolean; readonly onWritten: JournalRecord['onWritten'] }
interface Waiter { readonly position: number; resolve(): void; reject(error: unknown): void }

export class FileJournal implements Journal {
  readonly epoch: number
  readonly fellBack: readonly string[]
  readonly #options: FileJournalOptions
  readonly #segmentBytes: number
  #segments: Segment[]
  #file: FileAppender
  #queue: Queued[] = []
  #waiters: Waiter[] = []
  /** Position of the next record that is appended, the one up to which all are acknowledged, and up to which all are on the disk. */
  #next: number
  #acknowledged: number
  #synced: number
  #rolls = false
  #closed = false
  #failure: unknown
  #pumping: Promise<void> | undefined

  /**
   * Opens the journal in a folder and reads what is there.
   * Errors: RIV_JOURNAL_CORRUPT, RIV_JOURNAL_UNUSABLE, RIV_JOURNAL_VERSION, RIV_JOURNAL_FENCED; what the file system says.
   */
  static async open(options: FileJournalOptions): Promise<FileJournal> {
    const { fs, directory } = options
    await fs.makeDirectory(directory, { sync: true })
    const epoch = await claimEpoch(fs, directory)
    try {
      const journal = await FileJournal.#openEpoch(options, epoch)
      if (!await isClaimed(options, epoch + 1)) return journal // whoever opens it from now on finds our first segment
      await journal.close()
      throw journalErrors.RIV_JOURNAL_FENCED(directory, epoch)
    } catch (error) {
      throw await fencedOr(error, options, epoch)
    }
  }

  static async #openEpoch(options: FileJournalOptions, epoch: number): Promise<FileJournal> {
    const recovered = await recover({ onRecord: () => {}, ...options }, epoch)
    const last = recovered.segments.at(-1)
    if (last !== undefined) await syncFile(options.fs, last.path) // what a killed process wrote may not be on the disk, and is now relied on
    const first = await createSegment(options, {
      epoch, number: 1, start: recovered.end, previousEpoch: last?.header.epoch ?? 0, previousNumber: last?.header.number ?? 0,
    })
    return new FileJournal(options, epoch, [...recovered.segments, first.segment], first.file, recovered.end, recovered.fellBack)
  }

  private constructor(options: FileJournalOptions, epoch: number, segments: Segment[], file: FileAppender, end: number, fellBack: readonly string[]) {
    this.#options = options
    this.#segmentBytes = options.segmentBytes ?? 64 << 20
    this.epoch = epoch
    this.#segments = segments
    this.#file = file
    this.#next = end
    this.#acknowledged = end
    this.#synced = end
    this.fellBack = fellBack
  }

  get fenced(): boolean {
    return isRivuletError(this.#failure) && this.#failure.code === 'RIV_JOURNAL_FENCED'
  }

  append(record: JournalRecord): number {
    assert(record.kind !== prunedKind, 'a record of the journal has a kind')
    return this.#enqueue(record, this.#options.durability === 'power')
  }

  async durable(position = this.#next - 1): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    if (this.isDurable(position)) return
    return new Promise<void>((resolve, reject) => { this.#waiters.push({ position, resolve, reject }) })
  }

  isDurable(position: number): boolean {
    return position < this.#acknowledged
  }

  async assertNewest(): Promise<void> {
    if (this.#failure === undefined) await this.#refuseFenced().catch(error => this.#fail(error))
    if (this.#failure !== undefined) throw this.#failure
  }

  roll(): void {
    this.#rolls = true
  }

  async prune(position: number, after?: Promise<void>): Promise<void> {
    const told = this.#enqueue({ kind: prunedKind, data: position, blocks: [] }, true)
    await after
    await this.durable(told) // from now on nobody misses the files
    const kept = this.#segments.findIndex((_, i) => i === this.#segments.length - 1 || this.#segments[i + 1]!.header.start > position)
    if (kept === 0) return
    const { epoch, number } = this.#segments[kept]!.header
    this.#segments = this.#segments.slice(kept)
    const { fs, directory } = this.#options
    const { segments } = journalFiles(await fs.list(directory))
    for (const file of segments.reverse()) {
      if (file.epoch < epoch || (file.epoch === epoch && file.number < number)) await fs.remove(file.path)
    }
  }

  async close(): Promise<void> {
    await this.#pumping
    if (this.#closed) return
    this.#closed = true
    this.#fail(new Error('Rivulet bug: the journal is closed'))
    await this.#file.close()
  }

  #enqueue(record: JournalRecord, syncs: boolean): number {
    const encoded = encodeRecord(record, this.#next)
    this.#next = encoded.end
    if (this.#failure === undefined) {
      this.#queue.push({ record: encoded, opensSegment: this.#rolls, syncs, onWritten: record.onWritten })
      this.#rolls = false
      this.#pumping ??= Promise.resolve().then(async () => this.#pump())
    }
    return encoded.position
  }

  async #pump(): Promise<void> {
    try {
      while (this.#queue.length > 0) await this.#commit(this.#takeGroup())
    } catch (error) {
      this.#fail(await fencedOr(error, this.#options, this.epoch))
    } finally {
      this.#pumping = undefined
    }
  }

  /** The records of the next write: all that wait, up to one that opens a segment. */
  #takeGroup(): Queued[] {
    const cut = this.#queue.findIndex((queued, i) => i > 0 && queued.opensSegment)
    return this.#queue.splice(0, cut === -1 ? this.#queue.length : cut)
  }

  async #commit(group: readonly Queued[]): Promise<void> {
    const start = group[0]!.record.position
    const end = group.at(-1)!.record.end
    const written = start - this.#segments.at(-1)!.header.start
    if (written > 0 && (group[0]!.opensSegment || written >= this.#segmentBytes)) await this.#openSegment(start)
    await this.#file.append(group.flatMap(({ record }) => record.chunks(this.#synced)))
    if (group.some(({ syncs }) => syncs)) await this.#sync(end)
    await this.#refuseFenced()
    failpoint('journal.acknowledge.before')
    this.#acknowledged = end
    this.#tellPlaces(group)
    const waiters = this.#waiters
    this.#waiters = waiters.filter(waiter => waiter.position >= end)
    for (const waiter of waiters) if (waiter.position < end) waiter.resolve()
    failpoint('journal.acknowledge.after')
  }

  /** All of a group is in the newest segment. */
  #tellPlaces(group: readonly Queued[]): void {
    if (this.#options.fs !== localFileSystem) return
    const { path: file, header } = this.#segments.at(-1)!
    for (const { record, onWritten } of group) {
      const start = record.position - header.start + segmentHeaderBytes
      onWritten?.(record.blocks.map(({ offset, bytes, sum }) => ({ file, offset: start + offset, bytes, sum })))
    }
  }

  async #refuseFenced(): Promise<void> {
    if (await isClaimed(this.#options, this.epoch + 1)) throw journalErrors.RIV_JOURNAL_FENCED(this.#options.directory, this.epoch)
  }

  async #sync(position: number): Promise<void> {
    await this.#file.sync()
    this.#synced = position
  }

  /** Begins a segment; the one before it is then on the disk, so that only the newest can be incomplete. */
  async #openSegment(start: number): Promise<void> {
    if (this.#synced < start) await this.#sync(start)
    const { header } = this.#segments.at(-1)!
    const { segment, file } = await createSegment(this.#options, {
      epoch: this.epoch, number: header.number + 1, start, previousEpoch: header.epoch, previousNumber: header.number,
    })
    const old = this.#file
    this.#segments.push(segment)
    this.#file = file
    await old.close()
  }

  #fail(error: unknown): void {
    if (this.#failure !== undefined) return
    this.#failure = error
    const waiters = this.#waiters
    this.#waiters = []
    this.#queue = []
    for (const waiter of waiters) waiter.reject(error)
    if (this.fenced) this.#options.onFenced?.()
  }
}

/** Makes the next epoch ours. Of two programs that start at once both get one; the older is fenced. */
async function claimEpoch(fs: FileSystem, directory: string): Promise<number> {
  for (;;) {
    const newest = journalFiles(await fs.list(directory)).epochs[0] ?? 0
    if (newest > 0) {
      const path = claimPath(directory, newest)
      const parsed = parseClaim(await readBytes(fs, path, 0, claimBytes))
      if (parsed.is === 'version') throw journalErrors.RIV_JOURNAL_VERSION(path, parsed.version, formatVersion)
    }
    try {
      await fs.createExclusive(claimPath(directory, newest + 1), encodeClaim(newest + 1))
      return newest + 1
    } catch (error) {
      if (!isRivuletError(error) || error.code !== 'RIV_FILE_EXISTS') throw error
    }
  }
}

async function isClaimed({ fs, directory }: FileJournalOptions, epoch: number): Promise<boolean> {
  return await fs.status(claimPath(directory, epoch)) !== undefined
}

/** The error, unless a newer writer explains it: that one may have removed a file. */
async function fencedOr(error: unknown, options: FileJournalOptions, epoch: number): Promise<unknown> {
  if (isRivuletError(error) && error.code === 'RIV_JOURNAL_FENCED') return error
  const claimed = await isClaimed(options, epoch + 1).catch(() => false)
  return claimed ? journalErrors.RIV_JOURNAL_FENCED.withCause(error, options.directory, epoch) : error
}

async function createSegment({ fs, directory }: FileJournalOptions, header: SegmentHeader): Promise<{ segment: Segment; file: FileAppender }> {
  const path = segmentPath(directory, header.epoch, header.number)
  await fs.createExclusive(path, encodeSegmentHeader(header))
  return { segment: { path, header }, file: await fs.append(path) }
}

async function syncFile(fs: FileSystem, path: string): Promise<void> {
  const file = await fs.append(path)
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}
