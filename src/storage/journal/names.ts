// Names of a journal's files: `epoch-<epoch>` claims an epoch, `segment-<epoch>-<number>` holds records.

import type { FileStatus } from '../file-system.ts'

const digits = (n: number): string => String(n).padStart(8, '0')

export function claimPath(directory: string, epoch: number): string {
  return `${directory}/epoch-${digits(epoch)}`
}

export function segmentPath(directory: string, epoch: number, number: number): string {
  return `${directory}/segment-${digits(epoch)}-${digits(number)}`
}

export interface SegmentFile extends FileStatus {
  readonly epoch: number
  readonly number: number
}

/** The epochs that are claimed, and the segments from the newest to the oldest, in a listed folder. */
export function journalFiles(files: readonly FileStatus[]): { epochs: number[]; segments: SegmentFile[] } {
  const matches = (pattern: RegExp): { file: FileStatus; match: RegExpExecArray }[] =>
    files.flatMap(file => { const match = pattern.exec(file.path); return match === null ? [] : [{ file, match }] })
  const epochs = matches(/\/epoch-(\d{8,})$/).map(({ match }) => Number(match[1]))
  const segments = matches(/\/segment-(\d{8,})-(\d{8,})$/).map(({ file, match }) => ({ ...file, epoch: Number(match[1]), number: Number(match[2]) }))
  return { epochs: epochs.sort((a, b) => b - a), segments: segments.sort((a, b) => b.epoch - a.epoch || b.number - a.number) }
}
