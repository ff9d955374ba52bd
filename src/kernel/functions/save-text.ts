// Writes the records of a partition as lines of a file.

import { randomUUID } from 'node:crypto'
import { recordText } from '../record-text.ts'
import type { TaskIO } from '../task-io.ts'
import type { Args, Rows } from './kinds.ts'

/** Characters gathered before they are written. */
const textBuffer = 1 << 18

/** Writes the records of a partition as lines of a new file in a folder; gives the file's path, which no other attempt has. */
export const savedText = ([folder]: Args) => async (rows: Rows, partition: number, io: TaskIO): Promise<string> => {
  const path = `${String(folder)}/${partition}-${randomUUID()}`
  const file = await io.fs.create(path)
  try {
    let text = ''
    for (const record of rows) {
      text += `${recordText(record)}\n`
      if (text.length < textBuffer) continue
      await file.write(text)
      text = ''
    }
    await file.write(text)
  } finally {
    await file.close({ sync: true })
  }
  return path
}
