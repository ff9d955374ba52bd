// A record as one line of text: what `print` shows and `saveAsTextFile` writes.
//
// - Strings stand as they are, arrays as Spark writes tuples: `(word,3)`; other values as Node shows them, whole and on one line.

import { inspect } from 'node:util'

/** The text of a record, without an end of line of its own. */
export function recordText(record: unknown): string {
  if (typeof record === 'string') return record
  if (Array.isArray(record)) return `(${record.map(recordText).join(',')})`
  if (record instanceof Date && !Number.isNaN(record.getTime())) return record.toISOString()
  if (typeof record === 'object' && record !== null) return inspect(record, { breakLength: Infinity, compact: true, depth: Infinity, maxArrayLength: Infinity, maxStringLength: Infinity })
  return String(record)
}
