// Reads the records of one segment, in order, without the bytes of their blocks.

import { crc32 } from 'node:zlib'
import type { FileSystem } from '../file-system.ts'
import { localFileSystem } from '../local-file-system.ts'
import { readBytes } from '../read-bytes.ts'
import { journalErrors } from './errors.ts'
import { parseRecord, parseRecordHeader, recordHeaderBytes, recordMagic, segmentHeaderBytes } from './format.ts'
import type { ParsedRecord, SegmentHeader } from './format.ts'
import type { StoredBlock, StoredRecord } from './journal.ts'
import type { SegmentFile } from './names.ts'

const magic = recordMagic.readUInt32LE(0)
const windowBytes = 256 << 10
/** Read first where a large block was skipped: the next record's head. */
const headBytes = 4 << 10

/** A record in its file. */
export interface FoundRecord extends StoredRecord {
  readonly synced: number
  readonly end: number
}

export class SegmentReader {
  readonly file: SegmentFile
  readonly header: SegmentHeader
  readonly #fs: FileSystem
  /** What was read last of the file. */
  #window: { readonly at: number; readonly bytes: Buffer } = { at: 0, bytes: Buffer.alloc(0) }

  constructor(fs: FileSystem, file: SegmentFile, header: SegmentHeader) {
    this.#fs = fs
    this.file = file
    this.header = header
  }

  /** The position at which the file ends. */
  get end(): number {
    return this.header.start + this.file.bytes - segmentHeaderBytes
  }

  offsetOf(position: number): number {
    return position - this.header.start + segmentHeaderBytes
  }

  /** The record at `position`, all of it before `end`; or undefined where there is none, or a damaged one. */
  async record(position: number, end: number): Promise<FoundRecord | undefined> {
    if (position + recordHeaderBytes > end) return undefined
    const header = await this.#bytes(position, recordHeaderBytes)
    const shape = header.length < recordHeaderBytes ? undefined : parseRecordHeader(header, position)
    if (shape === undefined || position + shape.headBytes > end) return undefined
    const head = await this.#bytes(position, shape.headBytes)
    const parsed = head.length < shape.headBytes ? undefined : this.#parse(head, position)
    if (parsed === undefined || position + parsed.bytes > end) return undefined
    const { kind, data, synced } = parsed
    return { kind, data, position, synced, end: position + parsed.bytes, blocks: parsed.blocks.map(block => this.#block(position, block)) }
  }

  /** Whether a whole record after `position` says that the log was on the disk beyond `position` when it was written. */
  async provesDamage(position: number): Promise<boolean> {
    for (let at = position + 8; at < this.end;) {
      const bytes = await this.#bytes(at, windowBytes)
      let step = 0
      while (step < bytes.length && (step + 4 > bytes.length || bytes.readUInt32LE(step) !== magic)) step += 8
      const found = step < bytes.length ? await this.record(at + step, this.end) : undefined
      if (found !== undefined && found.synced > position) return true
      at = found?.end ?? at + step + (step < bytes.length ? 8 : 0)
    }
    return false
  }

  /** Whether at `position` a record begins, though not a whole one, or nothing was written: what a write that was cut short leaves. */
  async looksCutShort(position: number): Promise<boolean> {
    const header = await this.#bytes(position, recordHeaderBytes)
    return header.length < recordHeaderBytes || parseRecordHeader(header, position) !== undefined || header.every(byte => byte === 0)
  }

  #parse(head: Buffer, position: number): ParsedRecord | undefined {
    try {
      return parseRecord(head)
    } catch (error) {
      throw journalErrors.RIV_JOURNAL_CORRUPT.withCause(error, this.file.path, this.offsetOf(position), 'this version of Node cannot read the data of the record')
    }
  }

  #block(position: number, { offset, bytes, sum }: ParsedRecord['blocks'][number]): StoredBlock {
    return {
      bytes,
      ...(this.#fs === localFileSystem && { place: { file: this.file.path, offset: this.offsetOf(position + offset), bytes, sum } }),
      read: async () => {
        const read = await this.#bytes(position + offset, bytes)
        if (read.length === bytes && crc32(read) === sum) return read
        throw journalErrors.RIV_JOURNAL_CORRUPT(this.file.path, this.offsetOf(position + offset), `a block of ${bytes} bytes is not what was written`)
      },
    }
  }

  /** So many bytes from a position on; fewer at the end of the file. Records lie side by side, so a window of the file is kept. */
  async #bytes(position: number, length: number): Promise<Buffer> {
    const at = this.offsetOf(position)
    let window = this.#window
    const windowEnd = window.at + window.bytes.length
    if (at < window.at || at + length > windowEnd) {
      const ahead = at >= window.at && at <= windowEnd + windowBytes ? windowBytes : headBytes
      const bytes = await readBytes(this.#fs, this.file.path, at, Math.min(at + Math.max(length, ahead), this.file.bytes))
      window = { at, bytes }
      if (length <= windowBytes) this.#window = window
    }
    return window.bytes.subarray(at - window.at, at - window.at + length)
  }
}
