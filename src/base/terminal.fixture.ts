// A terminal of one row for tests: what stands in it, and what has scrolled away.

import type { Terminal } from './terminal-row.ts'

const wipe = '\r\u001B[2K'

export class Row implements Terminal {
  readonly columns: number
  readonly isTTY: boolean
  above = ''
  row = ''

  constructor(columns = 100, isTTY = true) {
    this.columns = columns
    this.isTTY = isTTY
  }

  write(chunk: string | Uint8Array): boolean {
    for (const part of String(chunk).replaceAll(wipe, '\0').split(/([\0\n])/)) {
      if (part === '\n') { this.above += `${this.row}\n`; this.row = '' } else if (part === '\0') this.row = ''
      else this.row += part
    }
    return true
  }
}
