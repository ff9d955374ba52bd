// Reads a journal back: finds the newest segment, goes back from each to the one before it, then gives out the records from the oldest on.
//
// - A segment names the one before it and the position where that one ends; nothing else of older epochs is read.
// - In the newest segment a damaged record is the end of the log, unless a later record shows that it was on the disk: every record tells
//   up to where the log was synced when it was written. In older segments every damage is an error.
// - Blocks are checked here only where a record may not have been written whole; elsewhere when they are read.

import type { Logger } from '../../base/log.ts'
import type { FileSystem } from '../file-system.ts'
import { readBytes } from '../read-bytes.ts'
import { journalErrors } from './errors.ts'
import { formatVersion, parseSegmentHeader, prunedKind, segmentHeaderBytes } from './format.ts'
import type { SegmentHeader } from './format.ts'
import type { StoredRecord } from './journal.ts'
import { journalFiles, segmentPath } from './names.ts'
import type { SegmentFile } from './names.ts'
import { SegmentReader } from './segment-reader.ts'
import type { FoundRecord } from './segment-reader.ts'

export interface Recovered {
  /** The segments of the log, the oldest first. */
  readonly segments: readonly { readonly path: string; readonly header: SegmentHeader }[]
  /** Position at which the log goes on. */
  readonly end: number
  readonly fellBack: readonly string[]
}

export interface RecoverOptions {
  readonly fs: FileSystem
  readonly directory: string
  readonly log: Logger
  readonly onRecord: (record: StoredRecord) => void
}

/** Reads the log of all epochs before `epoch`. Errors: RIV_JOURNAL_CORRUPT, RIV_JOURNAL_UNUSABLE, RIV_JOURNAL_VERSION. */
export async function recover({ fs, directory, log, onRecord }: RecoverOptions, epoch: number): Promise<Recovered> {
  const files = journalFiles(await fs.list(directory)).segments.filter(file => file.epoch < epoch)
  const fellBack: string[] = []
  const chain = await chainOf(fs, files, fellBack)
  let records = 0
  let pruned = 0
  const give = (record: FoundRecord): void => {
    if (record.kind === prunedKind) { pruned = Math.max(pruned, record.data as number); return } // an older writer may have removed more
    records++
    const { kind, data, position, blocks } = record
    onRecord({ kind, data, position, blocks })
  }
  let end = 0
  for (const [i, segment] of chain.entries()) {
    const next = chain[i + 1]
    end = next === undefined ? await readNewest(segment, give, log) : await readWhole(segment, next.header.start, give)
  }
  const [oldest] = chain
  if (oldest !== undefined && oldest.header.previousEpoch > 0 && oldest.header.start > pruned) {
    const { previousEpoch, previousNumber } = oldest.header
    throw journalErrors.RIV_JOURNAL_CORRUPT(segmentPath(directory, previousEpoch, previousNumber), 0, 'the file is gone')
  }
  const newest = chain.at(-1)
  if (records === 0 && (fellBack.length > 0 || (newest !== undefined && newest.end > end && !await newest.looksCutShort(end)))) {
    throw journalErrors.RIV_JOURNAL_UNUSABLE(directory, fellBack.length > 0 ? fellBack : [newest!.file.path])
  }
  for (const path of fellBack) log.warn({ file: path }, 'the newest file of the checkpoint journal is damaged and was left out; the journal goes back to the file before it')
  return { segments: chain.map(({ file, header }) => ({ path: file.path, header })), end, fellBack }
}

/** The segments of the log, the oldest first; `files` are from the newest on. */
async function chainOf(fs: FileSystem, files: readonly SegmentFile[], fellBack: string[]): Promise<SegmentReader[]> {
  const chain: SegmentReader[] = []
  let wanted: SegmentHeader | undefined
  for (const file of files) {
    if (wanted !== undefined && (file.epoch !== wanted.previousEpoch || file.number !== wanted.previousNumber)) continue
    const parsed = parseSegmentHeader(await readBytes(fs, file.path, 0, segmentHeaderBytes))
    if (parsed.is === 'version') throw journalErrors.RIV_JOURNAL_VERSION(file.path, parsed.version, formatVersion)
    const named = parsed.is === 'valid' && parsed.value.epoch === file.epoch && parsed.value.number === file.number
    if (named) {
      chain.unshift(new SegmentReader(fs, file, parsed.value))
      wanted = parsed.value
      if (wanted.previousEpoch === 0) break
    } else if (wanted !== undefined) {
      throw journalErrors.RIV_JOURNAL_CORRUPT(file.path, 0, 'its header is not what was written')
    } else if (parsed.is !== 'unfinished' || file.bytes > segmentHeaderBytes) {
      fellBack.push(file.path)
    }
  }
  return chain
}

/** Reads a segment that has a successor: every record up to where that begins must be there. */
async function readWhole(segment: SegmentReader, end: number, give: (record: FoundRecord) => void): Promise<number> {
  for (let at = segment.header.start; at < end;) {
    const record = await segment.record(at, Math.min(end, segment.end))
    if (record === undefined) throw corrupt(segment, at)
    give(record)
    at = record.end
  }
  return end
}

/** Reads the newest segment up to its last whole record. */
async function readNewest(segment: SegmentReader, give: (record: FoundRecord) => void, log: Logger): Promise<number> {
  const found: FoundRecord[] = []
  let proven = 0 // so many of those found are known to be on the disk, and are given
  let end = segment.header.start
  for (let record; (record = await segment.record(end, segment.end)) !== undefined; end = record.end) {
    while (proven < found.length && found[proven]!.end <= record.synced) give(found[proven++]!)
    found.push(record)
  }
  for (const record of found.slice(proven)) {
    if (!await isWhole(record)) { end = record.position; break }
    give(record)
  }
  if (end < segment.end) {
    if (await segment.provesDamage(end)) throw corrupt(segment, end)
    log.warn({ file: segment.file.path, offset: segment.offsetOf(end), bytes: segment.end - end }, 'the end of the checkpoint journal was not written whole and is left out')
  }
  return end
}

async function isWhole(record: FoundRecord): Promise<boolean> {
  try {
    for (const block of record.blocks) await block.read()
    return true
  } catch (error) {
    if ((error as { code?: string }).code === 'RIV_JOURNAL_CORRUPT') return false
    throw error
  }
}

function corrupt(segment: SegmentReader, position: number): Error {
  return journalErrors.RIV_JOURNAL_CORRUPT(segment.file.path, segment.offsetOf(position), 'there is no whole record, though later ones follow')
}
