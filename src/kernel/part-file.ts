// The file that an attempt of a task writes: its name is no other attempt's, and its bytes are on the disk when its path is given.

import { randomUUID } from 'node:crypto'
import { compressing, type Codec } from '../storage/compression.ts'
import type { FileWriter } from '../storage/file-system.ts'
import type { TaskIO } from './task-io.ts'

/** Where a partition is written. */
export interface PartTarget {
  readonly folder: string
  readonly codec?: Codec
}

/** Characters gathered before they are written. */
const textBuffer = 1 << 18

/** Writes a new file in the folder; gives its path. */
export async function writePart({ folder, codec }: PartTarget, partition: number, io: TaskIO, write: (file: FileWriter) => Promise<void>): Promise<string> {
  const path = `${folder}/${partition}-${randomUUID()}`
  const raw = await io.fs.create(path)
  const file = codec === undefined ? raw : compressing(raw, codec)
  try {
    await write(file)
  } finally {
    await file.close({ sync: true })
  }
  return path
}

/** Writes a line for each record, after the text that stands before them. */
export async function writeLines(file: FileWriter, rows: Iterable<unknown>, line: (record: unknown) => string, before = ''): Promise<void> {
  let text = before
  for (const record of rows) {
    text += `${line(record)}\n`
    if (text.length < textBuffer) continue
    await file.write(text)
    text = ''
  }
  await file.write(text)
}
